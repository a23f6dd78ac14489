"""`kind: Removed`: the document decides how a key is removed."""

from __future__ import annotations

import pytest

from campaignctl.campaign.lifecycle import Lifecycle, OnDestroy
from campaignctl.errors import Source
from campaignctl.manifest.model import Removed
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Plan
from tests.golden import Golden
from tests.plan.planning import KEY, SCHEDULED, live, plan_of, record, state

PLACE = Source("removed.yaml", 1, 1)


def of(status: str, on_destroy: OnDestroy, lifecycle: Lifecycle = Lifecycle()) -> Plan:
    """The plan for one recorded campaign of that status."""
    return plan_of(
        known=state({KEY: record(SCHEDULED, lifecycle=lifecycle)}),
        reading=Reading(live={KEY: live(SCHEDULED, status)}),
        removed={KEY: Removed(KEY, on_destroy, PLACE)},
    )


@pytest.mark.parametrize("recorded", ["cancel", "forget"])
@pytest.mark.parametrize("status", ["scheduled", "running", "paused"])
def test_the_removed_document_overrides_the_applied_lifecycle(status: str, recorded: OnDestroy) -> None:
    both: tuple[OnDestroy, ...] = ("cancel", "forget")
    for on_destroy in both:
        (change,) = of(status, on_destroy, Lifecycle(on_destroy=recorded)).changes
        assert str(change.action) == on_destroy
        assert change.reason == "declared Removed"


def test_a_campaign_that_may_still_send_can_be_forgotten() -> None:
    assert of("needs_decision", "cancel").blocked
    (change,) = of("needs_decision", "forget").changes
    assert str(change.action) == "forget"


@pytest.mark.parametrize("on_destroy", ["cancel", "forget"])
def test_prevent_destroy_blocks_removal(on_destroy: OnDestroy) -> None:
    assert of("scheduled", on_destroy, Lifecycle(prevent_destroy=True)).blocked


def test_a_removed_document_without_a_record_is_a_note(golden: Golden) -> None:
    plan = plan_of(removed={KEY: Removed(KEY, "cancel", PLACE)})
    assert plan.empty
    assert not plan.refused
    golden("removed", plan.notes[0])
