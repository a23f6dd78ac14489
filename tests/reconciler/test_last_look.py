"""The last checks directly before a request leaves."""

from __future__ import annotations

from datetime import timedelta

from campaignctl.plan.model import Plan
from campaignctl.state.halts import Halt
from tests.reconciler.account import Account, campaign

SOON = campaign("Soon", scheduled_time="2036-01-01 01:00:00")


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
