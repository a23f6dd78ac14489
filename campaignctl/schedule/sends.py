"""When a campaign sends, as far as its spec alone decides it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from campaignctl.schedule import timeline
from campaignctl.schedule.cron import Cron, last_occurrence, next_runs, readings
from campaignctl.schedule.cron import occurrences as next_occurrences
from campaignctl.schedule.times import format_gmt, parse_gmt

When = Literal["immediately", "scheduled", "recurring", "manual", "never"]

# The first and the last zone in which a clock time comes: UTC+14 and UTC-12.
#: How far a zone's clocks are ahead of GMT at most, and behind.
AHEAD, BEHIND = timedelta(hours=14), timedelta(hours=12)
_EARLIEST, _LATEST = -AHEAD, BEHIND
# The offset of every zone in use is a multiple of this.
_ZONE_STEP = timedelta(minutes=15)
_MINUTE = timedelta(minutes=1)
_MOMENT = timedelta(microseconds=1)
_BEGIN = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC, microsecond=0)


@dataclass(frozen=True, slots=True)
class Sends:
    """When a campaign sends by itself. All instants are aware and in UTC.

    `at`: the send (scheduled) or the next few (recurring), each at its earliest: with
    `send_in_profile_time_zone` the clock time in UTC+14. `last`: the last instant at which a recipient can be
    reached (the clock time in UTC-12); None if there is no end. With `profile_zone` each recipient gets it at
    the clock time `local` (`YYYY-MM-DD HH:MM:SS`) in their own zone.
    """

    when: When
    at: tuple[datetime, ...] = ()
    last: datetime | None = None
    profile_zone: bool = False
    local: str | None = None

    @property
    def first(self) -> datetime | None:
        """The earliest possible send; None for a campaign that sends at once, by hand or never."""
        return self.at[0] if self.at else None


def sends_of(spec: Mapping[str, Any], now: datetime, occurrences: int = 3) -> Sends:
    """When a campaign sends by itself (API contract, section 2.1; decision table, "Time").

    `now` decides only which runs of a recurrence come next; a past one-off stays scheduled, see `is_past`.
    Raises `TimeError` or `CronError` for a time or recurrence that the models would refuse.
    """
    if spec.get("is_draft") or spec.get("status") == "draft":
        return Sends("never")
    if spec.get("run_immediately"):
        return Sends("immediately")
    profile_zone = bool(spec.get("send_in_profile_time_zone"))
    if scheduled := spec.get("scheduled_time"):
        return _one_off(str(scheduled), profile_zone)
    if recurrence := spec.get("recurrence"):
        return _recurring(recurrence, now, occurrences, profile_zone)
    return Sends("manual")


def is_past(sends: Sends, now: datetime) -> bool:
    """Whether the last possible send of a one-off campaign is over."""
    return sends.when == "scheduled" and sends.last is not None and sends.last <= now


def last_begin(spec: Mapping[str, Any], now: datetime) -> datetime | None:
    """When the last run of a recurring campaign until `now` began, at its earliest; None if there was none.

    Raises `CronError` for a recurrence that the models would refuse.
    """
    shift = _EARLIEST if spec.get("send_in_profile_time_zone") else timedelta()
    clock_time = last_occurrence(spec["recurrence"], _shifted(now, -shift))
    return None if clock_time is None else _shifted(clock_time, shift)


@dataclass(frozen=True, slots=True)
class Runs:
    """Every run of a recurrence, by each reading of it; with `profile_zone` a run has an instant for every
    zone, as in `instants`."""

    readings: tuple[Cron, ...]
    profile_zone: bool = False

    def minutes(self, midnight: datetime, now: datetime, zone_step: timedelta = _ZONE_STEP) -> int:
        """The minutes after `now` in which it sends, from a midnight in UTC on (`timeline`)."""
        day = midnight.date() - timedelta(days=1)
        clock = timeline.clock_times(self.readings, day, timeline.DAYS + 2)
        if self.profile_zone:
            steps = (_LATEST - _EARLIEST) // zone_step + 1
            clock = timeline.spread(clock, steps, zone_step // _MINUTE) >> (-_EARLIEST // _MINUTE)
        passed = timeline.minute_of(now + timedelta(microseconds=1), midnight)
        return clock >> timeline.DAY & timeline.bits(passed, timeline.END)

    def next(self, after: datetime) -> tuple[datetime, ...]:
        """The next run after an instant at its earliest, as a tuple of one; empty if there is none."""
        shift = -_EARLIEST if self.profile_zone else timedelta()
        return tuple(_shifted(run, -shift) for run in next_runs(self.readings, _shifted(after, shift), 1))

    def within(self, start: datetime, end: datetime) -> bool:
        """Whether it sends between two instants, both included."""
        first, last = (_LATEST, _EARLIEST) if self.profile_zone else (timedelta(), timedelta())
        found = next_runs(self.readings, _shifted(start, -first - _MOMENT), 1)
        return bool(found) and found[0] <= _shifted(end, -last)

    def next_instant(self, now: datetime) -> datetime | None:
        """The next instant at which it reaches recipients, also in a run that is under way; None if `minutes`
        has none."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        minutes = self.minutes(midnight, now)
        return midnight + timeline.first(minutes) * _MINUTE if minutes else None

    def under_way(self, now: datetime) -> bool:
        """Whether a run has begun in the first of the recipients' zones, and is not past in the last one."""
        if not self.profile_zone:
            return False
        since, until = now - _LATEST, now - _EARLIEST + timedelta(microseconds=1)
        midnight = (since + timedelta(microseconds=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        clock = timeline.clock_times(self.readings, midnight.date(), 3)
        first = timeline.minute_of(since + timedelta(microseconds=1), midnight)
        return bool(clock & timeline.bits(first, timeline.minute_of(until, midnight)))

    def counts(self, day: date, edges: Sequence[int]) -> list[int]:
        """How many runs first send between each two edges, in minutes from the day's begin in UTC."""
        shift = -_EARLIEST // _MINUTE if self.profile_zone else 0
        return timeline.counts(self.readings, day, [edge + shift for edge in edges])


def runs_of(spec: Mapping[str, Any]) -> Runs | None:
    """The runs of a campaign that recurs and sends by itself; None for any other.

    Raises `CronError` for a recurrence that the models would refuse.
    """
    recurrence = spec.get("recurrence")
    if not recurrence or spec.get("is_draft") or spec.get("scheduled_time"):
        return None
    return Runs(readings(recurrence), bool(spec.get("send_in_profile_time_zone")))


def instants(sends: Sends, at: datetime) -> tuple[datetime, ...]:
    """Every instant at which a campaign armed at `at` can reach recipients; all in UTC.

    A campaign that sends at once sends at `at`. With `send_in_profile_time_zone` each send has an instant for
    every zone from UTC+14 to UTC-12.
    """
    if sends.when == "immediately":
        return (at,)
    if not sends.profile_zone:
        return sends.at
    steps = range((_LATEST - _EARLIEST) // _ZONE_STEP + 1)
    return tuple(_shifted(first, step * _ZONE_STEP) for first in sends.at for step in steps)


def _one_off(text: str, profile_zone: bool) -> Sends:
    instant = parse_gmt(text)
    if not profile_zone:
        return Sends("scheduled", (instant,), instant)
    return Sends("scheduled", (_shifted(instant, _EARLIEST),), _shifted(instant, _LATEST), True, text)


def _recurring(recurrence: Mapping[str, Any], now: datetime, count: int, profile_zone: bool) -> Sends:
    if not profile_zone:
        return Sends("recurring", next_occurrences(recurrence, now, count))
    clock_times = next_occurrences(recurrence, _shifted(now, -_EARLIEST), count)
    local = format_gmt(clock_times[0]) if clock_times else None
    return Sends("recurring", tuple(_shifted(at, _EARLIEST) for at in clock_times), None, True, local)


def _shifted(instant: datetime, by: timedelta) -> datetime:
    """The shifted instant, held within the calendar."""
    try:
        return instant + by
    except OverflowError:
        return _BEGIN if by < timedelta() else _END
