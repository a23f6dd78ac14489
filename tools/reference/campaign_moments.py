"""The messages of the on-call page on accounts, plans and campaigns."""

from __future__ import annotations

from tests.docs import scenes_of_campaigns as campaigns
from tools.reference.moment import Moment

CAMPAIGNS = (
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
        campaigns.plan_edited,
        "its file does not show what its own requests send; nothing was read or sent",
        "plan again, and review it again. Find out who can write where plans are kept",
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
        campaigns.comes_back,
        "`destroy` ended it, and its manifest still says active",
        "write `phase: canceled` in its manifest, or remove it, before the next apply",
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
    Moment(campaigns.time_passed, "it can no longer be resumed or changed", "set a new `scheduled_time`"),
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
