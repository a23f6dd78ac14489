"""Times of manifests: accepted, converted or refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.schedule.times import (
    TimeError,
    begin,
    canonical_gmt,
    convert,
    end,
    format_gmt,
    has_offset,
    iso,
    parse_gmt,
    parse_iso,
    zone_of,
)

moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)).map(  # noqa: DTZ001 - made aware below
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
zones = st.sampled_from(["Europe/Belgrade", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])


@pytest.mark.parametrize(
    ("text", "gmt"),
    [
        ("2036-03-22 10:00:00", "2036-03-22 10:00:00"),
        ("2036-03-22T10:00:00Z", "2036-03-22 10:00:00"),
        ("2036-03-22 10:00:00+01:00", "2036-03-22 09:00:00"),
        ("2036-03-22T10:00:00-0930", "2036-03-22 19:30:00"),
        ("2036-03-22T10:00:00.000Z", "2036-03-22 10:00:00"),
        ("0123-03-22 10:00:00", "0123-03-22 10:00:00"),
    ],
)
def test_a_time_becomes_gmt(text: str, gmt: str) -> None:
    assert canonical_gmt(text) == gmt


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("2036-03-22T10:00:00", "has no offset", "2036-03-22 10:00:00"),
        ("2036-03-22 10:00", "has no seconds", "2036-03-22 10:00:00"),
        ("2036-03-22T10:00+01:00", "has no seconds", "2036-03-22T10:00:00+01:00"),
        ("2036-03-22", "has no time of day", "2036-03-22 00:00:00"),
        ("2036-02-30 10:00:00", "is not a calendar date", "month"),
        ("2035-02-29 10:00:00", "is not a calendar date", "month"),
        ("0000-01-01 10:00:00", "is not a calendar date", "year"),
        ("2036-03-22 24:00:00", "hour 24", "next day"),
        ("2036-03-22 23:59:60", "second 60", "leap"),
        ("2036-03-22 10:61:00", "not a time of day", "59"),
        ("2036-03-22 10:00:00+25:00", "not a time of day", "offsets"),
        ("2036-03-22T10:00:00.5Z", "fraction of a second", "whole"),
        ("0001-01-01T00:00:00+01:00", "outside the years", ""),
        ("22.03.2036 10:00", "is not a time", "2036-12-24 10:00:00"),
        ("2036-03-22 10:00:00\n", "is not a time", "2036"),
        ("\uff12\uff10\uff13\uff16-03-22 10:00:00", "is not a time", "2036"),
        ("", "is not a time", "2036"),
    ],
)
def test_a_time_without_one_instant_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(TimeError, match=message) as caught:
        canonical_gmt(text)
    assert hint in caught.value.hint


def test_a_message_quotes_only_the_beginning_of_a_long_text() -> None:
    with pytest.raises(TimeError) as caught:
        canonical_gmt("9" * 100_000)
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    "text", ["2036-03-22 10:00:00+01:00", "2036-03-22T10:00:00Z", "2036-03-22 10:00-0530"]
)
def test_an_offset_is_recognised(text: str) -> None:
    assert has_offset(text)


@pytest.mark.parametrize("text", ["2036-03-22 10:00:00", "2036-03-22T10:00:00", "2036-03-22", "A-Z"])
def test_a_time_without_an_offset_has_none(text: str) -> None:
    assert not has_offset(text)


@pytest.mark.parametrize(
    ("text", "zone", "gmt"),
    [
        ("2036-01-15 10:00:00", "Europe/Belgrade", "2036-01-15 09:00:00"),
        ("2036-07-15T10:00:00", "Europe/Belgrade", "2036-07-15 08:00:00"),
        ("2036-07-15 00:30:00", "Asia/Kolkata", "2036-07-14 19:00:00"),
        ("2036-07-15T10:00:00+02:00", None, "2036-07-15 08:00:00"),
    ],
)
def test_a_clock_time_in_a_zone_becomes_gmt(text: str, zone: str | None, gmt: str) -> None:
    assert convert(text, zone) == gmt


def test_a_skipped_time_is_refused_with_both_readings() -> None:
    with pytest.raises(TimeError, match="is skipped by a clock change in Europe/Belgrade") as caught:
        convert("2026-03-29 02:30:00", "Europe/Belgrade")
    assert caught.value.hint == 'write "2026-03-29T03:30:00+02:00" or "2026-03-29T01:30:00+01:00"'


def test_a_doubled_time_is_refused_with_both_readings() -> None:
    with pytest.raises(TimeError, match="occurs twice at a clock change in Europe/Belgrade") as caught:
        convert("2026-10-25 02:30:00", "Europe/Belgrade")
    assert caught.value.hint == 'write "2026-10-25T02:30:00+01:00" or "2026-10-25T02:30:00+02:00"'


@pytest.mark.parametrize("time", ["2026-03-29 02:30:00", "2026-10-25 02:30:00", "2036-04-06 01:45:00"])
def test_both_readings_of_an_ambiguous_time_are_accepted(time: str) -> None:
    zone = "Australia/Lord_Howe" if time.startswith("2036") else "Europe/Belgrade"
    with pytest.raises(TimeError) as caught:
        convert(time, zone)
    first, second = (canonical_gmt(part) for part in caught.value.hint.split('"')[1::2])
    assert first != second


def test_an_offset_with_a_zone_is_refused() -> None:
    with pytest.raises(TimeError, match="offset in addition to the zone"):
        convert("2036-01-15T10:00:00+01:00", "Europe/Belgrade")


def test_a_time_outside_the_calendar_is_refused() -> None:
    with pytest.raises(TimeError, match="outside the years"):
        convert("0001-01-01 00:00:00", "Asia/Kolkata")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Europe/Belgrad", "Europe/Belgrade"),
        ("belgrade", "Europe/Belgrade"),
        ("New York", "America/New_York"),
        ("localtime", "an IANA name"),
        ("right/UTC", "an IANA name"),
        ("../../etc/passwd", "an IANA name"),
        ("/etc/passwd", "an IANA name"),
        ("Europe", "Europe/"),
        ("", "an IANA name"),
        ("a\0b", "an IANA name"),
        ("\ud800", "an IANA name"),
        ("Z" * 100_000, "an IANA name"),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest_name(name: str, hint: str) -> None:
    with pytest.raises(TimeError, match="there is no time zone") as caught:
        zone_of(name)
    assert hint in caught.value.hint
    assert len(str(caught.value)) < 200


@given(moments)
def test_both_formats_round_trip(moment: datetime) -> None:
    assert parse_gmt(format_gmt(moment)) == moment
    assert parse_iso(iso(moment)) == moment
    assert canonical_gmt(format_gmt(moment)) == format_gmt(moment)


@given(moments, st.integers(-23 * 60, 23 * 60))
def test_an_offset_never_changes_the_instant(moment: datetime, minutes: int) -> None:
    spelt = moment.astimezone(timezone(timedelta(minutes=minutes))).isoformat()
    assert canonical_gmt(spelt) == format_gmt(moment)


@given(moments.filter(lambda moment: moment.year >= 1980), zones)
def test_a_clock_time_is_converted_or_ambiguous(moment: datetime, zone: str) -> None:
    clock = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    try:
        gmt = convert(clock.isoformat(" "), zone)
    except TimeError as error:
        readings = [canonical_gmt(part) for part in error.hint.split('"')[1::2]]
        assert format_gmt(moment) in readings
    else:
        assert gmt == format_gmt(moment)


def _accepted(text: str) -> bool:
    try:
        parse_gmt(canonical_gmt(text))
    except TimeError:
        return False
    return True


@given(st.text(max_size=40).filter(lambda text: not text[:4].isdecimal()))
def test_any_other_text_is_refused(text: str) -> None:
    assert not _accepted(text)


@given(st.from_regex(r"\d{4}-[01]\d-[0-3]\d[T ][0-2]\d:[0-5]\d:\d{2}(Z|[+-]\d{2}:\d{2})?", fullmatch=True))
def test_a_text_like_a_time_is_accepted_or_refused(text: str) -> None:
    assert _accepted(text) in (True, False)


@pytest.mark.parametrize("read", [parse_gmt, parse_iso])
def test_a_parser_takes_its_own_format_only(read: Callable[[str], datetime]) -> None:
    with pytest.raises(TimeError, match="in the format"):
        read("2036-03-22T10:00:00+01:00")


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(TimeError):
        format_gmt(datetime(2036, 1, 1))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2036-12-24", "2036-12-23T23:00:00Z", "2036-12-24T23:00:00Z"),
        # The clocks go forward on that day, and back on the next.
        ("2036-03-30", "2036-03-29T23:00:00Z", "2036-03-30T22:00:00Z"),
        ("2036-10-26", "2036-10-25T22:00:00Z", "2036-10-26T23:00:00Z"),
        ("2036-12-24 10:00:00", "2036-12-24T10:00:00Z", "2036-12-24T10:00:00Z"),
        ("2036-12-24T10:00:00+01:00", "2036-12-24T09:00:00Z", "2036-12-24T09:00:00Z"),
    ],
)
def test_a_day_begins_and_ends_in_its_zone_and_a_time_is_an_instant(text: str, first: str, last: str) -> None:
    assert (iso(begin(text, "Europe/Belgrade")), iso(end(text, "Europe/Belgrade"))) == (first, last)


def test_a_day_whose_midnight_is_skipped_begins_with_the_change() -> None:
    assert iso(begin("2026-04-24", "Africa/Cairo")) == "2026-04-23T22:00:00Z"


def test_a_time_without_an_offset_is_read_in_its_zone() -> None:
    assert iso(begin("2036-12-24 10:00:00", "UTC", "Europe/Belgrade")) == "2036-12-24T09:00:00Z"


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)), zones)
def test_a_day_ends_where_the_next_begins(day: date, zone: str) -> None:
    after = day + timedelta(days=1)
    assert end(day.isoformat(), zone) == begin(after.isoformat(), zone)
