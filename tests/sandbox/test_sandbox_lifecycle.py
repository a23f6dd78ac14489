"""Transitions by time, as the clock advances."""

import pytest

from campaignctl.sandbox import Control
from tests.sandbox.sandbox_account import FUTURE, Account, ab_test, push


def triggers(control: Control) -> list[tuple[str, str]]:
    return [(send["time"], send["trigger"]) for send in control.sends()]


def test_a_scheduled_campaign_sends_once_at_its_time(account: Account, control: Control) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE))
    control.set_clock("2036-03-22 09:59:59")
    assert account.read(campaign_id)["status"] == "scheduled"
    control.advance(1)
    live = account.read(campaign_id)
    assert (live["status"], live["run_counter"], live["was_launched"]) == ("sent", 1, True)
    assert "next_run_time" not in live
    control.advance(10**7)
    assert triggers(control) == [(FUTURE, "scheduled_time")]


def test_running_lasts_running_seconds(account: Account, control: Control) -> None:
    control.switch(running_seconds=60)
    campaign_id = account.create(push(run_immediately=True))
    control.advance(59)
    assert account.read(campaign_id)["status"] == "running"
    control.advance(1)
    assert account.read(campaign_id)["status"] == "sent"


def test_a_paused_run_resumes_without_another_send(account: Account, control: Control) -> None:
    control.switch(running_seconds=60)
    campaign_id = account.create(push(run_immediately=True))
    assert account.act(campaign_id, "pause", {"reason": "r"}).status == 204
    control.advance(3600)
    assert account.act(campaign_id, "resume", {"run_immediately": 1}).status == 204
    control.advance(3600)
    assert account.read(campaign_id)["status"] == "sent"
    assert len(control.sends()) == 1


def test_a_recurring_campaign_resumed_at_a_time_has_an_extra_run(account: Account, control: Control) -> None:
    control.switch(running_seconds=60)
    campaign_id = account.create(push(recurrence={"cron": "0 12 * * *"}))
    control.set_clock("2036-01-01 12:00:30")
    account.act(campaign_id, "pause", {"reason": "r"})
    account.act(campaign_id, "resume", {"scheduled_time": "2036-01-02 12:00:00"})
    control.set_clock("2036-01-02 12:00:00")
    assert len(triggers(control)) == 2


@pytest.mark.parametrize(
    ("recurrence", "times"),
    [
        ({"cron": "30 12 * * *"}, ["01-01 12:30", "01-02 12:30", "01-03 12:30", "01-04 12:30"]),
        ({"cron": "0 6 3 * 5"}, ["01-03 06:00", "01-04 06:00"]),
        ({"pattern": {"hour": 6, "minute": 5, "weekdays": [3, 5]}}, ["01-02 06:05", "01-04 06:05"]),
        ({"pattern": {"hour": 6, "minute": 5, "months": [2]}}, []),
    ],
)
def test_every_occurrence_runs_in_gmt(
    account: Account, control: Control, recurrence: dict[str, object], times: list[str]
) -> None:
    campaign_id = account.create(push(recurrence=recurrence))
    control.set_clock("2036-01-04 23:00:00")
    assert triggers(control) == [(f"2036-{time}:00", "recurrence") for time in times]
    assert account.read(campaign_id)["next_run_time"] > "2036-01-04 23:00:00"


def test_both_day_fields_must_match_when_switched(account: Account, control: Control) -> None:
    control.switch(cron_days="and")
    campaign_id = account.create(push(recurrence={"cron": "0 6 13 * 5"}))
    assert account.read(campaign_id)["next_run_time"] == "2036-06-13 06:00:00"


def test_monday_may_be_zero(account: Account, control: Control) -> None:
    control.switch(monday=0)
    campaign_id = account.create(push(recurrence={"pattern": {"hour": 6, "minute": 0, "weekdays": [2]}}))
    assert account.read(campaign_id)["next_run_time"] == "2036-01-02 06:00:00"


def test_profile_time_starts_in_the_first_zone(account: Account, control: Control) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE, send_in_profile_time_zone=True))
    assert account.read(campaign_id)["next_run_time"] == FUTURE
    control.set_clock("2036-03-21 20:00:00")
    assert triggers(control) == [("2036-03-21 20:00:00", "scheduled_time")]


def test_a_manual_test_waits_for_its_winner(account: Account, control: Control) -> None:
    campaign_id = account.create(ab_test("manual", run_immediately=True))
    control.advance(86399)
    assert account.read(campaign_id)["status"] == "running"
    control.advance(1)
    live = account.read(campaign_id)
    assert live["status"] == "needs_decision"
    assert account.act(campaign_id, "messages/1/set-winner").status == 400
    assert account.act(campaign_id, f"messages/{live['messages'][1]['id']}/set-winner").status == 204
    live = account.read(campaign_id)
    assert (live["status"], [message["winner"] for message in live["messages"]]) == ("sent", [0, 1])
    assert [trigger for _, trigger in triggers(control)] == ["run_immediately", "winner"]


@pytest.mark.parametrize(
    ("draw", "status", "mode"), [(False, "sent", "automatic"), (True, "needs_decision", "manual")]
)
def test_an_automatic_test_decides_itself_unless_it_is_a_draw(
    account: Account, control: Control, draw: bool, status: str, mode: str
) -> None:
    control.switch(ab_draw=draw)
    campaign_id = account.create(ab_test("automatic", run_immediately=True))
    control.advance(86400)
    live = account.read(campaign_id)
    assert (live["status"], live["ab_test"]["winner_delivery_mode"]) == (status, mode)


def test_a_paused_recurring_campaign_misses_its_runs(account: Account, control: Control) -> None:
    campaign_id = account.create(push(recurrence={"cron": "0 12 * * *"}))
    account.act(campaign_id, "pause", {"reason": "r"})
    control.advance(3 * 86400)
    account.act(campaign_id, "resume", {"scheduled_time": "2036-01-05 12:00:00"})
    control.set_clock("2036-01-06 13:00:00")
    assert [time for time, _ in triggers(control)] == ["2036-01-05 12:00:00", "2036-01-06 12:00:00"]


def test_a_canceled_campaign_never_sends(account: Account, control: Control) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE))
    account.act(campaign_id, "cancel", {"reason": "r"})
    control.set_clock("2037-01-01 00:00:00")
    assert control.sends() == []
    assert account.read(campaign_id)["status"] == "canceled"


def test_a_past_time_may_be_accepted(account: Account, control: Control) -> None:
    control.switch(past_times="accepted")
    campaign_id = account.create(push(scheduled_time="2035-01-01 00:00:00"))
    assert account.read(campaign_id)["status"] == "sent"
