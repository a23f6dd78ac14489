"""When a campaign sends, also where its times were taken over from live and cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from campaignctl.diff import EVENT
from campaignctl.schedule.cron import CronError
from campaignctl.schedule.sends import Sends, sends_of
from campaignctl.schedule.times import TimeError

Spec = Mapping[str, Any]


def known_sends(spec: Spec, now: datetime, occurrences: int = 3) -> Sends:
    """`sends_of`, without instants where the time or recurrence has a form that we do not know."""
    try:
        return sends_of(spec, now, occurrences)
    except (TimeError, CronError):
        return Sends("scheduled" if spec.get("scheduled_time") else "recurring")


def has_fired(applied: Spec) -> bool:
    """Whether the event was applied and has set the campaign off; in a draft it still waits."""
    return bool(applied.get(EVENT)) and not applied.get("is_draft")


def without_event(spec: Spec) -> dict[str, Any]:
    """The spec without `run_immediately`, which is an event and not a property."""
    return {name: value for name, value in spec.items() if name != EVENT}


def runs_left(applied: Spec, now: datetime) -> bool:
    """Whether a campaign recurs and has an occurrence left, as far as its recurrence can be read."""
    try:
        sends = sends_of(without_event(applied), now)
    except (TimeError, CronError):
        return bool(applied.get("recurrence"))
    return sends.when == "recurring" and bool(sends.at)
