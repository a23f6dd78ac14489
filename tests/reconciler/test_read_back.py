"""What a read proves about a write whose answer was empty or lost."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan.model import Plan
from tests.reconciler.account import Account, campaign

SPEC = campaign("Welcome", description="Old", scheduled_time="2036-06-01 10:00:00")
LOST = {"kind": "lost_answer"}
DROPPED = {"kind": "drop"}


@pytest.fixture
def scheduled(account: Account) -> Account:
    account.specs = {"push/welcome": SPEC}
    account.apply()
    return account


def test_update_that_a_read_shows_is_recorded(scheduled: Account) -> None:
    scheduled.specs = {"push/welcome": {**SPEC, "description": "New"}}
    assert scheduled.outcomes() == {"push/welcome": "done"}
    assert scheduled.state.campaigns["push/welcome"].applied["description"] == "New"


def test_update_that_the_api_ignores_fails_and_is_planned_again(scheduled: Account) -> None:
    scheduled.control.switch(patch_ignores=["description"])
    scheduled.specs = {"push/welcome": {**SPEC, "description": "New"}}
    outcome = scheduled.apply()
    (result,) = outcome.changes
    assert (result.outcome, [str(command) for command in outcome.next]) == ("failed", ["campaignctl plan"])
    assert scheduled.state.campaigns["push/welcome"].applied["description"] == "Old"
    scheduled.control.switch(patch_ignores=[])
    assert scheduled.outcomes() == {"push/welcome": "done"}


@pytest.mark.parametrize("fault", [LOST, DROPPED], ids=["lost answer", "dropped"])
def test_cancel_without_an_answer_is_asked_for_until_a_read_shows_it(
    scheduled: Account, fault: dict[str, str]
) -> None:
    scheduled.control.fault({"path": "/cancel$", "times": 1}, fault)
    mark = scheduled.mark
    scheduled.guarded(max_destroy_percent=100)
    scheduled.specs = {}
    assert scheduled.outcomes() == {"push/welcome": "done"}
    assert scheduled.writes(mark) == ["cancel"] * (1 if fault is LOST else 2)
    assert scheduled.state.campaigns == {}
    assert [release.status for release in scheduled.state.released] == ["canceled"]


def test_pause_is_remembered_as_ours_and_resumed_at_the_reviewed_time(scheduled: Account) -> None:
    scheduled.lifecycles = {"push/welcome": Lifecycle(phase="paused")}
    assert scheduled.outcomes() == {"push/welcome": "done"}
    assert scheduled.state.campaigns["push/welcome"].paused_by_us
    scheduled.lifecycles = {}
    assert scheduled.outcomes() == {"push/welcome": "done"}
    live = scheduled.control.campaign(scheduled.id_of("push/welcome"))["live"]
    assert (live["status"], live["next_run_time"]) == ("scheduled", "2036-06-01 10:00:00")


def test_update_that_cannot_be_read_back_is_unknown_and_settles_itself(scheduled: Account) -> None:
    scheduled.specs = {"push/welcome": {**SPEC, "description": "New"}}
    mark = scheduled.mark
    scheduled.control.fault({"method": "GET", "skip": 1, "times": 40}, {"kind": "status", "status": 500})
    assert scheduled.outcomes() == {"push/welcome": "unknown"}
    assert scheduled.writes(mark) == ["update"]
    scheduled.control.clear_faults()
    scheduled.apply()
    assert scheduled.outcomes() == {}
    assert scheduled.state.campaigns["push/welcome"].applied["description"] == "New"


UNMANAGED: dict[str, dict[str, Any]] = {
    "quiet hours": {"quiet_hours": {"from": "20:00"}},
    "language": {"messages/0/push/title/de": "Hallo"},
}


@pytest.mark.parametrize("theirs", UNMANAGED.values(), ids=UNMANAGED)
def test_an_edit_that_the_plan_showed_fails_no_other_update(
    scheduled: Account, theirs: dict[str, Any]
) -> None:
    scheduled.control.edit(scheduled.id_of("push/welcome"), theirs)
    scheduled.specs = {"push/welcome": {**SPEC, "description": "New"}}

    def approve(plan: Plan) -> bool:
        return [one.path for drift in plan.drift for one in drift.unmanaged] == list(theirs)

    assert scheduled.outcomes(approve) == {"push/welcome": "done"}


@pytest.mark.parametrize("theirs", UNMANAGED.values(), ids=UNMANAGED)
def test_what_a_manifest_ignores_fails_no_update(scheduled: Account, theirs: dict[str, Any]) -> None:
    scheduled.lifecycles = {"push/welcome": Lifecycle(ignore_changes=tuple(theirs))}
    scheduled.control.edit(scheduled.id_of("push/welcome"), theirs)
    scheduled.specs = {"push/welcome": {**SPEC, "description": "New"}}
    assert scheduled.outcomes() == {"push/welcome": "done"}


def test_list_pages_that_hide_a_field_accuse_nobody(account: Account) -> None:
    aim = {"targeting": {"countries": {"items": ["DE"], "op": "in"}}}
    account.control.switch(never_listed=["targeting", "messages/*/push/body"])
    account.specs = {str(n): campaign(str(n), is_draft=True, **aim) for n in range(8)}
    account.apply()
    account.specs = {key: {**spec, "description": "New"} for key, spec in account.specs.items()}
    assert set(account.outcomes().values()) == {"done"}
    assert not any(record.unconfirmed for record in account.state.campaigns.values())


def test_a_resume_of_what_was_changed_meanwhile_is_not_done(scheduled: Account) -> None:
    key = "push/welcome"
    scheduled.lifecycles = {key: Lifecycle(phase="paused")}
    scheduled.apply()
    scheduled.lifecycles = {}

    def edited(_plan: Plan) -> bool:
        scheduled.control.edit(scheduled.id_of(key), quiet_hours={"from": "20:00"})
        return True

    assert scheduled.outcomes(edited) == {key: "failed"}
