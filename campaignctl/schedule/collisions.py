"""Whether two campaigns send near each other, over all of their sends, past and to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from campaignctl.schedule import timeline
from campaignctl.schedule.cron import CronError
from campaignctl.schedule.sends import Runs, runs_of, sends_of
from campaignctl.schedule.times import TimeError

#: Campaigns that both send at once collide within this time, however long the window is.
LATELY = timedelta(days=30)

_BEGIN = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_MOMENT = timedelta(microseconds=1)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class SendTimes:
    """Every time at which a campaign sends; all aware, in UTC.

    `at_once` is when it sent, or would send, as soon as it was started. `spans` are single sends, each from
    its first to its last instant: the whole span of zones with `send_in_profile_time_zone`. `runs` are those
    of a recurrence from `since` on. `unknown`: its time cannot be read, so it may send at any time.
    """

    at_once: datetime | None = None
    spans: tuple[Span, ...] = ()
    runs: Runs | None = None
    since: datetime = _BEGIN
    unknown: bool = False

    @property
    def never(self) -> bool:
        """Whether there is no send at all."""
        return not (self.at_once or self.spans or self.runs or self.unknown)

    @property
    def single(self) -> tuple[Span, ...]:
        """Its sends without those of a recurrence."""
        return (*self.spans, (self.at_once, self.at_once)) if self.at_once else self.spans


def send_times(spec: Mapping[str, Any], *, at_once: datetime, since: datetime) -> SendTimes:
    """The sends of a campaign with this spec: `at_once` if it sends at once, and runs from `since` on."""
    try:
        sends = sends_of({**spec, "recurrence": None} if spec.get("recurrence") else spec, since)
        runs = runs_of(spec) if sends.when == "manual" else None
    except (TimeError, CronError):
        return SendTimes(unknown=True)
    if sends.when == "immediately":
        return SendTimes(at_once=at_once)
    if sends.first and sends.last:
        return SendTimes(spans=((sends.first, sends.last),))
    return SendTimes(runs=runs, since=since) if runs else SendTimes()


def near(one: SendTimes, other: SendTimes, window: timedelta, *, lately: timedelta = LATELY) -> bool:
    """Whether a send of one lies within `window` of a send of the other, or both send at once `lately`.

    Two recurrences are compared over the next 400 days.
    """
    if one.never or other.never:
        return False
    if one.unknown or other.unknown:
        return True
    if one.at_once and other.at_once and abs(one.at_once - other.at_once) <= lately:
        return True
    if any(_apart(mine, theirs) <= window for mine in one.single for theirs in other.single):
        return True
    return _meets(one, other, window) or _meets(other, one, window) or _both_recur(one, other, window)


def _apart(one: Span, other: Span) -> timedelta:
    return max(one[0], other[0]) - min(one[1], other[1])


def _meets(once: SendTimes, recurring: SendTimes, window: timedelta) -> bool:
    """Whether a single send lies near a run."""
    if (runs := recurring.runs) is None:
        return False
    for start, end in once.single:
        first, last = max(_shifted(start, -window), recurring.since), _shifted(end, window)
        if first <= last and runs.within(first, last):
            return True
    return False


def _both_recur(one: SendTimes, other: SendTimes, window: timedelta) -> bool:
    if one.runs is None or other.runs is None:
        return False
    first = _shifted(max(one.since, other.since), -window)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    mine = one.runs.minutes(midnight, one.since - _MOMENT, _MINUTE)
    theirs = other.runs.minutes(midnight, other.since - _MOMENT, _MINUTE)
    reach = min(window, timeline.DAYS * _DAY) // _MINUTE
    return bool(timeline.spread(mine, 2 * reach + 1) >> reach & theirs)


def _shifted(instant: datetime, by: timedelta) -> datetime:
    """The shifted instant, held within the calendar."""
    try:
        return instant + by
    except OverflowError:
        return _BEGIN if by < timedelta() else _END
