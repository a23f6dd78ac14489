"""Plans with the same content twice."""

from __future__ import annotations

from typing import Any

from campaignctl.plan.model import Plan
from campaignctl.state.model import Record
from tests.plan.planning import (
    SCHEDULED,
    Spec,
    plan_of,
    state,
    wanted,
)

DE = {"countries": {"items": ["DE"], "op": "in"}}


def renamed(spec: Spec, **more: Any) -> Spec:
    """The spec with another name and label, which no recipient sees."""
    return {**spec, "name": "Renamed", "labels": ["new"], **more}


def at(days: int, spec: Spec = SCHEDULED) -> Spec:
    return {**spec, "scheduled_time": f"2036-12-{24 + days} 10:00:00"}


def did(plan: Plan) -> dict[str, str]:
    """What a plan does to each key."""
    return {change.key: str(change.action) for change in plan.changes}


def blocked(plan: Plan) -> dict[str, str]:
    """Why keys are blocked."""
    return {one.key: one.reason for one in plan.blocked}


def next_to(other: Record, spec: Spec, *, declared: bool = True, **more: Any) -> Plan:
    """The plan that creates `new` next to the recorded `old`."""
    olds = [wanted(dict(other.applied), "old")] if declared else []
    return plan_of(*olds, wanted(spec, "new"), known=state({"old": other}), **more)
