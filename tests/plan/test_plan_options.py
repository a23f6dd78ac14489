"""Targets, `--refresh-only`, and the head of a plan."""

from __future__ import annotations

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import UsageError
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Action, Options
from tests.plan.planning import (
    KEY,
    MANUAL,
    SCHEDULED,
    live,
    only,
    plan_of,
    record,
    state,
    wanted,
)


def test_targets_match_declared_recorded_and_pending_keys() -> None:
    known = state({"sms/old": record(SCHEDULED, campaign_id="1"), "email/old": record(SCHEDULED)})
    desired = (wanted(MANUAL, "push/a"), wanted(MANUAL, "push/b"), wanted(MANUAL, "sms/new"))
    plan = plan_of(*desired, known=known, options=Options(targets=("push/b", "sms/*")))
    assert [(change.key, change.action) for change in plan.changes] == [
        ("sms/old", Action.CANCEL),
        ("push/b", Action.CREATE),
        ("sms/new", Action.CREATE),
    ]
    with pytest.raises(UsageError, match="--target nothing"):
        plan_of(*desired, options=Options(targets=("nothing",)))


@pytest.mark.parametrize(
    ("status", "lifecycle", "comes_back"),
    [
        ("scheduled", Lifecycle(), True),
        ("paused", Lifecycle(), True),
        ("draft", Lifecycle(), True),
        ("scheduled", Lifecycle(on_destroy="forget"), True),
        ("sent", Lifecycle(), False),
        ("canceled", Lifecycle(), False),
        ("scheduled", Lifecycle(phase="canceled"), False),
    ],
)
@pytest.mark.parametrize("targets", [(), (KEY,)])
def test_what_is_destroyed_and_stays_declared_comes_back(
    status: str, lifecycle: Lifecycle, comes_back: bool, targets: tuple[str, ...]
) -> None:
    plan = plan_of(
        wanted(SCHEDULED, lifecycle=lifecycle),
        known=state({KEY: record(SCHEDULED, status)}),
        options=Options(destroy=True, targets=targets),
    )
    assert any("the next apply creates it again" in note for note in plan.notes) is comes_back


def test_refresh_only_shows_and_accepts_drift_and_changes_nothing() -> None:
    known = state({KEY: record(SCHEDULED), "gone": record(SCHEDULED, campaign_id="2")})
    shown = {KEY: live(SCHEDULED, name="By hand"), "gone": live(SCHEDULED)}
    plan = plan_of(
        wanted({**SCHEDULED, "description": "new"}),
        wanted(MANUAL, "new"),
        known=known,
        reading=Reading(live=shown),
        options=Options(refresh_only=True),
    )
    assert plan.empty
    assert not plan.refused
    assert [(drift.key, drift.diff[0].after, drift.corrected) for drift in plan.drift] == [
        (KEY, "By hand", False)
    ]
    assert plan.observed[KEY].applied == {**SCHEDULED, "name": "By hand"}


def test_refresh_only_twice_is_empty() -> None:
    shown = live(
        {**SCHEDULED, "messages": []}, "paused", scheduled_time="2036-12-25T10:00:00+00:00", name="By hand"
    )
    known, options = state({KEY: record(SCHEDULED)}), Options(refresh_only=True)
    reading = Reading(live={KEY: shown})
    first = plan_of(wanted(SCHEDULED), known=known, reading=reading, options=options)
    assert {field.path for drift in first.drift for field in drift.diff} >= {
        "status",
        "name",
        "scheduled_time",
    }
    accepted = first.observed[KEY]
    assert accepted.applied["scheduled_time"] == "2036-12-25 10:00:00"
    again = plan_of(wanted(SCHEDULED), known=state({KEY: accepted}), reading=reading, options=options)
    # A pause can be undone: it is shown until it is.
    assert [field.path for drift in again.drift for field in drift.diff] == ["status"]
    assert not again.observed


def test_refresh_only_does_not_accept_ignored_drift() -> None:
    lifecycle = Lifecycle(ignore_changes=("name",))
    plan = plan_of(
        wanted(SCHEDULED, lifecycle=lifecycle),
        known=state({KEY: record(SCHEDULED)}),
        reading=Reading(live={KEY: live(SCHEDULED, name="By hand")}),
        options=Options(refresh_only=True),
    )
    assert not plan.drift
    assert not plan.observed


def test_the_head_of_a_plan() -> None:
    plan = plan_of(wanted(MANUAL), known=state())
    assert (plan.project, plan.environment, plan.tool_version) == ("acme-crm", None, "0.1.0")
    assert (plan.lineage, plan.serial) == ("lineage-1", 7)
    assert only(plan).source == f"campaigns/{KEY}.yaml:1:1"
    before_any_state = plan_of(wanted(MANUAL))
    assert (before_any_state.lineage, before_any_state.serial) == (None, 0)


def test_a_plan_is_the_same_whatever_the_order_of_the_manifests() -> None:
    desired = [wanted(MANUAL, key) for key in "cab"]
    assert plan_of(*desired) == plan_of(*reversed(desired))


def test_the_observed_status_of_a_blocked_key_is_recorded() -> None:
    plan = plan_of(
        wanted({**SCHEDULED, "name": "New"}, manifest="sha256:new"),
        known=state({KEY: record(SCHEDULED)}),
        reading=Reading(live={KEY: live(SCHEDULED, "sent")}),
    )
    assert plan.blocked
    assert plan.observed[KEY].status == "sent"
