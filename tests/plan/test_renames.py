"""Renames, and campaigns that no manifest declares any more: their content is not created twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options
from tests.plan.planning import (
    IMMEDIATE,
    NOW,
    RECURRING,
    SCHEDULED,
    Spec,
    body,
    intent,
    live,
    message,
    plan_of,
    record,
    state,
    wanted,
)
from tests.plan.twin_plans import DE, at, blocked, did, next_to, renamed

RENAMES = [renamed(SCHEDULED), at(7, renamed(SCHEDULED)), {**SCHEDULED, "labels": ["x"]}]


@pytest.mark.parametrize("spec", RENAMES)
def test_the_create_of_a_rename_waits_for_the_cancel(spec: Spec) -> None:
    plan = next_to(record(SCHEDULED), spec, declared=False)
    assert did(plan) == {"old": "cancel", "new": "create"}
    (made,) = (change for change in plan.changes if change.key == "new")
    assert (made.waits_for, made.reason) == (("1030978",), "not created yet; once 1030978 is canceled")


def test_what_is_named_and_waits_for_nothing_says_so() -> None:
    """Two of one content that do not collide, one of them after a campaign that is canceled for it."""
    known = state({"old": record(SCHEDULED), "far": record(at(7), campaign_id="2")})
    plan = plan_of(wanted(at(7), "far"), wanted(renamed(SCHEDULED), "new"), known=known)
    (made,) = (change for change in plan.changes if change.key == "new")
    assert (made.waits_for, made.reason) == (("1030978",), "not created yet; once 1030978 is canceled")
    assert "repeats far (2): the same content to the same audience" in made.warnings
    alone = plan_of(
        wanted(at(7), "far"), wanted(renamed(SCHEDULED), "new"), known=state({"far": known.campaigns["far"]})
    )
    (made,) = (change for change in alone.changes if change.key == "new")
    assert (made.waits_for, made.reason) == ((), "not created yet")


EDITED = body(
    scheduled_time="2036-12-24 10:00:00", messages=[message(push={"title": {"en": "Hi"}})], labels=["a"]
)


def test_a_rename_with_a_small_edit_waits_for_the_cancel() -> None:
    before = {**EDITED, "messages": [message()]}
    plan = next_to(record(before), EDITED, declared=False)
    assert [change.waits_for for change in plan.changes if change.key == "new"] == [("1030978",)]
    assert plan.notes == ("new is much like old; if it was renamed, write `moved: {from: old}` in new",)
    elsewhere = next_to(record(before), {**EDITED, "targeting": DE}, declared=False)
    assert [change.waits_for for change in elsewhere.changes] == [(), ()]


def test_a_rename_of_one_that_was_canceled_by_others_repeats_nothing() -> None:
    """Its content is another one, so that it is no copy of what it was renamed from."""
    before = {**EDITED, "messages": [message()]}
    plan = next_to(
        record(before), EDITED, declared=False, reading=Reading(live={"old": live(before, "canceled")})
    )
    (made,) = (change for change in plan.changes if change.key == "new")
    assert not any("repeats" in warning for warning in made.warnings)
    same = next_to(
        record(before), before, declared=False, reading=Reading(live={"old": live(before, "canceled")})
    )
    (again,) = (change for change in same.changes if change.key == "new")
    assert any("repeats old (1030978)" in warning for warning in again.warnings)


HELD = {
    "prevent_destroy": (record(SCHEDULED, lifecycle=Lifecycle(prevent_destroy=True)), {}),
    "forget": (record(SCHEDULED, lifecycle=Lifecycle(on_destroy="forget")), {}),
    "needs_decision": (record(SCHEDULED, "needs_decision"), {}),
    "unknown": (record(SCHEDULED, "thawing"), {}),
    "target": (record(SCHEDULED), {"options": Options(targets=("new",))}),
}


@pytest.mark.parametrize("why", HELD)
@pytest.mark.parametrize("spec", RENAMES)
def test_no_rename_is_created_while_the_old_one_stays_able_to_send(why: str, spec: Spec) -> None:
    old, more = HELD[why]
    plan = next_to(old, spec, declared=False, **more)
    assert "new" not in did(plan)
    (block,) = (one for one in plan.blocked if one.key == "new")
    assert "old (1030978) has this content" in block.reason
    assert "can still send" in block.reason
    assert "`moved: {from: old}` in new" in block.hint
    moved = plan_of(wanted(spec, "new", moved_from=("old",)), known=state({"old": old}))
    assert "new" not in blocked(moved) or old.status in ("needs_decision", "thawing")


@pytest.mark.parametrize("why", HELD)
def test_no_edited_rename_is_created_either(why: str) -> None:
    old, more = HELD[why]
    before = {**EDITED, "messages": [message()]}
    plan = next_to(replace(old, applied=before), EDITED, declared=False, **more)
    assert "old (1030978) seems to be renamed to new" in blocked(plan)["new"]


def test_an_unsettled_create_of_a_key_that_is_gone_blocks_its_content() -> None:
    pending = intent(SCHEDULED, first_send="2036-12-24T10:00:00Z")
    plan = plan_of(wanted(at(7), "new"), known=state(pending={"old": pending}))
    assert "old (id not known) has this content, is unsettled" in blocked(plan)["new"]
    (hint,) = (one.hint for one in plan.blocked if one.key == "new")
    assert hint.startswith("old is settled by `campaignctl apply`; to send both: ")
    assert "new" not in blocked(
        plan_of(wanted(at(7), "new"), wanted(SCHEDULED, "old"), known=state(pending={"old": pending}))
    )


def test_a_rename_of_what_already_sent_is_blocked() -> None:
    began = f"{NOW - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    running = record({**SCHEDULED, "scheduled_time": "2026-11-24 11:00:00"}, "running", began=began)
    plan = next_to(running, renamed(IMMEDIATE), declared=False)
    assert "has this content" in blocked(plan)["new"]


def test_the_rename_of_a_recurrence_goes_on_with_its_next_run() -> None:
    ran = f"{NOW - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}"
    daily = record(RECURRING, began=ran)
    assert did(next_to(daily, renamed(RECURRING), declared=False)) == {"old": "cancel", "new": "create"}
    sooner = renamed(RECURRING, recurrence={"cron": "0 15 * * *"})
    assert blocked(next_to(daily, sooner, declared=False))


def test_a_look_or_a_destroy_proposes_no_move() -> None:
    known = state({"old": record(SCHEDULED)})
    made = plan_of(wanted(renamed(SCHEDULED), "new"), known=known)
    assert "if it was renamed, write" in " ".join(made.notes)
    for options in (Options(destroy=True), Options(refresh_only=True)):
        plan = plan_of(wanted(renamed(SCHEDULED), "new"), known=known, options=options)
        told = [*plan.notes, *(each for change in plan.changes for each in change.warnings)]
        assert "renamed" not in " ".join(told)
