"""The history: every apply with changes, recorded before its first request, and how it ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from campaignctl.errors import LockLost, StateNotSaved
from campaignctl.plan import codec
from campaignctl.plan.model import Blocked, Plan
from campaignctl.reconciler.run import Run
from campaignctl.review.outcome import Outcome
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import HistoryEntry, HistoryOutcome
from campaignctl.state.model import Entry

_NOT_SELECTED = ("*",)
# A change of such a campaign is blocked until one apply has recorded it.
_FINAL = ("sent", "canceled")
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
        requests=wiring.requests,
    )


def ended(run: Run, entry: HistoryEntry | None, outcome: Outcome, plan: Plan) -> Outcome:
    """Record the end of an apply. If that fails the outcome says so, and the entry stays `started`.

    What was blocked counts as not done, and so does everything that was not selected.
    """
    if entry is None or isinstance(run.broken_off, LockLost | StateNotSaved):
        return outcome
    outcomes = dict(Counter(str(result.outcome) for result in outcome.changes))
    undone = {result.key for result in outcome.changes if result.outcome != "done"}
    blocked = {one.key for one in plan.blocked if not _recorded(plan, one)}
    over = replace(
        entry,
        outcome=_ENDS.get(outcome.result, "incomplete"),
        outcomes=outcomes | ({"blocked": len(blocked)} if blocked else {}),
        left=(*sorted(blocked | undone), *(() if plan.targets == () else _NOT_SELECTED)),
        ended=iso(run.now()),
    )
    try:
        run.record(Entry(history=(over,), decision=False))
    except (LockLost, StateNotSaved) as error:
        note = error.told
        return replace(outcome, result="incomplete", notes=(*outcome.notes, note))
    return outcome


def _recorded(plan: Plan, blocked: Blocked) -> bool:
    """Whether an apply of the plan records what is blocked, so that no later plan asks for it."""
    return blocked.key in plan.missed or (blocked.status in _FINAL and blocked.key in plan.observed)
