"""A halt blocks every change that could send, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Plan
from campaignctl.state.halts import Halt, Halts, Lift, Stopped
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
    live,
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
    assert blocked.reason.startswith("halted by anna at 2026-11-24T11:00:00Z")
    assert "wrong price" in blocked.reason
    assert blocked.hint == f"campaignctl halt --lift {KEY} --reason TEXT"


def test_other_keys_go_on() -> None:
    plan = plan_of(wanted(SCHEDULED, "a"), wanted(SCHEDULED, "b"), reading=Reading(halts=halts("a")))
    assert [change.key for change in plan.changes] == ["b"]
    assert [blocked.key for blocked in plan.blocked] == ["a"]


def test_arming_is_blocked_and_an_edit_is_not() -> None:
    earlier = {**SCHEDULED, "scheduled_time": "2036-12-24 09:00:00"}
    assert of(live(SCHEDULED), record(SCHEDULED), halts(), earlier).blocked
    plan = of(live(SCHEDULED), record(SCHEDULED), halts(), {**SCHEDULED, "name": "New"})
    assert [str(change.action) for change in plan.changes] == ["update"]


@pytest.mark.parametrize("paused_by_us", [True, False])
def test_a_paused_campaign_is_shown_and_not_resumed(paused_by_us: bool) -> None:
    known = record(SCHEDULED, paused_by_us=paused_by_us)
    plan = of(live(SCHEDULED, "paused"), known, halts(stopped=(PAUSED,)))
    assert plan.empty
    assert not plan.blocked
    assert [one.after for one in plan.drift[0].diff] == ["paused"]
    (note,) = plan.notes
    assert note.startswith(f"{KEY}: halted by anna at ")
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
    known = state({"push/new": record(SCHEDULED)})
    earlier = {**SCHEDULED, "scheduled_time": "2036-12-24 09:00:00"}
    for stop, record_of in (
        (halts(KEY, stopped=(PAUSED,)), record(SCHEDULED)),
        (halts(KEY), record(SCHEDULED, moved_from=KEY)),
    ):
        known = state({"push/new": record_of})
        plan = plan_of(wanted(earlier, "push/new"), known=known, reading=Reading(halts=stop))
        assert plan.empty
        assert plan.blocked[0].hint == f"campaignctl halt --lift {KEY} --reason TEXT"


def test_a_removed_campaign_is_cancelled_during_a_halt() -> None:
    known = state({KEY: record(SCHEDULED)})
    plan = plan_of(known=known, reading=Reading(live={KEY: live(SCHEDULED)}, halts=halts()))
    assert [str(change.action) for change in plan.changes] == ["cancel"]


def test_final_campaigns_are_not_mentioned() -> None:
    plan = of(None, record(SCHEDULED, "sent"), halts())
    assert plan.notes == ()
