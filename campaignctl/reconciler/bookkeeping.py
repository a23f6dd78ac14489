"""Changes of a plan that touch only the state: forget and move."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from campaignctl.errors import StateError
from campaignctl.plan.model import Change
from campaignctl.reconciler.run import Run
from campaignctl.review.outcome import ChangeResult, done
from campaignctl.state.model import Entry, Record


def forget(run: Run, change: Change) -> ChangeResult:
    """Forget a record; sends nothing."""
    run.may_send()
    record = run.state.campaigns[change.key]
    run.release(change.key, record, record.status)
    return done(change, record.id)


def move(run: Run, changes: Iterable[Change]) -> list[ChangeResult]:
    """Move records to their new keys, all in one step, so that a chain or a swap loses none.

    Raises StateError if one of them cannot be moved; then none is.
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
