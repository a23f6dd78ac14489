"""What a read proves about a write whose answer was lost: that it happened, or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign.live import Live
from campaignctl.plan.proof import shows_decided, shows_sending
from campaignctl.schedule.times import parse_iso
from campaignctl.state.model import AT_ONCE, Intent, Watermark
from tests.plan.planning import DRAFT, ID, IMMEDIATE, MANUAL, RECURRING, SCHEDULED, Spec, live, record

AT, NOW = "2026-11-24T12:00:00Z", parse_iso("2026-11-24T12:01:00Z")
THEN, LATER = "2026-11-24 12:00:01", "2036-12-24 10:00:00"
STARTED = Intent("update", "i", "started", IMMEDIATE, "d", Watermark((), None), AT_ONCE, at=AT, id=ID)


def runs(*times: str, skip: bool = False) -> dict[str, Any]:
    return {"scheduled_run_times": [{"time": time, "initiator": "manual", "skip": skip} for time in times]}


@pytest.mark.parametrize(
    ("spec", "recorded", "status", "shown"),
    [
        (MANUAL, "manual", "running", {}),
        (MANUAL, "manual", "sent", {}),
        (SCHEDULED, "scheduled", "running", {}),
        (DRAFT, "draft", "needs_decision", {}),
        (MANUAL, "manual", "scheduled", {}),
        (DRAFT, "draft", "scheduled", {"next_run_time": THEN}),
        (SCHEDULED, "scheduled", "scheduled", {"send_strategy": "immediate"}),
        (SCHEDULED, "scheduled", "scheduled", {"next_run_time": THEN}),
        (RECURRING, "scheduled", "scheduled", runs(THEN)),
        (SCHEDULED, "scheduled", "paused", {"run_counter": 1}),
        (SCHEDULED, "scheduled", "canceled", {"run_counter": 1}),
    ],
)
def test_status_strategy_or_a_run_since_then_show_a_start(
    spec: Spec, recorded: str, status: str, shown: dict[str, Any]
) -> None:
    assert shows_sending(STARTED, record(spec, recorded), live(spec, status, **shown), NOW)


@pytest.mark.parametrize(
    ("spec", "recorded", "status", "shown"),
    [
        (DRAFT, "draft", "draft", {}),
        (MANUAL, "manual", "manual", {}),
        (MANUAL, "manual", "manual", {"was_launched": 1}),
        (DRAFT, "draft", "scheduled", {"next_run_time": LATER}),
        (SCHEDULED, "scheduled", "scheduled", {}),
        (SCHEDULED, "scheduled", "scheduled", {"next_run_time": LATER}),
        (SCHEDULED, "scheduled", "paused", {"run_counter": 0}),
        (SCHEDULED, "scheduled", "canceled", {}),
        (RECURRING, "scheduled", "running", {}),
        (RECURRING, "scheduled", "scheduled", runs(THEN, skip=True)),
        (RECURRING, "scheduled", "scheduled", runs("2026-11-24 09:00:00")),
        (RECURRING, "paused", "paused", {"run_counter": 4}),
    ],
)
def test_nothing_else_shows_a_start(spec: Spec, recorded: str, status: str, shown: dict[str, Any]) -> None:
    assert not shows_sending(STARTED, record(spec, recorded), live(spec, status, **shown), NOW)


def test_a_run_of_its_own_schedule_is_no_start() -> None:
    daily = {**RECURRING, "recurrence": {"cron": "0 12 * * *"}}
    shown = live(daily, "scheduled", **runs("2026-11-24 12:00:00"))
    assert not shows_sending(STARTED, record(daily), shown, NOW)


def test_a_strategy_that_it_had_before_shows_nothing() -> None:
    known = record(SCHEDULED, "scheduled", send_strategy="immediate")
    assert not shows_sending(STARTED, known, live(SCHEDULED, send_strategy="immediate"), NOW)


def decided(status: str, winner: str | None, **shown: Any) -> Live:
    """A read of an A/B test, with the winner that it shows."""
    messages = [{**message, "name": "A", "winner": int(winner == "A")} for message in SCHEDULED["messages"]]
    return live({**SCHEDULED, "messages": messages}, status, **shown)


def asked(run: int | None = None) -> Intent:
    patch = {"name": "A", "id": "81", "run": run}
    return replace(STARTED, operation="winner", patch=patch)


@pytest.mark.parametrize(
    ("status", "winner", "shown"),
    [
        ("needs_decision", None, False),
        ("needs_decision", "A", True),
        ("running", None, True),
        ("sent", "A", True),
        ("paused", None, False),
        ("canceled", None, False),
    ],
)
def test_winner_that_may_have_been_set(status: str, winner: str | None, shown: bool) -> None:
    seen = decided(status, winner)
    assert seen.winner == winner
    assert shows_decided(asked(), record(SCHEDULED, "needs_decision"), seen) is shown


@pytest.mark.parametrize(
    ("run", "counted", "status", "winner", "set_before", "shown"),
    [
        (1, 1, "needs_decision", "A", None, True),
        (2, 2, "needs_decision", None, "A", False),
        (2, 2, "needs_decision", "A", "A", False),
        (2, 2, "needs_decision", "A", "B", True),
        (2, 2, "running", None, "A", True),
        (2, 3, "needs_decision", None, "A", True),
        (2, None, "needs_decision", None, "A", False),
    ],
)
def test_the_winner_of_a_run_is_not_that_of_the_run_before(
    run: int, counted: int | None, status: str, winner: str | None, set_before: str | None, shown: bool
) -> None:
    seen = decided(status, winner, **({"run_counter": counted} if counted else {}))
    known = record(RECURRING, "needs_decision", winner=set_before)
    assert shows_decided(asked(run), known, seen) is shown


@pytest.mark.parametrize("strange", [5, True, None, "", "soon", ["2036-12-24 10:00:00"]])
def test_a_time_that_cannot_be_read_shows_no_start(strange: Any) -> None:
    shown = live(RECURRING, "scheduled", next_run_time=strange, scheduled_run_times=[{"time": strange}])
    assert not shows_sending(STARTED, record(RECURRING), shown, NOW)


def test_a_winner_without_a_request_is_shown_by_the_status_alone() -> None:
    write = replace(STARTED, operation="winner", patch=None)
    known = record(SCHEDULED, "needs_decision")
    assert shows_decided(write, known, decided("sent", None))
    assert not shows_decided(write, known, decided("needs_decision", None))
