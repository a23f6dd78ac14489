"""`prevent_destroy`: nothing ends the campaign until an apply without it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import PlanRefused
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Action, Options, Plan
from campaignctl.plan.reviewed import touched
from tests.plan.planning import (
    DRAFT,
    ID,
    KEY,
    MANUAL,
    SCHEDULED,
    Spec,
    live,
    only,
    plan_of,
    record,
    state,
    wanted,
)

PROTECTED = Lifecycle(prevent_destroy=True)
STILL = ["scheduled", "running", "paused", "thawing"]


def of(
    applied: Lifecycle, declared: Lifecycle, status: str, spec: Spec = SCHEDULED, **options: object
) -> Plan:
    """The plan for one declared campaign."""
    return plan_of(
        wanted(spec, lifecycle=declared),
        known=state({KEY: record(spec, lifecycle=applied)}),
        reading=Reading(live={KEY: live(spec, status)}),
        options=Options(**options),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("status", STILL)
@pytest.mark.parametrize(
    ("applied", "declared"), [(PROTECTED, PROTECTED), (PROTECTED, Lifecycle()), (Lifecycle(), PROTECTED)]
)
def test_a_protected_campaign_is_not_cancelled_by_its_phase(
    applied: Lifecycle, declared: Lifecycle, status: str
) -> None:
    plan = of(applied, replace(declared, phase="canceled"), status)
    (blocked,) = plan.blocked
    assert (plan.changes, blocked.reason) == ((), "protected by prevent_destroy")
    assert "`phase: paused` and `prevent_destroy: false`" in blocked.hint
    assert (": that pauses it;" in blocked.hint) is (status != "paused")


@pytest.mark.parametrize("status", [*STILL, "needs_decision", "draft"])
@pytest.mark.parametrize(
    ("applied", "declared"), [(PROTECTED, PROTECTED), (PROTECTED, Lifecycle()), (Lifecycle(), PROTECTED)]
)
def test_a_protected_campaign_is_not_replaced(applied: Lifecycle, declared: Lifecycle, status: str) -> None:
    spec = DRAFT if status == "draft" else SCHEDULED
    plan = of(applied, declared, status, spec, replace=(KEY,))
    assert (plan.changes, len(plan.blocked)) == ((), 1)
    apply = f"campaignctl apply --target {KEY}"
    written = f"write `prevent_destroy: false` in {KEY}, run `{apply}`, then replace it"
    assert plan.blocked[0].hint == (written if declared.prevent_destroy else f"`{apply}`, then replace it")


def test_a_manual_campaign_is_protected_too() -> None:
    assert of(PROTECTED, PROTECTED, "idle", MANUAL, replace=(KEY,)).blocked


@pytest.mark.parametrize("status", ["sent", "canceled"])
def test_a_protected_campaign_that_is_over_can_be_replaced(status: str) -> None:
    again = only(of(PROTECTED, PROTECTED, status, replace=(KEY,), overrides=("resend",)))
    assert again.action is Action.REPLACE


def test_a_missing_campaign_is_replaced_as_nothing_ends() -> None:
    plan = plan_of(
        wanted(SCHEDULED, lifecycle=PROTECTED),
        known=state({KEY: record(SCHEDULED, lifecycle=PROTECTED)}),
        reading=Reading(live={KEY: None}),
        options=Options(replace=(KEY,), overrides=("resend",)),
    )
    assert only(plan).action is Action.REPLACE


def test_a_key_that_takes_over_a_protected_campaign_does_not_cancel_it() -> None:
    plan = plan_of(
        wanted(SCHEDULED, "new", lifecycle=Lifecycle(phase="canceled"), moved_from=(KEY,)),
        known=state({KEY: record(SCHEDULED, lifecycle=PROTECTED)}),
    )
    assert [change.action for change in plan.changes] == [Action.MOVE]
    assert plan.blocked[0].reason == "protected by prevent_destroy"


def test_a_pause_is_no_end_and_takes_the_protection_with_it() -> None:
    change = only(of(PROTECTED, Lifecycle(phase="paused"), "scheduled"))
    assert (change.action, change.lifecycle.prevent_destroy) == (Action.PAUSE, False)


@pytest.mark.parametrize("declared", [PROTECTED, Lifecycle()])
def test_another_block_does_not_keep_the_protection_from_being_recorded(declared: Lifecycle) -> None:
    applied = Lifecycle(prevent_destroy=not declared.prevent_destroy)
    plan = plan_of(
        wanted({**SCHEDULED, "description": "new"}, manifest="sha256:edited", lifecycle=declared),
        known=state({KEY: record(SCHEDULED, "running", lifecycle=applied)}),
    )
    assert plan.blocked[0].reason == "running"
    assert plan.observed[KEY].lifecycle == declared


def test_a_protection_is_not_lifted_by_what_it_blocks() -> None:
    plan = of(PROTECTED, Lifecycle(phase="canceled"), "scheduled")
    assert KEY not in plan.observed


@pytest.mark.parametrize("ending", ["cancel", "replace", "gone"])
def test_a_saved_plan_that_ends_a_campaign_is_refused_once_it_is_protected(ending: str) -> None:
    known = state({KEY: record(SCHEDULED)})
    declared = wanted(SCHEDULED, lifecycle=Lifecycle(phase="canceled" if ending == "cancel" else "active"))
    plan = plan_of(
        *([] if ending == "gone" else [declared]),
        known=known,
        options=Options(replace=(KEY,) if ending == "replace" else ()),
    )
    assert touched(plan, known)[KEY].id == ID
    with pytest.raises(PlanRefused, match="protected by prevent_destroy"):
        touched(plan, state({KEY: record(SCHEDULED, lifecycle=PROTECTED)}))
