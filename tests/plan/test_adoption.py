"""Adoption of live campaigns: recorded as they are, with every difference shown as an update."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import Owner, of_proof
from campaignctl.diff import requested
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Plan
from campaignctl.project.model import ApiSettings
from campaignctl.schedule.times import iso
from campaignctl.state.model import State
from campaignctl.state.proofs import Proof
from tests.golden import Golden
from tests.plan.planning import (
    DRAFT,
    ID,
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    PROJECT,
    RECURRING,
    SCHEDULED,
    Spec,
    live,
    plan_of,
    record,
    state,
    wanted,
)

SERVED: Spec = {
    "company_id": "6197120",
    "creator_id": "7",
    "is_draft": False,
    "send_in_profile_time_zone": False,
    "score": 0,
    "max_runs": 1,
    "utm_tracking": {
        "enabled": 1,
        "utm_source": "${OCMH_UTM_SOURCE}",
        "utm_medium": "${OCMH_UTM_MEDIUM}",
        "utm_campaign": "${OCMH_CAMPAIGN_NAME}",
    },
}


def served(spec: Spec, status: str = "scheduled", campaign_id: str = ID, **fields: Any) -> Live:
    """A campaign as the API shows it, with the server's fields."""
    messages = [
        {**one, "id": "9", "company_id": "1", "integration_id": "0", "primary_lang": "en", "winner": 0}
        for one in spec["messages"]
    ]
    return live({**spec, "messages": messages}, status, campaign_id, **{**SERVED, **fields})


def of(shown: Live | None, spec: Spec = SCHEDULED, known: State | None = None, **lifecycle: Any) -> Plan:
    """The plan for a manifest that adopts campaign 1030978."""
    return plan_of(
        wanted(spec, adopt="1030978", lifecycle=Lifecycle(**lifecycle)),
        known=known,
        reading=Reading(adoptable={"1030978": shown}),
    )


def did(plan: Plan) -> list[str]:
    """The actions, then `blocked`."""
    return [str(change.action) for change in plan.changes] + ["blocked"] * len(plan.blocked)


@pytest.mark.parametrize(
    ("spec", "status", "fields"),
    [
        (SCHEDULED, "scheduled", {}),
        (SCHEDULED, "paused", {}),
        (RECURRING, "scheduled", {"scheduled_time": "2026-11-25 09:00:00"}),
        (MANUAL, "idle", {"send_strategy": "manual"}),
        (DRAFT, "draft", {"is_draft": True}),
        (IMMEDIATE, "scheduled", {"send_strategy": "immediate", "scheduled_time": "2026-11-24 12:00:00"}),
        (IMMEDIATE, "sent", {}),
        ({**SCHEDULED, "labels": ["a", "b"]}, "scheduled", {"labels": "b, a"}),
        ({**SCHEDULED, "utm_tracking": {"enabled": 0}}, "scheduled", {"utm_tracking": {"enabled": 0}}),
    ],
)
def test_a_campaign_that_agrees_with_its_manifest_is_only_recorded(
    spec: Spec, status: str, fields: Spec
) -> None:
    plan = of(served(spec, status, **fields), spec)
    assert did(plan) == ["adopt"]
    (change,) = plan.changes
    assert change.record is not None
    assert (change.record.id, change.id) == ("1030978", "1030978")
    assert not plan.observed
    again = plan_of(
        wanted(spec, adopt="1030978"),
        known=state({KEY: change.record}),
        reading=Reading(live={KEY: served(spec, status, **fields)}),
    )
    assert again.empty
    assert not again.refused


@pytest.mark.parametrize("project_id", [None, "5f0c2f1e-8d5d-4c43"])
@pytest.mark.parametrize(
    ("spec", "status"), [(SCHEDULED, "scheduled"), (SCHEDULED, "paused"), (DRAFT, "draft"), (MANUAL, "idle")]
)
def test_an_adoption_shows_the_request_that_marks_the_campaign(
    spec: Spec, status: str, project_id: str | None
) -> None:
    project = replace(PROJECT, id=project_id)
    manual = {"send_strategy": "manual"} if status == "idle" else {}
    shown = served(spec, status, metadata={"team": "crm"}, **manual)
    plan = plan_of(
        wanted({**spec, "metadata": {"team": "crm"}}, adopt="1030978"),
        project=project,
        reading=Reading(adoptable={"1030978": shown}),
    )
    (change,) = plan.changes
    assert plan.project_id == project_id
    assert change.record is not None
    assert change.record.intent == "intent-0001"
    assert not change.record.unmarked
    made_by = project.owner.marker(KEY, "intent-0001")
    (request,) = change.requests
    assert (request.method, request.path) == ("PATCH", "/v1/hood/campaigns/1030978")
    assert request.body == {"metadata": {"team": "crm", "campaignctl": str(made_by)}}
    assert "puts our marker into its metadata" in change.reason


