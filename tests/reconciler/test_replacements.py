"""A replacement is one intent over both halves: the cancel, and the create."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import StateError
from campaignctl.plan.model import Action, Plan
from campaignctl.reconciler.state_ops import Answer
from campaignctl.review.outcome import Outcome
from campaignctl.state.halts import Halt
from campaignctl.state.model import Intent
from tests.reconciler.account import Account, Killed, campaign, only

KEY = "push/welcome"
FAR = "2036-06-01 10:00:00"
SPEC = campaign("Welcome", scheduled_time=FAR)
AGAIN = "campaignctl apply --replace push/welcome"


@pytest.fixture
def scheduled(late: Account) -> Account:
    late.specs[KEY] = SPEC
    late.apply()
    return late


def replaced(account: Account, **options: Any) -> Outcome:
    return account.apply(replace=(KEY,), **options)


def names(account: Account, after: int = 1) -> list[str]:
    """The writes since the first create."""
    return [write.name for write in account.wire.sent[after:]]


def statuses(account: Account) -> list[str]:
    return [each["status"] for each in account.control.campaigns()]


def half(account: Account) -> Intent:
    intent = account.state.pending[KEY]
    assert intent.half_done
    assert KEY not in account.state.campaigns
    return intent


def assert_done(account: Account) -> None:
    """The old campaign is canceled, the new one is recorded, and nothing is left to do."""
    assert statuses(account) == ["canceled", "scheduled"]
    assert account.id_of(KEY) == account.control.campaigns()[1]["id"]
    assert [(gone.id, gone.status) for gone in account.state.released] == [
        (account.control.campaigns()[0]["id"], "canceled")
    ]
    assert account.state.pending == {}
    assert account.apply().changes == ()


def halting(account: Account) -> Halt:
    """A stop mark that is set between the two halves."""
    halt = Halt("h", (KEY,), "wrong price", "ana", "desk", "2036-01-01T00:00:00Z")

    def set_mark(name: str) -> None:
        if name == "cancel":
            account.place.backend().change_halts(lambda halts: halts.with_halt(halt))

    account.wire.after_write = set_mark
    return halt


def half_done(account: Account) -> str:
    """Halted between the two halves; the halt is lifted again. Returns the id of the canceled campaign."""
    old = account.id_of(KEY)
    halting(account)
    assert only(replaced(account)).outcome == "failed"
    account.lift()
    account.wire.after_write = lambda _name: None
    assert half(account).id == old
    return old


def killed(account: Account, name: str, *, effect: float | None, **options: Any) -> None:
    """The process dies with its request under way, which takes effect later or never."""

    def die(write: str) -> None:
        if write == name:
            account.wire.after_write = lambda _name: None
            raise Killed

    account.wire.lose(name, effect=effect, answer=0)
    account.wire.after_write = die
    with pytest.raises(Killed):
        replaced(account, **options)


def test_both_halves_are_on_record_before_they_leave(scheduled: Account) -> None:
    old = scheduled.id_of(KEY)
    assert only(replaced(scheduled)).outcome == "done"
    cancel, create = (write.intent(KEY) for write in scheduled.wire.sent[1:])
    assert cancel is not None
    assert create is not None
    assert (cancel.operation, cancel.phase, cancel.ended, cancel.id) == ("replace", "started", False, old)
    assert (create.operation, create.phase, create.ended, create.id) == ("replace", "started", True, old)
    assert_done(scheduled)


@pytest.mark.parametrize("effect", [0, 14])
def test_after_a_kill_in_the_cancel_the_next_apply_creates(scheduled: Account, effect: float) -> None:
    killed(scheduled, "cancel", effect=effect)
    outcome = scheduled.apply()
    assert (only(outcome).action, outcome.result) == (Action.CREATE, "done")
    assert names(scheduled) == ["cancel", "create"]
    assert_done(scheduled)


def test_a_plan_says_that_half_of_it_is_done(scheduled: Account) -> None:
    killed(scheduled, "cancel", effect=0)
    (change,) = scheduled.plan().changes
    old = scheduled.control.campaigns()[0]["id"]
    assert change.reason == f"replace, half done: {old} is canceled"
    assert scheduled.plan().drift == ()


def test_after_a_kill_before_the_cancel_nothing_has_happened(scheduled: Account) -> None:
    killed(scheduled, "cancel", effect=None)
    assert scheduled.apply().changes == ()
    assert (statuses(scheduled), scheduled.state.pending) == (["scheduled"], {})


@pytest.mark.parametrize("effect", [0, 14])
def test_after_a_kill_in_the_create_it_is_found(scheduled: Account, effect: float) -> None:
    killed(scheduled, "create", effect=effect)
    assert scheduled.apply().result == "done"
    assert names(scheduled) == ["cancel", "create"]
    assert_done(scheduled)


def test_after_a_kill_before_the_create_it_is_posted_again_as_any_lost_create(scheduled: Account) -> None:
    killed(scheduled, "create", effect=None)
    (blocked,) = scheduled.apply().blocked
    assert blocked.status == "unsettled"
    scheduled.settled_by(repost_after=timedelta(0))
    assert only(scheduled.apply()).outcome == "done"
    assert names(scheduled) == ["cancel", "create", "create"]
    assert_done(scheduled)


@pytest.mark.parametrize("effect", [0, 14])
def test_a_cancel_whose_effect_is_late_is_waited_for(scheduled: Account, effect: float) -> None:
    scheduled.wire.lose("cancel", effect=effect, answer=0)
    assert only(replaced(scheduled)).outcome == "done"
    assert names(scheduled) == ["cancel", "create"]
    assert_done(scheduled)


FAULTS = {
    "no answer": {"kind": "drop"},
    "a 500": {"kind": "status", "status": 500},
    "an answer without effect": {"kind": "not_done"},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_cancel_that_did_not_happen_is_not_called_done(scheduled: Account, fault: dict[str, Any]) -> None:
    scheduled.control.fault({"path": "/cancel$", "times": 1}, fault)
    outcome = replaced(scheduled)
    assert (only(outcome).outcome, [str(each) for each in outcome.next]) == ("failed", [AGAIN])
    assert (statuses(scheduled), scheduled.state.pending) == (["scheduled"], {})
    assert scheduled.apply().changes == ()
    assert only(replaced(scheduled)).outcome == "done"
    assert_done(scheduled)


def test_a_cancel_that_could_not_be_read_back_is_not_called_done(scheduled: Account) -> None:
    scheduled.control.fault({"path": "/cancel$", "times": 1}, {"kind": "drop"})
    read = {"method": "GET", "path": f"/{scheduled.id_of(KEY)}$", "times": 4}
    scheduled.control.fault(read, {"kind": "status", "status": 500})
    outcome = replaced(scheduled)
    assert (only(outcome).outcome, [str(each) for each in outcome.next]) == ("failed", [AGAIN])
    assert (statuses(scheduled), scheduled.state.pending) == (["scheduled"], {})


def test_a_refused_cancel_leaves_everything_as_it_was(scheduled: Account) -> None:
    scheduled.control.fault({"path": "/cancel$", "times": 1}, {"kind": "status", "status": 400})
    assert only(replaced(scheduled)).outcome == "failed"
    assert (statuses(scheduled), scheduled.state.pending) == (["scheduled"], {})
    assert scheduled.apply().changes == ()


def test_a_refused_create_is_planned_again_with_what_the_manifest_says_then(scheduled: Account) -> None:
    scheduled.control.fault(
        {"path": "/campaigns$", "method": "POST", "times": 1}, {"kind": "status", "status": 422}
    )
    outcome = replaced(scheduled)
    error = only(outcome).error
    assert error is not None
    assert "is canceled already" in error.summary
    assert [str(each) for each in outcome.next] == ["campaignctl apply"]
    half(scheduled)
    scheduled.specs[KEY] = {**SPEC, "name": "Fixed"}
    assert only(scheduled.apply()).outcome == "done"
    assert scheduled.live(KEY)["name"] == "Fixed"
    assert_done(scheduled)


def test_a_halt_between_the_halves_holds_and_the_create_follows_once_it_is_lifted(scheduled: Account) -> None:
    halting(scheduled)
    outcome = replaced(scheduled)
    lift = f"campaignctl halt --lift {KEY} --reason TEXT"
    assert (only(outcome).outcome, [str(each) for each in outcome.next]) == ("failed", [lift])
    half(scheduled)
    assert [blocked.status for blocked in scheduled.apply().blocked] == ["halted"]
    scheduled.lift()
    assert only(scheduled.apply()).outcome == "done"
    assert_done(scheduled)


def changed(account: Account) -> None:
    account.specs[KEY] = {**SPEC, "name": "Changed"}


def test_a_manifest_that_changed_meanwhile_counts_and_is_shown(scheduled: Account) -> None:
    half_done(scheduled)
    changed(scheduled)
    (change,) = scheduled.plan().changes
    assert change.name == "Changed"
    scheduled.apply()
    assert scheduled.live(KEY)["name"] == "Changed"
    assert_done(scheduled)


def test_a_manifest_that_vanished_meanwhile_creates_nothing(scheduled: Account) -> None:
    half_done(scheduled)
    scheduled.specs.clear()
    assert scheduled.plan().changes == ()
    assert scheduled.apply().changes == ()
    assert (statuses(scheduled), scheduled.state.pending) == (["canceled"], {})


@pytest.mark.parametrize("phase", ["paused", "canceled"])
def test_a_manifest_that_stops_it_creates_nothing_until_it_is_active(scheduled: Account, phase: Any) -> None:
    half_done(scheduled)
    scheduled.lifecycles[KEY] = Lifecycle(phase=phase)
    assert scheduled.apply().changes == ()
    scheduled.lifecycles.clear()
    assert only(scheduled.apply()).outcome == "done"
    assert_done(scheduled)


def test_an_apply_of_other_keys_leaves_it(scheduled: Account) -> None:
    half_done(scheduled)
    scheduled.specs["other"] = campaign("Other", is_draft=True)
    scheduled.apply(targets=("other",))
    half(scheduled)


def test_a_guardrail_objects_as_to_any_create(scheduled: Account) -> None:
    half_done(scheduled)
    scheduled.guarded(require_targeting=True)
    assert scheduled.apply().result == "refused"
    half(scheduled)


def test_what_was_reviewed_covers_the_rest(scheduled: Account) -> None:
    reviewed = scheduled.plan(replace=(KEY,))
    half_done(scheduled)
    assert only(scheduled.apply(reviewed=(reviewed,))).outcome == "done"
    assert_done(scheduled)


def test_a_rest_that_was_not_reviewed_as_it_is_now_waits(scheduled: Account) -> None:
    reviewed = scheduled.plan(replace=(KEY,))
    half_done(scheduled)
    changed(scheduled)
    assert [each.status for each in scheduled.apply(reviewed=(reviewed,)).blocked] == ["not reviewed"]
    half(scheduled)


def test_a_review_of_another_replacement_does_not_cover_the_rest(scheduled: Account) -> None:
    reviewed = scheduled.plan(replace=(KEY,))
    half_done(scheduled)
    (change,) = reviewed.changes
    other = replace(reviewed, changes=(replace(change, id="7"),))
    assert [each.status for each in scheduled.apply(reviewed=(other,)).blocked] == ["not reviewed"]


def test_a_plan_of_the_rest_can_be_saved_and_applied(scheduled: Account) -> None:
    half_done(scheduled)
    assert only(scheduled.apply_saved(scheduled.plan())).outcome == "done"
    assert_done(scheduled)


def begins(account: Account) -> Callable[[Plan], bool]:
    """The campaign begins to send while the plan is approved."""
    account.control.switch(running_seconds=600)

    def approve(_plan: Plan) -> bool:
        account.control.start(account.id_of(KEY))
        return True

    return approve


def test_a_campaign_that_began_meanwhile_is_canceled_and_not_sent_again(scheduled: Account) -> None:
    old = scheduled.id_of(KEY)
    outcome = scheduled.apply(begins(scheduled), replace=(KEY,))
    command = "campaignctl apply --target push/welcome --override resend"
    assert (only(outcome).outcome, [str(each) for each in outcome.next]) == ("failed", [command])
    assert names(scheduled) == ["cancel"]
    assert old in {entry.id for entry in scheduled.state.sent}
    for change_it in (lambda _account: None, changed):
        change_it(scheduled)
        (blocked,) = scheduled.apply().blocked
        assert (blocked.status, str(blocked.hint)) == ("half done", command)
    assert only(scheduled.apply(targets=(KEY,), overrides=("resend",))).outcome == "done"
    assert_done(scheduled)


def test_a_second_send_that_was_asked_for_goes_on(scheduled: Account) -> None:
    outcome = scheduled.apply(begins(scheduled), replace=(KEY,), overrides=("resend",))
    assert only(outcome).outcome == "done"
    assert_done(scheduled)


def test_the_next_command_asks_again_for_what_was_not_started(late: Account) -> None:
    late.specs = {KEY: SPEC, "other": campaign("Other", scheduled_time=FAR)}
    late.apply()

    def interrupt(name: str) -> None:
        late.clock.time.interrupted = name == "cancel"

    late.wire.after_write = interrupt
    outcome = late.apply(replace=("*",), overrides=("max_destroy_percent",))
    results = {result.key: result.outcome for result in outcome.changes}
    assert sorted(results.values()) == ["not_started", "unknown"]
    late.clock.time.interrupted, late.wire.after_write = False, lambda _name: None
    left = next(key for key, result in results.items() if result == "not_started")
    (command,) = outcome.next
    assert str(command) == f"campaignctl apply --replace {left} --override max_destroy_percent"
    assert late.apply(replace=(left,)).result == "done"
    assert sorted(statuses(late)) == ["canceled", "canceled", "scheduled", "scheduled"]
    assert late.state.pending == {}


def test_a_replacement_in_two_steps_goes_on_too(late: Account) -> None:
    late.project = replace(late.project, api=replace(late.project.api, immediate="two_step"))
    late.specs = {KEY: SPEC}
    late.apply()
    late.specs[KEY] = campaign("Now", run_immediately=True)
    half_done(late)
    assert only(late.apply()).outcome == "done"
    assert names(late) == ["cancel", "create", "update"]
    assert len(late.control.sends()) == 1


def test_the_cancel_of_what_will_send_at_once_holds_nothing_else_back(scheduled: Account) -> None:
    scheduled.specs[KEY] = campaign("Now", run_immediately=True)
    killed(scheduled, "cancel", effect=None)
    scheduled.specs["other"] = campaign("Other", scheduled_time=FAR)
    assert [change.key for change in scheduled.plan(targets=("other",)).changes] == ["other"]
    scheduled.apply(targets=("other",))
    assert scheduled.state.pending == {}


@pytest.mark.parametrize(("answer", "unread"), [("done", False), ("done", True), ("adopt", False)])
def test_nobody_can_call_a_campaign_canceled_that_no_read_shows_as_canceled(
    scheduled: Account, answer: Answer, unread: bool
) -> None:
    old = scheduled.id_of(KEY)
    killed(scheduled, "cancel", effect=None)
    if unread:
        gone = {"kind": "status", "status": 404}
        scheduled.control.fault({"path": f"campaigns/{old}", "method": "GET"}, gone)
    with pytest.raises(StateError, match=f"no read shows the cancel of {old}"):
        scheduled.resolve(KEY, answer, campaign_id=old)
    scheduled.apply()
    assert statuses(scheduled) == ["scheduled"]
