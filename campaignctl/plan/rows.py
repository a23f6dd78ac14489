"""The decisions of the rows of the decision table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from campaignctl.campaign.status import Status, to_end
from campaignctl.diff import field_changes, split
from campaignctl.errors import Command, Sentence
from campaignctl.plan import changes, ledger, records, update_rules, winners
from campaignctl.plan.arming import known_sends, sends_after
from campaignctl.plan.context import PlanContext
from campaignctl.plan.model import Blocked, Drift
from campaignctl.plan.subject import Subject
from campaignctl.plan.verdict import Verdict
from campaignctl.schedule.humanize import instant
from campaignctl.schedule.sends import is_past
from campaignctl.schedule.times import format_gmt, parse_iso

DESTROYED = "destroyed"
"""The reason for removing a campaign that is still declared."""


def unsettled(ctx: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: a write has an unknown outcome; `apply` settles it, or a person decides."""
    intent, known = ctx.unsettled[one.key], ctx.reading.unsettled.get(one.key)
    reason = known.reason if known else f"unsettled: the outcome of its {intent.operation} is unknown"
    hint = known.hint if known else Sentence(Command("apply"))
    if known and known.not_found and (why := ledger.why_not_again(ctx, one, known)):
        reason, hint = why
    return Verdict(blocked=Blocked(one.key, intent.id, "unsettled", reason, hint))


