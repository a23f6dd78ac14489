"""Which sends reach the same people too near each other, over every run of every recurrence.

Sends are compared minute by minute (`timeline`), so that a run every minute costs as much as one a year.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from campaignctl.schedule import timeline
from campaignctl.schedule.sends import AHEAD, BEHIND, Runs

#: The audience of campaigns without a targeting that certainly narrows: everyone else's people too.
EVERYONE = ""

_MINUTE = timedelta(minutes=1)
# A clock time reaches people from UTC+14 to UTC-12.
_AHEAD, _BEHIND = AHEAD // _MINUTE, BEHIND // _MINUTE


@dataclass(frozen=True, slots=True)
class Sending:
    """The sends of one campaign, to one audience (equal texts are equal audiences).

    `at` are its single sends; of a recurrence, `runs` from `since` on. `zoned`: each recipient gets them at
    that clock time in their own zone, and `at` has clock times, written as if they were GMT.
    """

    name: str
    audience: str
    since: datetime
    at: tuple[datetime, ...] = ()
    runs: Runs | None = None
    zoned: bool = False

    def minutes(self, base: datetime, days: int) -> int:
        """Its minutes from a midnight in UTC on; clock times if it is `zoned`."""
        found = 0
        if self.runs is not None:
            passed = max(timeline.minute_of(self.since, base), 0)
            found = timeline.clock_times(self.runs.readings, base.date(), days) >> passed << passed
        for instant in self.at:
            minute = (instant - base) // _MINUTE
            found |= timeline.bits(minute, minute + 1) if 0 <= minute < days * timeline.DAY else 0
        return found


@dataclass(slots=True)
class _Cover:
    """The minutes near a send of one campaign of several, and those near sends of two of them."""

    once: int = 0
    twice: int = 0

    def add(self, minutes: int) -> None:
        self.twice |= self.once & minutes
        self.once |= minutes


def crowded(
    sendings: Sequence[Sending], within: timedelta, base: datetime, days: int
) -> Iterator[tuple[Sending, int]]:
    """The campaigns that send to people that another one reaches at most `within` earlier or later.

    Each with those of its `minutes` in these days, from `base`, a midnight in UTC, on. The people are the
    same if the audiences are equal, or one of them is everyone. Two clock times are compared as such; a clock
    time and an instant are near each other if they are in some zone.
    """
    reach = min(within // _MINUTE, days * timeline.DAY)
    covers: defaultdict[tuple[str, bool], _Cover] = defaultdict(_Cover)
    others = {True: 0, False: 0}
    for one in sendings:
        wide = _wide(one, base, days, reach)
        covers[one.audience, one.zoned].add(wide)
        if one.audience != EVERYONE:
            others[one.zoned] |= wide
    near = {
        (audience, zoned): _near(audience, zoned, covers, others)
        for audience, zoned in {(one.audience, one.zoned) for one in sendings}
    }
    for one in sendings:
        if hit := one.minutes(base, days) & near[one.audience, one.zoned]:
            yield one, hit


def _near(
    audience: str, zoned: bool, covers: defaultdict[tuple[str, bool], _Cover], others: dict[bool, int]
) -> int:
    """The minutes at which a campaign of this kind would be near another one."""
    if audience == EVERYONE:
        same = covers[EVERYONE, zoned].twice | others[zoned]
        across = covers[EVERYONE, not zoned].once | others[not zoned]
    else:
        same = covers[audience, zoned].twice | covers[EVERYONE, zoned].once
        across = covers[audience, not zoned].once | covers[EVERYONE, not zoned].once
    # Of a clock time, every instant in some zone; of an instant, every clock time that some zone shows.
    back = _BEHIND if zoned else _AHEAD
    return same | timeline.spread(across, _AHEAD + _BEHIND + 1) >> back


def _wide(one: Sending, base: datetime, days: int, reach: int) -> int:
    """The minutes near its sends."""
    if one.runs is not None:
        return _wide_runs(one.runs, one.since, base, days, reach)
    return _widened(one.minutes(base, days), reach)


@lru_cache(maxsize=64)
def _wide_runs(runs: Runs, since: datetime, base: datetime, days: int, reach: int) -> int:
    return _widened(Sending("", "", since, runs=runs).minutes(base, days), reach)


def _widened(minutes: int, reach: int) -> int:
    return timeline.spread(minutes, 2 * reach + 1) >> reach
