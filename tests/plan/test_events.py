"""`run_immediately` is an event: compared with the applied spec, never with live."""

from __future__ import annotations

import pytest

from campaignctl.campaign.live import Live
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Plan
from tests.plan.planning import (
    IMMEDIATE,
    KEY,
    MANUAL,
    SCHEDULED,
    Spec,
    body,
    live,
    message,
    only,
    plan_of,
    record,
    state,
    wanted,
)

EVERYONE = {"countries": {"items": ["DE"], "op": "in"}}


def of(spec: Spec, applied: Spec, shown: Live) -> Plan:
    """The plan for a recorded campaign."""
    known = state({KEY: record(applied, str(shown.fields["status"]))})
    return plan_of(wanted(spec, manifest="sha256:new"), known=known, reading=Reading(live={KEY: shown}))


@pytest.mark.parametrize("status", ["scheduled", "running", "sent"])
@pytest.mark.parametrize("echoed", [{}, {"run_immediately": False}, {"run_immediately": True}])
@pytest.mark.parametrize("spec", [IMMEDIATE, MANUAL, {**MANUAL, "run_immediately": False}])
def test_an_applied_event_never_fires_again(spec: Spec, echoed: Spec, status: str) -> None:
    plan = of(spec, IMMEDIATE, live(IMMEDIATE, status, **echoed))
    assert plan.empty
    assert not plan.refused


@pytest.mark.parametrize("applied", [MANUAL, {**MANUAL, "run_immediately": False}])
def test_an_event_added_to_a_manual_campaign_sends_it(applied: Spec) -> None:
    change = only(of(IMMEDIATE, applied, live(applied, "idle")))
    assert change.requests[0].body == {"run_immediately": True}
    assert change.sends_at_once
    assert change.undo == "never"
    assert change.intent


def test_an_edit_after_the_event_does_not_send_again() -> None:
    change = only(of({**IMMEDIATE, "name": "New"}, IMMEDIATE, live(IMMEDIATE)))
    assert change.requests[0].body == {"name": "New"}
    assert not change.arms
    assert change.spec == {**IMMEDIATE, "name": "New"}


@pytest.mark.parametrize(
    ("before", "after"),
    [({"targeting": EVERYONE}, {}), ({}, {"messages": [message(), message("sms", integration_id="1")]})],
)
def test_a_wider_audience_after_the_event_arms(before: Spec, after: Spec) -> None:
    change = only(of({**IMMEDIATE, **after}, {**IMMEDIATE, **before}, live({**IMMEDIATE, **before})))
    assert change.arms
    assert not change.sends_at_once


@pytest.mark.parametrize(
    "spec", [{**SCHEDULED, "run_immediately": False}, {**IMMEDIATE, "run_immediately": 1}]
)
def test_every_spelling_agrees_with_itself(spec: Spec) -> None:
    assert of(spec, spec, live(spec)).empty
    assert of(spec, spec, live(spec, "sent")).empty


def test_leaving_draft_with_the_event_sends_at_once() -> None:
    drafted = body(run_immediately=True, is_draft=True)
    change = only(of(IMMEDIATE, drafted, live(drafted, "draft")))
    assert change.requests[0].body == {"is_draft": False}
    assert change.sends_at_once


def test_removing_the_event_from_a_draft_reverts_it() -> None:
    drafted = body(run_immediately=True, is_draft=True)
    change = only(of(MANUAL, drafted, live(drafted, "draft")))
    assert change.requests[0].body == {"run_immediately": False, "is_draft": False}
    assert not change.sends_at_once
    only_taken_out = only(of({**MANUAL, "is_draft": True}, drafted, live(drafted, "draft")))
    assert only_taken_out.requests[0].body == {"run_immediately": False}
