"""A destroy says what the next apply creates again, and its next command is a destroy too."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.errors import Command
from campaignctl.review.outcome import Outcome
from tests.reconciler.account import Account, campaign

FAR = "2036-06-01 10:00:00"


@pytest.fixture
def two(late: Account) -> Account:
    """Two scheduled campaigns."""
    late.specs = {key: campaign(key, scheduled_time=FAR, description=key) for key in "ab"}
    late.apply()
    return late


def fail(account: Account, how: dict[str, Any], times: int = 1) -> None:
    """Let cancels fail."""
    account.control.fault({"method": "POST", "path": "/cancel", "times": times}, how)


def did(outcome: Outcome) -> dict[str, str]:
    return {result.key: result.outcome for result in outcome.changes}


def created_again(outcome: Outcome) -> list[str]:
    """The keys that the next apply creates again."""
    said = [note for note in outcome.notes if "the next apply creates" in note]
    return [name for note in said for name in note.partition(":")[0].split(", ")]


def test_what_it_ended_and_is_still_declared_is_named(two: Account) -> None:
    outcome = two.apply(destroy=True)
    assert (did(outcome), created_again(outcome)) == ({"a": "done", "b": "done"}, ["a", "b"])
    assert (outcome.result, outcome.next) == ("done", ())
    assert two.outcomes() == {"a": "done", "b": "done"}


def test_what_it_could_not_end_is_not(two: Account) -> None:
    fail(two, {"kind": "status", "status": 422})
    outcome = two.apply(destroy=True)
    assert (did(outcome), created_again(outcome)) == ({"a": "failed", "b": "done"}, ["b"])


@pytest.mark.parametrize("targets", [(), ("a",), ("a", "b")])
def test_the_next_command_is_a_destroy_of_the_same(two: Account, targets: tuple[str, ...]) -> None:
    fail(two, {"kind": "not_done"}, times=4)
    outcome = two.apply(destroy=True, targets=targets)
    asked = Command("plan", "--destroy", *(word for key in targets for word in ("--target", key)))
    assert outcome.next == (asked,)
    assert {result.error.hint for result in outcome.changes if result.error} == {str(asked)}


def test_after_a_saved_plan_it_is_one_of_what_is_left(two: Account) -> None:
    plan = two.plan(destroy=True)
    fail(two, {"kind": "not_done"}, times=4)
    (command,) = two.apply_saved(plan).next
    assert command == Command("plan", "--destroy", "--target", "a", "--target", "b")
    two.control.clear_faults()
    assert two.apply_saved(two.plan(destroy=True)).next == ()


def test_an_interrupted_destroy_goes_on_as_one(two: Account) -> None:
    two.wire.after_write = lambda _name: setattr(two.clock.time, "interrupted", True)
    outcome = two.apply(destroy=True, overrides=("max_destroy_percent",))
    assert outcome.result == "interrupted"
    assert outcome.next[-1] == Command("destroy", "--override", "max_destroy_percent")


# ----------------------------------------------------------------------- what an apply records of others


def test_what_others_ended_is_said_once(two: Account) -> None:
    two.specs["c"] = campaign("c", scheduled_time=FAR, description="c")
    two.apply()
    two.control.edit(two.id_of("a"), status="canceled")
    two.control.delete(two.id_of("b"))
    recorded = [note for note in two.apply(targets=("c",)).notes if note.startswith("recorded: ")]
    assert [note.split(":")[1] for note in recorded] == [" a", " b"]
    assert "canceled outside of campaignctl" in recorded[0]
    assert "no longer in this account" in recorded[1]
    assert {two.state.campaigns[key].status for key in "ab"} >= {"canceled"}
