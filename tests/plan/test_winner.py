"""An A/B test that waits for a decision: shown, and its declared winner set once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.diff import FieldChange
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options, Plan
from campaignctl.project.model import Guardrails
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import Sent
from tests.golden import Golden
from tests.plan.planning import (
    ID,
    KEY,
    PROJECT,
    SCHEDULED,
    Spec,
    live,
    message,
    only,
    plan_of,
    record,
    state,
    wanted,
)

A, B = message(name="A", push={"title": {"en": "Good day"}}), message(name="B")
TEST = {**SCHEDULED, "messages": [A, B], "ab_test": {"test_split": 30}}
SHOWN = [{**A, "id": "81", "winner": 0}, {**B, "id": "82", "winner": 0}]


def of(
    winner: str | None,
    *,
    status: str = "needs_decision",
    spec: Spec = TEST,
    messages: Any = SHOWN,
    recorded: str | None = None,
    **rest: Any,
) -> Plan:
    """The plan for a campaign with an A/B test."""
    phase = rest.pop("phase", "active")
    halts = rest.pop("halts", Halts())
    known = record(TEST, status, winner=recorded)
    shown = live(TEST, status, **{"messages": messages, **rest.pop("shown", {})})
    return plan_of(
        wanted(spec, manifest="sha256:new", lifecycle=Lifecycle(winner=winner, phase=phase)),
        known=state({KEY: known}, sent=(Sent(known.digest, KEY, ID, "2026-11-20T00:00:00Z"),)),
        reading=Reading(live={KEY: shown}, halts=halts),
        **rest,
    )


def test_without_a_decision_a_note_says_what_to_write(golden: Golden) -> None:
    plan = of(None)
    assert plan.empty
    assert not plan.refused
    golden("undecided", "\n".join(plan.notes))


def test_the_declared_winner_is_set_and_sends_at_once() -> None:
    change = only(of("B"))
    assert str(change.action) == "update"
    (request,) = change.requests
    assert (request.method, request.path) == ("POST", f"/v1/hood/campaigns/{ID}/messages/82/set-winner")
    assert request.body is None
    assert change.sets_winner
    assert change.sends_at_once
    assert change.undo == "never"
    assert change.intent
    assert change.spec == TEST
    winner, *text = change.diff
    assert winner == FieldChange("messages/1/winner", 0, 1)
    assert FieldChange("messages/1/push/title/en", None, "Hello") in text
    assert not [one for one in text if not one.path.startswith("messages/1/")]


@pytest.mark.parametrize(
    "theirs",
    [
        {"targeting": {"countries": {"items": ["DE"], "op": "in"}}},
        {"quiet_hours": {"from": "20:00"}},
        {"messages": [SHOWN[0], {**SHOWN[1], "push": {"title": {"en": "Changed"}}}]},
        {"messages": [{**SHOWN[0], "name": "B"}, {**SHOWN[1], "name": "A"}]},
    ],
    ids=["targeting", "quiet hours", "text", "names swapped"],
)
def test_a_winner_is_blocked_while_live_is_not_what_the_manifest_says(theirs: dict[str, Any]) -> None:
    (blocked,) = of("B", shown=theirs).blocked
    assert blocked.diff or blocked.unmanaged
    assert "--override unmanaged" in blocked.hint


def test_the_winner_is_found_by_name_in_another_order() -> None:
    change = only(of("B", messages=SHOWN[::-1]))
    assert change.requests[0].message == "82"
    assert FieldChange("messages/0/push/title/en", None, "Hello") in change.diff


def test_the_winner_is_set_once() -> None:
    assert of("B", recorded="B").empty
    assert not of("B", recorded="B").refused
    (blocked,) = of("A", recorded="B").blocked
    assert "final" in blocked.reason


@pytest.mark.parametrize("status", ["scheduled", "running", "paused", "sent", "canceled"])
def test_winner_has_no_effect_before_and_after_the_decision(status: str) -> None:
    plan = of("B", status=status)
    assert plan.empty
    assert not plan.refused


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        (SHOWN[:1], "no message of 1030978 has the name B, only A"),
        ([SHOWN[1], SHOWN[1]], "2 messages of 1030978 have the name B"),
        ([message(name="B")], "the API shows no id for the message B"),
        (None, "the messages of 1030978 were not read"),
    ],
)
def test_a_winner_that_cannot_be_found_blocks(messages: Any, reason: str) -> None:
    assert [one.reason for one in of("B", messages=messages).blocked] == [reason]


def test_other_edits_are_a_warning(golden: Golden) -> None:
    change = only(of("B", spec={**TEST, "name": "Late"}))
    golden("other edits", "\n".join(change.warnings))
    assert change.spec == TEST


def test_a_paused_or_halted_test_is_not_decided() -> None:
    assert of("B", phase="paused").empty
    halt = Halt("h", None, "wrong price", "anna", "desk", "2026-11-24T11:00:00Z")
    plan = of("B", halts=Halts((halt,)))
    assert plan.empty
    assert plan.blocked[0].status == "halted"


def test_setting_a_winner_counts_as_an_immediate_send() -> None:
    limits = Guardrails(max_immediate_sends=0)
    plan = of("B", project=replace(PROJECT, guardrails=limits))
    assert [one.guardrail for one in plan.objections] == ["max_immediate_sends"]
    assert plan.valid_until is not None
    assert of("B", options=Options(overrides=("resend",))).changes
