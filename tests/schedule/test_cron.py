"""Cron expressions: valid ones, and the messages about invalid ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.schedule.cron import check_cron, last_occurrence, occurrences, parse_cron


@pytest.mark.parametrize(
    "text",
    [
        "5 4 2 4 4",
        "* * * * *",
        "*/15 9-17 * * MON-FRI",
        "0 0 1,15 jan-mar 0",
        "30 12 * * 7",
        "0 0 29 2 *",
        "1/10 * * * *",
    ],
)
def test_an_expression_of_five_fields_is_accepted(text: str) -> None:
    assert check_cron(text) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5 4 2 4", "this has 4"),
        ("0 5 4 2 4 4", "this has 6"),
        ("", "this has 0"),
        ("5  4 2 4 4", "other white space"),
        ("5\t4 2 4 4", "other white space"),
        ("60 4 2 4 4", "minute 60 is not in 0 to 59"),
        ("5 24 2 4 4", "hour 24 is not in 0 to 23"),
        ("5 4 0 4 4", "day of month 0 is not in 1 to 31"),
        ("5 4 2 13 4", "month 13 is not in 1 to 12"),
        ("5 4 2 4 8", "day of week 8 is not in 0 to 7"),
        ("5 4 2 4 MOO", "'MOO' is not valid in the day of week field"),
        ("5 4 L 4 4", "'L' is not valid in the day of month field"),
        ("5 4 2 4 5#2", "'5#2' in the day of week field"),
        ("5 17-9 * * *", "'17-9' in the hour field runs backwards"),
        ("*/0 * * * *", "'*/0' in the minute field has a step of 0"),
        ("1,,2 * * * *", "'' in the minute field"),
        ("*-5 * * * *", "'*-5' in the minute field"),
        ("٣ * * * *", "in the minute field"),
        ("0 0 31 2,4 *", "it never matches: there is no day 31 in February or April"),
        ("1" * 1000, "too long"),
    ],
)
def test_an_invalid_expression_says_why(text: str, message: str) -> None:
    assert message in (check_cron(text) or "")


def test_sunday_is_0_and_7() -> None:
    assert parse_cron("0 0 * * 7") == parse_cron("0 0 * * SUN") == parse_cron("0 0 * * 0")


fields = st.tuples(
    st.sampled_from(["*", "5", "*/20", "1-4", "0,30", "7/9"]),
    st.sampled_from(["*", "0", "9-17", "*/5", "3,4"]),
    st.sampled_from(["*", "1", "10-12", "1,15", "29"]),
    st.sampled_from(["*", "2", "1-3", "DEC", "*/6"]),
    st.sampled_from(["*", "1", "MON-FRI", "0,6", "7"]),
)


@given(fields, st.datetimes(datetime(2026, 1, 1), datetime(2036, 1, 1)))  # noqa: DTZ001 - made aware below
def test_the_expanded_expression_runs_at_the_same_times(parts: tuple[str, ...], start: datetime) -> None:
    text = " ".join(parts)
    after = start.replace(tzinfo=UTC)
    expected = list(islice(CronSim(text, after), 5))
    assert list(islice(CronSim(parse_cron(text).expression, after), 5)) == expected


@given(fields, st.datetimes(datetime(2026, 1, 1), datetime(2036, 1, 1)))  # noqa: DTZ001 - made aware below
def test_the_last_run_is_followed_by_none_until_then(parts: tuple[str, ...], end: datetime) -> None:
    recurrence, until = {"cron": " ".join(parts)}, end.replace(tzinfo=UTC)
    last = last_occurrence(recurrence, until)
    assert last is not None
    assert last <= until
    before, after = occurrences(recurrence, last - timedelta(minutes=1), 2)
    assert before == last
    assert after > until


@given(st.text(alphabet="0123456789*/,-# LMONW", max_size=30))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    if check_cron(text) is None:
        assert (
            len(list(islice(CronSim(parse_cron(text).expression, datetime(2026, 1, 1, tzinfo=UTC)), 1))) == 1
        )
