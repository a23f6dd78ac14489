"""Times and recurrences in words."""

from __future__ import annotations

import locale
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaignctl.schedule import humanize
from campaignctl.schedule.cron import occurrences

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BELGRADE = "Europe/Belgrade"
SIZES = {"minute": 60, "hour": 3_600, "day": 86_400, "month": 2_629_800, "year": 31_557_600}
BOUNDARIES = [
    sign * (size * count + offset)
    for sign in (1, -1)
    for size in SIZES.values()
    for count in (1, 2)
    for offset in (-1, 0, 1)
]


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (timedelta(seconds=30), "in less than a minute"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(minutes=90), "in 90 minutes"),
        (timedelta(hours=36), "in 36 hours"),
        (timedelta(days=59), "in 59 days"),
        (timedelta(days=70), "in 2 months"),
        (timedelta(days=3660), "in 10 years"),
        (timedelta(hours=-5), "5 hours ago"),
    ],
)
def test_a_distance_uses_the_largest_fitting_unit(ahead: timedelta, text: str) -> None:
    assert humanize.distance(NOW + ahead, NOW) == text


@given(seconds=st.floats(-4e9, 4e9) | st.sampled_from(BOUNDARIES))
@example(seconds=0)
@example(seconds=-0.5)
def test_a_distance_reads_well_at_every_boundary(seconds: float) -> None:
    text = humanize.distance(NOW + timedelta(seconds=seconds), NOW)
    words = re.fullmatch(r"(in )?(?:less than a minute|1 minute|(\d+) (\w+)s)( ago)?", text)
    assert words, text
    assert bool(words[1]) is (timedelta(seconds=seconds) >= timedelta(0))
    assert bool(words[1]) is not bool(words[4])
    if words[2]:
        assert int(words[2]) > 1
        size = SIZES[words[3]]
        assert 0 <= abs(seconds) - int(words[2]) * size < size + 1


def test_a_distance_never_shrinks() -> None:
    order = [humanize.distance(NOW + timedelta(seconds=at), NOW) for at in sorted(set(map(abs, BOUNDARIES)))]
    sizes = [_size(text) for text in order]
    assert sizes == sorted(sizes)


def _size(text: str) -> int:
    """The seconds that a distance says, at least."""
    found = re.fullmatch(r"in (\d+) (\w+?)s?", text)
    return int(found[1]) * SIZES[found[2]] if found else 0


@pytest.mark.parametrize(
    ("at", "zone", "text"),
    [
        (
            datetime(2036, 3, 22, 10, tzinfo=UTC),
            BELGRADE,
            "Sat 22 Mar 2036 10:00 GMT (11:00 Europe/Belgrade)",
        ),
        (
            datetime(2036, 7, 22, 10, tzinfo=UTC),
            BELGRADE,
            "Tue 22 Jul 2036 10:00 GMT (12:00 Europe/Belgrade)",
        ),
        (
            datetime(2036, 7, 22, 23, 0, 5, tzinfo=UTC),
            BELGRADE,
            "Tue 22 Jul 2036 23:00:05 GMT (Wed 23 Jul 2036 01:00:05 Europe/Belgrade)",
        ),
        (datetime(2036, 3, 22, 10, tzinfo=UTC), "UTC", "Sat 22 Mar 2036 10:00 GMT"),
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), BELGRADE, "Fri 31 Dec 9999 23:59 GMT"),
        (datetime(1, 1, 1, tzinfo=UTC), "America/New_York", "Mon 1 Jan 1 00:00 GMT"),
    ],
)
def test_an_instant_is_shown_in_gmt_and_in_the_zone(at: datetime, zone: str, text: str) -> None:
    assert humanize.instant(at, zone) == text


def test_a_clock_time_of_a_day_that_a_zone_does_not_reach_is_in_gmt() -> None:
    last = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    assert humanize.clock_in(last, BELGRADE) == "Fri 31 Dec 9999 23:59 GMT"
    assert humanize.clock_in(last, "America/New_York") == "Fri 31 Dec 9999 18:59 America/New_York"
    assert humanize.recurrence("daily", BELGRADE, last) == "recurrence 'daily'"


