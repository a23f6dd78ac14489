"""What live must show to prove a write, to the second; and what is recorded then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status
from campaignctl.plan import proof, records
from campaignctl.plan.subject import Subject
from campaignctl.schedule.times import format_gmt, iso
from campaignctl.state.halts import Halt, Halts, Stopped
from campaignctl.state.model import AT_ONCE, Intent, Record
from tests.plan.planning import (
    ID,
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    PROJECT,
    RECURRING,
    SCHEDULED,
    Spec,
    intent,
    live,
    record,
    state,
)

SECOND = timedelta(seconds=1)
AT = NOW - timedelta(minutes=1)


def write(operation: Any, spec: Spec = SCHEDULED, patch: Any = None, **more: Any) -> Intent:
    """A write that left a minute ago."""
    base = {"operation": operation, "id": ID, "at": iso(AT), "patch": patch, **more}
    return replace(intent(spec), **base)


def shows(one: Intent, shown: Live, known: Record | None = None) -> bool:
    return proof.shows(one, known or record(SCHEDULED), shown, PROJECT, NOW)


@pytest.mark.parametrize(
    ("one", "at_once"),
    [
        (write("update", first_send=AT_ONCE), True),
        (write("winner", first_send=AT_ONCE), True),
        (write("update", first_send=iso(NOW)), False),
        (write("update"), False),
        (write("replace", first_send=AT_ONCE), False),
        (write("resume", first_send=iso(NOW)), True),
        (write("resume", first_send=iso(NOW + SECOND)), False),
        (write("resume"), False),
    ],
)
def test_what_may_have_sent_by_now(one: Intent, *, at_once: bool) -> None:
    assert proof.sends_at_once(one, NOW) is at_once


@pytest.mark.parametrize(
    ("operation", "what", "happened"),
    [
        ("winner", f"the winner of {ID} was set", "if it was set"),
        ("update", f"{ID} started sending", "if it was sent"),
        ("resume", f"{ID} started sending", "if it was sent"),
    ],
)
def test_a_person_is_asked_what_happened(operation: str, what: str, happened: str) -> None:
    left = proof.for_a_person(KEY, write(operation), Status.MANUAL)
    assert left.reason == f"not known whether {what}: it is manual, and the request may still take effect"
    done, retry = f"campaignctl state resolve {KEY} --done", f"campaignctl state resolve {KEY} --retry"
    assert left.hint == f"`{done}` {happened}, or `{retry}` if not"
    assert left.at_once


@pytest.mark.parametrize(
    ("applied", "shown", "status"),
    [
        (MANUAL, live(MANUAL, "strange"), "manual"),
        (SCHEDULED, live(SCHEDULED, "strange"), "unknown"),
        (SCHEDULED, None, "missing"),
        (None, live(SCHEDULED, "paused"), "paused"),
    ],
)
def test_a_write_that_may_have_sent_is_left_to_a_person_with_its_status(
    applied: Spec | None, shown: Live | None, status: str
) -> None:
    late = write(
        "update", IMMEDIATE, {"run_immediately": True}, first_send=AT_ONCE, at=iso(NOW - 60 * SECOND)
    )
    known = state({KEY: record(applied, "manual")} if applied else {}, pending={KEY: late})
    found = proof.settled(known, {KEY: shown}, PROJECT, NOW)
    assert f"it is {status}, and" in found.left[KEY].reason
    assert (found.said, found.entry.intents) == ((), {})


# ---------------------------------------------------------------------------------------- what was started


STARTED = write("update", IMMEDIATE, {"run_immediately": True}, first_send=AT_ONCE)
SHOWN = {"send_strategy": "immediate"}


def at(seconds: float) -> str:
    return format_gmt(NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("applied", "was", "shown", "proven"),
    [
        (MANUAL, {"status": "manual"}, live(MANUAL, "running"), True),
        (MANUAL, {"status": "manual"}, live(MANUAL, "needs_decision"), True),
        (RECURRING, {}, live(RECURRING, "running"), False),
        (MANUAL, {"status": "manual"}, live(MANUAL, "manual"), False),
        (MANUAL, {"status": "manual"}, live(MANUAL, "manual", **SHOWN), True),
        (MANUAL, {"status": "manual", "send_strategy": "immediate"}, live(MANUAL, "manual", **SHOWN), False),
        (MANUAL, {"status": "manual"}, live(MANUAL, "paused", run_counter=1), True),
        (MANUAL, {"status": "manual"}, live(MANUAL, "canceled", run_counter=1), True),
        (MANUAL, {"status": "manual"}, live(MANUAL, "paused"), False),
        (MANUAL, {"status": "manual"}, live(MANUAL, "manual", run_counter=1), False),
        (MANUAL, {"status": "manual", "began": iso(AT)}, live(MANUAL, "paused", run_counter=1), False),
        (RECURRING, {}, live(RECURRING, "paused", run_counter=1), False),
        (MANUAL, {"status": "manual"}, live(MANUAL, "scheduled"), True),
        (SCHEDULED, {"status": "draft"}, live(SCHEDULED, "scheduled"), True),
        (SCHEDULED, {"status": "scheduled"}, live(SCHEDULED, "scheduled"), False),
        (MANUAL, {"status": "manual"}, live(MANUAL, "scheduled", next_run_time=at(5)), True),
        (MANUAL, {"status": "manual"}, live(MANUAL, "scheduled", next_run_time=at(6)), False),
        (SCHEDULED, {}, live(SCHEDULED, next_run_time=at(-65)), True),
        (SCHEDULED, {}, live(SCHEDULED, next_run_time=at(-66)), False),
        (SCHEDULED, {}, live(SCHEDULED, next_run_time=at(0)), True),
        (SCHEDULED, {}, live(SCHEDULED, next_run_time=at(5)), True),
        (SCHEDULED, {}, live(SCHEDULED, next_run_time=at(6)), False),
        (SCHEDULED, {}, live(SCHEDULED, next_run_time="soon"), False),
        (SCHEDULED, {}, live(SCHEDULED, next_run_time=""), False),
    ],
)
def test_a_campaign_was_started_if_its_status_or_a_run_says_so(
    applied: Spec, was: dict[str, Any], shown: Live, *, proven: bool
) -> None:
    status = was.pop("status", "scheduled") if "status" in was else "scheduled"
    assert shows(STARTED, shown, record(applied, status, **was)) is proven


def runs(*times: Any) -> Live:
    return live(SCHEDULED, scheduled_run_times=list(times))


@pytest.mark.parametrize(
    ("times", "proven"),
    [
        ([{"time": at(-30)}], True),
        ([{"time": at(0)}], True),
        ([{"time": at(60)}], False),
        ([{"time": at(-30), "skip": 1}], False),
        ([{"time": at(-90)}, {"time": at(-30)}], True),
        (["text", {"time": at(-90)}], False),
        ([{"time": None}], False),
        ([], False),
    ],
)
def test_a_past_run_counts_unless_it_was_skipped(times: list[Any], *, proven: bool) -> None:
    assert shows(STARTED, runs(*times)) is proven


def test_a_run_of_its_own_time_proves_nothing() -> None:
    daily = {**MANUAL, "recurrence": {"cron": "0 12 * * *"}}
    shown = live(daily, next_run_time=at(0))
    assert not shows(STARTED, shown, record(daily))
    assert shows(STARTED, shown, record(RECURRING))


def test_a_write_without_a_time_is_looked_for_from_now_on() -> None:
    open_ = replace(STARTED, at=None)
    assert not shows(open_, live(SCHEDULED, next_run_time=at(-6)))
    assert shows(open_, live(SCHEDULED, next_run_time=at(-5)))


@pytest.mark.parametrize(
    ("run", "was", "shown", "proven"),
    [
        (None, None, live(SCHEDULED, "needs_decision"), False),
        (None, None, live(SCHEDULED, "running"), True),
        (None, None, live(SCHEDULED, "scheduled"), True),
        (None, None, live(SCHEDULED, "sent"), True),
        (None, None, live(SCHEDULED, "needs_decision", winner="A"), True),
        (None, "A", live(SCHEDULED, "needs_decision", winner="A"), True),
        (1, "A", live(SCHEDULED, "needs_decision", winner="A"), True),
        (2, "A", live(SCHEDULED, "needs_decision", winner="A"), False),
        (2, "A", live(SCHEDULED, "needs_decision", winner="B"), True),
        (2, None, live(SCHEDULED, "paused"), False),
    ],
)
def test_a_winner_is_set_if_its_status_or_a_new_winner_says_so(
    run: int | None, was: str | None, shown: Live, *, proven: bool
) -> None:
    messages = [
        {"name": name, "id": name, "winner": int(shown.fields.get("winner") == name)} for name in "AB"
    ]
    whole = replace(shown, fields={**shown.fields, "messages": messages})
    known = record(SCHEDULED, winner=was)
    assert shows(write("winner", patch={"name": "A", "run": run}), whole, known) is proven


# --------------------------------------------------------------------------------------------- an update


NEW = {**SCHEDULED, "description": "new"}
TAKEN = {"description": "new", "name": None}


@pytest.mark.parametrize(
    ("patch", "members", "complete", "proven"),
    [
        ({"description": "new"}, NEW, True, True),
        ({"description": "new"}, SCHEDULED, True, False),
        ({"description": "new"}, {**SCHEDULED, "description": "other"}, True, False),
        ({"description": "new"}, {**NEW, "name": "other"}, True, True),
        ({"description": "new"}, NEW, False, True),
        ({"description": "new"}, SCHEDULED, False, False),
        ({"description": "new", "deal_id": None}, NEW, False, False),
        ({"description": "new", "score": 1}, NEW, False, False),
        ({}, NEW, False, True),
        ({"description": "new", "deal_id": None}, NEW, True, True),
    ],
)
def test_an_update_is_shown_if_every_field_of_its_patch_is(
    patch: Spec, members: Spec, *, complete: bool, proven: bool
) -> None:
    shown = Live(ID, {**members, "id": ID, "status": "scheduled"}, complete=complete)
    assert shows(write("update", NEW, patch), shown) is proven


def test_another_spelling_of_a_patched_field_is_that_field() -> None:
    spec = {**SCHEDULED, "utm_tracking": {"enabled": 1}}
    shown = live({**SCHEDULED, "utm_tracking": {"enabled": "1"}})
    assert shows(write("update", spec, {"utm_tracking": {"enabled": 1}}), shown)
    padded = live({**SCHEDULED, "description": " new "})
    assert shows(write("update", NEW, {"description": "new"}), padded)


# ------------------------------------------------------------------------------------- what is recorded then


def done(one: Intent, known: Record, shown: Live) -> Record:
    entry = proof.done(KEY, one, known, shown, PROJECT, NOW)
    assert entry.intents == {KEY: None}
    after = entry.records[KEY]
    assert after is not None
    return after


@pytest.mark.parametrize(
    ("one", "status", "expected"),
    [
        (write("pause"), "paused", {"paused_by_us": True, "status": "paused", "unmarked": True}),
        (write("cancel"), "canceled", {"paused_by_us": False, "status": "canceled", "unmarked": True}),
        (write("resume"), "scheduled", {"paused_by_us": False, "status": "scheduled", "unmarked": True}),
        (write("mark"), "scheduled", {"unmarked": False}),
        (write("winner", patch={"name": "B", "run": 2}), "running", {"winner": "B", "winner_run": 2}),
    ],
)
def test_a_write_that_happened_is_recorded(one: Intent, status: str, expected: dict[str, Any]) -> None:
    known = record(SCHEDULED, "paused", paused_by_us=True, unmarked=True)
    after = done(one, known, live(SCHEDULED, status))
    assert {name: getattr(after, name) for name in expected} == expected
    ended = one.operation in ("pause", "cancel", "winner")
    assert after.updated_at == iso(NOW if ended else AT)


@pytest.mark.parametrize("write_of", ["resume", "update", "mark"])
def test_a_pause_by_a_halt_before_a_write_is_recorded_is_that_of_the_halt(write_of: str) -> None:
    """It pauses what is on its way to send, and whoever sent it was stopped for a while."""
    after = done(write(write_of, patch={}), record(SCHEDULED), live(SCHEDULED))
    made = records.created(write("create"), live(SCHEDULED), NOW, ())
    pause = Stopped(KEY, ID, "paused", iso(AT + SECOND))
    halts = Halts((Halt("halt-1", None, "wrong price", "anna", "desk", iso(AT), (pause,)),))
    for each in (after, made):
        one = Subject(KEY, each, live(SCHEDULED, "paused"), True, None, halts=halts, now=NOW)
        assert one.paused_by_us
    later = replace(after, updated_at=iso(AT + 2 * SECOND))
    assert not Subject(KEY, later, live(SCHEDULED, "paused"), True, None, halts=halts, now=NOW).paused_by_us


def test_a_pause_by_others_after_a_resume_is_not_ours() -> None:
    known = record(SCHEDULED, "paused", paused_by_us=True)
    assert not done(write("resume"), known, live(SCHEDULED, "paused")).paused_by_us


def test_the_winner_that_live_shows_counts() -> None:
    shown = live(SCHEDULED, "running", messages=[{"name": "A", "winner": 1}, {"name": "B", "winner": 0}])
    assert done(write("winner", patch={"name": "B", "run": None}), record(SCHEDULED), shown).winner == "A"


def test_a_marker_is_proven_by_its_intent_alone() -> None:
    ours = str(PROJECT.owner.marker(KEY, "intent-pending"))
    other = str(PROJECT.owner.marker(KEY, "intent-of-another"))
    for text, proven in ((ours, True), (other, False), ("x", False)):
        shown = live({**SCHEDULED, "metadata": {marker.FIELD: text}})
        assert shows(write("mark"), shown) is proven
