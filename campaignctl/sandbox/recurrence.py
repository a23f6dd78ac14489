"""When a recurring campaign runs next, in GMT (API contract, section 2.4)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from cronsim import CronSim, CronSimError

from campaignctl.sandbox import clock
from campaignctl.sandbox.switches import Switches

_LONGEST_GAP_DAYS = 366
_CRON_FIELDS = 5


def next_run(recurrence: dict[str, Any], after: str, switches: Switches) -> str | None:
    """Return the first occurrence later than a stamp, or None when there is none.

    `recurrence` holds `pattern` or `cron`; ValueError for a cron that cannot be read.
    """
    moment = clock.parse(after)
    if "cron" in recurrence:
        found = _next_cron(recurrence["cron"], moment, switches)
    else:
        found = _next_pattern(recurrence["pattern"], moment, switches)
    return None if found is None else clock.write(found)


def check_cron(expression: str, switches: Switches) -> None:
    """Raise ValueError with the reason for a cron expression that the API does not take."""
    parts = expression.split(" ")
    if len(parts) != _CRON_FIELDS or not all(parts):
        raise ValueError("must be five fields separated by one blank")
    if switches.cron_minute_literal and not parts[0].isdecimal():
        raise ValueError("the minute must be one number")
    _occurrences(parts, datetime(2000, 1, 1))  # noqa: DTZ001 - naive datetimes are GMT here


def _occurrences(parts: list[str], after: datetime) -> Iterator[datetime]:
    try:
        return CronSim(" ".join(parts), after)
    except CronSimError as error:
        raise ValueError(str(error)) from error


def _next_cron(expression: str, after: datetime, switches: Switches) -> datetime | None:
    parts = expression.split(" ")
    minute, hour, day, month, weekday = parts
    if switches.cron_days == "or" or "*" in (day, weekday):
        return next(_occurrences(parts, after), None)
    for found in _occurrences([minute, hour, day, month, "*"], after):
        same = _occurrences([minute, hour, "*", month, weekday], found - timedelta(minutes=1))
        if next(same, None) == found:
            return found
    return None


def _next_pattern(pattern: dict[str, Any], after: datetime, switches: Switches) -> datetime | None:
    first = after.replace(hour=pattern["hour"], minute=pattern["minute"], second=0)
    for days in range(_LONGEST_GAP_DAYS + 1):
        found = first + timedelta(days=days)
        if found > after and _fits(pattern, found, switches):
            return found
    return None


def _fits(pattern: dict[str, Any], moment: datetime, switches: Switches) -> bool:
    weekday = (moment.weekday() + switches.monday) % 7
    weekdays = {number % 7 for number in pattern.get("weekdays", range(7))}
    return weekday in weekdays and moment.month in pattern.get("months", range(1, 13))