@pytest.mark.parametrize(
    ("cron", "zone", "text"),
    [
        ("30 12 * * *", BELGRADE, "at 12:30 GMT (13:30 in winter, 14:30 in summer Europe/Belgrade)"),
        (
            "30 23 * * *",
            BELGRADE,
            "at 23:30 GMT (00:30 the next day in winter, 01:30 the next day in summer Europe/Belgrade)",
        ),
        (
            "30 4 * * *",
            "America/New_York",
            "at 04:30 GMT (23:30 the day before in winter, 00:30 in summer America/New_York)",
        ),
        ("30 4 * * *", "Asia/Kolkata", "at 04:30 GMT (10:00 Asia/Kolkata)"),
        (
            "0 12 * * *",
            "Africa/Casablanca",
            "at 12:00 GMT (12:00 at times, 13:00 at times Africa/Casablanca)",
        ),
        ("0 9,17 1,15 * *", "UTC", "at 09:00 and 17:00 GMT, on days 1 and 15 of the month"),
        ("0 9 * 1-3,12 5", "UTC", "at 09:00 GMT, on Friday, in January to March and December"),
        ("0 9 * * 0,5,6", "UTC", "at 09:00 GMT, on Friday to Sunday"),
        ("*/15 9-17 * * *", "UTC", "every 15 minutes, between 09:00 and 17:59 GMT"),
        (
            "*/15 * * * *",
            BELGRADE,
            "every 15 minutes in GMT (Europe/Belgrade is 1 h ahead in winter, 2 h ahead in summer)",
        ),
        (
            "0 9 */16 * 1",
            "UTC",
            (
                "at 09:00 GMT, on days 1 and 17 of the month or on Monday "
                "(the API does not say whether both must match)"
            ),
        ),
    ],
)
def test_a_cron_expression_is_described(cron: str, zone: str, text: str) -> None:
    assert humanize.recurrence({"cron": cron}, zone, NOW) == text


def test_a_pattern_says_what_the_api_leaves_open() -> None:
    pattern = {"hour": 12, "minute": 30, "weekdays": [1, 2, 3, 4, 5], "months": [1, 3, 5]}
    assert humanize.recurrence({"pattern": pattern}, "UTC", NOW) == (
        "at 12:30 GMT, on weekdays 1 to 5 (Monday to Friday if 1 is Monday, Monday to Thursday and Sunday if "
        "1 is Sunday: the API does not say, and dates are the earliest possible), in January, March and May"
    )


def test_weekday_seven_names_both_days_that_it_may_be() -> None:
    pattern = {"hour": 9, "minute": 0, "weekdays": [7]}
    said = humanize.recurrence({"pattern": pattern}, "UTC", NOW)
    assert "Sunday if 1 is Monday, Saturday if 1 is Sunday" in said
    days = {run.isoweekday() for run in occurrences({"pattern": pattern}, NOW, 3)}
    assert days == {6}


def test_a_pattern_of_every_weekday_is_unambiguous() -> None:
    pattern = {"hour": 1, "minute": 0, "weekdays": [1, 2, 3, 4, 5, 6, 7]}
    assert humanize.recurrence({"pattern": pattern}, "UTC", NOW) == "at 01:00 GMT, on Monday to Sunday"


def test_a_pattern_without_an_hour_is_described() -> None:
    assert humanize.recurrence({"pattern": {"minute": 30}}, "UTC", NOW) == "at 30 minutes past the hour GMT"


def test_in_profile_zones_the_projects_zone_is_not_shown() -> None:
    text = humanize.recurrence({"cron": "0 9 * * *"}, BELGRADE, NOW, profile_zone=True)
    assert text == "at 09:00 in each recipient's own zone"


def test_an_invalid_recurrence_is_shown_as_written() -> None:
    assert humanize.recurrence({"cron": "x"}, "UTC", NOW) == "recurrence {'cron': 'x'}"
    assert humanize.recurrence("daily", "UTC", NOW) == "recurrence 'daily'"


def test_the_words_ignore_the_machines_locale() -> None:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C")
        assert humanize.recurrence({"cron": "*/7 * * * *"}, "UTC", NOW) == "every 7 minutes GMT"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
