"""Cron expressions of five fields, patterns, and their next runs in GMT (API contract, section 2.4).

The contract leaves open how weekdays of a pattern are numbered, what a missing field of a pattern means, and
whether day of month and day of week of a cron expression must both match. Where the readings differ, the
earliest possible run counts, so that nothing is sent before the time that we say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice, zip_longest
from typing import Any

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_LONGEST = 200
_FIELD_COUNT = 5
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ITEM = re.compile(r"(\*|[0-9A-Za-z]{1,9})(?:-([0-9A-Za-z]{1,9}))?(?:/([0-9]{1,4}))?", re.ASCII)


class CronError(ValueError):
    """An unusable cron expression or pattern; `str()` says why."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()

    def values(self, text: str) -> tuple[int, ...]:
        """Every value that the field matches, sorted. Raises `CronError`."""
        found: set[int] = set()
        for item in text.split(","):
            found.update(self._item(item))
        return tuple(sorted(found))

    def _item(self, item: str) -> range:
        parts = _ITEM.fullmatch(item)
        if parts is None or (parts[1] == "*" and parts[2]):
            raise CronError(f"{item!r} in the {self.name} field is not a number, range, step or *")
        start, end, step = parts.groups()
        if step is not None and int(step) == 0:
            raise CronError(f"{item!r} in the {self.name} field has a step of 0")
        first = self.lowest if start == "*" else self._number(start)
        last = self.highest if start == "*" or (step and not end) else self._number(end or start)
        if last < first:
            raise CronError(f"{item!r} in the {self.name} field runs backwards: {self._around(first, last)}")
        return range(first, last + 1, int(step or 1))

    def _around(self, first: int, last: int) -> str:
        """How to write a range that goes over the end of the field."""
        sunday = self.highest == len(WEEKDAYS)
        if sunday and last == 0:
            return f"write {first}-{self.highest}"
        top, low = self.highest - sunday, self.lowest
        parts = [(first, top), (low, last)]
        return "write " + ",".join(f"{a}-{b}" if a < b else f"{a}" for a, b in parts)

    def _number(self, text: str) -> int:
        short = text.upper()
        if short in self.names:
            return self.names.index(short) + self.lowest
        if not text.isdecimal():
            known = f": write {short[:3]}" if short[:3] in self.names else ""
            raise CronError(f"{text!r} is not valid in the {self.name} field{known}")
        if not self.lowest <= int(text) <= self.highest:
            raise CronError(f"{self.name} {text} is not in {self.lowest} to {self.highest}")
        return int(text)


_MINUTE = _Field("minute", 0, 59)
_HOUR = _Field("hour", 0, 23)
_DAY = _Field("day of month", 1, 31)
_MONTH = _Field("month", 1, 12, tuple(name[:3].upper() for name in MONTHS))
_WEEKDAY = _Field("day of week", 0, 7, tuple(name[:3].upper() for name in WEEKDAYS))


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression as the values that match, sorted.

    None stands for `*`, which in days and weekdays differs from a list of every value. Weekdays count from
    Sunday = 0.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...] | None = None
    months: tuple[int, ...] | None = None
    weekdays: tuple[int, ...] | None = None

    @property
    def expression(self) -> str:
        """The expression with every value written out."""
        fields = (self.minutes, self.hours, self.days, self.months, self.weekdays)
        return " ".join("*" if values is None else ",".join(map(str, values)) for values in fields)


@lru_cache(maxsize=4096)
def parse_cron(text: str) -> Cron:
    """The values of an expression. Raises `CronError`."""
    if len(text) > _LONGEST:
        raise CronError(f"{len(text)} characters are too long for a cron expression")
    fields = text.split(" ")
    if len(fields) != _FIELD_COUNT or not all(fields):
        raise CronError(
            "a cron expression has five fields separated by single spaces (minute hour day-of-month month "
            f"day-of-week); this has {len(text.split())}"
            + (" and other white space" if len(text.split()) == _FIELD_COUNT else "")
        )
    minute, hour, day, month, weekday = fields
    cron = Cron(
        _MINUTE.values(minute),
        _HOUR.values(hour),
        None if day == "*" else _DAY.values(day),
        None if month == "*" else _MONTH.values(month),
        None if weekday == "*" else tuple(sorted({value % 7 for value in _WEEKDAY.values(weekday)})),
    )
    _refuse_never(cron)
    return cron


def check_cron(text: str) -> str | None:
    """The error in a cron expression, in one sentence; None if it is valid."""
    try:
        parse_cron(text)
    except CronError as error:
        return str(error)
    return None


