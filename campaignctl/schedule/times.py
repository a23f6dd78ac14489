"""Instants as text: the API's GMT form, ISO 8601, and local clock times in a named zone.

The API reads and writes `YYYY-MM-DD HH:MM:SS` in GMT (API contract, section 0). Manifests may also use
ISO 8601 with an offset, or a clock time and a zone; a time that a clock change skips or doubles is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from campaignctl.errors import nearest

GMT = "%Y-%m-%d %H:%M:%S"

_GMT_FORM = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", re.ASCII)
_UTC_FORM = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
# The fraction is bounded because the text is quoted in messages.
_FORM = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})(?P<joint>[T ])(?P<minutes>\d{2}:\d{2})(?P<seconds>:\d{2})?"
    r"(?P<fraction>[.,]\d{1,9})?(?P<offset>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_DATE_FORM = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_OFFSET = re.compile(r":\d{2}.*(?:Z|[+-]\d{2}:?\d{2})\Z", re.ASCII)
_EXAMPLES = 'write "2036-12-24 10:00:00" (GMT), or with an offset "2036-12-24T10:00:00+01:00"'
#: CEST, UTC+1: similar names belong to quite different zones.
_ABBREVIATION = re.compile(r"[A-Z]{2,5}([-+].*)?")
_LONGEST_ZONE = 64
_LONGEST_SHOWN = 40
# Files in the system's zone directory that are no zones: the machine's own, and those with leap seconds.
_NO_ZONES = ("localtime", "posixrules", "Factory", "posix/", "right/")


class TimeError(ValueError):
    """An unusable time or zone. `str()` is the message, `hint` says what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


# One decision reads the few times of a campaign again and again.
@lru_cache(1024)
def parse_gmt(text: str) -> datetime:
    """The instant of `YYYY-MM-DD HH:MM:SS` in GMT, aware. Raises `TimeError` for anything else."""
    if not _GMT_FORM.fullmatch(text):
        raise TimeError(f"{text[:_LONGEST_SHOWN]!r} is not in the format YYYY-MM-DD HH:MM:SS", _EXAMPLES)
    return _instant(text, text)


def format_gmt(instant: datetime) -> str:
    """`YYYY-MM-DD HH:MM:SS` in GMT, fractions of a second cut off. Raises `TimeError` if not aware."""
    return _utc(instant).isoformat(" ", "seconds").removesuffix("+00:00")


@lru_cache(1024)
def parse_iso(text: str) -> datetime:
    """The instant of `YYYY-MM-DDTHH:MM:SSZ`, aware. Raises `TimeError` for anything else."""
    if not _UTC_FORM.fullmatch(text):
        raise TimeError(f"{text[:_LONGEST_SHOWN]!r} is not in the format YYYY-MM-DDTHH:MM:SSZ")
    return _instant(text, text)


