"""A halt blocks every change that could send, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.diff import content
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options, Plan
from campaignctl.plan.planner import stages
from campaignctl.state.halts import Halt, Halts, Held, Lift, Stopped, UnreadableMark
from campaignctl.state.model import Record
from tests.golden import Golden
from tests.plan.planning import (
    DRAFT,
    ID,
    IMMEDIATE,
    KEY,
    MANUAL,
    RECURRING,
    SCHEDULED,
    Spec,
    body,
    intent,
    live,
    message,
    only,
    plan_of,
    record,
    state,
    wanted,
)

AT = "2026-11-24T11:00:00Z"
PAUSED = Stopped(KEY, ID, "paused", AT)
LIFTED = Lift(None, "it was a false alarm", "anna", AT)


def halts(*keys: str, stopped: tuple[Stopped, ...] = (), lifted: tuple[Lift, ...] = ()) -> Halts:
    """One halt of these keys, or of everything."""
    return Halts((Halt("halt-1", keys or None, "wrong price", "anna", "desk", AT, stopped, lifted),))


def of(shown: Any, known: Record | None, stop: Halts, spec: Spec = SCHEDULED, **lifecycle: Any) -> Plan:
    """The plan for one declared campaign."""
    return plan_of(
        wanted(spec, lifecycle=Lifecycle(**lifecycle)),
        known=state({KEY: known} if known else {}),
        reading=Reading(live={KEY: shown} if known else {}, halts=stop),
    )


@pytest.mark.parametrize("spec", [SCHEDULED, RECURRING, IMMEDIATE, MANUAL, DRAFT])
@pytest.mark.parametrize("stop", [halts(), halts(KEY), halts("push/*")])
def test_nothing_is_created(spec: Spec, stop: Halts) -> None:
    plan = of(None, None, stop, spec)
    assert plan.empty
    (blocked,) = plan.blocked
    assert blocked.status == "halted"
    assert blocked.reason.startswith("halted by anna, Tue 24 Nov 2026 11:00 GMT")
    assert "wrong price" in blocked.reason
    assert blocked.hint == f"campaignctl halt --lift {KEY} --reason TEXT"


def test_other_keys_go_on() -> None:
    plan = plan_of(wanted(SCHEDULED, "a"), wanted(SCHEDULED, "b"), reading=Reading(halts=halts("a")))
    assert [change.key for change in plan.changes] == ["b"]
    assert [blocked.key for blocked in plan.blocked] == ["a"]


EARLIER = {**SCHEDULED, "scheduled_time": "2036-12-24 09:00:00"}


def test_arming_is_blocked() -> None:
    plan = of(live(DRAFT, "draft"), record(DRAFT, "draft"), halts(), SCHEDULED)
    assert (plan.changes, plan.blocked[0].status) == ((), "halted")


@pytest.mark.parametrize("edit", [EARLIER, {**SCHEDULED, "name": "New"}])
def test_a_paused_campaign_can_be_edited_and_does_not_send(edit: Spec) -> None:
    change = only(of(live(SCHEDULED, "paused"), record(SCHEDULED), halts(stopped=(PAUSED,)), edit))
    assert (str(change.action), change.arms, change.sends.when) == ("update", False, "never")


@pytest.mark.parametrize("paused_by_us", [True, False])
def test_a_paused_campaign_is_shown_and_not_resumed(paused_by_us: bool) -> None:
    known = record(SCHEDULED, paused_by_us=paused_by_us)
    plan = of(live(SCHEDULED, "paused"), known, halts(stopped=(PAUSED,)))
    assert plan.empty
    assert not plan.blocked
    assert [one.after for one in plan.drift[0].diff] == ["paused"]
    (note,) = plan.notes
    assert note.startswith(f"{KEY}: halted by anna, ")
    assert "`campaignctl halt --lift KEY --reason TEXT`" in note


def test_after_the_lift_it_is_resumed_at_its_time(golden: Golden) -> None:
    plan = of(live(SCHEDULED, "paused"), record(SCHEDULED), halts(stopped=(PAUSED,), lifted=(LIFTED,)))
    (change,) = plan.changes
    assert change.requests[0].body == {"scheduled_time": "2036-12-24 10:00:00"}
    golden("halt is lifted", change.reason)
    assert not plan.drift


def test_a_lift_for_other_keys_changes_nothing() -> None:
    stop = halts(stopped=(PAUSED,), lifted=(Lift(("sms/*",), "", "anna", AT),))
    assert of(live(SCHEDULED, "paused"), record(SCHEDULED), stop).empty


def test_a_pause_after_the_last_write_is_not_that_of_an_old_halt() -> None:
    known = record(SCHEDULED, updated_at="2026-11-24T11:30:00Z")
    plan = of(live(SCHEDULED, "paused"), known, halts(stopped=(PAUSED,), lifted=(LIFTED,)))
    assert plan.empty
    assert plan.drift


def test_a_pause_by_a_halt_is_recorded_before_an_edit() -> None:
    plan = of(live(SCHEDULED, "paused"), record(SCHEDULED), halts(stopped=(PAUSED,)))
    assert plan.observed[KEY].paused_by_us


def test_a_declared_pause_stays_when_a_halt_is_lifted() -> None:
    stop = halts(stopped=(PAUSED,), lifted=(LIFTED,))
    assert of(live(SCHEDULED, "paused"), record(SCHEDULED), stop, phase="paused").empty


def test_a_new_key_does_not_lift_the_halt_of_a_campaign() -> None:
    for stop, record_of in (
        (halts(KEY, stopped=(PAUSED,)), record(DRAFT, "draft")),
        (halts(KEY), record(DRAFT, "draft", moved_from=KEY)),
    ):
        known = state({"push/new": record_of})
        plan = plan_of(wanted(SCHEDULED, "push/new"), known=known, reading=Reading(halts=stop))
        assert plan.empty
        assert plan.blocked[0].hint == f"campaignctl halt --lift {KEY} --reason TEXT"


def test_a_removed_campaign_is_cancelled_during_a_halt() -> None:
    known = state({KEY: record(SCHEDULED)})
    plan = plan_of(known=known, reading=Reading(live={KEY: live(SCHEDULED)}, halts=halts()))
    assert [str(change.action) for change in plan.changes] == ["cancel"]


def test_final_campaigns_are_not_mentioned() -> None:
    plan = of(None, record(SCHEDULED, "sent"), halts())
    assert plan.notes == ()


# What can send although it is halted.

GOING = [
    pytest.param(SCHEDULED, "scheduled", id="scheduled"),
    pytest.param(SCHEDULED, "running", id="running"),
    pytest.param(SCHEDULED, "archived", id="unknown"),
    pytest.param(RECURRING, "sent", id="sent with runs left"),
]
IDLE = [
    pytest.param(SCHEDULED, "paused", id="paused"),
    pytest.param(SCHEDULED, "needs_decision", id="undecided"),
    pytest.param(SCHEDULED, "sent", id="sent"),
    pytest.param(SCHEDULED, "canceled", id="canceled"),
    pytest.param(DRAFT, "draft", id="draft"),
    pytest.param(MANUAL, "manual", id="manual"),
]


def did(plan: Plan) -> list[tuple[str, str]]:
    return [(change.key, str(change.action)) for change in plan.changes]


@pytest.mark.parametrize(("spec", "status"), GOING)
@pytest.mark.parametrize("stop", [halts(), halts(KEY), halts("sms/*", stopped=(PAUSED,))])
def test_what_can_send_although_it_is_halted_is_drift_and_paused_first(
    spec: Spec, status: str, stop: Halts
) -> None:
    if not stop.on(KEY):
        stop = replace(stop, halts=(replace(stop.halts[0], keys=None),))
    plan = of(live(spec, status), record(spec, status), stop, spec)
    change = only(plan)
    assert (str(change.action), change.halts, change.arms) == ("pause", True, False)
    assert [(one.operation, one.id) for one in change.requests] == [("pause", ID)]
    assert "wrong price" in change.reason
    (drift,) = (each for each in plan.drift if not each.once)
    assert (drift.corrected, drift.diff[0].path, drift.diff[0].before) == (True, "status", "paused")


def test_what_else_differs_is_still_shown() -> None:
    theirs = live({**SCHEDULED, "name": "Theirs"}, "scheduled")
    drift = of(theirs, record(SCHEDULED), halts()).drift
    assert [[field.path for field in one.diff] for one in drift] == [["status"], ["name"]]


def test_a_status_that_is_said_once_is_still_said() -> None:
    drift = of(live(SCHEDULED, "running"), record(SCHEDULED), halts()).drift
    assert [(one.diff[0].before, one.diff[0].after, one.once) for one in drift] == [
        ("paused", "running", False),
        ("scheduled", "running", True),
    ]


@pytest.mark.parametrize(("spec", "status"), IDLE)
def test_what_cannot_send_by_itself_is_not_paused(spec: Spec, status: str) -> None:
    assert did(of(live(spec, status), record(spec, status), halts(), spec)) == []


def test_without_a_read_nothing_is_paused() -> None:
    """A halt does not write the state, where its campaigns stay scheduled."""
    known = state({KEY: record(SCHEDULED)})
    plan = plan_of(wanted(SCHEDULED), known=known, reading=Reading(halts=halts(), refreshed=False))
    assert (did(plan), plan.drift) == ([], ())


@pytest.mark.parametrize("edit", [EARLIER, {**SCHEDULED, "name": "New"}])
@pytest.mark.parametrize("status", ["scheduled", "running"])
def test_edits_follow_the_pause_and_do_not_arm(edit: Spec, status: str) -> None:
    plan = of(live(SCHEDULED, status), record(SCHEDULED), halts(), edit)
    assert did(plan) == [(KEY, "pause"), (KEY, "update")]
    assert [change.arms for change in plan.changes] == [False, False]
    assert not plan.blocked


def test_the_pause_comes_before_everything_that_is_sent() -> None:
    known = state({"a": record(SCHEDULED, campaign_id="1"), "z": record(SCHEDULED, campaign_id="2")})
    lives = {"a": live(SCHEDULED, campaign_id="1"), "z": live(SCHEDULED, campaign_id="2")}
    plan = plan_of(
        wanted(SCHEDULED, "z"),
        wanted(body(scheduled_time="2036-01-01 10:00:00", description="new"), "b"),
        known=known,
        reading=Reading(live=lives, halts=halts("z")),
    )
    assert did(plan) == [("z", "pause"), ("a", "cancel"), ("b", "create")]
    assert [len(stage) for stage in stages(plan.changes)] == [1, 1, 1]


def test_a_declared_pause_is_the_pause() -> None:
    plan = of(live(SCHEDULED), record(SCHEDULED, "paused", paused_by_us=True), halts(), phase="paused")
    change = only(plan)
    assert (change.halts, change.reason) == (True, "declared paused")
    assert len(plan.drift) == 1


def test_what_blocks_a_campaign_does_not_block_its_pause() -> None:
    known = state({KEY: record(SCHEDULED, lifecycle=Lifecycle(prevent_destroy=True))})
    plan = plan_of(known=known, reading=Reading(live={KEY: live(SCHEDULED)}, halts=halts()))
    assert did(plan) == [(KEY, "pause")]
    assert [blocked.reason for blocked in plan.blocked] == ["protected by prevent_destroy"]


def test_what_is_forgotten_is_paused_before() -> None:
    known = state({KEY: record(SCHEDULED, lifecycle=Lifecycle(on_destroy="forget"))})
    plan = plan_of(known=known, reading=Reading(live={KEY: live(SCHEDULED)}, halts=halts()))
    assert did(plan) == [(KEY, "pause"), (KEY, "forget")]


def test_a_replacement_is_blocked_and_the_old_campaign_paused() -> None:
    known, reading = state({KEY: record(SCHEDULED)}), Reading(live={KEY: live(SCHEDULED)}, halts=halts())
    plan = plan_of(wanted(SCHEDULED), known=known, reading=reading, options=Options(replace=(KEY,)))
    assert (did(plan), plan.blocked[0].status) == ([(KEY, "pause")], "halted")


@pytest.mark.parametrize(
    "options", [Options(targets=("other",)), Options(refresh_only=True), Options(reviewed=())]
)
def test_no_selection_and_no_review_leaves_it_out(options: Options) -> None:
    plan = plan_of(
        wanted(SCHEDULED),
        wanted(MANUAL, "other"),
        known=state({KEY: record(SCHEDULED), "other": record(MANUAL, "manual", "2")}),
        reading=Reading(live={KEY: live(SCHEDULED), "other": live(MANUAL, "manual", "2")}, halts=halts(KEY)),
        options=options,
    )
    assert did(plan) == [(KEY, "pause")]
    assert plan.drift


def test_what_is_left_out_and_does_not_go_is_not_paused_again() -> None:
    plan = plan_of(
        wanted(SCHEDULED),
        wanted(MANUAL, "other"),
        known=state({KEY: record(SCHEDULED, "paused"), "other": record(MANUAL, "manual", "2")}),
        reading=Reading(
            live={KEY: live(SCHEDULED, "paused"), "other": live(MANUAL, "manual", "2")}, halts=halts(KEY)
        ),
        options=Options(targets=("other",)),
    )
    assert (plan.changes, plan.drift) == ((), ())


def test_a_moved_campaign_is_paused_under_its_new_key() -> None:
    plan = plan_of(
        wanted(SCHEDULED, "push/new", moved_from=(KEY,)),
        known=state({KEY: record(SCHEDULED)}),
        reading=Reading(live={KEY: live(SCHEDULED)}, halts=halts(KEY)),
    )
    assert did(plan) == [("push/new", "move"), ("push/new", "pause")]


def test_a_selection_without_a_move_pauses_the_campaign_under_its_old_key() -> None:
    plan = plan_of(
        wanted(SCHEDULED, "push/new", moved_from=(KEY,)),
        wanted(MANUAL, "other"),
        known=state({KEY: record(SCHEDULED)}),
        reading=Reading(live={KEY: live(SCHEDULED)}, halts=halts(KEY)),
        options=Options(targets=("other",)),
    )
    assert did(plan) == [(KEY, "pause"), ("other", "create")]


def test_a_found_create_that_landed_after_the_halt_is_paused() -> None:
    known = state({}, pending={KEY: intent(SCHEDULED)})
    reading = Reading(settled={KEY: live(SCHEDULED)}, halts=halts())
    assert did(plan_of(wanted(SCHEDULED), known=known, reading=reading)) == [(KEY, "pause")]


# A halt holds campaigns, not names.


def holding(spec: Spec, *, key: str = KEY, campaign_id: str = ID, lifted: tuple[Lift, ...] = ()) -> Halts:
    """A halt of one folder that named this campaign."""
    held = Held(key, campaign_id, content(spec))
    return Halts((Halt("h", ("push/*",), "wrong price", "anna", "desk", AT, held=(held,), lifted=lifted),))


OTHER = {**SCHEDULED, "messages": [message(push={"title": {"en": "Other"}})]}


@pytest.mark.parametrize(
    ("spec", "halted"),
    [
        (SCHEDULED, True),
        ({**SCHEDULED, "name": "Renamed", "labels": ["new"], "metadata": {"a": 1}}, True),
        ({**SCHEDULED, "scheduled_time": "2036-12-25 10:00:00"}, True),
        (IMMEDIATE, True),
        (DRAFT, True),
        (OTHER, False),
        ({**SCHEDULED, "targeting": {"countries": {"items": ["DE"], "op": "in"}}}, False),
    ],
)
def test_a_create_with_the_content_of_a_halted_campaign_is_halted(spec: Spec, halted: bool) -> None:
    plan = plan_of(wanted(spec, "mail/new"), reading=Reading(halts=holding(SCHEDULED)))
    assert [blocked.status for blocked in plan.blocked] == (["halted"] if halted else [])
    if halted:
        assert plan.blocked[0].hint == f"campaignctl halt --lift {KEY} --reason TEXT"


def test_a_rename_during_a_halt_cancels_the_old_and_creates_nothing() -> None:
    known = state({KEY: record(SCHEDULED, "paused")})
    reading = Reading(live={KEY: live(SCHEDULED, "paused")}, halts=holding(SCHEDULED))
    plan = plan_of(wanted(SCHEDULED, "mail/new"), known=known, reading=reading)
    assert did(plan) == [(KEY, "cancel")]
    assert [(blocked.key, blocked.status) for blocked in plan.blocked] == [("mail/new", "halted")]


def test_a_key_that_takes_over_a_halted_one_is_halted_whatever_it_says_now() -> None:
    plan = plan_of(wanted(OTHER, "mail/new", moved_from=(KEY,)), reading=Reading(halts=holding(SCHEDULED)))
    assert plan.blocked[0].hint == f"campaignctl halt --lift {KEY} --reason TEXT"


@pytest.mark.parametrize("lifted", [(KEY,), ("push/*",), None])
def test_after_the_lift_of_the_halted_key_its_content_may_be_created(lifted: tuple[str, ...] | None) -> None:
    stop = holding(SCHEDULED, lifted=(Lift(lifted, "", "anna", AT),))
    plan = plan_of(wanted(SCHEDULED, "mail/new"), reading=Reading(halts=stop))
    assert did(plan) == [("mail/new", "create")]


def test_content_that_is_halted_stops_no_campaign_that_was_not_named() -> None:
    known = state({"mail/twin": record(SCHEDULED, campaign_id="2")})
    reading = Reading(live={"mail/twin": live(SCHEDULED, campaign_id="2")}, halts=holding(SCHEDULED))
    assert did(plan_of(wanted(SCHEDULED, "mail/twin"), known=known, reading=reading)) == []


def test_an_adopted_campaign_is_halted_by_its_id() -> None:
    reading = Reading(adoptable={ID: live(DRAFT, "draft")}, halts=holding(SCHEDULED))
    plan = plan_of(wanted(SCHEDULED, "mail/new", adopt=ID), reading=reading)
    assert (did(plan), plan.blocked[0].status) == ([("mail/new", "adopt")], "halted")


UNREADABLE = Halts(
    unreadable=UnreadableMark("it may be halted: the stop mark was deleted", "campaignctl status")
)


@pytest.mark.parametrize("spec", [SCHEDULED, MANUAL, DRAFT])
def test_a_stop_mark_that_cannot_be_read_stops_every_create(spec: Spec) -> None:
    plan = of(None, None, UNREADABLE, spec)
    (blocked,) = plan.blocked
    assert (plan.changes, blocked.status) == ((), "halted")
    assert (blocked.reason, blocked.hint) == (UNREADABLE.unreadable.reason, "campaignctl status")  # type: ignore[union-attr]


def test_a_stop_mark_that_cannot_be_read_stops_arming_and_no_cancel() -> None:
    assert of(live(DRAFT, "draft"), record(DRAFT, "draft"), UNREADABLE, SCHEDULED).blocked
    assert did(of(live(SCHEDULED), record(SCHEDULED), UNREADABLE, phase="canceled")) == [(KEY, "cancel")]
    assert did(of(live(SCHEDULED), record(SCHEDULED), UNREADABLE, phase="paused")) == [(KEY, "pause")]
    assert not of(live(SCHEDULED), record(SCHEDULED), UNREADABLE).blocked
