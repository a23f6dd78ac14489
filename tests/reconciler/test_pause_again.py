"""What every apply does first: what can send although it is halted is paused again, and told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.errors import ApiError, Command, Sentence
from campaignctl.manifest.model import DesiredState
from campaignctl.plan.model import Action
from campaignctl.reconciler.pause_again import pause_again, with_paused_again
from campaignctl.review.outcome import ChangeResult, Failure, Outcome
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halt, Halts, Held, Lift
from campaignctl.state.model import State
from tests.plan.planning import ID, KEY, NOW, SCHEDULED, live, record
from tests.reconciler.performing import here, item
from tests.reconciler.scripted import PROJECT, Direct, Script, direct

ALL = Halts((Halt("h1", None, "wrong price", "ana", "laptop", iso(NOW)),))
LIFTED = Halts((replace(ALL.halts[0], lifted=(Lift(None, "fixed", "ana", iso(NOW)),)),))
PAST = {**SCHEDULED, "scheduled_time": "2020-01-01 10:00:00"}


def of(*keys: str) -> Halts:
    return Halts((Halt("h1", keys, "wrong price", "ana", "laptop", iso(NOW)),))


def known(**campaigns: Any) -> State:
    return here({key: record(SCHEDULED, **each) for key, each in campaigns.items()})


def paused(
    state: State | None, mark: Halts, script: Script | None = None, *, at_hand: bool = True, **how: Any
) -> tuple[Direct, dict[str, str]]:
    """What was asked and recorded, and the outcomes by key; the API shows it paused from the pause on."""
    script = script or Script([item(status="paused")])
    with direct(state, script) as one:
        one.kept.mark = mark
        run = one.run(*([live(SCHEDULED)] if at_hand else []))
        pause_again(run, DesiredState(PROJECT, {}, "d"), **how)
    return one, {result.key: result.outcome for result in run.paused_again}


def test_what_can_send_although_it_is_halted_is_paused() -> None:
    one, outcomes = paused(known(a={}), ALL)
    assert outcomes == {"a": "done"}
    assert [word for word in one.script.asked if not word.isdigit()] == ["pause"]
    assert one.state.campaigns["a"].status == "paused"
    assert [each.operation for each in one.state.history] == ["pause of what is halted"]
    # On record before the pause, so that one which was killed in it is known.
    assert [each.outcome for step in one.kept.steps for each in step.history] == ["started", "done"]
    assert one.state.stop_mark
    assert not any(each.decision for each in one.kept.steps if each.stop_mark or each.history)


@pytest.mark.parametrize(
    ("state", "mark", "marked"),
    [
        (None, ALL, False),
        (known(a={}), Halts(), False),
        (known(a={}), LIFTED, True),
        (known(a={}), of("b"), True),
        (known(a={"status": "canceled"}), ALL, True),
        (here({"a": record(PAST, "sent")}), ALL, True),
    ],
)
def test_what_is_not_halted_or_is_over_is_left_alone(state: State | None, mark: Halts, marked: bool) -> None:
    one, outcomes = paused(state, mark)
    assert (outcomes, one.script.asked) == ({}, [])
    assert [step.stop_mark for step in one.kept.steps] == [True] * marked


def test_only_what_is_halted_is_read_before_the_pause() -> None:
    one, _ = paused(known(a={}), of("b"), at_hand=False)
    assert one.script.asked == []


@pytest.mark.parametrize(("version", "marked"), [(1, False), (2, True)])
def test_a_state_of_format_1_cannot_remember_a_mark(version: int, marked: bool) -> None:
    state = replace(known(a={}), format_version=version)
    one, _ = paused(state, of("b"))
    assert [step.stop_mark for step in one.kept.steps] == [True] * marked
    one, _ = paused(replace(state, stop_mark=True), of("b"))
    assert one.kept.steps == [], "it remembers it already"


def test_one_that_this_run_paused_before_is_not_looked_at_again() -> None:
    one, outcomes = paused(known(a={}), ALL, known=[ID])
    assert (outcomes, one.script.asked) == ({}, [])


def test_a_key_of_before_a_move_is_halted_too() -> None:
    _, outcomes = paused(known(a={"moved_from": "old"}), of("old"))
    assert outcomes == {"a": "done"}


def test_one_that_is_halted_by_its_id_is_paused_under_any_key() -> None:
    halt = replace(of("other").halts[0], held=(Held("other", ID, ""),))
    _, outcomes = paused(known(a={}), Halts((halt,)))
    assert outcomes == {"a": "done"}


def test_what_the_opening_read_showed_is_not_read_before_the_pause() -> None:
    one, _ = paused(known(a={}), ALL)
    assert one.script.asked[0] == "pause"
    one, _ = paused(known(a={}), ALL, Script([item()]), at_hand=False)
    assert one.script.asked[0] != "pause"


@pytest.mark.parametrize("status", [403, 500])
def test_one_that_cannot_be_read_keeps_no_other_from_being_paused(status: int) -> None:
    state = here({"a": record(SCHEDULED), "b": record(SCHEDULED, campaign_id="7")})
    with direct(state, Script([item(status="paused")], {"7": status})) as one:
        one.kept.mark = ALL
        run = one.run(live(SCHEDULED))
        with pytest.raises(ApiError, match=str(status)):
            pause_again(run, DesiredState(PROJECT, {}, "d"))
    assert {result.key: result.outcome for result in run.paused_again} == {"a": "done"}
    assert one.script.asked.count("pause") == 1


def test_one_that_is_paused_already_is_not_paused() -> None:
    one, outcomes = paused(known(a={}), ALL, Script([item(status="paused")]), at_hand=False)
    assert (outcomes, "pause" in one.script.asked) == ({}, False)
    assert one.state.history == ()


# ---------------------------------------------------------------------------------------------- what is told


def result(key: str = KEY, outcome: Any = "done", error: Failure | None = None) -> ChangeResult:
    return ChangeResult(key, Action.PAUSE, ID, outcome, error)


def told(first: list[ChangeResult], later: list[ChangeResult], verdict: Any = "done") -> Outcome:
    with direct(known(a={})) as one:
        run = one.run()
        run.paused_again += first
        outcome = Outcome(verdict, tuple(later), serial=3, next=(Command("plan"),))
        return with_paused_again(run, outcome)


def test_pauses_stand_before_what_was_applied() -> None:
    found = told([result()], [result("b")])
    assert [each.key for each in found.changes] == [KEY, "b"]
    assert (found.result, found.next) == ("done", (Command("plan"),))
    assert found.serial == known(a={}).serial


def test_a_pause_that_was_repeated_is_told_once_as_it_ended() -> None:
    found = told([result(outcome="failed", error=Failure("no"))], [result()])
    assert [each.outcome for each in found.changes] == ["done"]
    assert (found.result, found.next) == ("done", (Command("plan"),))


@pytest.mark.parametrize("verdict", ["done", "failed"])
@pytest.mark.parametrize("again", [True, False])
def test_a_pause_that_failed_names_the_cancel_first(verdict: str, again: bool) -> None:
    bad = result(outcome="failed", error=Failure("no"))
    found = told([bad], [bad] if again else [], verdict)
    cancel = Command("halt", KEY, "--cancel", "--reason", "TEXT")
    assert found.next == (cancel, Command("plan"))
    assert found.result == ("incomplete" if verdict == "done" else verdict)
    ((only),) = found.changes
    assert only.error is not None
    assert only.error.summary == "no"
    assert isinstance(only.error.hint, Sentence)
    words = (
        f"`campaignctl halt {KEY} --cancel --reason TEXT` cancels it if it cannot be paused, which is final"
    )
    assert only.error.hint == words


def test_one_that_did_not_start_has_its_own_hint() -> None:
    waiting = result(outcome="not_started", error=Failure("stopped"))
    found = told([waiting], [])
    assert found.changes == (waiting,)
    assert found.result == "incomplete"


def test_one_that_did_not_start_for_no_reason_names_no_command() -> None:
    found = told([result(outcome="not_started")], [])
    assert (found.result, found.next) == ("incomplete", (Command("plan"),))


def test_one_without_a_reason_says_that_it_is_not_paused() -> None:
    found = told([result(outcome="unknown")], [])
    assert [each.error.summary for each in found.changes if each.error] == ["not paused"]


def test_a_pause_that_failed_only_in_the_plan_keeps_its_own_hint() -> None:
    own = Failure("no", hint=Sentence(Command("apply", "--target", KEY)))
    found = told([result()], [result(outcome="failed", error=own)], "incomplete")
    assert [(each.outcome, each.error) for each in found.changes] == [("failed", own)]
    assert found.next == (Command("plan"),)
