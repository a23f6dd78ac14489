"""The order of an apply: what stops sending first, what sends at once last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from campaignctl.plan.model import Action, Change

_LATEST = datetime.max.replace(tzinfo=UTC)

# The stages of an apply: what stops sending first, what sends at once last. Moves and adoptions cost no
# request and come before all, because what follows is put on record under their keys. A resume follows the
# update of its key.
_RECORD, _STOP, _FORGET, _CHANGE, _RESUME, _CREATE, _SEND = range(7)

_STAGES = {
    Action.MOVE: _RECORD,
    Action.ADOPT: _RECORD,
    Action.FORGET: _FORGET,
    Action.UPDATE: _CHANGE,
    Action.RESUME: _RESUME,
}


def _stage(change: Change) -> int:
    """The stage in which a change is carried out."""
    if change.action in (Action.CANCEL, Action.PAUSE):
        return _STOP
    if change.sends_at_once:
        return _SEND
    return _STAGES.get(change.action, _CREATE)


def order(change: Change) -> tuple[int, bool, datetime, str]:
    """The place of a change in an apply; within a stage what arms comes last, and soonest first."""
    stage = _stage(change)
    return stage, change.arms and stage == _CHANGE, change.sends.first or _LATEST, change.key


def stages(changes: Iterable[Change]) -> list[tuple[Change, ...]]:
    """The changes of a plan by stage, each in order; empty stages left out."""
    by_stage: dict[int, list[Change]] = {}
    for change in sorted(changes, key=order):
        by_stage.setdefault(_stage(change), []).append(change)
    return [tuple(by_stage[stage]) for stage in sorted(by_stage)]
