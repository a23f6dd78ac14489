"""The beginning of an apply on record, and its end: the intents of all creates, and what was seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from campaignctl.errors import LockLost, StateNotSaved
from campaignctl.plan.model import Action, Plan
from campaignctl.reconciler import requests, settle
from campaignctl.reconciler.requests import CREATING
from campaignctl.reconciler.run import Run, new_state, observed_entry
from campaignctl.state.model import Entry, HistoryEntry, Intent, Record


def begin(
    run: Run, plan: Plan, observed: Iterable[tuple[str, Record]], history: HistoryEntry | None = None
) -> None:
    """Everything that is put on record before the first request: the intents of all creates as planned,
    what was seen, what was missed, and that an apply begins. Writes nothing where there is nothing to say."""
    run.overrides = plan.overrides
    intents: dict[str, Intent | None] = {
        change.key: requests.planned_intent(change, run.opening.watermark)
        for change in plan.changes
        if change.action in CREATING
    }
    applies = (history,) if history else ()
    state = run.session.state
    if state is None:
        if plan.changes or plan.missed:
            decided = Entry(intents=intents, missed=plan.missed, history=applies)
            run.session.write(new_state(run).after(decided))
        return
    seen = run.opening.mark(state, run.now())
    noted = observed_entry(state, _in_place(run, plan, observed), run.now())
    noted = replace(noted, seen=seen, account=replace(state.account, url=run.api.url), history=applies)
    if intents or plan.missed:
        run.session.write(state.after(noted).after(Entry(intents=intents, missed=plan.missed)))
    elif noted.records or noted.sent or applies or (seen and seen != state.seen):
        run.record(noted)


def _in_place(run: Run, plan: Plan, observed: Iterable[tuple[str, Record]]) -> Iterable[tuple[str, Record]]:
    """What was seen of records that stay where they are; that of others waits for their move."""
    arriving = {change.key for change in plan.changes if change.action in (Action.MOVE, Action.ADOPT)}
    for key, record in observed:
        if key in arriving:
            run.arriving[key] = record
        else:
            yield key, record


def finish(run: Run) -> None:
    """Drop the intents that were never sent."""
    if run.session.state is None or isinstance(run.broken_off, LockLost | StateNotSaved):
        return
    try:
        settle.drop_planned(run)
    except (LockLost, StateNotSaved) as error:
        run.broken_off = error
