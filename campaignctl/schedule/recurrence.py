"""When a recurring campaign runs next, in GMT (API contract, section 2.4).

The contract leaves open how weekdays of a pattern are numbered, what an absent member of a pattern
means, and whether day of month and day of week of a cron expression must both match. Where the readings
differ, the earliest possible run counts: what we say is never later than what happens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice, zip_longest
from typing import Any

from campaignctl.schedule.cron import Cron, CronError, parse_cron

_HOURS = tuple(range(24))
_MINUTES = tuple(range(60))
_DAYS_IN_WEEK = 7


def occurrences(recurrence: Mapping[str, Any], after: datetime, count: int) -> tuple[datetime, ...]:
    """The next `count` runs after an instant, each at its earliest; fewer if there are no more.

    `recurrence` is the member of that name of a spec; `after` must be aware and in UTC. Raises
    `CronError` for what is no recurrence.
    """
    return _earliest(readings(recurrence), after, count)


@lru_cache(maxsize=1024)
def _earliest(crons: tuple[Cron, ...], after: datetime, count: int) -> tuple[datetime, ...]:
    runs = [_runs(cron, after, count) for cron in crons]
    return tuple(min(filter(None, column)) for column in zip_longest(*runs))


def _runs(cron: Cron, after: datetime, count: int) -> tuple[datetime, ...]:
    from cronsim import CronSim

    # With both day fields written out it takes either, which is the earlier reading.
    return tuple(islice(CronSim(cron.expression, after), count))


def readings(recurrence: Mapping[str, Any]) -> tuple[Cron, ...]:
    """Every reading of a recurrence; more than one only where the numbering of weekdays is open."""
    if isinstance(cron := recurrence.get("cron"), str):
        return (parse_cron(cron),)
    pattern = recurrence.get("pattern")
    if not isinstance(pattern, Mapping):
        raise CronError("a recurrence has a pattern or a cron expression")
    return tuple(
        Cron(
            _one(pattern.get("minute"), _MINUTES),
            _one(pattern.get("hour"), _HOURS),
            months=_several(pattern.get("months"), range(1, 13)),
            weekdays=weekdays,
        )
        for weekdays in weekday_readings(pattern.get("weekdays"))
    )


def weekday_readings(numbers: Any) -> tuple[tuple[int, ...] | None, ...]:
    """What weekday numbers of a pattern may mean, counted from Sunday = 0, without repetition.

    Readings: Monday is 1 (and Sunday 0 or 7); Monday is 0; Sunday is 1. A reading that cannot place
    every number is left out. None alone stands for every day.
    """
    days = _several(numbers, range(8))
    if days is None:
        return (None,)
    found = [{day % 7 for day in days}]
    if max(days) < _DAYS_IN_WEEK:
        found.append({(day + 1) % 7 for day in days})
    if min(days) >= 1:
        found.append({day - 1 for day in days})
    return tuple(dict.fromkeys(tuple(sorted(reading)) for reading in found))


def _one(value: Any, allowed: Sequence[int]) -> tuple[int, ...]:
    """The values that an hour or minute of a pattern may stand for: absent leaves all of them open."""
    if value is None:
        return tuple(allowed)
    return tuple(_checked([value], allowed))


def _several(values: Any, allowed: Sequence[int]) -> tuple[int, ...] | None:
    return tuple(sorted(set(_checked(values, allowed)))) if values else None


def _checked(values: Any, allowed: Sequence[int]) -> list[int]:
    if not isinstance(values, list | tuple) or any(value not in allowed for value in values):
        raise CronError(f"a pattern cannot hold {values!r}: {allowed[0]} to {allowed[-1]}")
    return [int(value) for value in values]
