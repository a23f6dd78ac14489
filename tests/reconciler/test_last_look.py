"""The last checks directly before a request leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan.model import Plan
from campaignctl.review.outcome import Event
from campaignctl.state.halts import Halt
from tests.reconciler.account import Account, campaign, split_test

SOON = campaign("Soon", scheduled_time="2036-01-01 01:00:00")
TEST = split_test(scheduled_time="2036-06-01 10:00:00")


def test_halt_set_after_the_question_is_seen_before_the_request(account: Account) -> None:
    def halted_meanwhile(_plan: Plan) -> bool:
        halt = Halt("h-1", ("soon",), "wrong price", "ana", "laptop", "2036-01-01T00:00:00Z")
        account.place.backend().change_halts(lambda halts: halts.with_halt(halt))
        return True

    account.specs = {"soon": SOON, "manual": campaign("Manual")}
    outcome = account.apply(halted_meanwhile)
    results = {result.key: result for result in outcome.changes}
    assert (results["soon"].outcome, results["manual"].outcome) == ("not_started", "done")
    assert results["soon"].error is not None
    assert "halted by ana" in results["soon"].error.summary
    assert account.state.pending == {}


def test_lead_time_is_looked_at_when_the_request_is_next(account: Account) -> None:
    """The API lets the request wait until its first send is too near."""
    first = account.clock.now() + timedelta(minutes=13)
    account.specs = {"soon": campaign("Soon", scheduled_time=f"{first:%Y-%m-%d %H:%M:%S}")}
    account.control.fault({"method": "POST", "times": 1}, {"kind": "rate_limit", "retry_after": 300})
    assert account.outcomes() == {"soon": "failed"}
    assert account.control.campaigns() == []
    assert account.state.pending == {}


def test_interrupt_after_the_question_sends_nothing(account: Account) -> None:
    def interrupted(_plan: Plan) -> bool:
        account.clock.time.interrupted = True
        return True

    account.specs = {"soon": SOON}
    outcome = account.apply(interrupted)
    assert (outcome.result, [result.outcome for result in outcome.changes]) == (
        "interrupted",
        ["not_started"],
    )
    assert account.writes() == []
    assert account.state.pending == {}


def test_interrupt_while_a_refused_send_waits_leaves_nothing_to_settle(account: Account) -> None:
    """A 429 proves that nothing was sent, so no person has to decide."""
    account.specs = {"now": campaign("Now")}
    account.apply()
    account.specs = {"now": campaign("Now", run_immediately=True)}
    account.control.fault({"method": "PATCH", "times": 1}, {"kind": "rate_limit", "retry_after": 60})
    account.clock.time.interrupt_at = account.clock.time.monotonic() + 30
    assert account.apply().result == "interrupted"
    assert account.state.pending == {}
    account.clock.time.interrupt_at = None
    before = account.mark
    assert account.outcomes() == {"now": "done"}
    assert account.writes(before) == ["update"]


def test_interrupt_after_a_lost_answer_keeps_the_intent_of_a_send(account: Account) -> None:
    account.specs = {"now": campaign("Now")}
    account.apply()
    account.specs = {"now": campaign("Now", run_immediately=True)}
    account.control.fault({"method": "PATCH", "times": 1}, {"kind": "drop"})

    def interrupted(_plan: Plan) -> bool:
        account.clock.time.interrupt_at = account.clock.time.monotonic() + 1
        return True

    account.apply(interrupted)
    assert set(account.state.pending) == {"now"}


def in_an_hour(account: Account, *names: str) -> None:
    """Declare campaigns that send in an hour; the account is known already."""
    account.specs = {"first": campaign("First")}
    account.apply()
    first = account.clock.now() + timedelta(hours=1)
    account.specs |= {name: campaign(name, scheduled_time=f"{first:%Y-%m-%d %H:%M:%S}") for name in names}


def after(account: Account, name: str, then: Callable[[], object]) -> Account:
    """Do something once the change of that key is finished."""

    def seen(event: Event) -> None:
        account.events.append(event)
        if event.kind == "finished" and event.key == name:
            then()

    account.on_event = seen
    return account


def sleep_of_the_machine(account: Account) -> None:
    """Its clock goes on, and its seconds stand still."""
    account.clock.time.start += timedelta(hours=2)
    account.control.switch(date_skew=7200)


def test_nothing_is_sent_late_after_a_sleep_that_stopped_every_clock(account: Account) -> None:
    in_an_hour(account, "a", "b", "c")
    mark = account.mark
    after(account, "a", lambda: account.control.switch(date_skew=7200))
    outcomes = account.outcomes()
    # The answer to the next request tells, and it has left by then.
    assert account.writes(mark) == ["a", "b"]
    assert (outcomes["c"], account.state.pending) == ("failed", {})


def test_nothing_is_sent_late_after_a_sleep_that_stopped_one_clock(account: Account) -> None:
    in_an_hour(account, "a", "b", "c")
    mark = account.mark
    after(account, "a", lambda: sleep_of_the_machine(account))
    outcomes = account.outcomes()
    assert account.writes(mark) == ["a"]
    assert outcomes["b"] == "failed"
    assert account.state.pending == {}


def test_what_is_still_in_time_goes_on_after_a_sleep(account: Account) -> None:
    in_an_hour(account, "a")
    account.specs |= {name: {**SOON, "name": name} for name in "bcd"}
    before = account.mark
    after(account, "a", lambda: sleep_of_the_machine(account))
    assert set(account.outcomes().values()) == {"done"}
    reads = [one for one in account.control.requests(before) if one["method"] == "GET"]
    assert len(reads) <= len(account.specs)


def test_what_is_past_only_by_a_clock_that_was_set_meanwhile_goes_on(account: Account) -> None:
    in_an_hour(account, "a", "b", "c")

    def set_ahead() -> None:
        account.clock.time.start += timedelta(hours=2)

    after(account, "a", set_ahead)
    assert set(account.outcomes().values()) == {"done"}


@pytest.mark.parametrize("edited", [True, False])
def test_a_campaign_that_was_changed_while_the_machine_slept_is_not_armed(
    account: Account,
    edited: bool,
) -> None:
    account.specs = {"far": {**SOON, "is_draft": True}}
    account.apply()
    account.specs = {"far": SOON}

    def asleep(_plan: Plan) -> bool:
        if edited:
            account.control.edit(account.id_of("far"), quiet_hours={"from": "20:00"})
        sleep_of_the_machine(account)
        return True

    (result,) = account.apply(asleep).changes
    assert result.outcome == ("failed" if edited else "done")
    if edited:
        assert result.error is not None
        assert "was changed in the account while this run stood still" in result.error.summary
        assert result.error.hint == "campaignctl apply"


def edited(account: Account, theirs: dict[str, Any]) -> Callable[[Plan], bool]:
    """Someone edits the only campaign in the dashboard while the plan is approved."""

    def approve(_plan: Plan) -> bool:
        account.control.edit(account.id_of("now"), theirs)
        return True

    return approve


THEIRS: dict[str, dict[str, Any]] = {
    "text": {"messages/0/push/title/en": "Theirs"},
    "language": {"messages/0/push/title/de": "Hallo"},
    "audience": {"targeting": {"languages": {"items": ["fr"], "op": "in"}}},
    "quiet hours": {"quiet_hours": {"from": "20:00"}},
}


@pytest.mark.parametrize("theirs", THEIRS.values(), ids=THEIRS)
def test_what_would_send_at_once_is_read_again_and_not_sent_if_it_was_changed(
    account: Account, theirs: dict[str, Any]
) -> None:
    account.specs = {"now": campaign("Now", is_draft=True)}
    account.apply()
    account.specs = {"now": campaign("Now", run_immediately=True)}
    (result,) = account.apply(edited(account, theirs)).changes
    assert (result.outcome, account.control.sends()) == ("failed", [])
    assert result.error is not None
    assert result.error.summary.endswith("was changed in the account since this plan was made")
    assert account.state.pending == {}


@pytest.mark.parametrize("theirs", THEIRS.values(), ids=THEIRS)
def test_a_test_whose_campaign_was_changed_gets_no_winner(account: Account, theirs: dict[str, Any]) -> None:
    account.specs = {"now": TEST}
    account.apply()
    account.control.edit(account.id_of("now"), status="needs_decision")
    account.lifecycles = {"now": Lifecycle(winner="two")}
    mark = account.mark
    assert account.outcomes(edited(account, theirs)) == {"now": "failed"}
    assert account.writes(mark) == []
    assert account.outcomes(overrides=("unmanaged",)) == {"now": "done"}
    assert account.writes(mark) == ["set-winner"]


def test_a_send_at_once_that_the_api_ignores_is_not_done(account: Account) -> None:
    account.specs = {"now": campaign("Now", is_draft=True)}
    account.apply()
    account.specs = {"now": campaign("Now", run_immediately=True)}
    account.control.switch(patch_ignores=["run_immediately"])
    (result,) = account.apply().changes
    assert result.outcome == "unknown"
    assert result.error is not None
    assert "not known whether" in result.error.summary
    assert account.state.pending["now"].at_once


def test_a_send_at_once_whose_text_the_api_ignores_is_not_done(account: Account) -> None:
    account.specs = {"now": campaign("Now", is_draft=True)}
    account.apply()
    account.specs = {"now": campaign("Other", run_immediately=True)}
    account.control.switch(patch_ignores=["name", "messages"])
    (result,) = account.apply().changes
    assert result.outcome == "failed"
    assert result.error is not None
    assert "messages/0/push/body/en is 'Now', not 'Other'" in result.error.summary
    assert account.plan().changes == ()
