"""What a read proves about a write that sends at once: it happened, it did not, or neither."""

from __future__ import annotations

import pytest

from campaignctl.reconciler.settle import shows_set_off, shows_winner
from tests.plan.planning import DRAFT, MANUAL, SCHEDULED, Spec, live, record


@pytest.mark.parametrize(
    ("spec", "recorded", "status", "fields", "verdict"),
    [
        (DRAFT, "draft", "draft", {}, False),
        (MANUAL, "manual", "manual", {}, False),
        (MANUAL, "manual", "manual", {"was_launched": 1}, None),
        (MANUAL, "manual", "scheduled", {}, True),
        (MANUAL, "manual", "running", {}, True),
        (MANUAL, "manual", "sent", {}, True),
        (SCHEDULED, "scheduled", "running", {}, True),
        (SCHEDULED, "scheduled", "scheduled", {}, None),
        (SCHEDULED, "scheduled", "paused", {}, None),
        (SCHEDULED, "scheduled", "canceled", {}, None),
    ],
)
def test_campaign_that_may_have_been_set_off(
    spec: Spec, recorded: str, status: str, fields: Spec, verdict: bool | None
) -> None:
    assert shows_set_off(record(spec, recorded), live(spec, status, **fields)) is verdict


@pytest.mark.parametrize(
    ("status", "winner", "verdict"),
    [
        ("needs_decision", None, False),
        ("needs_decision", "A", True),
        ("running", None, True),
        ("sent", "A", True),
        ("paused", None, None),
        ("canceled", None, None),
    ],
)
def test_winner_that_may_have_been_set(status: str, winner: str | None, verdict: bool | None) -> None:
    messages = [{**message, "name": "A", "winner": int(winner == "A")} for message in SCHEDULED["messages"]]
    shown = live({**SCHEDULED, "messages": messages}, status)
    assert shown.winner == winner
    assert shows_winner(record(SCHEDULED, "needs_decision"), shown) is verdict
