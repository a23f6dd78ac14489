"""The decision table for recorded campaigns that are no longer declared, or destroyed."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.errors import Source
from campaignctl.manifest.model import Removed
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Action, Options, Plan
from campaignctl.state.model import Origin
from tests.golden import Golden
from tests.plan.planning import (
    DRAFT,
    ID,
    KEY,
    MANUAL,
    RECURRING,
    SCHEDULED,
    Spec,
    live,
    only,
    plan_of,
    record,
    state,
    wanted,
)

FORGET = Lifecycle(on_destroy="forget")
PROTECTED = Lifecycle(prevent_destroy=True)


def of(
    shown: Live | None, applied: Spec = SCHEDULED, lifecycle: Lifecycle | None = None, *overrides: str
) -> Plan:
    """The plan for one recorded campaign that is no longer declared."""
    known = state({KEY: record(applied, lifecycle=lifecycle or Lifecycle())})
    return plan_of(known=known, reading=Reading(live={KEY: shown}), options=Options(overrides=overrides))


@pytest.mark.parametrize("status", ["scheduled", "running", "paused"])
def test_a_campaign_that_can_send_is_cancelled(status: str) -> None:
    change = only(of(live(SCHEDULED, status)))
    assert change.action is Action.CANCEL
    assert [(request.method, request.path) for request in change.requests] == [
        ("POST", f"/v1/hood/campaigns/{ID}/cancel")
    ]
    assert change.requests[0].body == {"reason": "campaignctl: no longer declared"}
    assert change.undo == "never"
    assert change.live_digest is not None


@pytest.mark.parametrize("status", ["scheduled", "running", "paused", "needs_decision", "thawing"])
def test_on_destroy_forget_leaves_the_campaign_with_a_warning(status: str) -> None:
    change = only(of(live(SCHEDULED, status), SCHEDULED, FORGET))
    assert change.action is Action.FORGET
    assert not change.requests
    assert ID in change.warnings[0]


def taken_over(status: str, origin: Origin, lifecycle: Lifecycle, **more: Any) -> Plan:
    """The plan for one campaign that someone else created, and that is no longer declared."""
    known = state({KEY: record(SCHEDULED, lifecycle=lifecycle, origin=origin)})
    return plan_of(known=known, reading=Reading(live={KEY: live(SCHEDULED, status)}), **more)


@pytest.mark.parametrize("origin", ["adopt", "import"])
@pytest.mark.parametrize("status", ["scheduled", "running", "paused", "needs_decision", "thawing"])
def test_a_campaign_that_was_taken_over_is_forgotten(status: str, origin: Origin) -> None:
    change = only(taken_over(status, origin, Lifecycle()))
    assert change.action is Action.FORGET
    assert "on_destroy: cancel" in change.warnings[0]


@pytest.mark.parametrize("origin", ["adopt", "import", "create"])
def test_a_campaign_whose_manifest_said_cancel_is_cancelled(origin: Origin) -> None:
    written = Lifecycle(on_destroy="cancel", says_destroy=True)
    assert only(taken_over("scheduled", origin, written)).action is Action.CANCEL


@pytest.mark.parametrize(("says", "action"), [(True, Action.CANCEL), (False, Action.FORGET)])
def test_a_removed_document_ends_what_was_taken_over_only_if_it_says_so(says: bool, action: Action) -> None:
    document = Removed(KEY, "cancel", Source("removed.yaml", 1, 1), says)
    assert only(taken_over("scheduled", "adopt", Lifecycle(), removed={KEY: document})).action is action


@pytest.mark.parametrize(("says", "action"), [(True, Action.CANCEL), (False, Action.FORGET)])
def test_destroy_ends_what_was_taken_over_only_if_its_manifest_says_so(says: bool, action: Action) -> None:
    plan = plan_of(
        wanted(SCHEDULED, lifecycle=Lifecycle(says_destroy=says)),
        known=state({KEY: record(SCHEDULED, origin="adopt")}),
        options=Options(destroy=True),
    )
    assert only(plan).action is action


@pytest.mark.parametrize(("applied", "status"), [(DRAFT, "draft"), (MANUAL, "idle")])
def test_a_campaign_the_api_cannot_delete_is_forgotten_with_its_id(
    applied: Spec, status: str, golden: Golden
) -> None:
    change = only(of(live(applied, status), applied))
    assert change.action is Action.FORGET
    golden("left behind", change.warnings[0], status="draft" if status == "draft" else "manual")


@pytest.mark.parametrize("shown", [live(SCHEDULED, "sent"), live(SCHEDULED, "canceled"), None])
def test_a_final_campaign_is_forgotten(shown: Live | None) -> None:
    change = only(of(shown))
    assert change.action is Action.FORGET
    assert not change.warnings


def test_an_open_decision_blocks(golden: Golden) -> None:
    (blocked,) = of(live(SCHEDULED, "needs_decision")).blocked
    golden("open decision", blocked.reason)
    assert "`on_destroy: forget`" in blocked.hint


def test_a_recurring_campaign_with_runs_left_is_not_final(golden: Golden) -> None:
    (blocked,) = of(live(RECURRING, "sent"), RECURRING).blocked
    golden("recurring with runs left", blocked.reason)


def test_an_unknown_status_blocks_until_it_is_lifted() -> None:
    (blocked,) = of(live(SCHEDULED, "thawing")).blocked
    assert "'thawing'" in blocked.reason
    assert blocked.hint.startswith(f"`campaignctl apply --target {KEY} --override unknown_status`, or `")
    lifted = of(live(SCHEDULED, "thawing"), SCHEDULED, None, "unknown_status")
    assert only(lifted).action is Action.CANCEL


@pytest.mark.parametrize(
    ("shown", "lifted_by"),
    [(live(SCHEDULED, status), "prevent_destroy: false") for status in ("scheduled", "draft", "thawing")]
    + [(None, f"campaignctl state rm {KEY}")],
)
def test_protected_campaigns_stay(shown: Live | None, lifted_by: str) -> None:
    (blocked,) = of(shown, SCHEDULED, PROTECTED).blocked
    assert "prevent_destroy" in blocked.reason
    assert lifted_by in blocked.hint


@pytest.mark.parametrize("status", ["sent", "canceled"])
def test_protection_ends_when_the_campaign_is_final(status: str) -> None:
    assert only(of(live(SCHEDULED, status), SCHEDULED, PROTECTED)).action is Action.FORGET


@pytest.mark.parametrize("applied", [Lifecycle(), PROTECTED])
@pytest.mark.parametrize("declared", [Lifecycle(), PROTECTED])
def test_destroy_obeys_protection_in_the_manifest_and_in_the_record(
    applied: Lifecycle, declared: Lifecycle
) -> None:
    known = state({KEY: record(SCHEDULED, lifecycle=applied)})
    plan = plan_of(wanted(SCHEDULED, lifecycle=declared), known=known, options=Options(destroy=True))
    protected = PROTECTED in (applied, declared)
    assert bool(plan.blocked) == protected
    assert [change.action for change in plan.changes] == ([] if protected else [Action.CANCEL])


def test_destroy_removes_all_recorded_campaigns_and_creates_none() -> None:
    known = state({"a": record(SCHEDULED, campaign_id="1"), "b": record(DRAFT, "draft", "2")})
    plan = plan_of(
        wanted(SCHEDULED, "a"), wanted(SCHEDULED, "new"), known=known, options=Options(destroy=True)
    )
    assert [(change.key, change.action) for change in plan.changes] == [
        ("a", Action.CANCEL),
        ("b", Action.FORGET),
    ]
    assert plan.changes[0].requests[0].body == {"reason": "campaignctl: destroyed"}


def test_the_hint_for_a_blocked_destroy_destroys() -> None:
    known = state({KEY: record(SCHEDULED)})
    reading = Reading(live={KEY: live(SCHEDULED, "thawing")})
    plan = plan_of(wanted(SCHEDULED), known=known, reading=reading, options=Options(destroy=True))
    assert plan.blocked[0].hint == f"campaignctl destroy --target {KEY} --override unknown_status"
