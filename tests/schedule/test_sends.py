"""When a campaign sends by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaignctl.schedule.sends import Runs, Sends, is_past, runs_of, sends_of

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TIME = "2036-12-24 10:00:00"
INSTANT = datetime(2036, 12, 24, 10, tzinfo=UTC)


def test_without_an_execution_option_a_campaign_is_manual() -> None:
    assert sends_of({"name": "x", "run_immediately": False}, NOW) == Sends("manual")


@pytest.mark.parametrize("yes", [True, 1])
def test_run_immediately_sends_at_once(yes: object) -> None:
    assert sends_of({"run_immediately": yes}, NOW) == Sends("immediately")


@pytest.mark.parametrize("draft", [{"is_draft": True}, {"is_draft": 1}, {"status": "draft"}])
def test_a_draft_never_sends(draft: dict[str, object]) -> None:
    assert sends_of({**draft, "scheduled_time": TIME}, NOW) == Sends("never")


def test_a_one_off_sends_once() -> None:
    assert sends_of({"scheduled_time": TIME}, NOW) == Sends("scheduled", (INSTANT,), INSTANT)


def test_in_profile_zones_a_one_off_sends_from_utc_plus_14_to_utc_minus_12() -> None:
    sends = sends_of({"scheduled_time": TIME, "send_in_profile_time_zone": True}, NOW)
    assert sends.first == INSTANT - timedelta(hours=14)
    assert sends.last == INSTANT + timedelta(hours=12)
    assert sends.local == TIME


def test_a_one_off_is_past_after_its_last_send() -> None:
    plain = sends_of({"scheduled_time": TIME}, NOW)
    zoned = sends_of({"scheduled_time": TIME, "send_in_profile_time_zone": 1}, NOW)
    assert not is_past(plain, INSTANT - timedelta(seconds=1))
    assert is_past(plain, INSTANT)
    assert not is_past(zoned, INSTANT + timedelta(hours=11))
    assert is_past(zoned, INSTANT + timedelta(hours=12))


@pytest.mark.parametrize(
    "spec", [{}, {"run_immediately": True}, {"is_draft": True}, {"recurrence": {"cron": "0 9 * * *"}}]
)
def test_only_one_offs_are_ever_past(spec: dict[str, object]) -> None:
    assert not is_past(sends_of(spec, NOW), datetime(2999, 1, 1, tzinfo=UTC))


def test_a_recurrence_has_its_next_runs() -> None:
    sends = sends_of({"recurrence": {"cron": "0 9 * * *"}}, NOW, occurrences=2)
    assert sends == Sends(
        "recurring", (datetime(2026, 11, 25, 9, tzinfo=UTC), datetime(2026, 11, 26, 9, tzinfo=UTC))
    )


def test_in_profile_zones_a_run_counts_until_its_earliest_send() -> None:
    spec = {"recurrence": {"cron": "0 9 * * *"}, "send_in_profile_time_zone": True}
    sends = sends_of(spec, NOW, occurrences=1)
    # 09:00 on the 25th begins in UTC+14 at 19:00 GMT on the 24th.
    assert sends.at == (datetime(2026, 11, 24, 19, tzinfo=UTC),)
    assert sends.local == "2026-11-25 09:00:00"
    assert sends_of(spec, datetime(2026, 11, 24, 19, tzinfo=UTC), 1).at == (
        datetime(2026, 11, 25, 19, tzinfo=UTC),
    )


@pytest.mark.parametrize("time", ["0001-01-01 00:00:00", "9999-12-31 23:59:59"])
def test_sends_stay_within_the_calendar(time: str) -> None:
    sends = sends_of({"scheduled_time": time, "send_in_profile_time_zone": True}, NOW)
    assert sends.first is not None
    assert sends.last is not None
    assert sends.first <= sends.last


# NOW is a Tuesday.
def zoned(cron: str = "0 9 * * 2") -> Runs:
    """The runs of a campaign that recurs in the recipients' zones, on Tuesdays if nothing else is said."""
    runs = runs_of({"recurrence": {"cron": cron}, "send_in_profile_time_zone": True})
    assert runs is not None
    return runs


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "under_way"),
    [
        (at(23, 18, 59), False),
        (at(23, 19), True),
        (at(24, 9), True),
        (at(24, 20, 59), True),
        (at(24, 21), False),
    ],
)
def test_a_run_is_under_way_from_utc_plus_14_to_utc_minus_12(now: datetime, *, under_way: bool) -> None:
    assert zoned().under_way(now) is under_way
    daily = runs_of({"recurrence": {"cron": "0 9 * * *"}})
    assert daily is not None
    assert not daily.under_way(now)


@pytest.mark.parametrize("now", [at(24, 0), at(24, 9, 1), at(24, 23, 59)])
def test_a_daily_run_is_always_under_way(now: datetime) -> None:
    assert zoned("0 9 * * *").under_way(now)


@pytest.mark.parametrize(
    ("now", "instant"),
    [
        (at(23, 18), at(23, 19)),
        (at(23, 19), at(23, 19, 15)),
        (at(24, 9, 1), at(24, 9, 15)),
        (at(24, 9, 1) + timedelta(seconds=1), at(24, 9, 15)),
        (at(24, 20, 45), at(24, 21)),
        (at(24, 21), at(30, 19)),
    ],
)
def test_a_run_goes_on_in_the_next_zone(now: datetime, instant: datetime) -> None:
    assert zoned().next_instant(now) == instant


def test_without_profile_zones_the_next_instant_is_the_next_run() -> None:
    weekly = runs_of({"recurrence": {"cron": "0 9 * * 2"}})
    assert weekly is not None
    assert weekly.next_instant(at(24, 9)) == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert zoned("0 9 29 2 *").next_instant(at(24, 9)) is None
