"""Moves of records to other keys: chains and swaps in one plan, once; ambiguous ones are blocked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options, Plan
from campaignctl.state.model import Record
from tests.golden import Golden
from tests.plan.planning import (
    DRAFT,
    IMMEDIATE,
    MANUAL,
    SCHEDULED,
    Spec,
    intent,
    live,
    plan_of,
    record,
    state,
    wanted,
)

EARLY = {**SCHEDULED, "scheduled_time": "2036-12-24 09:00:00"}


def named(name: str) -> Spec:
    """A scheduled campaign of that name."""
    return {**SCHEDULED, "name": name}


def did(plan: Plan) -> list[tuple[str, str]]:
    """Key and action of every change."""
    return [(change.key, str(change.action)) for change in plan.changes]


def blocked(plan: Plan) -> list[str]:
    """The blocked keys."""
    return [one.key for one in plan.blocked]


def after(plan: Plan, records: Mapping[str, Record]) -> dict[str, Record]:
    """The records after the moves of a plan."""
    moved = {change.moved_from: plan.observed[change.key] for change in plan.changes if change.moved_from}
    keys = {change.moved_from: change.key for change in plan.changes if change.moved_from}
    kept = {key: one for key, one in records.items() if key not in moved}
    return {**kept, **{keys[old]: one for old, one in moved.items()}}


@pytest.mark.parametrize("status", ["scheduled", "paused", "running", "sent", "canceled", "needs_decision"])
def test_a_moved_record_is_not_touched_in_the_account(status: str) -> None:
    known = {"old": record(SCHEDULED, status)}
    plan = plan_of(wanted(SCHEDULED, "new", moved_from=("old",)), known=state(known))
    assert did(plan) == [("new", "move")]
    (change,) = plan.changes
    assert not change.requests
    assert (change.moved_from, change.reason) == ("old", "recorded as old")
    assert plan.observed["new"].moved_from == "old"
    again = plan_of(wanted(SCHEDULED, "new", moved_from=("old",)), known=state(after(plan, known)))
    assert again.empty
    assert not again.refused


def test_a_moved_record_is_decided_under_its_new_key() -> None:
    known = state({"old": record(SCHEDULED)})
    plan = plan_of(wanted(named("New"), "new", moved_from=("old",)), known=known)
    assert did(plan) == [("new", "move"), ("new", "update")]
    assert plan.changes[1].requests[0].body == {"name": "New"}
    stopped = plan_of(
        wanted(SCHEDULED, "new", moved_from=("old",), lifecycle=Lifecycle(phase="canceled")), known=known
    )
    assert did(stopped) == [("new", "move"), ("new", "cancel")]


def test_moving_sent_campaigns_sends_nothing() -> None:
    known = state({f"old/{n}": record({**IMMEDIATE, "name": f"{n}"}, "sent", f"{n}") for n in range(9)})
    moved = (wanted({**IMMEDIATE, "name": f"{n}"}, f"new/{n}", moved_from=(f"old/{n}",)) for n in range(9))
    plan = plan_of(*moved, known=known, reading=Reading())
    assert {action for _, action in did(plan)} == {"move"}
    assert not plan.objections


@pytest.mark.parametrize("former", ["older", "old"])
def test_of_several_old_keys_the_recorded_one_is_moved(former: str) -> None:
    known = state({former: record(SCHEDULED)})
    plan = plan_of(wanted(SCHEDULED, "new", moved_from=("old", "older")), known=known)
    assert [change.moved_from for change in plan.changes] == [former]


CHAIN = {"a": record(named("A"), campaign_id="1"), "b": record(named("B"), campaign_id="2")}


def test_a_chain_is_moved_in_one_plan_and_once() -> None:
    desired = (
        wanted(named("A"), "b", moved_from=("a",)),
        wanted(named("B"), "c", moved_from=("b",)),
    )
    plan = plan_of(*desired, known=state(CHAIN))
    assert [(change.moved_from, change.key, change.id) for change in plan.changes] == [
        ("a", "b", "1"),
        ("b", "c", "2"),
    ]
    assert not plan.blocked
    again = plan_of(*desired, known=state(after(plan, CHAIN)))
    assert again.empty
    assert not again.refused


def test_a_swap_is_moved_once() -> None:
    desired = (
        wanted(named("B"), "a", moved_from=("b",)),
        wanted(named("A"), "b", moved_from=("a",)),
    )
    plan = plan_of(*desired, known=state(CHAIN))
    assert sorted((change.moved_from, change.key, change.id) for change in plan.changes) == [
        ("a", "b", "1"),
        ("b", "a", "2"),
    ]
    again = plan_of(*desired, known=state(after(plan, CHAIN)))
    assert again.empty
    assert not again.refused


def test_two_records_for_one_campaign_block_and_neither_is_removed(golden: Golden) -> None:
    plan = plan_of(wanted(named("C"), "c", moved_from=("a", "b")), known=state(CHAIN))
    assert plan.empty
    assert {one.key: one.id for one in plan.blocked} == {"a": "1", "b": "2", "c": None}
    golden("two records", plan.blocked[0].reason)
    assert "campaignctl state rm a" in plan.blocked[0].hint


def test_a_recorded_target_blocks_and_both_are_named(golden: Golden) -> None:
    plan = plan_of(wanted(named("B"), "b", moved_from=("a",)), known=state(CHAIN))
    assert plan.empty
    assert blocked(plan) == ["a", "b"]
    golden("target is recorded", plan.blocked[1].reason)


def test_a_blocked_move_blocks_those_that_need_its_key() -> None:
    known = state({**CHAIN, "c": record(named("C"), campaign_id="3")})
    plan = plan_of(
        wanted(named("A"), "b", moved_from=("a",)), wanted(named("B"), "c", moved_from=("b",)), known=known
    )
    assert plan.empty
    assert blocked(plan) == ["a", "b", "c"]


def test_two_campaigns_cannot_both_be_moved_from_one() -> None:
    known = state({"a": record(named("A"), campaign_id="1")})
    both = (wanted(named(name), name, moved_from=("a",)) for name in "bc")
    plan = plan_of(*both, known=known)
    assert plan.empty
    assert {one.key: one.reason for one in plan.blocked} == {
        "a": "b and c are both moved from a",
        "b": "c and b are both moved from a",
        "c": "b and c are both moved from a",
    }


def test_a_source_that_is_still_declared_stays() -> None:
    known = state({"a": record(named("A"), campaign_id="1")})
    plan = plan_of(wanted(named("A"), "a"), wanted(named("B"), "b", moved_from=("a",)), known=known)
    assert plan.empty
    assert blocked(plan) == ["b"]


def test_an_unsettled_campaign_is_not_moved() -> None:
    known = state(pending={"old": intent(SCHEDULED)})
    plan = plan_of(wanted(SCHEDULED, "new", moved_from=("old",)), known=known)
    assert plan.empty
    assert blocked(plan) == ["new", "old"]
    assert {one.hint for one in plan.blocked} == {"campaignctl apply"}


def test_a_campaign_found_for_a_pending_create_is_moved() -> None:
    known = state(pending={"old": intent(SCHEDULED)})
    reading = Reading(settled={"old": live(SCHEDULED)})
    assert did(plan_of(wanted(SCHEDULED, "new", moved_from=("old",)), known=known, reading=reading)) == [
        ("new", "move")
    ]


@pytest.mark.parametrize("target", ["old", "new"])
def test_a_target_takes_both_ends_of_a_move(target: str) -> None:
    known = state({"old": record(SCHEDULED), "other": record(DRAFT, "draft", "7")})
    desired = wanted(SCHEDULED, "new", moved_from=("old",))
    plan = plan_of(desired, known=known, options=Options(targets=(target,)))
    assert did(plan) == [("new", "move")]


def test_destroy_moves_nothing_and_obeys_the_new_manifest() -> None:
    known = state({"old": record(SCHEDULED)})
    desired = wanted(SCHEDULED, "new", moved_from=("old",), lifecycle=Lifecycle(prevent_destroy=True))
    plan = plan_of(desired, known=known, options=Options(destroy=True))
    assert plan.empty
    assert blocked(plan) == ["old"]
    free = plan_of(wanted(SCHEDULED, "new", moved_from=("old",)), known=known, options=Options(destroy=True))
    assert did(free) == [("old", "cancel")]


def test_moves_come_before_everything() -> None:
    known = state({"a": record(SCHEDULED, campaign_id="1"), "gone": record(EARLY, campaign_id="2")})
    plan = plan_of(wanted(SCHEDULED, "z", moved_from=("a",)), wanted(MANUAL, "b"), known=known)
    assert did(plan) == [("z", "move"), ("gone", "cancel"), ("b", "create")]


def test_a_rename_without_moved_is_noticed() -> None:
    plan = plan_of(wanted(SCHEDULED, "new"), known=state({"old": record(SCHEDULED)}))
    assert did(plan) == [("old", "cancel"), ("new", "create")]
    proposal = "new has the content of old; if it was renamed, write `moved: {from: old}` in new"
    assert plan.notes == (proposal,)
    assert all(proposal in change.warnings for change in plan.changes)


def test_ambiguous_content_proposes_no_move() -> None:
    known = state({"a": record(SCHEDULED, campaign_id="1"), "b": record(SCHEDULED, campaign_id="2")})
    plan = plan_of(wanted(SCHEDULED, "c"), known=known)
    assert plan.notes == ()
