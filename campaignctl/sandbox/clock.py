"""Time: the API's stamps, a clock that can be set, and the next run of a recurrence (section 2.4).

A stamp is `YYYY-MM-DD HH:MM:SS` in GMT, without an offset (API contract, section 0). Its width is fixed, so
that stamps sort as strings in order of time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cronsim import CronSim, CronSimError

from campaignctl.sandbox.switches import Switches

FORMAT = "%Y-%m-%d %H:%M:%S"
_SHAPE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\Z", re.ASCII)


def parse(text: str) -> datetime:
    """Return a stamp as a naive datetime in GMT; ValueError for any other form or an impossible date."""
    if not _SHAPE.match(text):
        raise ValueError("must look like YYYY-MM-DD HH:MM:SS")
    return datetime.strptime(text, FORMAT)  # noqa: DTZ007 - the form has no offset, every stamp is GMT


def write(moment: datetime) -> str:
    """Return a naive GMT datetime as a stamp, fractions of a second cut off."""
    return moment.replace(microsecond=0).isoformat(" ")


def shift(stamp: str, *, seconds: float = 0, hours: float = 0) -> str:
    """Return the shifted stamp, held within the calendar."""
    try:
        return write(parse(stamp) + timedelta(seconds=seconds, hours=hours))
    except OverflowError:
        return write(datetime.max if seconds + hours > 0 else datetime.min)  # noqa: DTZ901 - naive GMT as above


# Adding an offset may round down: a clock set to a second would show the one before.
_ROUNDING = 1e-6


def epoch(stamp: str) -> float:
    """Return a stamp in seconds since 1970."""
    return parse(stamp).replace(tzinfo=UTC).timestamp()


def stamp(seconds: float) -> str:
    """Return seconds since 1970 as a stamp."""
    return write(datetime.fromtimestamp(seconds + _ROUNDING, UTC).replace(tzinfo=None))


@dataclass(frozen=True)
class SandboxClock:
    """A clock `offset` seconds ahead of real time, or stopped at `frozen` (seconds since 1970).

    Immutable: setting, advancing and stopping return another clock.
    """

    offset: float = 0.0
    frozen: float | None = None

    def epoch(self) -> float:
        """Return the current time in seconds since 1970, with fractions."""
        return time.time() + self.offset if self.frozen is None else self.frozen

    def now(self) -> str:
        """Return the current time as a stamp."""
        return stamp(self.epoch())

    def at(self, stamp: str) -> SandboxClock:
        """Return this clock set to a stamp; ValueError for a malformed one."""
        return self._moved(epoch(stamp) - self.epoch())

    def advanced(self, seconds: float) -> SandboxClock:
        """Return this clock moved by some seconds (negative: back); ValueError outside the calendar."""
        moved = self._moved(seconds)
        try:
            moved.now()
        except (OverflowError, OSError, ValueError) as error:
            raise ValueError("the clock cannot be set to that time") from error
        return moved

    def stopped(self) -> SandboxClock:
        """Return this clock stopped at its current time."""
        return SandboxClock(self.offset, self.epoch())

    def running(self) -> SandboxClock:
        """Return this clock running on from its current time."""
        return self if self.frozen is None else SandboxClock(self.frozen - time.time())

    def _moved(self, seconds: float) -> SandboxClock:
        if self.frozen is None:
            return SandboxClock(self.offset + seconds)
        return SandboxClock(self.offset, self.frozen + seconds)


_LONGEST_GAP_DAYS = 366
_CRON_FIELDS = 5


def next_run(recurrence: dict[str, Any], after: str, switches: Switches) -> str | None:
    """Return the first run after a stamp, or None if there is none.

    `recurrence` has `pattern` or `cron`; ValueError for an invalid cron expression.
    """
    moment = parse(after)
    if "cron" in recurrence:
        found = _next_cron(recurrence["cron"], moment, switches)
    else:
        found = _next_pattern(recurrence["pattern"], moment, switches)
    return None if found is None else write(found)


def check_cron(expression: str, switches: Switches) -> None:
    """Raise ValueError with the reason for a cron expression that the API refuses."""
    parts = expression.split(" ")
    if len(parts) != _CRON_FIELDS or not all(parts):
        raise ValueError("must be five fields separated by single spaces")
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
    weekdays = {number % 7 for number in pattern.get("weekdays") or range(7)}
    return weekday in weekdays and moment.month in (pattern.get("months") or range(1, 13))
