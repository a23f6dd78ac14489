"""The minutes of a stretch of time as one integer with a bit for each, from the first day's midnight in GMT.

So all runs of a recurrence are compared with a window at once: a run every minute costs as much as one a
year.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from campaignctl.schedule.cron import Cron

#: How far ahead the runs of a recurrence are looked at.
DAYS = 400
#: Minutes in a day, and in all of these days.
DAY = 24 * 60
END = DAYS * DAY
#: From here on, these days would leave the calendar: what sends later is looked at with nothing else.
LAST = datetime(9998, 1, 1, tzinfo=UTC)

_MINUTE = timedelta(minutes=1)


def bits(start: int, end: int) -> int:
    """The minutes from `start` until before `end`."""
    return (1 << max(end, 0)) - (1 << min(max(start, 0), max(end, 0)))


def first(minutes: int) -> int:
    """The first of the minutes, of which there is at least one."""
    return (minutes & -minutes).bit_length() - 1


def each(minutes: int) -> Iterator[int]:
    """The minutes, one by one."""
    while minutes:
        yield first(minutes)
        minutes &= minutes - 1


def stretches(minutes: int) -> Iterator[tuple[int, int]]:
    """The stretches without a gap: the first minute of each, and the one after its last."""
    start = 0
    while minutes:
        gap = first(minutes)
        length = first(~(minutes >> gap))
        yield start + gap, start + gap + length
        minutes >>= gap + length
        start += gap + length


def spread(minutes: int, times: int, step: int = 1) -> int:
    """The minutes, and each again `times` - 1 times after it, `step` minutes apart."""
    done = 1
    while done < times:
        more = min(done, times - done)
        minutes |= minutes << (more * step)
        done += more
    return minutes


@lru_cache(maxsize=64)
def clock_times(crons: tuple[Cron, ...], day: date, days: int) -> int:
    """Every minute that one of the expressions matches, on clocks that are never changed."""
    found, none = 0, bytes(DAY // 8)
    for cron in crons:
        one = sum(1 << minute for minute in _minutes(cron)).to_bytes(DAY // 8, "little")
        before = _days_before(cron.days, cron.months, cron.weekdays, day, days)
        row = b"".join(one if until > since else none for since, until in pairwise(before))
        found |= int.from_bytes(row, "little")
    return found


def counts(crons: Iterable[Cron], day: date, edges: Sequence[int]) -> list[int]:
    """How many runs there are between each two edges, which are minutes from the begin of a day, sorted and
    not negative: of several readings, the most."""
    found = []
    for cron in crons:
        minutes = _minutes(cron)
        before = _days_before(cron.days, cron.months, cron.weekdays, day, edges[-1] // DAY + 1)
        passed = []
        for edge in edges:
            number, minute = divmod(edge, DAY)
            today = bisect_left(minutes, minute) if before[number + 1] > before[number] else 0
            passed.append(before[number] * len(minutes) + today)
        found.append([until - since for since, until in pairwise(passed)])
    return [max(column) for column in zip(*found, strict=True)]


@lru_cache(maxsize=1024)
def _minutes(cron: Cron) -> tuple[int, ...]:
    """The minutes of a day that an expression matches."""
    return tuple(hour * 60 + minute for hour in cron.hours for minute in cron.minutes)


_Days = tuple[int, ...] | None


@lru_cache(maxsize=256)
def _days_before(days: _Days, months: _Days, weekdays: _Days, first_day: date, count: int) -> tuple[int, ...]:
    """How many days match before each of the days, and before the day after the last.

    With both day fields set, either may match.
    """
    found = [0]
    for number in range(count):
        day = first_day + timedelta(days=number)
        chosen = [
            value in allowed
            for value, allowed in ((day.day, days), (day.isoweekday() % 7, weekdays))
            if allowed is not None
        ]
        fits = (months is None or day.month in months) and (any(chosen) or not chosen)
        found.append(found[-1] + fits)
    return tuple(found)


def minute_of(instant: datetime, midnight: datetime) -> int:
    """The first whole minute at or after an instant."""
    return -((midnight - instant) // _MINUTE)


def offsets(zone: ZoneInfo, midnight: datetime, days: int) -> Iterator[tuple[int, int, int]]:
    """The stretches between the clock changes of a zone: first minute, end, and minutes ahead of GMT."""
    start, known = 0, _offset(zone, midnight)
    for number in range(1, days + 1):
        if _offset(zone, midnight + timedelta(days=number)) == known:
            continue
        low, high = (number - 1) * DAY, number * DAY
        while high - low > 1:
            middle = (low + high) // 2
            same = _offset(zone, midnight + middle * _MINUTE) == known
            low, high = (middle, high) if same else (low, middle)
        yield start, high, known
        start, known = high, _offset(zone, midnight + high * _MINUTE)
    yield start, days * DAY, known


def _offset(zone: ZoneInfo, instant: datetime) -> int:
    return (instant.astimezone(zone).utcoffset() or timedelta()) // _MINUTE