@pytest.mark.parametrize("status", ["running", "sent", "canceled", "needs_decision", "novel"])
def test_a_campaign_that_cannot_be_edited_is_recorded_as_unmarked(status: str) -> None:
    change = of(served(SCHEDULED, status)).changes[0]
    assert change.requests == ()
    assert change.record is not None
    assert (change.record.unmarked, change.record.intent) == (True, None)


@pytest.mark.parametrize("markers", ["off", "lost"])
def test_without_working_markers_nothing_is_marked(markers: str) -> None:
    known = state()
    known = replace(known, account=replace(known.account, markers=markers != "lost"))
    plan = plan_of(
        wanted(SCHEDULED, adopt="1030978"),
        known=known,
        project=replace(PROJECT, api=ApiSettings(markers=markers != "off")),
        reading=Reading(adoptable={"1030978": served(SCHEDULED)}),
    )
    (change,) = plan.changes
    assert change.requests == ()
    assert change.record is not None
    assert change.record.unmarked


def test_a_clone_of_a_recorded_campaign_gets_a_marker_of_its_own() -> None:
    made_by = Owner("acme-crm").marker("other", "intent-of-old")
    known = state({"other": record(SCHEDULED, campaign_id="77")})
    plan = plan_of(
        wanted(SCHEDULED, adopt="1030978"),
        wanted(SCHEDULED, "other"),
        known=known,
        reading=Reading(
            live={"other": live(SCHEDULED, campaign_id="77")},
            adoptable={"1030978": served(SCHEDULED, metadata={"campaignctl": str(made_by)})},
        ),
    )
    (change,) = plan.changes
    assert change.record is not None
    assert change.record.intent == "intent-0001"
    assert "intent-0001" in str(change.requests[0].body)


def test_a_campaign_that_stops_in_the_same_plan_is_marked_before_and_any_other_after_the_stops() -> None:
    gone = record(SCHEDULED, campaign_id="77")
    plan = plan_of(
        wanted(SCHEDULED, "a", adopt="1"),
        wanted(SCHEDULED, "b", adopt="2", lifecycle=Lifecycle(phase="paused")),
        known=state({"gone": gone}),
        reading=Reading(
            live={"gone": live(SCHEDULED, campaign_id="77")},
            adoptable={each: served(SCHEDULED, campaign_id=each) for each in ("1", "2")},
        ),
    )
    order = [(change.key, str(change.action)) for change in plan.changes]
    assert order == [("b", "adopt"), ("b", "pause"), ("gone", "cancel"), ("a", "adopt")]


def test_every_difference_is_shown_as_an_update() -> None:
    shown = served({**SCHEDULED, "description": "by hand", "name": "Hand-made"})
    plan = of(shown)
    assert did(plan) == ["adopt", "update"]
    assert plan.changes[1].requests[0].body == {"name": "Welcome", "description": None}
    assert {field.path for field in plan.changes[1].diff} == {"name", "description"}
    assert plan.changes[1].live_digest is not None, "a saved plan is void once it is edited again"


def test_a_campaign_that_was_sent_at_once_is_not_sent_again() -> None:
    for status in ("scheduled", "running", "sent", "needs_decision"):
        plan = of(served(IMMEDIATE, status, send_strategy="immediate"), IMMEDIATE)
        assert not any(change.arms for change in plan.changes)


def test_a_manual_campaign_that_was_launched_is_not_launched_again() -> None:
    plan = of(served(MANUAL, "idle", send_strategy="manual", was_launched=True), IMMEDIATE)
    assert did(plan) == ["adopt"]


def test_a_foreign_pause_stays_and_a_declared_pause_is_applied() -> None:
    assert did(of(served(SCHEDULED, "paused"))) == ["adopt"]
    assert did(of(served(SCHEDULED, "scheduled"), phase="paused")) == ["adopt", "pause"]
    assert did(of(served(SCHEDULED, "scheduled"), phase="canceled")) == ["adopt", "cancel"]


def test_what_is_canceled_in_the_same_plan_gets_no_marker_before() -> None:
    adopted, canceled = of(served(SCHEDULED), phase="canceled").changes
    assert (adopted.requests, [one.operation for one in canceled.requests]) == ((), ["cancel"])
    assert adopted.record is not None
    assert (adopted.record.unmarked, adopted.record.intent) == (True, None)


