"""How a written campaign is read until it is what was asked for, and what the result says if it is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status
from campaignctl.plan.model import Change, Unmanaged
from campaignctl.reconciler.confirm import confirmed, doubtful, judged, not_shown, read_after
from campaignctl.review.outcome import ChangeResult
from campaignctl.state.model import AT_ONCE, Record
from tests.plan.planning import (
    ID,
    IMMEDIATE,
    KEY,
    SCHEDULED,
    Spec,
    intent,
    live,
    only,
    plan_of,
    record,
    state,
    wanted,
)
from tests.reconciler.scripted import Direct, Item, Shown, direct

LATER = "2036-12-25 10:00:00"
WAITS = (timedelta(seconds=1), timedelta(seconds=4))
QUIET = {"begin": "22:00", "end": "08:00"}


def shown(spec: Spec = SCHEDULED, status: str = "scheduled", **fields: Any) -> Item:
    return dict(live(spec, status, **fields).fields)


def create(spec: Spec = SCHEDULED, **lifecycle: Any) -> Change:
    return only(plan_of(wanted(spec, lifecycle=Lifecycle(**lifecycle))))


@pytest.fixture
def known() -> Iterator[Direct]:
    """A campaign that was just created."""
    with direct(state({KEY: record(SCHEDULED)})) as one:
        settle = replace(one.wiring.project.api.settle, waits=WAITS)
        api = replace(one.wiring.project.api, settle=settle)
        one.wiring = replace(one.wiring, project=replace(one.wiring.project, api=api))
        yield one


def made(one: Direct, answer: Item, *reads: Shown, spec: Spec = SCHEDULED) -> ChangeResult:
    """The result of a create with this answer and what reads show after it."""
    one.script.by_id = {ID: list(reads)}
    return confirmed(one.run(), create(spec), record(spec), Live(ID, answer, complete=True))


def waited(one: Direct) -> float:
    return one.script.time.seconds


OTHER_TIME = shown(scheduled_time=LATER)


def test_an_answer_that_is_as_asked_is_not_read_again(known: Direct) -> None:
    assert made(known, shown()).outcome == "done"
    assert (known.script.asked, known.kept.steps) == ([], [])


def test_one_that_differs_is_read_until_it_is_right(known: Direct) -> None:
    right = shown(next_run_time="2036-12-24 10:00:00")
    result = made(known, OTHER_TIME, OTHER_TIME, right, OTHER_TIME)
    assert (result.outcome, result.id) == ("done", ID)
    assert (known.script.asked, waited(known)) == ([ID, ID], 1)
    assert known.state.campaigns[KEY].next_run_time == "2036-12-24T10:00:00Z"
    assert [list(step.records) for step in known.kept.steps] == [[KEY], [KEY]]
    assert known.state.serial == state().serial, "what is observed voids no saved plan"


def test_one_that_stays_wrong_is_a_failure_after_every_wait(known: Direct) -> None:
    result = made(known, OTHER_TIME, OTHER_TIME)
    assert (result.outcome, result.id) == ("failed", ID)
    assert (known.script.asked, waited(known)) == ([ID] * 3, 5)


def test_one_that_sends_at_once_is_read_once(known: Direct) -> None:
    idle = shown(IMMEDIATE, "manual")
    assert made(known, idle, idle, spec=IMMEDIATE).outcome == "failed"
    assert (known.script.asked, waited(known)) == ([ID], 0)
    assert made(known, idle, shown(IMMEDIATE, "running"), spec=IMMEDIATE).outcome == "done"


def test_a_read_that_fails_ends_the_reads(known: Direct) -> None:
    assert made(known, OTHER_TIME, 403, shown()).outcome == "failed"
    assert known.script.asked == [ID]
    assert known.kept.steps == []


def test_a_campaign_that_a_list_lags_behind_is_read_again(known: Direct) -> None:
    assert made(known, OTHER_TIME, None, shown()).outcome == "done"
    assert known.script.asked == [ID, ID]


TWO = [{"channel": "push", "name": name, "push": {"title": {"en": name}}} for name in ("one", "two")]
UNNAMED = [{name: value for name, value in each.items() if name != "name"} for each in reversed(TWO)]
RENAMED = [{**each, "name": f"new {each['name']}"} for each in TWO]


@pytest.mark.parametrize(
    ("fields", "complete", "is_doubtful"),
    [
        ({}, True, False),
        ({"scheduled_time": LATER}, True, True),
        ({"scheduled_time": LATER}, False, True),
        ({"messages": UNNAMED}, False, True),
        ({"messages": RENAMED}, False, True),
        ({"messages": RENAMED}, True, False),
        ({"name": "Other"}, False, False),
    ],
)
def test_what_is_doubtful_is_read_by_id(
    known: Direct, fields: Spec, *, complete: bool, is_doubtful: bool
) -> None:
    spec = {**SCHEDULED, "messages": TWO}
    page = Live(ID, {**shown(spec), **fields}, complete=complete)
    assert doubtful(known.run(), create(spec), page) is is_doubtful


def test_what_is_hidden_on_purpose_is_not_doubtful(known: Direct) -> None:
    without = {name: value for name, value in shown().items() if name != "scheduled_time"}
    whole = Live(ID, without, complete=True)
    assert doubtful(known.run(), create(), whole)
    project = known.wiring.project
    known.wiring = replace(
        known.wiring, project=replace(project, api=replace(project.api, hidden=("scheduled_time",)))
    )
    assert not doubtful(known.run(), create(), whole)
    assert judged(known.run(), create(), record(SCHEDULED), whole).outcome == "done"


def judge(one: Direct, spec: Spec = SCHEDULED, change: Change | None = None, **fields: Any) -> ChangeResult:
    change = change or create(spec)
    base = fields.pop("baseline", {})
    before = fields.pop("before", None)
    whole = Live(ID, {**shown(spec), **fields}, complete=True)
    return judged(one.run(), change, record(spec, baseline=base), whole, before)


def test_a_right_campaign_is_done_with_what_is_stored_in_another_way(known: Direct) -> None:
    spec = {**SCHEDULED, "description": "new", "deal_id": "7"}
    whole = {name: value for name, value in shown(spec).items() if name != "deal_id"}
    kept = replace(record(spec), unconfirmed=("deal_id",))
    result = judged(
        known.run(),
        create(spec),
        kept,
        Live(ID, {**whole, "description": "old", "name": " Welcome"}, complete=True),
    )
    assert (result.outcome, result.id) == ("done", ID)
    assert (result.warnings, result.unconfirmed) == (("description is stored as 'old'",), ("deal_id",))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"scheduled_time": LATER}, f"scheduled_time is '{LATER}', not '2036-12-24 10:00:00'"),
        ({"scheduled_time": None}, "scheduled_time is not shown"),
        ({"quiet_hours": QUIET}, f"quiet_hours is {QUIET!r}, which was not asked for"),
        ({"messages": [{"channel": "push", "push": {"title": {"en": "Hel"}}}]}, "is 'Hel', not 'Hello'"),
    ],
)
def test_a_wrong_one_is_a_failure_that_says_what_differs(known: Direct, fields: Spec, says: str) -> None:
    result = judge(known, **fields)
    assert (result.outcome, result.id) == ("failed", ID)
    assert result.error is not None
    assert says in result.error.summary
    assert "campaignctl halt push/welcome" in result.error.hint
    of_text = "messages" in fields
    assert ("accept_stored: [messages/0/push/title/en]" in result.error.detail) is of_text
    assert ("would send at another time" in result.error.detail) is not of_text


def test_the_first_text_is_named_and_never_a_time(known: Direct) -> None:
    text = [{"channel": "push", "push": {"title": {"en": "Hel"}}}]
    error = judge(known, scheduled_time=LATER, messages=text).error
    assert error is not None
    assert "accept_stored: [messages/0/push/title/en]" in error.detail
    spec = {**SCHEDULED, "messages": [{"channel": "push", "push": {"title": {"en": "Hello"}, "ttl": 60}}]}
    number = [{"channel": "push", "push": {"title": {"en": "Hello"}, "ttl": 90}}]
    error = judge(known, spec, messages=number).error
    assert error is not None
    assert "would send at another time" in error.detail


def test_what_the_manifest_ignores_is_not_wrong(known: Direct) -> None:
    change = create(ignore_changes=("quiet_hours", "scheduled_time"))
    assert judge(known, change=change, quiet_hours=QUIET, scheduled_time=LATER).outcome == "done"


@pytest.mark.parametrize(
    ("fields", "baseline", "unmanaged", "outcome"),
    [
        ({"quiet_hours": QUIET}, {}, (), "failed"),
        ({"quiet_hours": QUIET}, {"quiet_hours": QUIET}, (), "done"),
        ({}, {"quiet_hours": QUIET}, (), "done"),
        ({"quiet_hours": QUIET}, {}, (Unmanaged("quiet_hours", QUIET, None),), "done"),
        ({"quiet_hours": QUIET}, {}, (Unmanaged("quiet_hours", {"begin": "23:00"}, None),), "failed"),
        ({"quiet_hours": QUIET}, {}, (Unmanaged("targeting", QUIET, None),), "failed"),
        ({"deal_id": "7"}, {}, (), "done"),
    ],
)
def test_what_nobody_asked_for_is_wrong_unless_the_plan_showed_it(
    known: Direct, fields: Spec, baseline: Spec, unmanaged: tuple[Unmanaged, ...], outcome: str
) -> None:
    change = replace(create(), unmanaged=unmanaged)
    assert judge(known, change=change, baseline=baseline, **fields).outcome == outcome


@pytest.mark.parametrize(
    ("before", "outcome"), [(LATER, "done"), ("2036-12-26 10:00:00", "failed"), (None, "failed")]
)
def test_what_was_so_before_the_write_is_not_its_doing(
    known: Direct, before: str | None, outcome: str
) -> None:
    seen = live(SCHEDULED, scheduled_time=before) if before else None
    assert judge(known, scheduled_time=LATER, before=seen).outcome == outcome


# ------------------------------------------------------------------------------ after a write that sends


INTENT = replace(
    intent(IMMEDIATE, first_send=AT_ONCE), operation="update", id=ID, patch={"run_immediately": True}
)
IDLE = record(SCHEDULED)
STARTED = shown(SCHEDULED, "running")


@pytest.mark.parametrize(
    ("reads", "status", "asked", "seconds"),
    [
        ([STARTED], "running", 1, 0),
        ([shown(), STARTED], "running", 2, 1),
        ([shown(), shown(), STARTED], "running", 3, 4),
        ([shown()], "scheduled", 3, 4),
        ([shown(), None, STARTED], "paused", 2, 1),
        ([None], "paused", 1, 0),
        ([403], "paused", 1, 0),
        ([shown(), 403, STARTED], "scheduled", 2, 1),
    ],
)
def test_it_is_read_until_it_shows_that_it_sends(
    known: Direct, reads: list[Shown], status: str, asked: int, seconds: float
) -> None:
    known.script.by_id = {ID: reads}
    recorded: Record = replace(IDLE, status="paused" if status == "paused" else IDLE.status)
    seen = read_after(known.run(), recorded, INTENT)
    assert (seen.id, seen.status, len(known.script.asked)) == (ID, status, asked)
    assert waited(known) == seconds
    assert seen.complete is (status != "paused")


def test_one_that_no_read_shows_is_for_a_person(known: Direct) -> None:
    change = create(IMMEDIATE)
    result = not_shown(change, INTENT, Status.MANUAL)
    assert result.outcome == "unknown"
    assert result.error is not None
    assert f"create of {KEY}: not known whether" in result.error.summary
    assert "it is manual" in result.error.summary
    assert f"campaignctl state resolve {KEY} --done" in result.error.hint