def _refuse_never(cron: Cron) -> None:
    if cron.days is None or cron.weekdays is not None:
        return
    months = cron.months or range(1, 13)
    if min(cron.days) > max(_DAYS_IN_MONTH[month - 1] for month in months):
        names = " or ".join(MONTHS[month - 1] for month in months)
        raise CronError(f"it never matches: there is no day {min(cron.days)} in {names}")


def occurrences(recurrence: Mapping[str, Any], after: datetime, count: int) -> tuple[datetime, ...]:
    """The next `count` runs after an instant, each at its earliest; fewer if there are no more.

    `recurrence` is the spec's field of that name; `after` must be aware and in UTC. Raises `CronError` for
    an invalid recurrence.
    """
    return next_runs(readings(recurrence), after, count)


@lru_cache(maxsize=1024)
def next_runs(crons: tuple[Cron, ...], after: datetime, count: int) -> tuple[datetime, ...]:
    """`occurrences` of a recurrence with these readings."""
    runs = [_runs(cron, after, count) for cron in crons]
    return tuple(min(filter(None, column)) for column in zip_longest(*runs))


def _runs(cron: Cron, after: datetime, count: int) -> tuple[datetime, ...]:
    from cronsim import CronSim

    runs: list[datetime] = []
    with suppress(OverflowError):  # the calendar ends
        # With both day fields set, CronSim matches either, which is the earlier reading.
        runs.extend(islice(CronSim(cron.expression, after), count))
    return tuple(runs)


def last_occurrence(recurrence: Mapping[str, Any], until: datetime) -> datetime | None:
    """The last run until an instant, which may be that instant; None if there was none.

    Of several readings the latest run counts, so that no other one follows too soon after it. Arguments and
    errors are those of `occurrences`.
    """
    return max(filter(None, (_last(cron, until) for cron in readings(recurrence))), default=None)


def _last(cron: Cron, until: datetime) -> datetime | None:
    from cronsim import CronSim

    after = until.replace(second=0, microsecond=0)
    with suppress(OverflowError):  # the calendar ends
        after += timedelta(minutes=1)
    with suppress(OverflowError):  # the calendar has not begun
        return next(CronSim(cron.expression, after, reverse=True), None)
    return None


def readings(recurrence: Any) -> tuple[Cron, ...]:
    """Every reading of a recurrence; more than one only where the numbering of weekdays matters.

    Raises `CronError` for an invalid recurrence, which live may have in any form.
    """
    if not isinstance(recurrence, Mapping):
        raise CronError("a recurrence is an object")
    if isinstance(cron := recurrence.get("cron"), str):
        return (parse_cron(cron),)
    pattern = recurrence.get("pattern")
    if not isinstance(pattern, Mapping):
        raise CronError("a recurrence needs a pattern or a cron expression")
    return tuple(
        Cron(
            _one(pattern.get("minute"), range(60)),
            _one(pattern.get("hour"), range(24)),
            months=_several(pattern.get("months"), range(1, 13)),
            weekdays=weekdays,
        )
        for weekdays in weekday_readings(pattern.get("weekdays"))
    )


def weekday_readings(numbers: Any) -> tuple[tuple[int, ...] | None, ...]:
    """What a pattern's weekday numbers may mean, counted from Sunday = 0, without repetition.

    Readings: Monday is 1 (and Sunday 0 or 7); Monday is 0; Sunday is 1. A reading that does not fit every
    number is left out. A single None stands for every day.
    """
    days = _several(numbers, range(8))
    if days is None:
        return (None,)
    found = [{day % 7 for day in days}]
    if max(days) < len(WEEKDAYS):
        found.append({(day + 1) % 7 for day in days})
    if 0 not in days:
        found.append({day - 1 for day in days})
    return tuple(dict.fromkeys(tuple(sorted(reading)) for reading in found))


def _one(value: Any, allowed: Sequence[int]) -> tuple[int, ...]:
    """The values that a pattern's hour or minute may mean: all of them if it is missing."""
    if value is None:
        return tuple(allowed)
    return tuple(_checked([value], allowed))


def _several(values: Any, allowed: Sequence[int]) -> tuple[int, ...] | None:
    return tuple(sorted(set(_checked(values, allowed)))) if values else None


def _checked(values: Any, allowed: Sequence[int]) -> list[int]:
    if not isinstance(values, list | tuple) or any(value not in allowed for value in values):
        raise CronError(f"{values!r} is not valid in a pattern: {allowed[0]} to {allowed[-1]}")
    return [int(value) for value in values]
