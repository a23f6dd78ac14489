"""A winner decides one run of one campaign."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan.model import Plan
from tests.reconciler.account import AB_TEST as AB
from tests.reconciler.account import TWO_MESSAGES as MESSAGES
from tests.reconciler.account import Account, campaign

KEY = "push/welcome"
WEEK, DAY = timedelta(days=7).total_seconds(), timedelta(days=1).total_seconds()
# 1 January 2036 is a Tuesday.
WEEKLY = campaign("Weekly", messages=MESSAGES, ab_test=AB, recurrence={"cron": "0 10 * * 3"})
ONCE = campaign("Once", messages=MESSAGES, ab_test=AB, scheduled_time="2036-01-02 10:00:00")


def later(account: Account, seconds: float) -> None:
    account.clock.time.sleep(seconds)
    account.wire.arrive()


@pytest.fixture
def waiting(late: Account) -> Account:
    """A recurring test whose first run waits for a decision."""
    late.control.switch(running_seconds=60)
    late.specs = {KEY: WEEKLY}
    late.apply()
    later(late, 3 * DAY)
    assert (late.live(KEY)["status"], late.live(KEY)["run_counter"]) == ("needs_decision", 1)
    return late


def winners(account: Account) -> list[int]:
    """The message that each winner send delivered."""
    return [send["message"] for send in account.control.sends() if send["trigger"] == "winner"]


def test_each_run_is_decided_by_its_own_winner(waiting: Account) -> None:
    waiting.lifecycles = {KEY: Lifecycle(winner="two")}
    assert waiting.outcomes() == {KEY: "done"}
    record = waiting.state.campaigns[KEY]
    assert (record.winner, record.winner_run, winners(waiting)) == ("two", 1, [1])

    later(waiting, WEEK)
    assert (waiting.live(KEY)["status"], waiting.live(KEY)["run_counter"]) == ("needs_decision", 2)
    assert waiting.outcomes() == {}
    assert "{message: one, run: 2}" in waiting.plan().notes[0]

    waiting.lifecycles = {KEY: Lifecycle(winner="one", winner_run=2)}
    assert waiting.outcomes() == {KEY: "done"}
    record = waiting.state.campaigns[KEY]
    assert (record.winner, record.winner_run, winners(waiting)) == ("one", 2, [1, 0])
    assert waiting.outcomes() == {}


def test_a_run_that_ended_while_the_plan_was_approved_gives_its_winner_to_no_other(waiting: Account) -> None:
    waiting.lifecycles = {KEY: Lifecycle(winner="two")}

    def decided_in_the_dashboard(_plan: Plan) -> bool:
        waiting.control.edit(waiting.id_of(KEY), status="scheduled")
        waiting.control.start(waiting.id_of(KEY))
        waiting.control.edit(waiting.id_of(KEY), status="needs_decision")
        assert waiting.live(KEY)["run_counter"] == 2
        return True

    assert waiting.outcomes(decided_in_the_dashboard) == {KEY: "failed"}
    assert winners(waiting) == []
    assert waiting.state.pending == {}


def test_a_winner_without_an_answer_is_that_of_its_run(waiting: Account) -> None:
    waiting.lifecycles = {KEY: Lifecycle(winner="two", winner_run=1)}
    waiting.wire.lose("set-winner", effect=0, answer=0)
    assert waiting.outcomes() == {KEY: "done"}
    assert waiting.state.campaigns[KEY].winner_run == 1


@pytest.mark.parametrize("cancels", [True, False])
def test_a_winner_from_before_a_replacement_is_inert_until_it_is_written_anew(
    late: Account, cancels: bool
) -> None:
    late.specs, late.lifecycles = {KEY: ONCE}, {KEY: Lifecycle(winner="two")}
    late.apply()
    if not cancels:
        late.control.edit(late.id_of(KEY), status="sent")
    late.apply(replace=(KEY,), overrides=("resend",))
    assert late.state.campaigns[KEY].named_before == ("two",)
    late.control.edit(late.id_of(KEY), status="needs_decision")
    before = len(late.wire.sent)
    assert late.outcomes() == {}
    assert "was written before this campaign was created" in late.plan().notes[0]
    assert len(late.wire.sent) == before

    late.lifecycles = {KEY: Lifecycle(winner="two", winner_run=1)}
    assert late.outcomes() == {KEY: "done"}
    assert [write.name for write in late.wire.sent[before:]] == ["set-winner"]


def test_a_winner_that_was_taken_out_and_applied_may_be_written_again(late: Account) -> None:
    late.specs, late.lifecycles = {KEY: ONCE}, {KEY: Lifecycle(winner="two", winner_run=1)}
    late.apply()
    late.apply(replace=(KEY,))
    late.control.edit(late.id_of(KEY), status="needs_decision")
    assert "take it out and apply" in late.plan().notes[0]
    late.lifecycles = {}
    late.apply()
    assert late.state.campaigns[KEY].named_before == ()
    late.lifecycles = {KEY: Lifecycle(winner="two", winner_run=1)}
    assert late.outcomes() == {KEY: "done"}
