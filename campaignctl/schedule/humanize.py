"""Instants and recurrences in words, in GMT and in the project's time zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from campaignctl.errors import plural
from campaignctl.schedule.cron import MONTHS, WEEKDAYS, Cron, CronError, readings
from campaignctl.schedule.times import zone_of

_MINUTE = 60
_HOURS = 24
_DAY = _HOURS * _MINUTE
# In seconds; a unit is used from two on.
_UNITS = (("year", 31_557_600), ("month", 2_629_800), ("day", 86_400), ("hour", 3_600), ("minute", 60))
_FEW_TIMES = 4
_SHORTEST_SPAN = 3
# Shorter durations are printed in seconds.
_IN_SECONDS = 120
_GMT_ZONES = ("UTC", "GMT", "Etc/UTC", "Etc/GMT")


def distance(at: datetime, now: datetime) -> str:
    """How far away an instant is: "in 10 years", "5 hours ago", "in less than a minute"."""
    seconds = int(abs((at - now).total_seconds()))
    amount = next(
        (f"{seconds // size} {unit}s" for unit, size in _UNITS if seconds >= 2 * size),
        "1 minute" if seconds >= _MINUTE else "less than a minute",
    )
    return f"{amount} ago" if at < now else f"in {amount}"


def duration_text(duration: timedelta) -> str:
    """A duration in one unit: `45s`, `10m`, `2h`, `3d`."""
    seconds = int(duration.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s" if abs(seconds) < _IN_SECONDS else f"{seconds // 60}m"


def instant(at: datetime, zone: str = "UTC") -> str:
    """`Sat 22 Mar 2036 10:00 GMT (11:00 Europe/Belgrade)`; with the zone's date where it differs.

    Raises `TimeError` for an unknown zone.
    """
    gmt = at.astimezone(UTC)
    text = f"{day(gmt)} {_clock(gmt)} GMT"
    if zone in _GMT_ZONES:
        return text
    local = in_zone(at, zone)
    if local.tzinfo is UTC:
        return text
    other = "" if local.date() == gmt.date() else f"{day(local)} "
    return f"{text} ({other}{_clock(local)} {zone})"


def day(at: date) -> str:
    """`Sat 22 Mar 2036`."""
    return f"{WEEKDAYS[at.isoweekday() % 7][:3]} {at.day} {MONTHS[at.month - 1][:3]} {at.year}"


def clock_in(at: datetime, zone: str) -> str:
    """`Sat 22 Mar 2036 11:00 Europe/Belgrade`. Raises `TimeError` for an unknown zone."""
    local = in_zone(at, zone)
    return f"{day(local)} {_clock(local)} {'GMT' if local.tzinfo is UTC else zone}"


def in_zone(at: datetime, zone: str) -> datetime:
    """An instant on the clocks of a zone; in UTC where the calendar ends before. Raises `TimeError` for an
    unknown zone."""
    place = zone_of(zone)
    try:
        return at.astimezone(place)
    except OverflowError:
        return at.astimezone(UTC)


def recurrence(value: Any, zone: str, now: datetime, *, profile_zone: bool = False) -> str:
    """A `recurrence` in words: times in GMT and in the zone, across its clock changes, and days.

    Where the API leaves the meaning open (API contract, section 2.4), the words say so. An invalid recurrence
    is returned as it is written.
    """
    try:
        possible = readings(value)
    except CronError:
        return f"recurrence {dict(value) if isinstance(value, Mapping) else value!r}"
    first = possible[0]
    parts = [_times(first, value, None if profile_zone else zone, now)]
    parts.append(_days(first) if len(possible) == 1 else _open_weekdays(value, first))
    if first.months is not None:
        parts.append("in " + _listed(_spans(first.months, range(1, 13), MONTHS)))
    return ", ".join(part for part in parts if part)


def _clock(at: datetime) -> str:
    return at.strftime("%H:%M:%S" if at.second else "%H:%M")


def _times(cron: Cron, value: Mapping[str, Any], zone: str | None, now: datetime) -> str:
    clock = [hour * 60 + minute for hour in cron.hours for minute in cron.minutes]
    few = len(clock) <= _FEW_TIMES
    text = "at " + _clocks(clock, timedelta()) if few else _many_times(cron, value)
    if zone is None:
        return f"{text} in each recipient's own zone"
    if zone in _GMT_ZONES:
        return f"{text} GMT"
    shifts = _offsets(zone, now.year)
    said = [_clocks(clock, shift) if few else _ahead(shift) for shift, _ in shifts]
    seasons = [season for _, season in shifts]
    local = ", ".join(f"{words} {season}".rstrip() for words, season in zip(said, seasons, strict=True))
    return f"{text} GMT ({local} {zone})" if few else f"{text} in GMT ({zone} is {local})"


def _clocks(minutes: Sequence[int], shift: timedelta) -> str:
    return _listed(_clock_in(minute + int(shift.total_seconds()) // _MINUTE) for minute in minutes)


def _clock_in(minutes: int) -> str:
    """A clock time in minutes since midnight GMT, possibly on the day before or the next day."""
    day, rest = divmod(minutes, _DAY)
    suffix = {0: "", 1: " the next day", -1: " the day before"}[day]
    return f"{rest // 60:02}:{rest % 60:02}{suffix}"


def _ahead(shift: timedelta) -> str:
    minutes = int(shift.total_seconds()) // _MINUTE
    hours = f"{abs(minutes) // 60} h" + (f" {abs(minutes) % 60} min" if minutes % 60 else "")
    return f"{hours} {'behind' if minutes < 0 else 'ahead'}"


def _many_times(cron: Cron, value: Mapping[str, Any]) -> str:
    """Words for many times a day, without the days.

    The library gets times of day only: it misreads a combination of both kinds of days, and steps in them.
    """
    if isinstance(text := value.get("cron"), str):
        minute, hour, *_ = text.split(" ")
    else:
        minute, hour, *_ = Cron(cron.minutes, cron.hours).expression.split(" ")
        hour = "*" if len(cron.hours) == _HOURS else hour
        minute = "*" if len(cron.minutes) == _MINUTE else minute
    return _described(f"{minute} {hour} * * *")


@lru_cache(maxsize=256)
def _described(expression: str) -> str:
    # Annotated, but without a py.typed file.
    from cron_descriptor import Options, get_description  # type: ignore[import-untyped]

    # Without a locale of our own the words would follow the user's.
    text = str(get_description(expression, Options(use_24hour_time_format=True, locale_code="en_US")))
    return text[:1].lower() + text[1:]


def _days(cron: Cron) -> str:
    days = [] if cron.days is None else _spans(cron.days, range(1, 32), [str(day) for day in range(1, 32)])
    month_days = f"on {plural(len(cron.days or ()), 'day')} {_listed(days)} of the month" if days else ""
    weekdays = _weekdays(cron.weekdays) if cron.weekdays is not None else ""
    if month_days and weekdays:
        return f"{month_days} or {weekdays} (the API does not say whether both must match)"
    return month_days or weekdays


def _weekdays(days: Sequence[int]) -> str:
    monday_first = sorted((day - 1) % 7 for day in days)
    return "on " + _listed(_spans(monday_first, range(7), [*WEEKDAYS[1:], WEEKDAYS[0]]))


def _open_weekdays(value: Mapping[str, Any], likeliest: Cron) -> str:
    numbers = sorted({int(day) for day in value["pattern"]["weekdays"]})
    spelt = _listed(_spans(numbers, range(8), [str(day) for day in range(8)]))
    named = _weekdays(likeliest.weekdays or ()).removeprefix("on ")
    on = f"on {plural(len(numbers), 'weekday')} {spelt}"
    if min(numbers) and (other := tuple(day - 1 for day in numbers)) != likeliest.weekdays:
        sunday = _weekdays(other).removeprefix("on ")
        both = f"{named} if 1 is Monday, {sunday} if 1 is Sunday"
        return f"{on} ({both}: the API does not say, and dates are the earliest possible)"
    return f"{on} ({named} if 1 is Monday, which the API does not say)"


def _spans(values: Sequence[int], domain: range, names: Sequence[str]) -> list[str]:
    """Names of sorted values, three or more in a row as one span."""
    spans: list[list[int]] = []
    for value in values:
        if spans and spans[-1][-1] == value - 1:
            spans[-1].append(value)
        else:
            spans.append([value])
    said: list[str] = []
    for span in spans:
        words = [names[value - domain.start] for value in span]
        said += [f"{words[0]} to {words[-1]}"] if len(span) >= _SHORTEST_SPAN else words
    return said


def _listed(items: Iterable[str]) -> str:
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last


@lru_cache(maxsize=64)
def _offsets(zone: str, year: int) -> tuple[tuple[timedelta, str], ...]:
    """The zone's offsets in a year, and the season of each ("" if there is only one)."""
    place = zone_of(zone)
    start = datetime(year, 1, 1, 12, tzinfo=UTC)
    seen = [
        (start + timedelta(weeks=week)).astimezone(place).utcoffset() or timedelta() for week in range(52)
    ]
    offsets = sorted(set(seen))
    if len(offsets) == 1:
        return ((offsets[0], ""),)
    if len(offsets) == 2 and seen[0] != seen[26]:  # noqa: PLR2004 - the first week of January and of July
        return (offsets[0], "in winter"), (offsets[1], "in summer")
    return tuple((offset, "at times") for offset in offsets)
