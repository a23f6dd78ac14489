"""The messages of the on-call page on runs and states."""

from __future__ import annotations

from tests.docs import scenes_of_runs as runs
from tools.reference.moment import Moment

RUNS = (
    Moment(
        runs.interrupted,
        "Ctrl-C, SIGTERM or a closed terminal. Nothing is left open",
        "`campaignctl apply` does the rest",
    ),
    Moment(
        runs.interrupted_twice,
        "the second interrupt did not wait for answers",
        "`campaignctl apply`: it looks up what may have been created, then continues. The same after a kill "
        "or a crash",
    ),
    Moment(
        runs.not_notified,
        "the outcome could not be posted to the address of `notify`. The apply is not affected",
        "read the outcome here, or `campaignctl state history`; check the address in the named variable",
    ),
    Moment(
        runs.locked,
        "another apply is running, or died on another machine",
        "wait (`campaignctl apply --lock-timeout 10m`). If that run has ended (a CI lock has its URL): "
        "`campaignctl state unlock LOCK_ID`",
    ),
    Moment(runs.taken_over, "an earlier run on this machine died", "nothing"),
    Moment(
        runs.lock_broken,
        "someone broke the lock of this run; it stopped before its next request",
        "`campaignctl apply`",
    ),
    Moment(
        runs.answer_lost,
        "the request may have taken effect",
        "`campaignctl apply`: it looks the campaign up first, and says so if it cannot tell",
    ),
    Moment(runs.unsettled, "an earlier run died or had no answer", "`campaignctl apply`"),
    Moment(
        runs.create_unknown,
        "it was looked up and not found, and it could send soon, so campaignctl does not repeat it",
        "look in the dashboard. If it is there: `campaignctl state resolve KEY --adopt ID`. If not: "
        "`campaignctl state resolve KEY --retry`",
    ),
    Moment(
        runs.update_unknown,
        "an update that sends at once had no answer. No read can prove that it will not take effect, so it is"
        " never repeated",
        "look in the dashboard, some minutes later. If it was sent: `campaignctl state resolve KEY --done`."
        " If not: `campaignctl state resolve KEY --retry`, and `campaignctl apply` sends it",
    ),
    Moment(
        runs.winner_unknown,
        "the winner of an A/B test was requested and had no answer; it is never requested again by itself",
        "look in the dashboard, some minutes later. If it was set: `campaignctl state resolve KEY --done`."
        " If not: `campaignctl state resolve KEY --retry`, and `campaignctl apply` sets it",
    ),
    Moment(
        runs.not_replaced,
        "the cancel had no effect, so that nothing was created in its place",
        "`campaignctl apply --replace KEY` tries again",
    ),
    Moment(
        runs.replaced_while_it_sends,
        "it began to send between the plan and its cancel: some recipients have it already",
        "if all of them may get it a second time: `campaignctl apply --target KEY --override resend`. Else"
        " remove its manifest",
    ),
    Moment(
        runs.sending_already,
        "a request whose answer was lost took effect late. Nothing was sent a second time",
        "`campaignctl apply` records it",
    ),
    Moment(runs.waits_for_it, "creates and arming wait until that is settled", "settle that campaign first"),
    Moment(
        runs.two_copies,
        "the campaign exists twice",
        "`campaignctl state resolve KEY --adopt ID` keeps that one and cancels the other",
    ),
    Moment(
        runs.copied,
        "someone cloned the campaign in the dashboard; if it can send, its recipients get it twice",
        "cancel the clone in the dashboard, or run `campaignctl apply` once: it records it and leaves it"
        " alone",
    ),
    Moment(
        runs.behind,
        "the state is missing or old, or another checkout applied. Nothing is created until then",
        "`campaignctl state push FILE` with the newest state; without one `campaignctl state recover`, then "
        "`campaignctl state recover --write`",
    ),
    Moment(
        runs.no_room,
        "disk full, no permission, or a network disk. Nothing was sent",
        "make room or fix the permissions, then `campaignctl apply`",
    ),
    Moment(
        runs.state_lost,
        "the disk is full, or the git remote is unreachable. The run stopped before its next request, and "
        "saved the state to another file if it could",
        "fix the cause; if the message names a file, `campaignctl state push FILE`; then `campaignctl apply`",
    ),
    Moment(
        runs.created_unsaved,
        "the request took effect, and its record could not be saved. The run stopped",
        "run the first command under `Next:`, `campaignctl state push FILE`; if no file could be written,"
        " `campaignctl apply` finds the campaign by its marker",
    ),
    Moment(
        runs.state_replaced,
        "someone restored or copied a state over it. This run's state was saved to a file",
        "if this run's state counts: `campaignctl state push FILE`. Else `campaignctl state recover` shows "
        "what the other one lacks",
    ),
    Moment(
        runs.damaged,
        "the state file or its journal cannot be read; nothing was overwritten",
        "`campaignctl state push .campaignctl/state.json.backup` (with environments "
        "`.campaignctl/ENVIRONMENT.json.backup`), then `campaignctl apply`",
    ),
    Moment(
        runs.damaged_on_git,
        "someone wrote to the ref by hand",
        "`git fetch origin REF`; `git log --oneline FETCH_HEAD -- state.json` lists the versions; "
        "`git show COMMIT:state.json > good.json` of the second; then `campaignctl state push good.json`",
    ),
    Moment(runs.remote_away, "the git remote is unreachable or refuses the push", "retry when it is back"),
    Moment(
        runs.database_away,
        "the database is unreachable, rejects the login, or lacks a grant; or its address is not set here",
        "what the next line says; `campaignctl doctor` names the grants, and tells when it is back",
    ),
    Moment(
        runs.bucket_missing,
        "the next line says what: no such bucket; credentials missing, expired or rejected; a permission; "
        "the clock; a store that ignores conditions; no network. Nothing was sent",
        "what the hint says, then `campaignctl apply`. If the message names a file, `campaignctl state push "
        "FILE` first",
    ),
    Moment(
        runs.newer_version,
        "a later version wrote the state, and this one cannot know what it protects. Nothing was sent",
        "install that version here too, or let the others go back: docs/upgrade.md",
    ),
    Moment(
        runs.older_pushed,
        "campaigns created since would be forgotten",
        "push a newer file; only if you are sure, `campaignctl state push --force FILE` (also for another "
        "lineage)",
    ),
    Moment(
        runs.other_environment,
        "the wrong `-e`, or a copied state",
        "use the right `-e`; if the state belongs here, `campaignctl state rebind`",
    ),
    Moment(
        runs.moved_away,
        "the state was migrated; this `campaignctl.yaml` has the old place",
        "write the new place as `state`, as `campaignctl state migrate` printed it",
    ),
    Moment(runs.shared_ref, "two projects use the same ref", "give one of them its own `state.ref`"),
    Moment(
        runs.newer_commit,
        "someone applied a commit that this clone does not have, so that campaign may have a manifest",
        "`git fetch`, in a shallow clone `git fetch --unshallow`, and plan again. To end it all the same: "
        "`campaignctl apply --target KEY --override stale_checkout`",
    ),
    Moment(
        runs.checkout_damaged,
        "the `.git` of this checkout is damaged or belongs to another user, or there is no git; that "
        "campaign may have a manifest",
        "see what `git log` says and fix that, or clone again, and plan again. To end it all the same: "
        "`campaignctl apply --target KEY --override stale_checkout`",
    ),
    Moment(
        runs.checkout_behind,
        "someone applied a newer commit; this plan would undo it, so nothing is changed",
        "`git pull` and plan again. To go back on purpose, revert in git, or "
        "`campaignctl apply --target KEY --override stale_checkout`",
    ),
    Moment(
        runs.errors_elsewhere,
        "the keys of `--target` are planned; the named files have errors, and their campaigns are left out",
        "`campaignctl validate` shows the errors",
    ),
    Moment(
        runs.preview_of_another,
        "what was asked for is shown; other manifests have errors",
        "`campaignctl validate` shows the errors",
    ),
)
