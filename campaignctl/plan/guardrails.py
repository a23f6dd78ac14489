"""Guardrails: limits that a team sets against its own accidents, checked at plan and per request.

An objection says what was found, the limit and the keys; it is lifted by naming the guardrail, never by
one big force.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from campaignctl.manifest.desired import Guardrails
from campaignctl.plan import records
from campaignctl.plan.model import Action, Change, Objection
from campaignctl.schedule.times import iso
from campaignctl.state.model import Record, State

# Below this number of destroyed campaigns a percentage says nothing.
DESTROY_COUNTS_FROM = 3

# Shorter durations are said in seconds.
_IN_SECONDS = 120


def objections(
    changes: Iterable[Change], state: State | None, limits: Guardrails, now: datetime, lifted: Iterable[str]
) -> tuple[Objection, ...]:
    """Every guardrail that these changes would break and that nobody lifted."""
    planned = tuple(changes)
    found = (
        _destroys(planned, state, limits, now),
        _immediate_sends(planned, limits),
        _lead_times(planned, limits, now),
    )
    return tuple(objection for objection in found if objection and objection.guardrail not in set(lifted))


def _destroys(
    changes: tuple[Change, ...], state: State | None, limits: Guardrails, now: datetime
) -> Objection | None:
    """Cancels, and forgets of what could still send, of the recorded campaigns that are not final."""
    recorded = state.campaigns if state else {}
    alive = {key: record for key, record in recorded.items() if not records.final(record, now)}
    destroyed = tuple(
        change.key for change in changes if change.key in alive and _destroys_one(change, alive[change.key])
    )
    percent = 100 * len(destroyed) / len(alive) if alive else 0
    if len(destroyed) < DESTROY_COUNTS_FROM or percent <= limits.max_destroy_percent:
        return None
    counted = f"{len(destroyed)} of {len(alive)} campaigns that are not final ({percent:.0f} %)"
    return Objection("max_destroy_percent", counted, f"{limits.max_destroy_percent} %", destroyed)


def _destroys_one(change: Change, record: Record) -> bool:
    return change.action is Action.CANCEL or (
        change.action is Action.FORGET and records.can_send(record.status)
    )


def _immediate_sends(changes: tuple[Change, ...], limits: Guardrails) -> Objection | None:
    keys = tuple(change.key for change in changes if change.sends_at_once)
    if len(keys) <= limits.max_immediate_sends:
        return None
    return Objection(
        "max_immediate_sends",
        f"{len(keys)} campaigns are set off at once",
        f"{limits.max_immediate_sends} in one apply",
        keys,
    )


def _lead_times(changes: tuple[Change, ...], limits: Guardrails, now: datetime) -> Objection | None:
    late = tuple(change for change in changes if too_late(change, limits, now))
    if not late:
        return None
    first = min(change.sends.first for change in late if change.sends.first)
    return Objection(
        "min_lead_time",
        f"the first send is possible at {iso(first)}, {_distance(first, now)}",
        f"{words(limits.min_lead_time)} between the request and the first send",
        tuple(change.key for change in late),
    )


def too_late(change: Change, limits: Guardrails, now: datetime) -> bool:
    """Whether the first send that this change makes possible is nearer than the lead time allows.

    What sends at once has no lead time; `max_immediate_sends` and the age of the plan bound it.
    """
    first = change.sends.first
    return change.arms and first is not None and first - now < limits.min_lead_time


def _distance(instant: datetime, now: datetime) -> str:
    return f"{words(instant - now)} from now" if instant >= now else f"{words(now - instant)} ago"


def words(duration: timedelta) -> str:
    """A duration as a person writes it: `45s`, `10m`, `2h`, `3d`."""
    seconds = int(duration.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s" if abs(seconds) < _IN_SECONDS else f"{seconds // 60}m"


def valid_until(
    changes: Iterable[Change], limits: Guardrails, now: datetime, lifted: Iterable[str]
) -> datetime | None:
    """Until when a saved plan may be applied: the earliest one-off send that it arms less the lead time,
    and at most `max_plan_age` when something sends at once. A recurring campaign bounds it only by its
    first run after a create or a resume. None where nothing bounds it."""
    names = set(lifted)
    bounds: list[datetime] = []
    for change in changes:
        if change.sends_at_once and "max_plan_age" not in names:
            bounds.append(now + limits.max_plan_age)
        elif change.arms and change.sends.first and _bounds(change):
            lead = timedelta(0) if "min_lead_time" in names else limits.min_lead_time
            bounds.append(change.sends.first - lead)
    return min(bounds, default=None)


def _bounds(change: Change) -> bool:
    counted = (Action.CREATE, Action.REPLACE, Action.RESUME)
    return change.sends.when == "scheduled" or change.action in counted
