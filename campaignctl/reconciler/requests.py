"""The last look: what is asked once more directly before the bytes of a request leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import EVENT, FieldChange, mistaken
from campaignctl.errors import ApiError, Halted, Interrupted, OutcomeUnknown, Refused, StateError
from campaignctl.plan import guardrails, records
from campaignctl.plan.holds import may_send
from campaignctl.plan.model import Action, Change, Lifts
from campaignctl.reconciler.outcome import ChangeResult, Failure, done, failed, failure, halt_hint, unknown
from campaignctl.reconciler.run import AT_ONCE, Run, used_up
from campaignctl.schedule.times import iso, parse_iso
from campaignctl.state.model import Entry, Intent, Record, Sent, Watermark

CREATING = (Action.CREATE, Action.REPLACE)


def last_look(run: Run, change: Change) -> None:
    """The lock, the wish to stop, the stop mark, and the guardrails that depend on the present.

    Raises LockLost, Interrupted, Halted, or Refused for a guardrail; then nothing may be sent.
    """
    run.may_send()
    if may_send(change):
        run.not_halted(change.key, change.id)
    now = run.wiring.clock.now()
    lifts = Lifts.at(now, run.overrides, run.project.overrides)
    found = guardrails.at_request(change, run.project.guardrails, now, lifts)
    if found is not None:
        raise Refused(found[0], hint=found[1])


Send = Callable[[Callable[[], None]], None]


def set_off(run: Run, change: Change, record: Record, patch: Mapping[str, Any]) -> ChangeResult:
    """Send the PATCH that sets a campaign off."""
    intent = Intent(
        operation="update",
        intent=change.intent or "",
        phase="started",
        spec=change.spec or {},
        digest=change.digest,
        watermark=run.opening.watermark,
        first_send=AT_ONCE,
        id=record.id,
        patch=patch,
        source_digest=change.source_digest,
        lifecycle=change.lifecycle,
    )
    trouble = _send(
        run, change, intent, record.id, lambda before: run.api.update(record.id, patch, before=before)
    )
    if trouble is not None:
        return trouble
    was_set_off(run, change.key, intent, record, _read_after(run, record))
    return done(change, record.id)


def set_winner(run: Run, change: Change, record: Record) -> ChangeResult:
    """End an A/B test; the winning message goes to everybody else at once."""
    *_, message_id, _ = change.requests[0].path.split("/")
    intent = Intent(
        operation="winner",
        intent=change.intent or "",
        phase="started",
        spec=record.applied,
        digest=record.digest,
        watermark=run.opening.watermark,
        first_send=AT_ONCE,
        id=record.id,
        patch={"name": change.lifecycle.winner, "id": message_id},
        source_digest=change.source_digest,
        lifecycle=change.lifecycle,
    )
    trouble = _send(
        run,
        change,
        intent,
        record.id,
        lambda before: run.api.set_winner(record.id, message_id, before=before),
    )
    if trouble is not None:
        return trouble
    live = _read_after(run, record)
    was_decided(run, change.key, intent, record, live)
    if live.winner not in (None, change.lifecycle.winner):
        what = f"the winner of {record.id} is {live.winner!r}, not {change.lifecycle.winner!r}"
        return failed(change, Failure(f"winner of {change.key}: {what}", hint=halt_hint(change)))
    return done(change, record.id)


def _send(run: Run, change: Change, intent: Intent, campaign_id: str, request: Send) -> ChangeResult | None:
    """Send once, with the intent on record directly before; None when it was answered as done."""

    def before() -> None:
        last_look(run, change)
        if change.key not in run.state.pending:
            run.record(Entry(intents={change.key: replace(intent, at=iso(run.now()))}))

    try:
        request(before)
    except Refused as error:
        run.refused(error)
        drop_intent(run, change.key)
        return failed(change, failure(change, error), campaign_id)
    except Halted:
        drop_intent(run, change.key)
        raise
    except OutcomeUnknown as error:
        return unknown(change, error, campaign_id)
    return None


def drop_intent(run: Run, key: str) -> None:
    """Forget an intent of which it is proven that nothing came."""
    if key in run.state.pending:
        run.record(Entry(intents={key: None}))


def was_set_off(run: Run, key: str, intent: Intent, record: Record, live: Live) -> None:
    """Record that a campaign was set off: what was applied, and its body in the ledger."""
    now = run.now()
    run.record(
        Entry(
            records={key: records.applied_over(record, intent.spec, intent, live, now)},
            intents={key: None},
            sent=(Sent(intent.digest, key, record.id, iso(now)),),
        )
    )


def was_decided(run: Run, key: str, intent: Intent, record: Record, live: Live) -> None:
    """Record the winner of an A/B test: the one that live shows, else the one that was asked for."""
    asked = str((intent.patch or {}).get("name", ""))
    decided = replace(
        records.observed(record, live),
        winner=live.winner or asked,
        lifecycle=intent.lifecycle,
        updated_at=iso(run.now()),
    )
    run.record(Entry(records={key: decided}, intents={key: None}))


def _read_after(run: Run, record: Record) -> Live:
    """Live after a write that was answered; where it cannot be read, what is known must do."""
    try:
        live = run.api.read(record.id)
    except (ApiError, Interrupted):
        live = None
    return live or Live(record.id, {"status": record.status}, complete=False)


# An intent started longer ago than this that has not left is started again: settling counts from then.
_PROMPT = timedelta(seconds=5)
# How long a cancel that was answered may take until a read shows it.
_CONFIRM_WAITS = tuple(timedelta(seconds=seconds) for seconds in (0, 1, 3))


def perform(run: Run, change: Change) -> ChangeResult:
    """One change, but for moves, which go together. Raises what stops it before its request."""
    if change.action is Action.CREATE:
        return create(run, change)
    if change.action is Action.REPLACE:
        return replace_campaign(run, change)
    if change.action is Action.FORGET:
        return forget(run, change)
    if change.action is Action.ADOPT:
        return adopt(run, change)
    record = run.state.campaigns[change.key]
    if change.sets_winner:
        return set_winner(run, change, record)
    if change.sends_at_once:
        return set_off(run, change, record, change.requests[0].body or {})
    return write(run, change)


def planned_intent(change: Change, watermark: Watermark) -> Intent:
    """The intent of a create, as it stands on record before anything is sent.

    A two-step create is not armed by its POST: its spec is without the event, and it cannot send.
    """
    two_step = _arming_patch(change) is not None
    spec = change.spec or {}
    if two_step:
        spec = {name: value for name, value in spec.items() if name != EVENT}
    return Intent(
        operation="create",
        intent=change.intent or "",
        phase="planned",
        spec=spec,
        digest=change.digest,
        watermark=watermark,
        first_send=None if two_step else first_send(change),
        source_digest=change.source_digest,
        lifecycle=change.lifecycle,
    )


def first_send(change: Change) -> str | None:
    """The first instant at which a change can send: a time, AT_ONCE, or None."""
    if change.sends.when == "immediately":
        return AT_ONCE
    return iso(change.sends.first) if change.sends.first else None


def sends_soon(run: Run, change: Change) -> bool:
    """Whether the first send of a change, if it has one, is within the horizon of settling."""
    first = first_send(change)
    if first is None:
        return False
    return first == AT_ONCE or parse_iso(first) - run.now() < run.project.api.settle.horizon


def create(run: Run, change: Change) -> ChangeResult:
    """Create a campaign: the intent is started durably, the request leaves, the answer is recorded."""
    intent = run.state.pending[change.key]
    try:
        started, live = _posted(run, change, intent)
    except Refused as error:
        run.refused(error)
        drop_intent(run, change.key)
        return failed(change, _refused(run, change, error))
    except OutcomeUnknown as error:
        return unknown(change, error)
    record = run.created(change.key, started, live)
    patch = _arming_patch(change)
    wrong = mistaken(started.spec, live)
    if wrong:
        return failed(change, _wrong(change, live.id, wrong), live.id)
    if patch is not None:
        return _armed(run, replace(change, id=live.id), record, patch)
    return done(change, live.id)


def _posted(run: Run, change: Change, intent: Intent) -> tuple[Intent, Live]:
    """The intent as it was started, and the campaign that was made."""
    post = next(request for request in change.requests if request.path.endswith("/campaigns"))
    started, marked = replace(intent, phase="started"), run.wiring.clock.now()

    def mark() -> None:
        nonlocal started, marked
        started, marked = replace(intent, phase="started", at=iso(run.now())), run.wiring.clock.now()
        run.record(Entry(intents={change.key: started}))

    def before(leave: Callable[[], None]) -> None:
        run.may_send()
        if run.state.pending[change.key].phase == "planned":
            mark()
        leave()
        if intent.phase == "planned" and run.wiring.clock.now() - marked > _PROMPT:
            mark()
        # Last of all: what was seen before a push or a wait may not be true any more.
        last_look(run, change)

    try:
        with run.flight() as leave:
            live = run.api.create(post.body or {}, before=lambda: before(leave))
            return started, live
    except Halted:
        drop_intent(run, change.key)
        raise
    except Interrupted:
        # It never left, which nobody could know of an intent that stays as started.
        if intent.phase == "planned":
            drop_intent(run, change.key)
        raise


def _armed(run: Run, change: Change, record: Record, patch: Mapping[str, Any]) -> ChangeResult:
    """The second step of a two-step create."""
    try:
        return set_off(run, change, record, patch)
    except Halted as error:
        why = failure(change, error)
        return failed(change, replace(why, summary=f"{why.summary}; {record.id} is there and not set off"))


def _refused(run: Run, change: Change, error: Refused) -> Failure:
    """Why a create was refused; where it is about metadata, our marker may be what the API does not take."""
    problem = failure(change, error)
    if run.project.api.markers and "metadata" in f"{error.summary} {error.detail}":
        hint = "if it is our marker that it does not take: `api.markers: off` in campaignctl.yaml"
        return replace(problem, hint=hint)
    return problem


def _arming_patch(change: Change) -> Mapping[str, Any] | None:
    """The PATCH that arms a two-step create, if this change has one."""
    if change.action not in CREATING:
        return None
    return next((request.body for request in change.requests if request.method == "PATCH"), None)


def _wrong(change: Change, campaign_id: str, wrong: tuple[FieldChange, ...]) -> Failure:
    what = ", ".join(f"{field.path} is {field.after!r}, not {field.before!r}" for field in wrong[:3])
    return Failure(
        f"{change.action} of {change.key}: {campaign_id} is not what was asked for: {what}",
        "time, audience, channel, sender or draft differ right after the write",
        halt_hint(change),
    )


def write(run: Run, change: Change) -> ChangeResult:
    """An update, cancel, pause or resume: sent once; what its answer leaves open, a read decides."""
    body = change.requests[0].body or {}
    campaign_id = change.id or ""

    def before() -> None:
        last_look(run, change)

    try:
        if change.action is Action.CANCEL:
            run.api.cancel(campaign_id, str(body.get("reason", "")), before=before)
        elif change.action is Action.PAUSE:
            run.api.pause(campaign_id, str(body.get("reason", "")), before=before)
        elif change.action is Action.RESUME:
            run.api.resume(campaign_id, body, before=before)
        else:
            run.api.update(campaign_id, body, before=before)
    except Refused as error:
        run.refused(error)
        return failed(change, failure(change, error))
    except OutcomeUnknown as error:
        return unknown(change, error)
    return done(change, campaign_id)


def replace_campaign(run: Run, change: Change) -> ChangeResult:
    """Cancel where it can be, confirm by a read, then create; never the other way round."""
    record = run.state.campaigns[change.key]
    cancels = [request for request in change.requests if request.path.endswith("/cancel")]
    if not cancels:
        return create(run, change)
    reason = str((cancels[0].body or {}).get("reason", ""))
    ended = _cancel_and_confirm(run, change, record, reason)
    if ended is not None:
        return ended
    run.release(change.key, record, Status.CANCELED)
    try:
        return create(run, change)
    except Halted as error:
        why = failure(change, error)
        return failed(change, replace(why, summary=f"{why.summary}; {record.id} is canceled already"))


def _cancel_and_confirm(run: Run, change: Change, record: Record, reason: str) -> ChangeResult | None:
    """None once a read shows that the campaign is canceled; else what to report."""
    problem: ApiError | None = None
    try:
        run.api.cancel(record.id, reason, before=lambda: last_look(run, change))
    except Refused as error:
        run.refused(error)
        return failed(change, failure(change, error))
    except OutcomeUnknown as error:
        problem = error
    if _confirmed(run, record):
        return None
    if problem:
        return unknown(change, problem)
    return failed(change, Failure(f"replace of {change.key}: {record.id} is not shown as canceled"))


def _confirmed(run: Run, record: Record) -> bool:
    """Whether a read shows the campaign as canceled, given a moment."""
    for wait in _CONFIRM_WAITS:
        run.wiring.clock.wait(wait)
        live = run.api.read(record.id, reserve=True)
        if live and status_of(live, record.applied) is Status.CANCELED:
            return True
    return False


def forget(run: Run, change: Change) -> ChangeResult:
    """Let a record go; no request."""
    run.may_send()
    record = run.state.campaigns[change.key]
    run.release(change.key, record, record.status)
    return done(change, record.id)


def adopt(run: Run, change: Change) -> ChangeResult:
    """Take a live campaign over into the state; no request. Raises StateError if it cannot be."""
    run.may_send()
    record = change.record
    if record is None:
        raise AssertionError("an adoption carries the record that it makes")
    check_adoption(run, change.key, record.id)
    run.record(
        Entry(
            records={change.key: record},
            missed={change.key: None},
            sent=used_up(run.state, {change.key: record}, run.now()),
        )
    )
    return done(change, record.id)


def check_adoption(run: Run, key: str, campaign_id: str) -> None:
    """Raise StateError unless the key and the campaign are both free."""
    owner = next((known for known, record in run.state.campaigns.items() if record.id == campaign_id), None)
    if owner is not None:
        raise StateError(f"{campaign_id} is recorded already, as {owner}", key=key)
    if key in run.state.campaigns:
        raise StateError(f"{key} is recorded already, as {run.state.campaigns[key].id}", key=key)


def move(run: Run, changes: Iterable[Change]) -> list[ChangeResult]:
    """Bring records to their new keys, all in one step: so a chain or a swap never loses one.

    Raises StateError when one of them cannot be moved; then none is.
    """
    run.may_send()
    moves = {change.moved_from: change for change in changes if change.moved_from}
    taken = run.state.campaigns.keys() - moves.keys()
    arrived: dict[str, Record | None] = {}
    for old, change in moves.items():
        record = run.state.campaigns.get(old)
        if record is None or change.key in taken:
            raise StateError(f"{old} cannot be moved to {change.key}: the state is not as planned")
        seen = run.arriving.get(change.key)
        known = seen if seen is not None and seen.id == record.id else record
        arrived[change.key] = replace(known, moved_from=old)
    gone: dict[str, Record | None] = dict.fromkeys(moves.keys() - arrived.keys())
    run.record(Entry(records={**gone, **arrived}))
    return [done(change, change.id) for change in moves.values()]
