"""The messages of the on-call page, each with its meaning and what to do."""

from __future__ import annotations

import multiprocessing
import re
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.control import Control
from tests.docs import scenes_of_campaigns as campaigns
from tests.docs import scenes_of_runs as runs
from tests.docs.acting import Scene
from tests.e2e.harness import PROJECT, World
from tools.reference.content_moments import CONTENT
from tools.reference.identity_moments import IDENTITY
from tools.reference.moment import Moment
from tools.reference.pipeline_moments import PIPELINES
from tools.reference.trust_moments import TRUST

#: Parts that vary between runs, or name the campaigns of a scene.
_VOLATILE = (
    (r"[^ ]*/crm/(?=\.)", ""),
    (r"[^ ]*/crm(?: or .*)?$", "…"),
    (r"^\[Errno \d+\] (.*?): .*", r"\1"),
    (r"^Note: ", ""),
    (r"wrong price", "…"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
    (r"not a JSON document.*", "…"),
    (r"\b(?:push|sms)/(?:spring|summer|winter|flash|new|again|draft)\b", "KEY"),
    (r" \(KEY\.yaml:\d+:\d+\)", ""),
    (r"\b10309\d\d\b|\b9999999\b", "ID"),
    (r"commit \w{12}, applied .*", "commit …"),
    (r"\b[0-9a-f]{40}\b", "COMMIT"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?", "TIME"),
    (r"process \d+ on \S+,", "process … on …,"),
    (r"by \w+ at TIME", "by … at TIME"),
    (r"\w{3} \d+ \w{3} \d{4} \d\d:\d\d GMT", "TIME"),
    (r"\d+m from now", "… from now"),
)


MOMENTS = (
    *CONTENT,
    *IDENTITY,
    *PIPELINES,
    *TRUST,
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
        runs.set_off_already,
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
        runs.checkout_behind,
        "someone applied a newer commit; this plan would undo it, so nothing is changed",
        "`git pull` and plan again. To go back on purpose, revert in git, or "
        "`campaignctl apply --target KEY --override stale_checkout`",
    ),
    Moment(campaigns.no_token, "no token", "`export OCAMBA_TOKEN=...`, or `campaignctl plan --no-refresh`"),
    Moment(
        campaigns.token_expired,
        "the token is wrong or expired. The run stopped at the first 401; what was done is recorded",
        "set a valid `OCAMBA_TOKEN`, then `campaignctl apply`",
    ),
    Moment(
        campaigns.other_account,
        "wrong token or environment. Nothing was sent",
        "set the right `OCAMBA_TOKEN`, or `-e`",
    ),
    Moment(
        campaigns.empty_account,
        "wrong token or environment. Nothing was sent",
        "set the right `OCAMBA_TOKEN`, or `-e`",
    ),
    Moment(
        campaigns.wrong_clock,
        "the clocks differ by more than two minutes; lead times and `valid until` go by the API's",
        "nothing now. Set the clock (NTP) when there is time",
    ),
    Moment(
        campaigns.other_host,
        "`api.url` names a host that is neither Ocamba's nor this machine. Nothing was sent",
        "if you trust that host, set `OCAMBA_API_URL`; else find out who changed `api.url`",
    ),
    Moment(
        campaigns.bare_repository,
        "files in the project folder could make git run programs. None ran",
        "find out who added them, and delete them",
    ),
    Moment(campaigns.no_project, "not a project", "`-C DIR`, or `campaignctl init`"),
    Moment(campaigns.no_environment, "it does not guess", "`-e ENV`, or set `default_environment`"),
    Moment(
        campaigns.no_terminal,
        "no person can approve the plan",
        "`campaignctl plan -o plan.json`, then `campaignctl apply plan.json`",
    ),
    Moment(
        campaigns.plan_outdated, "someone applied after the plan was saved", "plan again, and review it again"
    ),
    Moment(
        campaigns.settings_not_reviewed,
        "`campaignctl.yaml` was changed, and the plan that shows it was not given; nothing was sent",
        "review `campaignctl plan -o FILE`, then `campaignctl apply --reviewed FILE`; or undo the change",
    ),
    Moment(
        campaigns.settings_of_another_checkout,
        "`campaignctl.yaml` or `OCAMBA_API_URL` is not as it was when the plan was saved",
        "plan again, and review it again",
    ),
    Moment(
        campaigns.nothing_to_compare_with,
        "the commit is not in this clone, as in a shallow one or before a fetch",
        "`git fetch origin`, in a shallow clone `git fetch --unshallow`; then the same command again",
    ),
    Moment(campaigns.live_changed, "someone changed it in the dashboard", "plan again, and review it again"),
    Moment(
        campaigns.started_by_others,
        "someone started it in the dashboard; its recipients have that run",
        "plan again, and review it again",
    ),
    Moment(
        campaigns.many_destroyed,
        "a guardrail stops the whole apply",
        "check the manifests. If it is meant: `--override max_destroy_percent`",
    ),
    Moment(
        campaigns.many_immediate,
        "a guardrail stops the whole apply",
        "check the manifests. If it is meant: `--override max_immediate_sends`",
    ),
    Moment(
        campaigns.too_soon,
        "a guardrail stops the whole apply",
        "set a later time, or `--override min_lead_time`",
    ),
    Moment(
        campaigns.not_as_asked,
        "the API stored another time, audience, channel, sender or draft status than was sent",
        "`campaignctl halt KEY --reason TEXT`, then compare both in the dashboard",
    ),
    Moment(
        campaigns.missing,
        "the campaign is gone",
        "`campaignctl apply --replace KEY --override resend` creates it again; `campaignctl state rm KEY` "
        "forgets it",
    ),
    Moment(
        campaigns.odd_status,
        "a status that the API's documentation does not name",
        "`campaignctl apply --target KEY --override unknown_status`; if it is no longer declared, "
        "`campaignctl state rm KEY`",
    ),
    Moment(
        campaigns.halted, "a halt stops it", "ask who halted it; `campaignctl halt --lift KEY --reason TEXT`"
    ),
    Moment(
        campaigns.halts_unreadable,
        "the stop mark cannot be read. Cancels and pauses continue",
        "restore the file, or remove it and `campaignctl halt KEY --reason TEXT` again",
    ),
    Moment(
        campaigns.mark_deleted,
        "someone deleted the stop mark; what it halted is not known any more. Nothing that can send is sent",
        "ask who deleted it. `campaignctl halt --lift --reason TEXT` goes on without it; "
        "`campaignctl halt --all --reason TEXT` halts everything again",
    ),
    Moment(
        campaigns.resumed_while_halted,
        "someone resumed it in the dashboard, or a request took effect after the halt",
        "`campaignctl apply` pauses it first; at once: `campaignctl halt KEY --reason TEXT`. If it may send: "
        "`campaignctl halt --lift KEY --reason TEXT`",
    ),
    Moment(
        campaigns.gives_way,
        "a halt is pausing campaigns and needs the requests of the account",
        "nothing: the apply goes on after it, five minutes later at most",
    ),
    Moment(
        campaigns.not_stopped,
        "the pause had no effect",
        "cancel it in the dashboard, then run the same `halt` again",
    ),
    Moment(
        campaigns.not_pausable,
        "the API refuses to pause it, and it can send",
        "run the same `halt` with `--cancel`, which is final",
    ),
    Moment(
        campaigns.left_alone_without_a_state,
        "without a state nothing shows whose these are",
        "if some are yours: `campaignctl halt --account --reason TEXT`. Then restore the state, or "
        "`campaignctl state recover`",
    ),
    Moment(
        campaigns.mistyped_and_broken,
        "the key may be mistyped; the mark is set for it as it is written",
        "run `halt` again with the right key; `campaignctl halt --all --reason TEXT` if you are not sure",
    ),
    Moment(
        campaigns.comes_back,
        "`destroy` ended it, and its manifest still says active",
        "write `phase: canceled` in its manifest, or remove it, before the next apply",
    ),
    Moment(
        campaigns.not_proven,
        "it could not be read, or the outcome of its create is unknown",
        "run the same `halt` again, or look in the dashboard",
    ),
    Moment(
        campaigns.halt_decision,
        "setting the winner would send at once",
        "do not set a winner in the dashboard",
    ),
    Moment(
        campaigns.paused_by_others,
        "someone paused it in the dashboard",
        "`phase: paused` in its manifest, or `campaignctl apply --target KEY --override foreign_pause` to "
        "resume it",
    ),
    Moment(
        campaigns.canceled_by_others,
        "someone canceled it in the dashboard; a cancel is final",
        "`campaignctl apply --replace KEY` makes it again; else remove its manifest, or run"
        " `campaignctl apply` once to record it",
    ),
    Moment(
        campaigns.sent_by_hand,
        "someone started it in the dashboard, or moved its time there; recipients have it",
        "run `campaignctl apply` once to record it",
    ),
    Moment(
        campaigns.run_by_others,
        "someone started a recurring campaign in the dashboard; recipients have one send more",
        "run `campaignctl apply` once to record it",
    ),
    Moment(
        campaigns.drafted_by_others,
        "someone made it a draft in the dashboard; it sends nothing until it is armed",
        "`is_draft: true` in its manifest to keep it, `is_draft: false` to arm it again",
    ),
    Moment(
        campaigns.no_draft_again,
        "its manifest was reverted to a draft, but the API cannot make it one again: it sends all the same",
        "`campaignctl halt KEY --reason TEXT` stops it at once; then `phase: paused` in its manifest in"
        " place of `is_draft: true`",
    ),
    Moment(campaigns.time_passed, "it cannot be resumed or changed any more", "set a new `scheduled_time`"),
    Moment(
        campaigns.already_sent,
        "recipients have it",
        "a new key; or `campaignctl apply --replace KEY --override resend` to send again on purpose",
    ),
    Moment(
        campaigns.began,
        "recipients have it already, some or all",
        "if all of them may get it a second time: `campaignctl apply --target KEY --override resend`",
    ),
    Moment(
        campaigns.runs_again_soon,
        "its recurrence was moved past today's run, so that recipients would get two soon after each other",
        "apply after the second time; or on purpose: `campaignctl apply --target KEY --override resend`",
    ),
    Moment(
        campaigns.sent_already,
        "it would be sent a second time",
        "same campaign, new key: `moved`. Lost record: `campaignctl import KEY ID`. On purpose: "
        "`campaignctl apply --target KEY --override resend`",
    ),
    Moment(
        campaigns.sent_before,
        "it was forgotten (`state rm`) and is declared again",
        "`campaignctl import KEY ID`",
    ),
    Moment(
        campaigns.canceled_for_good,
        "a cancel is final",
        "a new key, or `campaignctl apply --replace KEY`",
    ),
    Moment(
        campaigns.set_outside,
        "someone changed a field in the dashboard that the manifest does not set; arming would send it",
        "set it in the manifest, or take it out in the dashboard. To send it as it is: `campaignctl apply "
        "--target KEY --override unmanaged`",
    ),
    Moment(
        campaigns.winner_differs,
        "setting the winner would send a text or reach an audience that the manifest does not have",
        "change it back in the dashboard. To send it as it is: `campaignctl apply --target KEY --override "
        "unmanaged`",
    ),
    Moment(
        campaigns.stored_differently,
        "the API stored another text than was sent",
        "`campaignctl halt KEY --reason TEXT`, then compare. If the API rewrites it on purpose: "
        "`lifecycle: {accept_stored: [PATH]}`",
    ),
    Moment(
        campaigns.not_shown,
        "no read shows a time, audience, draft status or sender that was sent",
        "`campaignctl halt KEY --reason TEXT`, then look in the dashboard. If this account never shows it: "
        "`api: {hidden: [PATH]}`",
    ),
    Moment(
        campaigns.unconfirmed,
        "no read shows a field that was sent",
        "look in the dashboard; a later read confirms it. If this account never shows it: "
        "`api: {hidden: [PATH]}`",
    ),
    Moment(
        campaigns.protected,
        "nothing cancels, replaces or forgets it",
        "to stop it now: `phase: paused`. To end it: first apply its manifest with `prevent_destroy: false`",
    ),
    Moment(
        campaigns.not_removed,
        "the campaign still has a field that was taken out of its manifest",
        "take it out in the dashboard, or `ignore_changes: [quiet_hours]` in its manifest",
    ),
    Moment(
        campaigns.in_a_freeze,
        "a guardrail stops the whole apply",
        "set a time outside of the window. If it is meant: `--override freeze`",
    ),
    Moment(
        campaigns.lost_and_changed,
        "a create without an answer was looked for and not found; another manifest does not repeat it",
        "look in the dashboard. If it is there: `campaignctl state resolve KEY --adopt ID`. If not: "
        "`campaignctl state resolve KEY --retry`",
    ),
    Moment(
        campaigns.unmatched_messages,
        "messages without a name, or with the same name, cannot be told apart once their order changes",
        "give each message a `name`, or shorten `ignore_changes`",
    ),
    Moment(campaigns.running, "it is being sent and cannot be changed", "wait, or `phase: paused`"),
    Moment(campaigns.time_over, "nothing was sent", "set a new `scheduled_time`"),
    Moment(campaigns.decision, "the A/B test needs a winner", "add the line to its manifest"),
    Moment(
        campaigns.both_recorded,
        "two campaigns claim one key",
        "`campaignctl state rm KEY` for the one that should not be managed",
    ),
)


def messages() -> str:
    """The table, sorted by the message as it is printed."""
    with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as pool:
        rows = pool.map(row, MOMENTS)
    return "\n".join(("| message | meaning | do |", "|---|---|---|", *sorted(rows, key=order), ""))


def row(moment: Moment) -> str:
    """The row of one moment, as brought about now."""
    return f"| `{printed(moment.scene)}` | {moment.means} | {moment.do} |"


def order(line: str) -> str:
    """The sort key of a row: its text from the first letter on."""
    return re.sub(r"^[^a-zA-Z]*", "", line).lower()


def printed(scene: Scene) -> str:
    """The message that a scene prints, with placeholders for varying parts."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as sandbox,
    ):
        world = World(Path(folder) / "crm", sandbox.url, Control(sandbox.url))
        world.write("campaignctl.yaml", PROJECT)
        said = scene(world)
    for pattern, shown in _VOLATILE:
        said = re.sub(pattern, shown, said)
    return said.strip().replace("|", "\\|").replace("`", "")


def rows(page: str) -> list[str]:
    """The rows of the table in a page."""
    table = page.partition("<!-- generated: messages -->")[2].partition("<!-- end -->")[0]
    return re.findall(r"^\| `.*\|$", table, re.MULTILINE)
