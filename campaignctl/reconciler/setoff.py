"""What sends at once and is never repeated: the PATCH that sets a campaign off, the winner of an A/B test.

Each has an intent of its own, on record before it is sent, so that a run that dies leaves it to be settled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from campaignctl.campaign.live import Live
from campaignctl.errors import ApiError, Halted, Interrupted, OutcomeUnknown, Refused
from campaignctl.plan import records
from campaignctl.plan.model import Change
from campaignctl.reconciler.lastlook import last_look
from campaignctl.reconciler.outcome import ChangeResult, Failure
from campaignctl.reconciler.results import done, failed, failure, halt_hint, unknown
from campaignctl.reconciler.run import AT_ONCE, Run
from campaignctl.schedule.times import iso
from campaignctl.state.model import Entry, Intent, Record, Sent

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