def test_a_final_campaign_is_recorded_and_its_edits_are_blocked() -> None:
    assert did(of(served(SCHEDULED, "sent"), {**SCHEDULED, "name": "New"})) == ["adopt", "blocked"]


def test_an_adopted_campaign_that_was_sent_can_be_kept_as_it_was_sent() -> None:
    """The hint says what to ignore, and that is enough."""
    shown = served({**SCHEDULED, "quiet_hours": {"from": "20:00"}, "name": "Old"}, "sent")
    (blocked,) = of(shown).blocked
    ignored = re.search(r"or list ([^`]+) in `ignore_changes`", str(blocked.hint))
    assert ignored is not None
    assert ignored[1] == "name, quiet_hours"
    assert did(of(shown, ignore_changes=tuple(ignored[1].split(", ")))) == ["adopt"]


def test_the_lifecycle_is_recorded_with_the_adoption() -> None:
    (change,) = of(served(SCHEDULED), prevent_destroy=True).changes
    assert change.record is not None
    assert change.record.lifecycle.prevent_destroy


def test_a_missing_campaign_blocks(golden: Golden) -> None:
    plan = of(None)
    assert did(plan) == ["blocked"]
    golden("no campaign", plan.blocked[0].reason)
    assert did(plan_of(wanted(SCHEDULED, adopt="1030978"))) == ["blocked"]


def test_an_already_recorded_campaign_blocks_and_moved_is_proposed() -> None:
    plan = plan_of(
        wanted(SCHEDULED, adopt="1030978"),
        wanted(SCHEDULED, "other"),
        known=state({"other": record(SCHEDULED)}),
        reading=Reading(live={"other": live(SCHEDULED)}, adoptable={"1030978": served(SCHEDULED)}),
    )
    assert did(plan) == ["blocked"]
    assert "moved: {from: other}" in plan.blocked[0].hint


def test_a_campaign_of_another_company_blocks() -> None:
    assert did(of(served(SCHEDULED, company_id="1"), known=state())) == ["blocked"]


@pytest.mark.parametrize(
    ("project", "environment", "actions"),
    [("acme-crm", None, ["adopt"]), ("acme-crm", "staging", ["blocked"]), ("other", None, ["blocked"])],
)
def test_a_campaign_of_another_project_blocks(
    project: str, environment: str | None, actions: list[str]
) -> None:
    made_by = Owner(project, None, environment).marker("some/key", "intent-of-old")
    plan = of(served(SCHEDULED, metadata={"campaignctl": str(made_by), "team": "crm"}), SCHEDULED)
    assert did(plan)[:1] == actions
    if actions == ["adopt"]:
        assert plan.changes[0].record is not None
        assert plan.changes[0].record.intent == "intent-of-old"
        assert plan.changes[0].record.applied["metadata"] == {"team": "crm"}
    else:
        assert "campaignctl state rm" in plan.blocked[0].hint


def test_a_proof_is_not_adopted() -> None:
    made_by = PROJECT.owner.marker(KEY, "intent-0001")
    plan = of(served({**DRAFT, "metadata": of_proof(made_by)}, "sent"), DRAFT)
    assert did(plan) == ["blocked"]
    assert plan.blocked[0].reason == "1030978 is a proof of a campaign, which reaches seeds alone"


def test_a_recorded_proof_is_not_adopted_even_without_its_marker() -> None:
    sent = Proof("b", "m", "en", "sha256:p", "team", "sha256:s", "ana", "i-1", "sent", iso(NOW), "1030978")
    plan = of(served(SCHEDULED), known=state(proofs=(replace(sent, key="a", id="7"), sent)))
    assert did(plan) == ["blocked"]
    assert plan.blocked[0].reason == "1030978 is a proof of b, which reaches seeds alone"
    assert plan.blocked[0].hint == "send it again with `campaignctl proof b`"


def test_adopt_has_no_effect_once_recorded() -> None:
    plan = plan_of(wanted(SCHEDULED, adopt="77"), known=state({KEY: record(SCHEDULED)}))
    assert plan.empty
    assert not plan.refused


def test_a_draft_with_the_event_keeps_it() -> None:
    shown = served({**MANUAL, "is_draft": True}, "draft", run_immediately=True)
    assert requested(shown)["run_immediately"] is True
    assert did(of(shown, {**DRAFT, "run_immediately": True})) == ["adopt"]


def test_a_campaign_without_a_marker_is_adopted() -> None:
    project = replace(PROJECT, name="acme-crm")
    plan = plan_of(
        wanted(SCHEDULED, adopt="1030978"),
        project=project,
        reading=Reading(adoptable={"1030978": served(SCHEDULED)}),
    )
    assert did(plan) == ["adopt"]
