"""Next runs of a recurrence: the earliest that are possible."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaignctl.schedule.cron import CronError, last_occurrence, occurrences, weekday_readings

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday


def _days(recurrence: dict[str, object], count: int = 3) -> list[str]:
    return [f"{at:%a %d %b %H:%M}" for at in occurrences(recurrence, NOW, count)]


def test_runs_end_with_the_calendar() -> None:
    newest, oldest = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    daily = {"cron": "30 12 * * *"}
    assert occurrences(daily, newest, 3) == ()
    assert len(occurrences(daily, newest - timedelta(days=2), 3)) == 2
    assert last_occurrence(daily, newest) == newest.replace(hour=12, minute=30, second=0, microsecond=0)
    assert last_occurrence(daily, oldest) is None


def test_a_pattern_counts_the_earliest_reading_of_its_weekdays() -> None:
    pattern = {"hour": 12, "minute": 30, "weekdays": [5], "months": [11, 12]}
    # 5 is Thursday, Friday or Saturday; the earliest counts for each run.
    assert _days({"pattern": pattern}) == ["Thu 26 Nov 12:30", "Thu 03 Dec 12:30", "Thu 10 Dec 12:30"]


def test_all_seven_weekdays_have_one_reading() -> None:
    assert weekday_readings([1, 2, 3, 4, 5, 6, 7]) == ((0, 1, 2, 3, 4, 5, 6),)


def test_weekday_numbers_have_up_to_three_readings() -> None:
    assert weekday_readings([1]) == ((1,), (2,), (0,))
    assert weekday_readings([0]) == ((0,), (1,))
    assert weekday_readings([7]) == ((0,), (6,))


def test_a_pattern_without_an_hour_may_run_every_hour() -> None:
    assert _days({"pattern": {"minute": 30}}, 2) == ["Tue 24 Nov 12:30", "Tue 24 Nov 13:30"]


def test_a_run_at_the_given_instant_does_not_count() -> None:
    assert _days({"cron": "0 12 * * *"}, 1) == ["Wed 25 Nov 12:00"]


@pytest.mark.parametrize(("minute", "last"), [(0, "Tue 24 Nov 12:00"), (1, "Mon 23 Nov 12:01")])
def test_the_last_run_is_at_the_given_instant_or_before(minute: int, last: str) -> None:
    found = last_occurrence({"cron": f"{minute} 12 * * *"}, NOW.replace(second=59, microsecond=1))
    assert f"{found:%a %d %b %H:%M}" == last


@pytest.mark.parametrize(("hour", "last"), [(12, "Tue 24 Nov 12:00"), (13, "Mon 23 Nov 13:00")])
def test_the_last_run_of_a_pattern_is_that_of_its_latest_reading(hour: int, last: str) -> None:
    # 1 is Monday, Tuesday or Sunday.
    found = last_occurrence({"pattern": {"hour": hour, "minute": 0, "weekdays": [1]}}, NOW)
    assert f"{found:%a %d %b %H:%M}" == last


@pytest.mark.parametrize("day", ["2", "*/1", "1-31"])
def test_the_earlier_reading_of_two_day_fields_counts(day: str) -> None:
    first = occurrences({"cron": f"0 9 {day} * 5"}, NOW, 1)[0]
    assert first <= datetime(2026, 11, 27, 9, tzinfo=UTC)


def test_either_of_two_day_fields_matches() -> None:
    assert _days({"cron": "5 4 2 4 4"}) == ["Thu 01 Apr 04:05", "Fri 02 Apr 04:05", "Thu 08 Apr 04:05"]


@pytest.mark.parametrize(
    "recurrence",
    [
        {},
        {"pattern": {"hour": 24}},
        {"pattern": {"hour": "12"}},
        {"pattern": {"weekdays": [8]}},
        {"pattern": {"months": "1"}},
        {"pattern": {"months": [0]}},
        {"cron": "x"},
        "5 4 * * *",
        ["5 4 * * *"],
        7,
        '{"cron": "0 9 * * *"}',
        [{"cron": "0 9 * * *"}],
        True,
    ],
)
def test_an_invalid_recurrence_is_refused(recurrence: Any) -> None:
    with pytest.raises(CronError):
        occurrences(recurrence, NOW, 1)
