"""What an apply does while a halt is in force: what can send all the same is paused before anything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.errors import CampaignctlError, Command
from campaignctl.plan.codec import decode, dumps
from campaignctl.plan.model import Plan
from campaignctl.reconciler.apply import apply_saved
from campaignctl.reconciler.doctor import examine
from campaignctl.reconciler.status import status
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halt, Halts
from tests.reconciler.account import Account, campaign
from tests.reconciler.test_halting import FAR, text, when


def no(_plan: Plan) -> bool:
    """Approve no plan."""
    return False


def halted(account: Account, *keys: str, **specs: Any) -> None:
    """Campaigns that were applied, halted, and resumed in the dashboard."""
    account.specs = {
        key: campaign(key, scheduled_time=FAR, **{**text(key), **spec}) for key, spec in specs.items()
    }
    account.apply()
    assert account.halt(*keys).stopped
    for key in specs:
        if account.status_of(key) == "paused":
            account.control.resume(account.id_of(key))


def test_what_was_resumed_is_drift_and_the_next_apply_pauses_it(account: Account) -> None:
    halted(account, a={})
    plan = account.plan()
    assert [(change.key, str(change.action)) for change in plan.changes] == [("a", "pause")]
    assert [each.key for each in plan.drift] == ["a"]
    assert account.plan(refresh_only=True).drift
    before = account.mark
    assert account.outcomes() == {"a": "done"}
    assert (account.writes(before), account.status_of("a")) == (["pause"], "paused")
    assert account.plan().changes == ()
    assert account.state.history[-1].operation == "pause of what is halted"


def test_a_lift_of_one_letter_leaves_the_longer_keys_of_a_pattern_halted(account: Account) -> None:
    halted(account, "*", a={}, ab={})
    account.lift("?")
    before = account.mark
    assert account.outcomes() == {"ab": "done"}
    assert (account.writes(before), account.status_of("ab")) == (["pause"], "paused")
    account.lift("ab")
    account.apply()
    assert account.status_of("ab") == "scheduled"


def test_status_says_that_it_can_send(account: Account) -> None:
    halted(account, "a", a={}, b={})
    rows = {row.key: row.goes for row in status(account.wiring, account.desired).rows}
    assert rows == {"a": True, "b": False}


@pytest.mark.parametrize("selection", [{"targets": ("b",)}, {"refresh_only": True}, {"refresh": False}])
def test_no_selection_leaves_it_out(account: Account, selection: dict[str, Any]) -> None:
    halted(account, "a", a={}, b={})
    account.apply(**selection)
    assert (account.status_of("a"), account.status_of("b")) == ("paused", "scheduled")


def test_an_apply_that_is_not_approved_pauses_it_all_the_same(account: Account) -> None:
    halted(account, "a", a={}, b={})
    account.specs["c"] = campaign("C", scheduled_time=FAR, **text("c"))
    outcome = account.apply(no)
    assert outcome.result == "refused"
    assert [(one.key, one.outcome) for one in outcome.changes] == [("a", "done"), ("c", "not_started")]
    assert account.status_of("a") == "paused"


def test_an_objection_stops_everything_else(account: Account) -> None:
    halted(account, a={})
    account.guarded(max_immediate_sends=0)
    account.specs["c"] = campaign("C", run_immediately=True, **text("c"))
    account.lift("c")
    outcome = account.apply()
    assert [one.guardrail for one in outcome.objections] == ["max_immediate_sends"]
    assert [(one.key, one.outcome) for one in outcome.changes] == [("a", "done"), ("c", "not_started")]
    assert (account.status_of("a"), account.control.sends()) == ("paused", [])


def test_it_comes_before_everything_else_that_is_written(account: Account) -> None:
    halted(account, "z", z={}, gone={})
    del account.specs["gone"]
    account.specs["new"] = campaign("New", scheduled_time=FAR, **text("new"))
    before = account.mark
    account.apply()
    assert account.writes(before) == ["pause", "cancel", "New"]


def test_a_saved_plan_pauses_it_too_and_is_applied(account: Account) -> None:
    halted(account, "a", a={}, b={})
    account.control.pause(account.id_of("a"))
    account.specs["new"] = campaign("New", scheduled_time=FAR, **text("new"))
    plan = account.plan()
    account.control.resume(account.id_of("a"))
    before = account.mark
    assert apply_saved(account.wiring, plan).result == "done"
    assert account.writes(before) == ["pause", "New"]


def test_a_saved_plan_with_its_pause_is_applied_as_it_is(account: Account) -> None:
    halted(account, "a", a={}, b={})
    account.specs["a"] = {**account.specs["a"], "description": "new"}
    before = account.mark
    outcome = apply_saved(account.wiring, account.plan())
    assert account.writes(before) == ["pause", "update"]
    assert [one.outcome for one in outcome.changes] == ["done", "done"]


def test_a_saved_plan_whose_campaign_was_resumed_finds_it_paused_again(account: Account) -> None:
    halted(account, "a", a={}, b={})
    account.control.pause(account.id_of("a"))
    account.specs["a"] = {**account.specs["a"], "description": "new"}
    plan = account.plan()
    account.control.resume(account.id_of("a"))
    before = account.mark
    assert apply_saved(account.wiring, plan).result == "done"
    assert (account.writes(before), account.status_of("a")) == (["pause", "update"], "paused")


def test_a_create_that_landed_after_the_halt_is_found_and_paused_at_once(account: Account) -> None:
    account.specs = {"a": campaign("A", is_draft=True)}
    account.apply()
    account.specs["b"] = campaign("B", scheduled_time=FAR, **text("b"))
    account.control.fault({"method": "POST", "times": 1}, {"kind": "lost_answer"})

    def interrupted(_plan: Plan) -> bool:
        account.clock.time.interrupt_at = account.clock.time.monotonic() + 1
        return True

    account.apply(interrupted)
    account.clock.time.interrupt_at = None
    assert set(account.state.pending) == {"b"}
    account.halt()
    (late,) = (one["id"] for one in account.control.campaigns() if one["live"]["name"] == "B")
    account.control.resume(late)
    before = account.mark
    outcome = account.apply(no)
    assert [(one.key, str(one.action), one.outcome) for one in outcome.changes] == [("b", "pause", "done")]
    assert (account.writes(before), account.status_of("b")) == (["pause"], "paused")


@pytest.mark.parametrize("refusal", [400, 500])
def test_a_pause_that_fails_names_the_command_that_cancels(account: Account, refusal: int) -> None:
    halted(account, "a", a={}, b={})
    account.control.fault({"path": "/pause$", "times": 99}, {"kind": "status", "status": refusal})
    outcome = account.apply()
    assert outcome.result == "incomplete"
    (result,) = outcome.changes
    assert (result.key, result.outcome) == ("a", "failed")
    assert Command("halt", "a", "--cancel", "--reason", "TEXT") in outcome.next


def test_a_resume_by_others_after_the_lift_is_nothing_to_us(account: Account) -> None:
    halted(account, a={})
    account.lift()
    assert account.outcomes() == {}
    assert account.status_of("a") == "scheduled"


def test_what_an_apply_has_paused_again_is_resumed_after_the_lift(account: Account) -> None:
    halted(account, a={})
    account.apply()
    account.lift()
    account.apply()
    assert account.status_of("a") == "scheduled"


# A stop mark that is deleted.


def deleted(account: Account) -> None:
    """Campaigns that are halted, an apply that saw it, and then no stop mark."""
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.halt()
    account.apply()
    account.place.sibling("halts").unlink()


LIFT = "campaignctl halt --lift --reason TEXT"


def test_a_deleted_mark_is_said_and_stops_what_sends(account: Account) -> None:
    deleted(account)
    account.specs["b"] = campaign("B", scheduled_time=FAR, **text("b"))
    account.specs["draft"] = campaign("Draft", is_draft=True, **text("draft"))
    blocked = account.plan().blocked
    assert [one.key for one in blocked] == ["a", "b", "draft"]
    assert all("was deleted" in one.reason and one.hint.startswith(f"`{LIFT}`") for one in blocked)
    before = account.mark
    outcome = account.apply()
    assert (outcome.result, account.writes(before)) == ("incomplete", [])
    (note,) = status(account.wiring, account.desired).notes
    assert LIFT in note
    (check,) = (one for one in examine(account.wiring) if one.name == "halts")
    assert (check.verdict, LIFT in check.fix) == ("problem", True)


def test_a_mark_that_is_deleted_during_an_apply_stops_it(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.halt("a")
    account.specs["b"] = campaign("B", scheduled_time=FAR, **text("b"))

    def delete(_plan: Plan) -> bool:
        account.place.sibling("halts").unlink()
        return True

    (result,) = account.apply(delete).changes
    assert result.outcome == "not_started"
    assert result.error is not None
    assert "was deleted" in result.error.summary


@pytest.mark.parametrize(
    "settle", [Account.lift, Account.halt, lambda account: account.halt("a")], ids=["lift", "all", "key"]
)
def test_a_lift_or_a_new_halt_settles_it(account: Account, settle: Callable[[Account], object]) -> None:
    deleted(account)
    settle(account)
    account.specs["b"] = campaign("B", scheduled_time=FAR, **text("b"))
    account.lift("b") if settle is Account.halt else None
    assert account.outcomes()["b"] == "done"
    (check,) = (one for one in examine(account.wiring) if one.name == "halts")
    assert check.verdict != "problem"


def test_a_lift_of_one_key_does_not_settle_it(account: Account) -> None:
    deleted(account)
    with pytest.raises(CampaignctlError) as refused:
        account.lift("a")
    assert refused.value.hint.startswith(f"`{LIFT}`")


def test_a_first_apply_remembers_the_mark_too(account: Account) -> None:
    account.specs = {key: campaign(key, scheduled_time=FAR, **text(key)) for key in "ab"}
    account.halt("a")
    account.apply()
    assert account.state.stop_mark
    assert set(account.state.campaigns) == {"b"}


# A halt that is being carried out.


def ordered(
    account: Account, key: str = "other", *, minutes: int = 0, under_way: bool = True
) -> Callable[[Plan], bool]:
    """A halt of another key begins while the plan is approved."""
    at = iso(account.clock.now() - timedelta(minutes=minutes))
    halt = Halt("h-1", (key,), "wrong price", "ana", "laptop", at, under_way=at if under_way else None)

    def approve(_plan: Plan) -> bool:
        account.place.backend().change_halts(lambda halts: halts.with_halt(halt))
        account.clock.time.sleep(2)
        return True

    return approve


def over(account: Account) -> None:
    """The halt has sent its pauses."""

    def carried_out(halts: Halts) -> Halts:
        return replace(halts, halts=tuple(replace(halt, under_way=None) for halt in halts.halts))

    account.place.backend().change_halts(carried_out)


@pytest.mark.parametrize("edited", [True, False])
def test_an_apply_gives_way_to_a_halt_of_others(account: Account, edited: bool) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    if edited:
        account.specs["a"] = {**account.specs["a"], "description": "new"}
    else:
        account.specs["b"] = campaign("B", scheduled_time=FAR, **text("b"))
    before, written = account.mark, []

    def meanwhile() -> None:
        written.extend(account.writes(before))
        over(account)

    when(account, "a halt is being carried out", meanwhile)
    assert set(account.outcomes(ordered(account)).values()) == {"done"}
    assert (written, account.writes(before)) == ([], ["update" if edited else "B"])
    assert len([event for event in account.events if "a halt is being" in event.text]) == 1


def test_an_apply_that_begins_during_a_halt_reads_what_it_did(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    ordered(account, "a")(account.plan())
    campaign_id = account.id_of("a")

    def carried_out() -> None:
        account.control.pause(campaign_id)
        over(account)

    when(account, "a halt is being carried out", carried_out)
    before = account.mark
    assert account.outcomes() == {}
    assert account.writes(before) == []


def test_what_that_halt_names_is_not_sent_after_the_wait(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}

    def another() -> None:
        halt = Halt("h-2", ("a",), "wrong price", "ana", "laptop", iso(account.clock.now()))
        account.place.backend().change_halts(lambda halts: halts.with_halt(halt))
        over(account)

    when(account, "a halt is being carried out", another)
    assert account.outcomes(ordered(account)) == {"a": "not_started"}
    assert account.control.campaigns() == []


def test_a_halt_that_died_is_waited_for_a_few_minutes(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    began = account.clock.now()
    assert account.outcomes(ordered(account)) == {"a": "done"}
    assert timedelta(minutes=4) < account.clock.now() - began < timedelta(minutes=6)


def test_what_is_read_again_after_the_wait_may_be_gone(account: Account) -> None:
    halted(account, "a", "b", a={}, b={})
    account.control.delete(account.id_of("a"))
    ordered(account)(account.plan())
    when(account, "a halt is being carried out", lambda: over(account))
    outcome = account.apply()
    assert [(one.key, one.outcome) for one in outcome.changes] == [("b", "done")]
    assert [one.key for one in outcome.blocked] == ["a"]
    assert account.status_of("b") == "paused"


@pytest.mark.parametrize("order", [{"under_way": False}, {"minutes": 6}])
def test_an_old_halt_is_not_waited_for(account: Account, order: dict[str, Any]) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    began = account.clock.now()
    assert account.outcomes(ordered(account, **order)) == {"a": "done"}
    assert account.clock.now() - began < timedelta(minutes=1)


# A halt holds campaigns, directly before the request.


def meanwhile_halted(account: Account, *keys: str) -> Callable[[Plan], bool]:
    """These keys are halted while the plan is approved."""

    def approve(_plan: Plan) -> bool:
        rival = replace(account)
        rival.specs = dict(account.specs)
        rival.halt(*keys)
        return True

    return approve


def test_a_rename_is_not_created_after_a_halt_of_its_folder(account: Account) -> None:
    account.specs = {"push/a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.specs = {"mail/a": {**account.specs["push/a"], "labels": ["moved"]}}
    outcome = account.apply(meanwhile_halted(account, "push/*"))
    results = {one.key: one.outcome for one in outcome.changes}
    assert results == {"push/a": "done", "mail/a": "not_started"}
    assert [one["live"]["status"] for one in account.control.campaigns()] == ["canceled"]


def test_a_key_that_takes_over_another_is_not_created_after_its_halt(account: Account) -> None:
    account.specs = {"first": campaign("First", is_draft=True, **text("first"))}
    account.apply()
    account.specs["mail/a"] = campaign("A", scheduled_time=FAR)
    account.moved = {"mail/a": "push/a"}
    assert account.outcomes(ordered(account, "push/*", under_way=False)) == {"mail/a": "not_started"}


def test_a_saved_plan_takes_over_no_key_that_was_halted_since(account: Account) -> None:
    account.specs = {"first": campaign("First", is_draft=True, **text("first"))}
    account.apply()
    account.specs["mail/a"] = campaign("A", scheduled_time=FAR)
    account.moved = {"mail/a": "push/a"}
    plan = decode(dumps(account.plan()))
    ordered(account, "push/*", under_way=False)(plan)
    before = account.mark
    (change,) = account.apply_saved(plan).changes
    assert (change.key, change.outcome) == ("mail/a", "not_started")
    assert account.writes(before) == []


def test_a_create_that_is_posted_again_is_not_when_it_is_halted(account: Account) -> None:
    account.settled_by(repost_after=timedelta(0))
    account.specs = {"first": campaign("First", is_draft=True, **text("first"))}
    account.apply()
    account.specs["a"] = campaign("A", scheduled_time=FAR)
    account.control.fault({"method": "POST", "times": 1}, {"kind": "drop"})
    account.apply()
    assert account.state.pending["a"].phase == "started"
    before = account.mark
    account.apply(meanwhile_halted(account, "a"))
    assert (account.writes(before), account.state.pending["a"].phase) == ([], "started")


def test_a_draft_that_is_posted_again_in_the_same_run_is_not_when_it_is_halted(account: Account) -> None:
    account.specs = {"first": campaign("First", is_draft=True, **text("first"))}
    account.apply()
    account.specs["a"] = campaign("A", is_draft=True)
    account.control.fault({"method": "POST", "times": 1}, {"kind": "drop"})
    when(account, "settling", lambda: replace(account, on_event=None).halt("a"))
    before = account.mark
    assert account.outcomes() == {"a": "unknown"}
    assert account.writes(before) == ["A"]
