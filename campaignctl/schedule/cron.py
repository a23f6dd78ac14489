"""Cron expressions of five fields: minute, hour, day of month, month, day of week (API contract, 2.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

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
    """A cron expression that cannot be used; `str()` says why."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()

    def values(self, text: str) -> tuple[int, ...]:
        """Every value that the field stands for, sorted. Raises `CronError`."""
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
            raise CronError(f"{item!r} in the {self.name} field steps by 0")
        first = self.lowest if start == "*" else self._number(start)
        last = self.highest if start == "*" or (step and not end) else self._number(end or start)
        if last < first:
            raise CronError(f"{item!r} in the {self.name} field runs backwards")
        return range(first, last + 1, int(step or 1))

    def _number(self, text: str) -> int:
        short = text.upper()
        if short in self.names:
            return self.names.index(short) + self.lowest
        if not text.isdecimal():
            raise CronError(f"{text!r} is not known in the {self.name} field")
        if not self.lowest <= int(text) <= self.highest:
            raise CronError(f"{text} is not a {self.name}: {self.lowest} to {self.highest}")
        return int(text)


_MINUTE = _Field("minute", 0, 59)
_HOUR = _Field("hour", 0, 23)
_DAY = _Field("day of month", 1, 31)
_MONTH = _Field("month", 1, 12, tuple(name[:3].upper() for name in MONTHS))
_WEEKDAY = _Field("day of week", 0, 7, tuple(name[:3].upper() for name in WEEKDAYS))


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression as the values that match, sorted.

    None stands for `*` where that differs from every value written out: in days, months and weekdays.
    Weekdays count from Sunday = 0.
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
        raise CronError(f"an expression of {len(text)} characters is too long")
    fields = text.split(" ")
    if len(fields) != _FIELD_COUNT or not all(fields):
        raise CronError(
            "a cron expression has five fields with one blank between them: "
            f"minute hour day-of-month month day-of-week; this has {len(text.split())}"
            + (" and other blanks" if len(text.split()) == _FIELD_COUNT else "")
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
    """What is wrong with a cron expression, as one sentence for people, or None if nothing is."""
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
        raise CronError(f"it never comes: there is no day {min(cron.days)} in {names}")