def iso(instant: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`, fractions of a second cut off. Raises `TimeError` if not aware."""
    return _utc(instant).isoformat("T", "seconds").removesuffix("+00:00") + "Z"


def has_offset(text: str) -> bool:
    """Whether a time ends with `Z` or an offset, so that it needs no zone."""
    return _OFFSET.search(text.strip()) is not None


@lru_cache(1024)
def canonical_gmt(text: str) -> str:
    """A manifest's time as the API takes it.

    `YYYY-MM-DD HH:MM:SS` is GMT already; ISO 8601 with an offset or `Z` is converted. Raises `TimeError`.
    """
    parts = _parts(text)
    if parts["offset"] is None and parts["joint"] == "T":
        gmt = text.replace("T", " ")
        raise TimeError(
            f"{text!r} has no offset, so its instant is unknown",
            f'write "{text}Z" or "{gmt}" if that is GMT, else add an offset such as +01:00',
        )
    instant = _instant(f"{parts['date']} {parts['minutes']}{parts['seconds']}{parts['offset'] or ''}", text)
    return format_gmt(instant)


def convert(text: str, zone: str | None) -> str:
    """A clock time in an IANA zone as the API's GMT form; without a zone as `canonical_gmt`.

    Raises `TimeError` for a time that a clock change skips or doubles (naming both readings), for a time with
    both an offset and a zone, and for an unknown zone.
    """
    if zone is None:
        return canonical_gmt(text)
    place = zone_of(zone)
    parts = _parts(text)
    if parts["offset"] is not None:
        raise TimeError(f"{text!r} has an offset in addition to the zone {zone}", "remove one of the two")
    clock = _instant(f"{parts['date']} {parts['minutes']}{parts['seconds']}", text).replace(tzinfo=None)
    try:
        return format_gmt(_only_reading(clock, place))
    except OverflowError:
        raise _out_of_range(text) from None


#: Zones of a fixed offset that are named like one with summer time, and a place that keeps it.
_NO_SUMMER = {"EST": "America/New_York", "MST": "America/Denver"}
_SIGNED = re.compile(r"(?:Etc/)?GMT([-+])(\d{1,2})", re.ASCII)


def zone_doubt(zone: str, gmt: str) -> tuple[str, str] | None:
    """Why a zone is probably not the one that was meant, with the offset that is taken, and what to write.

    `gmt` is the instant that was read with it, in the API's form. None for a zone without doubt.
    """
    instant = parse_gmt(gmt)
    offset = _offset(instant, zone)
    if found := _SIGNED.fullmatch(zone):
        if not int(found[2]):
            return None
        other = f"Etc/GMT{'-' if found[1] == '+' else '+'}{found[2]}"
        message = f"{zone} is {offset}: in these names the sign is the other way round"
        return message, f"for UTC{found[1]}{found[2]} write {other}, or a place such as Europe/Belgrade"
    likely = _NO_SUMMER.get(zone)
    if likely is None or _offset(instant, likely) == offset:
        return None
    message = f"{zone} is {offset} all year, without summer time; {likely} is then {_offset(instant, likely)}"
    return message, f"write {likely}, or an offset in the time"


def _offset(instant: datetime, zone: str) -> str:
    """`UTC-5`, `UTC+5:30`: how far the clocks of a zone are from GMT at an instant."""
    minutes = int((instant.astimezone(zone_of(zone)).utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def is_day(text: str) -> bool:
    """Whether a text is a calendar day, `YYYY-MM-DD`. Raises `TimeError` for a day that does not exist."""
    if not _DATE_FORM.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        raise _impossible(text) from None
    return True


def begin(text: str, day_zone: str, time_zone: str | None = None) -> datetime:
    """The beginning of a calendar day in a zone, or the instant of a time as `convert` takes it.

    `time_zone` is the zone of a time without an offset; None means GMT. The result is in UTC. Raises
    `TimeError`.
    """
    return _bound(text, day_zone, time_zone, timedelta(0))


def end(text: str, day_zone: str, time_zone: str | None = None) -> datetime:
    """As `begin`, but for a day its end: the beginning of the next day."""
    return _bound(text, day_zone, time_zone, timedelta(days=1))


def _bound(text: str, day_zone: str, time_zone: str | None, later: timedelta) -> datetime:
    if not is_day(text):
        return parse_gmt(convert(text, None if has_offset(text) else time_zone))
    try:
        midnight = datetime.combine(date.fromisoformat(text) + later, time(), zone_of(day_zone))
        # If clocks skip midnight, this is the change itself; if they show it twice, the first time.
        return midnight.astimezone(UTC)
    except OverflowError:
        raise _out_of_range(text) from None


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The IANA time zone of that name. Raises `TimeError`, with the nearest name as its hint."""
    if name and len(name) <= _LONGEST_ZONE and not name.startswith(_NO_ZONES):
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            pass
    shown = name[:_LONGEST_ZONE]
    raise TimeError(f"there is no time zone {shown!r}", _nearest_zone(shown))


def is_known(zone: str) -> bool:
    """Whether a time zone of that name exists."""
    try:
        zone_of(zone)
    except TimeError:
        return False
    return True


def _nearest_zone(name: str) -> str:
    known = {zone.lower(): zone for zone in available_timezones() if not zone.startswith(_NO_ZONES)}
    cities = {zone.rpartition("/")[2]: zone for zone in known}
    lowered = name.strip().lower().replace(" ", "_")
    near = None if _ABBREVIATION.fullmatch(name) else nearest(lowered, [*known, *cities], 0.7)
    if not near:
        return "write an IANA name such as Europe/Belgrade"
    return f"did you mean {known.get(near) or known[cities[near]]}?"


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise TimeError("a time without a zone has no instant")
    return instant.astimezone(UTC)


def _out_of_range(text: str) -> TimeError:
    return TimeError(f"{text!r} is outside the years 1 to 9999 in GMT")


def _instant(spelt: str, text: str) -> datetime:
    """The instant of a well-formed time; GMT where it has no offset. `text` is for the message."""
    try:
        if text[11:13] == "24":  # later versions of Python accept it as the next midnight
            raise ValueError
        moment = datetime.fromisoformat(spelt)
    except ValueError:
        raise _impossible(text) from None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise _out_of_range(text) from None


def _impossible(text: str) -> TimeError:
    try:
        datetime.fromisoformat(text[:10])
    except ValueError:
        return TimeError(f"{text!r} is not a calendar date", "check the year, the month and the day")
    if text[11:13] == "24":
        return TimeError(f"{text!r} has the hour 24", "midnight is 00:00:00 of the next day")
    if text[17:19] == "60":
        return TimeError(f"{text!r} has the second 60", "leap seconds cannot be scheduled; use 59")
    return TimeError(
        f"{text!r} is not a time of day", "hours go to 23, minutes and seconds to 59, offsets to 23:59"
    )


def _parts(text: str) -> dict[str, str | None]:
    """The parts of a time; only the offset may be missing."""
    found = _FORM.fullmatch(text)
    if found is None:
        if _DATE_FORM.fullmatch(text):
            raise TimeError(f"{text!r} has no time of day", f'write "{text} 00:00:00" for midnight GMT')
        raise TimeError(f"{text[:_LONGEST_SHOWN]!r} is not a time", _EXAMPLES)
    parts = found.groupdict()
    if parts["seconds"] is None:
        whole = f"{parts['date']}{parts['joint']}{parts['minutes']}:00{parts['offset'] or ''}"
        raise TimeError(f"{text!r} has no seconds", f'write "{whole}"')
    if (parts["fraction"] or "").strip(".,0"):
        raise TimeError(f"{text!r} has a fraction of a second", "the API takes whole seconds only")
    return parts


def _only_reading(clock: datetime, place: ZoneInfo) -> datetime:
    """The one instant at which clocks in a zone show that time. Raises `TimeError` for none or two."""
    first, second = (clock.replace(tzinfo=place, fold=fold) for fold in (0, 1))
    before, after = first.utcoffset() or timedelta(), second.utcoffset() or timedelta()
    if before == after:
        return first
    readings = " or ".join(f'"{_reading(clock, offset, place)}"' for offset in sorted((before, after)))
    what = "is skipped by" if before < after else "occurs twice at"
    raise TimeError(
        f"{format_gmt(clock.replace(tzinfo=UTC))!r} {what} a clock change in {place.key}", f"write {readings}"
    )


def _reading(clock: datetime, offset: timedelta, place: ZoneInfo) -> str:
    """One reading of an ambiguous clock time, with its offset."""
    return (clock - offset).replace(tzinfo=UTC).astimezone(place).isoformat("T", "seconds")
