"""Which campaigns send near each other, over all of their sends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.schedule.collisions import SendTimes, near, send_times
from campaignctl.schedule.cron import occurrences
from campaignctl.schedule.times import format_gmt, parse_gmt

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
AT_ONCE = {"run_immediately": True}


def once(at: str, **more: Any) -> dict[str, Any]:
    return {"scheduled_time": at, **more}


def every(cron: str, **more: Any) -> dict[str, Any]:
    return {"recurrence": {"cron": cron}, **more}


def times(spec: dict[str, Any], at: datetime = NOW, since: datetime = NOW) -> SendTimes:
    return send_times(spec, at_once=at, since=since)


ZONES = {"send_in_profile_time_zone": True}
CASES = {
    "the same time": (once("2036-03-22 10:00:00"), once("2036-03-22 10:00:00"), True),
    "a day apart": (once("2036-03-22 10:00:00"), once("2036-03-23 10:00:00"), True),
    "a day and a second apart": (once("2036-03-22 10:00:00"), once("2036-03-23 10:00:01"), False),
    "all of its zones, first": (once("2036-03-24 10:00:00", **ZONES), once("2036-03-22 20:00:00"), True),
    "before all of its zones": (once("2036-03-24 10:00:00", **ZONES), once("2036-03-22 19:59:59"), False),
    "all of its zones, last": (once("2036-03-22 10:00:00", **ZONES), once("2036-03-23 22:00:00"), True),
    "after all of its zones": (once("2036-03-22 10:00:00", **ZONES), once("2036-03-23 22:00:01"), False),
    "a run near a send": (every("0 10 * * 1"), once("2036-03-25 10:00:00"), True),
    "no run near a send": (every("0 10 * * 1"), once("2036-03-27 10:00:00"), False),
    "a run before the recurrence began": (every("0 10 * * 1"), once("2026-11-24 09:00:00"), False),
    "runs on the same days": (every("0 10 * * 1"), every("0 9 * * 2"), True),
    "runs on other days": (every("0 10 * * 1"), every("0 9 * * 4"), False),
    "runs that meet once a year": (every("0 10 1 3 *"), every("0 10 28 2 *"), True),
    "both at once": (AT_ONCE, AT_ONCE, True),
    "at once, and a time soon": (AT_ONCE, once("2026-11-25 12:00:00"), True),
    "at once, and a time far": (AT_ONCE, once("2026-11-25 12:00:01"), False),
    "at once, and a run soon": (AT_ONCE, every("0 9 * * *"), True),
    "a draft": (once("2036-03-22 10:00:00", is_draft=True), once("2036-03-22 10:00:00"), False),
    "by hand": ({}, AT_ONCE, False),
    "a time that cannot be read": (once("soon"), once("2036-03-22 10:00:00"), True),
    "a recurrence that cannot be read": (every("daily"), once("2036-03-22 10:00:00"), True),
}


@pytest.mark.parametrize("case", CASES)
def test_sends_that_are_a_day_apart_or_less_are_near(case: str) -> None:
    one, other, expected = CASES[case]
    assert near(times(one), times(other), DAY) is expected
    assert near(times(other), times(one), DAY) is expected


@pytest.mark.parametrize(("days", "expected"), [(29, True), (30, True), (31, False)])
def test_two_that_sent_at_once_are_near_for_a_month(days: int, expected: bool) -> None:
    earlier = times(AT_ONCE, NOW - timedelta(days=days))
    assert near(times(AT_ONCE), earlier, DAY) is expected
    assert near(earlier, times(AT_ONCE), timedelta()) is expected


def test_a_window_of_nothing_leaves_the_same_instant() -> None:
    assert near(times(once("2036-03-22 10:00:00")), times(once("2036-03-22 10:00:00")), timedelta())
    assert not near(times(once("2036-03-22 10:00:00")), times(once("2036-03-22 10:00:01")), timedelta())


START = datetime(2036, 3, 1, tzinfo=UTC)
SPAN = timedelta(days=60)
moments = st.integers(0, int(SPAN.total_seconds()) // 900).map(
    lambda step: START + step * timedelta(minutes=15)
)
zoned = st.sampled_from([{}, ZONES])
campaigns = st.one_of(
    st.builds(lambda at, zone: once(format_gmt(at), **zone), moments, zoned),
    st.builds(
        lambda minute, hour, days, zone: every(f"{minute} {hour} * * {days}", **zone),
        st.sampled_from([0, 7, 30]),
        st.sampled_from(["9", "*/6", "10,11"]),
        st.sampled_from(["*", "1", "2,5", "0"]),
        zoned,
    ),
    st.just(AT_ONCE),
)
sides = st.tuples(campaigns, moments)
windows = st.sampled_from([timedelta(), timedelta(minutes=1), timedelta(hours=1), DAY, 3 * DAY])


def all_sends(spec: dict[str, Any], since: datetime) -> list[tuple[datetime, datetime]]:
    """Every send until three weeks after the sixty days, each with its first and last instant."""
    if spec.get("run_immediately"):
        return [(since, since)]
    zones = spec.get("send_in_profile_time_zone")
    before, after = (timedelta(hours=14), timedelta(hours=12)) if zones else (timedelta(), timedelta())
    if at := spec.get("scheduled_time"):
        return [(parse_gmt(at) - before, parse_gmt(at) + after)]
    runs = occurrences(spec["recurrence"], since - 2 * DAY, 900)
    spans = [(run - before, run + after) for run in runs if run <= START + SPAN + timedelta(days=21)]
    return [(max(first, since), last) for first, last in spans if last >= since]


@given(sides, sides, windows)
def test_near_is_symmetric_and_equals_a_search_over_all_sends(
    one: tuple[dict[str, Any], datetime], other: tuple[dict[str, Any], datetime], window: timedelta
) -> None:
    sent = [all_sends(*one), all_sends(*other)]
    expected = any(
        max(mine[0], theirs[0]) - min(mine[1], theirs[1]) <= window for mine, theirs in product(*sent)
    )
    if one[0] is other[0] is AT_ONCE:
        expected = expected or abs(one[1] - other[1]) <= timedelta(days=30)
    mine, theirs = (times(spec, since, since) for spec, since in (one, other))
    assert near(mine, theirs, window) is near(theirs, mine, window) is expected
