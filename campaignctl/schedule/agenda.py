"""The sends of a campaign within a stretch of days. Many runs of a day are one entry, so that a recurrence
every minute stays as short as one a day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise

from campaignctl.schedule import timeline
from campaignctl.schedule.sends import AHEAD, BEHIND, Runs, Sends
from campaignctl.schedule.times import format_gmt, zone_of

#: With more runs on a day, they are one entry.
MANY = 24

_MINUTE = timedelta(minutes=1)
_NONE = timedelta()
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Days:
    """Days of a zone from today on; of today, only what comes after `now`.

    `edges` are their begins in UTC, and the end of the last one.

    No slots, because `cached_property` needs `__dict__`.
    """

    now: datetime
    zone: str
    edges: tuple[datetime, ...]

    @classmethod
    def ahead(cls, now: datetime, zone: str, count: int) -> Days:
        """Today and the days after it, `count` in all. Raises TimeError for an unknown zone."""
        place = zone_of(zone)
        today = now.astimezone(place).date()
        midnights = (
            datetime.combine(today + timedelta(days=number), time(), place) for number in range(count + 1)
        )
        return cls(now, zone, tuple(midnight.astimezone(UTC) for midnight in midnights))

    @classmethod
    def around(cls, first: datetime, now: datetime, zone: str, count: int) -> Days:
        """The day of `first` and those after it, `count` in all; of today only what comes after `now`."""
        local = first.astimezone(zone_of(zone))
        midnight = datetime.combine(local.date(), time(), local.tzinfo).astimezone(UTC)
        # A send at the very begin of the day is one of its sends.
        return replace(cls.ahead(first, zone, count), now=max(now, midnight - _MOMENT))

    @property
    def end(self) -> datetime:
        """The end of the last day."""
        return self.edges[-1]

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """The days, as the zone's calendar shows them."""
        place = zone_of(self.zone)
        return tuple(edge.astimezone(place).date() for edge in self.edges[:-1])

    @cached_property
    def base(self) -> datetime:
        """A midnight in UTC, early enough for clock times that some zone still shows."""
        return datetime.combine((self.now - BEHIND - _MINUTE).date(), time(), UTC)

    @property
    def length(self) -> int:
        """How many days from `base` hold all of these, with clock times that UTC+14 shows first."""
        return (self.end + AHEAD - self.base).days + 1

    def index(self, instant: datetime) -> int:
        """The number of the day of an instant; what began earlier counts for today."""
        return min(max(bisect_right(self.edges, instant) - 1, 0), len(self.edges) - 2)

    def minute(self, instant: datetime) -> int:
        """The first whole minute from `base` at or after an instant."""
        return timeline.minute_of(instant, self.base)


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One send from its first instant to its last one, both in UTC, or all runs of a day that has many.

    `local` is the clock time (`YYYY-MM-DD HH:MM:SS`) at which each recipient gets it in their own zone; of
    many runs it is the first.
    """

    first: datetime
    last: datetime
    count: int = 1
    local: str | None = None


def slots(sends: Sends, runs: Runs | None, days: Days) -> Iterator[Slot]:
    """The sends of a campaign in these days, in order; `runs` are those of one that recurs."""
    if runs is not None:
        yield from _of_runs(runs, days)
    elif sends.first and sends.last and sends.last > days.now and sends.first < days.end:
        yield Slot(sends.first, sends.last, local=sends.local)


def counts(sends: Sends, runs: Runs | None, days: Days) -> dict[int, int]:
    """How many sends fall on each day, by its number; a send in the recipients' zones on its first day."""
    if runs is not None:
        return {number: count for number, count in enumerate(_counts(runs, days)) if count}
    return {days.index(slot.first): slot.count for slot in slots(sends, None, days)}


@lru_cache(maxsize=256)
def _counts(runs: Runs, days: Days) -> tuple[int, ...]:
    return tuple(part.bit_count() for _, part in _parts(runs, days))


def _parts(runs: Runs, days: Days) -> Iterator[tuple[int, int]]:
    """Of each day the first minute from `base`, and the minutes after it in which a run begins: clock times
    of runs in the recipients' zones, which begin in UTC+14."""
    ahead, behind = (AHEAD, BEHIND) if runs.profile_zone else (_NONE, _NONE)
    clock = timeline.clock_times(runs.readings, days.base.date(), days.length)
    begin = days.minute(days.now - behind + _MOMENT)
    # Days that are over have no minutes left.
    edges = [begin, *(max(begin, days.minute(edge + ahead)) for edge in days.edges[1:])]
    for since, until in pairwise(edges):
        yield since, clock >> since & timeline.bits(0, until - since)


def _of_runs(runs: Runs, days: Days) -> Iterator[Slot]:
    for since, part in _parts(runs, days):
        begin = days.base + since * _MINUTE
        if (count := part.bit_count()) <= MANY:
            for minute in timeline.each(part):
                yield _slot(runs, begin + minute * _MINUTE)
        else:
            first = _slot(runs, begin + timeline.first(part) * _MINUTE)
            last = _slot(runs, begin + (part.bit_length() - 1) * _MINUTE)
            yield Slot(first.first, last.last, count, first.local)


def _slot(runs: Runs, clock: datetime) -> Slot:
    if not runs.profile_zone:
        return Slot(clock, clock)
    return Slot(clock - AHEAD, clock + BEHIND, local=format_gmt(clock))
