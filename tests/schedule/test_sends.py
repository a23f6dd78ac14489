"""When a campaign sends by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaignctl.schedule.sends import Sends, is_past, sends_of

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