def wrong_move(ctx: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: names the problem of the move."""
    return Verdict(blocked=ctx.moves.blocked[one.key])


def refresh_only(_: PlanContext, one: Subject) -> Verdict:
    """Nothing is done: drift is shown, and an apply accepts it into the state."""
    drift = one.drifts()
    if one.live and (one.drift or one.outside):
        return Verdict(drift=drift, observed=records.accepted(one.record, one.drift, one.live, one.now))
    return Verdict(drift=drift, observed=one.noted())


def nothing(_ctx: PlanContext, _one: Subject) -> Verdict:
    """Nothing is done."""
    return Verdict()


def created_later(_: PlanContext, one: Subject) -> Verdict:
    """Nothing is done: created when active."""
    # Creating and then pausing would leave a moment in which it sends.
    return Verdict(none=f"declared {one.manifest.lifecycle.phase}; created when active")


def is_as_archived(ctx: PlanContext, one: Subject) -> bool:
    """Whether the manifest of an archived key is the one that it had."""
    entry = ledger.archived_as(ctx, one.key)
    return entry is not None and (one.manifest.source_digest == entry.archived or one.body == entry.digest)


def archived_before(_ctx: PlanContext, _one: Subject) -> Verdict:
    """Nothing is done: one line counts these."""
    return Verdict(quiet="archived")


def missed_before(_ctx: PlanContext, _one: Subject) -> Verdict:
    """Nothing is done: one line counts these."""
    return Verdict(quiet="missed")


def missed(_: PlanContext, one: Subject) -> Verdict:
    """**Blocked** until an apply has recorded it as missed."""
    hint = Sentence(
        f"set a new scheduled_time in {one.key}, or run ", Command("apply"), " once to record it as missed"
    )
    blocked = Blocked(one.key, None, "missed", "its scheduled_time is past and it was never created", hint)
    return Verdict(blocked=blocked, missed=one.body)


def protected(_: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: protected by `prevent_destroy`."""
    reason = "protected by prevent_destroy"
    # Only an apply of the manifest lifts the protection, so nothing is recorded here but the status.
    return replace(one.blocked(reason, _unprotect(one)), observed=one.noted())


def _unprotect(one: Subject) -> str | Sentence:
    """How to lift the protection of a campaign."""
    key = one.key
    if one.status is Status.MISSING:
        return Sentence("", Command("state", "rm", key), " forgets it")
    if one.wanted is None:
        return f"restore {key}, apply it with `prevent_destroy: false`, then remove it"
    if one.desired == "canceled":
        pauses = "" if one.status is Status.PAUSED else ": that pauses it"
        first = f"write `phase: paused` and `prevent_destroy: false` in {key}, and apply{pauses}"
        return f"{first}; then write `phase: canceled`"
    taken_out = not one.wanted.lifecycle.prevent_destroy
    first = "" if taken_out else f"write `prevent_destroy: false` in {key}, run "
    what = "destroy" if one.destroyed else "replace"
    return Sentence(first, Command("apply", "--target", key), f", then {what} it")


def _why_gone(one: Subject) -> str:
    return DESTROYED if one.wanted else "declared Removed" if one.removed else "no longer declared"


def forgotten_on_destroy(_: PlanContext, one: Subject) -> Verdict:
    """`forget`, with a warning if it can still send."""
    stays = f"{one.record.id} stays {one.status} in the account"
    if one.record.origin != "create":
        stays += "; it was taken over, and only a written `on_destroy: cancel` would cancel it"
    forget = changes.forget(one, reason=_why_gone(one), warnings=(stays,) if one.status.can_send else ())
    return Verdict(changes=(forget,), observed=one.noted())


def left_behind(_: PlanContext, one: Subject) -> Verdict:
    """`forget`, with a warning that names the campaign left in the account."""
    return _without_record(one, changes.left_behind(one))


def forgotten(_: PlanContext, one: Subject) -> Verdict:
    """`forget`."""
    return _without_record(one)


def _without_record(one: Subject, *warnings: str) -> Verdict:
    forget = changes.forget(one, reason=f"{_why_gone(one)}; {one.status}", warnings=warnings)
    return Verdict(changes=(forget,), observed=one.noted())


def canceled(ctx: PlanContext, one: Subject) -> Verdict:
    """`cancel`."""
    cancel = changes.cancel(ctx, one, reason=_why_gone(one))
    return lifting(one, Verdict(changes=(cancel,), drift=one.run_by_others(), observed=one.noted()))


def lifting(one: Subject, verdict: Verdict) -> Verdict:
    """The verdict, marked as lifting `unknown_status` if the status of the campaign is unknown to us."""
    return replace(verdict, lifted=("unknown_status",)) if one.status is Status.UNKNOWN else verdict


def may_send(_: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: it may still send."""
    return one.blocked(
        f"{one.status}: it may still send",
        f"{to_end(one.status)} {one.record.id} in the dashboard, or add a `kind: Removed` document for"
        f" {one.key} with `on_destroy: forget`",
    )


def unknown(_: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: its status is unknown to us, and it may still send."""
    words = [one.live.status, one.live.text("effective_status")] if one.live else [one.record.status]
    shown = " and ".join(repr(word) for word in dict.fromkeys(filter(None, words)))
    command = "destroy" if one.destroyed and one.wanted else "apply"
    option = "--replace" if one.desired == "replaced" else "--target"
    # The API may refuse to cancel it; a declared campaign that is forgotten would be created again.
    given_up = () if one.wanted else (", or ", Command("state", "rm", one.key), " to leave it alone")
    return one.blocked(
        f"the API reports the status {shown}, which is unknown to us; it may still send",
        Sentence(Command(command, option, one.key, "--override", "unknown_status"), *given_up),
    )


def replaced_inactive(_: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: a replacement would be active."""
    return one.blocked(
        f"declared {one.manifest.lifecycle.phase}, and a replacement would be active",
        f"set `phase: active` in {one.key}, or plan without `--replace {one.key}`",
    )


def undecided(_: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: it waits for a decision, which comes first."""
    return one.blocked(
        "its A/B test waits for a decision", f"decide it first: name the `winner` in {one.key}"
    )


def replaced(ctx: PlanContext, one: Subject) -> Verdict:
    """`replace`: cancel if it is running, scheduled or paused, then create; **blocked** without `--override
    resend` if it began to send, was sent or is missing."""
    return lifting(one, Verdict(changes=(changes.replace(ctx, one),), drift=one.run_by_others()))


def missing(_: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: not found in this account."""
    again = ("", _replacing(one, sent=True), " creates it again, ")
    forgotten = ("", Command("state", "rm", one.key), " forgets it")
    return one.blocked(
        f"not found under {one.record.id} in this account",
        Sentence(*(again if one.desired == "active" else ()), *forgotten),
    )


def sent_with_runs_left(_: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: it may still send."""
    return one.blocked(
        f"declared {one.desired}, and sent with runs left: it may still send",
        f"{to_end(one.status)} {one.record.id} in the dashboard",
    )


def canceled_for_good(ctx: PlanContext, one: Subject) -> Verdict:
    """`cancel`, without an update."""
    cancel = changes.cancel_for_good(ctx, one)
    return lifting(one, Verdict(changes=(cancel,), drift=one.drifts(), observed=one.noted()))


def left(_: PlanContext, one: Subject) -> Verdict:
    """Nothing is done: there is nothing to stop, and its edits wait."""
    # The lifecycle alone is recorded: the rest of the manifest was not compared.
    record = replace(one.noted() or one.record, lifecycle=one.manifest.lifecycle)
    observed = record if record != one.record else None
    if one.status is Status.CANCELED:
        return Verdict(drift=one.status_drift(), observed=observed)
    return Verdict(
        none=f"declared {one.desired}, and {_LEFT[one.status]}", drift=one.drifts(), observed=observed
    )


_LEFT = {
    Status.SENT: "sent already",
    Status.NEEDS_DECISION: "waiting for a decision, without which it does not send",
    Status.DRAFT: "a draft, which sends nothing; its edits wait until it is active",
    Status.MANUAL: "started by hand, so it sends nothing by itself; its edits wait until it is active",
}


def active_again(_: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: canceled is final."""
    return one.blocked("declared active again, but canceled is final", _create_again(one))


def _create_again(one: Subject) -> Sentence:
    again = _replacing(one, sent=one.status is not Status.CANCELED or one.seen.began is not None)
    return Sentence("give the change a new key, or ", again, " to create it again")


def _replacing(one: Subject, *, sent: bool) -> Command:
    """The command that creates it again; `sent`: that may be a second send."""
    return Command("apply", "--replace", one.key, *(("--override", "resend") if sent else ()))


def over(_: PlanContext, one: Subject) -> Verdict:
    """Nothing is done: what others canceled, sent or started is drift until an apply has recorded it."""
    drift = one.status_drift()
    none = None if drift else _over_by_others(one)
    return _with_winner_note(one, Verdict(drift=drift, none=none, observed=one.noted(manifest=True)))


def over_quietly(ctx: PlanContext, one: Subject) -> Verdict:
    """Nothing is done: one line counts these; drift as above."""
    return replace(over(ctx, one), none=None, quiet="final")


def _over_by_others(one: Subject) -> Sentence | None:
    """The one line on campaigns that others canceled or sent, once an apply has recorded that."""
    begun = one.status is Status.SENT or one.seen.began is not None
    lifted = ("--override", "resend") if begun else ()
    again = ("; ", Command("apply", "--replace", "KEY", *lifted), " makes it again")
    if one.status is Status.CANCELED:
        return Sentence("canceled, and sends nothing more", *again)
    ours = one.record.origin == "create"  # what was adopted may have been sent long before
    return Sentence("sent by hand", *again) if ours and one.status is Status.SENT and one.by_hand else None


def too_late(_: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: it cannot be changed."""
    known_as = one.status if one.status is not Status.SENT else "already sent"
    return _with_winner_note(one, one.blocked(f"{known_as}; it cannot be changed", _instead(one)))


def _instead(one: Subject) -> Sentence:
    again = _create_again(one)
    if one.record.origin == "create":
        return again
    # An ignored field goes with the object around it, so that the whole object has to be ignored.
    paths = sorted({split(change.path)[0] for change in field_changes(one.record.applied, one.spec)})
    keep = f"write what it has into {one.key}, or list {', '.join(paths)} in `ignore_changes`; else "
    return Sentence(keep, *again.parts)


def _with_winner_note(one: Subject, verdict: Verdict) -> Verdict:
    """The verdict, with a note that asks for the winner if its A/B test waits for one."""
    waits = one.status is Status.NEEDS_DECISION
    return replace(verdict, note=winners.note(one)) if waits else verdict


def agrees(_: PlanContext, one: Subject) -> Verdict:
    """Nothing is done."""
    return Verdict(drift=(*one.status_drift(), *one.unmanaged_drift()), observed=one.noted(manifest=True))


def taken_over(ctx: PlanContext, one: Subject) -> Verdict:
    """Nothing is done: the record is updated."""
    live, wanted = one.live, one.manifest
    record = (
        records.applied_over(one.record, one.spec, wanted, live, ctx.now, ctx.project.api.hidden)
        if live
        else None
    )
    return Verdict(drift=(*one.status_drift(), *one.unmanaged_drift()), observed=record)


def running(_: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: running."""
    hint = f"pause it (`phase: paused` in {one.key}), or wait until it has run, then plan again"
    return one.blocked("running", hint)


def drift_alone(_: PlanContext, one: Subject) -> Verdict:
    """Nothing is done: drift is shown."""
    return Verdict(drift=one.drifts(), observed=one.noted())


def no_draft_again(ctx: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: nothing returns to a draft; says when it still sends, and how to stop it."""
    return one.blocked(f"nothing returns to a draft; {_next_send(ctx, one)}", _not_as_a_draft(one))


def launched_by_others(ctx: PlanContext, one: Subject) -> Verdict:
    """Nothing is done: drift is shown, with a note that says when it sends, and how to stop it."""
    sends = _next_send(ctx, one)
    words = f"{one.key}: launched outside of campaignctl; nothing returns to a draft; {sends}; "
    return replace(drift_alone(ctx, one), note=Sentence(words, _not_as_a_draft(one)))


def _next_send(ctx: PlanContext, one: Subject) -> str:
    """When a campaign that is declared a draft sends next."""
    if one.status in _SAYS:
        return _SAYS[one.status]
    seen = records.observed(one.record, one.live, ctx.now) if one.live else one.record
    shown = records.next_send(seen, ctx.now)
    spec = {**update_rules.target(one)[0], "is_draft": False}
    first = parse_iso(shown) if shown else known_sends(spec, ctx.now).first
    return f"it still sends on {instant(first, ctx.project.time_zone)}" if first else "it can still send"


_SAYS = {
    Status.PAUSED: "it is paused",
    Status.MANUAL: "it sends when it is started by hand",
    Status.RUNNING: "it is sending now",
}


def _not_as_a_draft(one: Subject) -> Sentence:
    """How to stop a campaign that is declared a draft and no longer is one."""
    again = f"or `--replace {one.key}` to create it again as a draft"
    if one.status is Status.MANUAL:
        return Sentence(f"take `is_draft: true` out of {one.key}, {again}")
    instead = f"write `phase: paused` in {one.key} in place of `is_draft: true`"
    if one.status is Status.PAUSED:
        return Sentence(f"{instead} to keep it so, {again}")
    return Sentence(f"{instead}, {again}; to stop it at once: ", Command("halt", one.key, "--reason", "TEXT"))


def updated(ctx: PlanContext, one: Subject) -> Verdict:
    """`update`: one merge patch with only the differences; **blocked** if its time is past."""
    return lifting(one, update_rules.edit(ctx, one))


_FOREIGN = "foreign_pause is lifted"


def why_resumed(ctx: PlanContext, one: Subject) -> str | None:
    """Why a paused campaign may be resumed; None if it may not."""
    if one.status is not Status.PAUSED or one.halt is not None:
        return None
    if one.paused_by_us:
        halted = one.halts.paused(one.record.id)
        return "the halt that paused it is lifted" if halted else "declared active again"
    return _FOREIGN if ctx.lifts.lifts("foreign_pause", one.key) else None


def resumed(ctx: PlanContext, one: Subject, edited: Verdict, why: str) -> Verdict:
    """The verdict on the edits of a paused campaign, followed by a resume at exactly one time: the
    manifest's, or the next run of a recurrence."""
    if edited.blocked:
        return edited
    lifted = (*edited.lifted, "foreign_pause") if why == _FOREIGN else edited.lifted
    planned = edited.changes[-1].spec if edited.changes else None
    spec: Mapping[str, Any] = planned if planned is not None else update_rules.target(one)[1]
    sends = sends_after(one.record.applied, spec, ctx.now)
    time, no_time = None, "it has no time to resume at"
    if sends.when == "scheduled":
        time, no_time = str(spec["scheduled_time"]), "its scheduled_time is past"
    elif sends.when == "recurring":
        no_time = "its recurrence has no run left"
        if sends.first:
            time = sends.local if sends.profile_zone else format_gmt(sends.first)
    if time is None or not sends.first or is_past(sends, ctx.now):
        blocked = update_rules.too_late(one, f"paused, and {no_time}").blocked
        return replace(edited, blocked=blocked, lifted=lifted)
    change = changes.resume(one, spec, sends, time, reason=why)
    done = (*edited.changes, change)
    return replace(edited, changes=done, drift=status_undone(one, edited), lifted=lifted)


def status_undone(one: Subject, verdict: Verdict) -> tuple[Drift, ...]:
    """The drift of a verdict, with drift of the status marked as corrected."""
    status = [each for each in one.status_drift() if not each.once]
    return tuple(replace(each, corrected=each.corrected or each in status) for each in verdict.drift)
