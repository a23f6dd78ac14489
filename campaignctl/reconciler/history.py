"""The history: every apply with changes, recorded before its first request, and how it ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from campaignctl.errors import LockLost, StateNotSaved
from campaignctl.plan import codec
from campaignctl.plan.model import Plan
from campaignctl.reconciler.run import Run
from campaignctl.review.outcome import Outcome
from campaignctl.schedule.times import iso
from campaignctl.state.model import Entry, HistoryEntry, HistoryOutcome

_ENDS: dict[str, HistoryOutcome] = {"done": "done", "interrupted": "interrupted"}


def begun(run: Run, plan: Plan, operation: str) -> HistoryEntry | None:
    """The history entry of an apply; None if there is nothing to do."""
    wiring = run.wiring
    if plan.empty:
        return None
    return HistoryEntry(
        id=wiring.clock.new_id(),
        at=iso(run.now()),
        operation=operation,
        who=wiring.who,
        host=wiring.host,
        commit=wiring.commit,
        tool_version=wiring.tool_version,
        plan=codec.digest_of(plan),
        actions={action: count for action, count in plan.summary.items() if count and action != "none"},
        overrides=plan.lifted,
    )


def ended(run: Run, entry: HistoryEntry | None, outcome: Outcome) -> Outcome:
    """Record the end of an apply. If that fails the outcome says so, and the entry stays `started`."""
    if entry is None or isinstance(run.broken_off, LockLost | StateNotSaved):
        return outcome
    over = replace(
        entry,
        outcome=_ENDS.get(outcome.result, "incomplete"),
        outcomes=dict(Counter(str(result.outcome) for result in outcome.changes)),
        ended=iso(run.now()),
    )
    try:
        run.record(Entry(history=(over,), decision=False))
    except (LockLost, StateNotSaved) as error:
        note = error.told
        return replace(outcome, result="incomplete", notes=(*outcome.notes, note))
    return outcome
