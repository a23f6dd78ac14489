"""What is on record before a write leaves: its intent, whole, and that of the next few in one step."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Change, Options, Request
from campaignctl.project.model import ApiSettings
from campaignctl.reconciler import intents
from campaignctl.schedule.times import iso
from campaignctl.state.model import AT_ONCE, Entry, Intent, Watermark
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
    intent,
    live,
    only,
    plan_of,
    record,
    state,
    wanted,
)

MARK = Watermark(("9",), iso(NOW))
CHRISTMAS = "2036-12-24T10:00:00Z"
TWO_STEP = replace(PROJECT, api=ApiSettings(immediate="two_step"))
PROTECTED = Lifecycle(prevent_destroy=True)


def create(spec: Spec, **more: Any) -> Change:
    """A create as a plan has it."""
    return only(plan_of(wanted(spec, manifest="sha256:new", lifecycle=PROTECTED), **more))


def change_of(before: Spec, after: Spec, status: str, phase: Any = "active", **known: Any) -> Change:
    """The first change of a recorded campaign."""
    plan = plan_of(
        wanted(after, manifest="sha256:new", lifecycle=Lifecycle(phase=phase)),
        known=state({KEY: record(before, status, **known)}),
        reading=Reading(live={KEY: live(before, status)}),
    )
    return plan.changes[0]


def replacement(spec: Spec, status: str) -> Change:
    """A replacement of a recorded campaign."""
    return only(
        plan_of(
            wanted(spec),
            known=state({KEY: record(spec, status)}),
            reading=Reading(live={KEY: live(spec, status)}),
            options=Options(replace=(KEY,)),
        )
    )


@pytest.mark.parametrize(
    ("spec", "first"),
    [
        (SCHEDULED, CHRISTMAS),
        (IMMEDIATE, AT_ONCE),
        (RECURRING, "2026-11-25T09:00:00Z"),
        (MANUAL, None),
        (DRAFT, None),
    ],
)
def test_the_intent_of_a_create_is_recorded_whole(spec: Spec, first: str | None) -> None:
    change = create(spec)
    assert intents.planned(change, MARK, NOW) == Intent(
        "create",
        "intent-0001",
        "planned",
        spec,
        change.digest,
        MARK,
        first,
        source_digest="sha256:new",
        lifecycle=PROTECTED,
    )


def test_the_post_of_a_two_step_create_cannot_send() -> None:
    made = intents.planned(create(IMMEDIATE, project=TWO_STEP), MARK, NOW)
    assert (made.spec, made.first_send, made.operation) == (MANUAL, None, "create")
    assert intents.planned(create(SCHEDULED, project=TWO_STEP), MARK, NOW).first_send == CHRISTMAS


@pytest.mark.parametrize(
    ("spec", "status", "ended"),
    [(SCHEDULED, "scheduled", False), (MANUAL, "manual", True), (DRAFT, "draft", True)],
)
def test_one_intent_covers_both_halves_of_a_replacement(spec: Spec, status: str, ended: bool) -> None:
    made = intents.planned(replacement(spec, status), MARK, NOW)
    assert (made.operation, made.id, made.ended, made.phase) == ("replace", ID, ended, "planned")


def test_the_second_half_of_a_replacement_keeps_the_campaign_that_it_replaces() -> None:
    half = replace(intent(SCHEDULED, phase="planned"), operation="replace", id="77", ended=True)
    made = intents.planned(create(SCHEDULED), MARK, NOW, half)
    assert (made.operation, made.id, made.ended) == ("replace", "77", True)
    for known in (replace(half, ended=False), replace(half, phase="started"), None):
        other = intents.planned(create(SCHEDULED), MARK, NOW, known)
        assert (other.operation, other.id, other.ended) == ("create", None, False)


NEW = {**SCHEDULED, "name": "New"}


@pytest.mark.parametrize(
    ("change", "operation", "patch", "first"),
    [
        (change_of(SCHEDULED, NEW, "scheduled"), "update", {"name": "New"}, CHRISTMAS),
        (change_of(DRAFT, MANUAL, "draft"), "update", {"is_draft": False}, None),
        (change_of(MANUAL, IMMEDIATE, "manual"), "update", {"run_immediately": True}, AT_ONCE),
        (change_of(SCHEDULED, SCHEDULED, "scheduled", "paused"), "pause", None, None),
        (change_of(SCHEDULED, SCHEDULED, "scheduled", "canceled"), "cancel", None, None),
        (change_of(SCHEDULED, SCHEDULED, "paused", paused_by_us=True), "resume", None, CHRISTMAS),
    ],
)
def test_the_intent_of_a_write_is_recorded_whole(
    change: Change, operation: str, patch: Spec | None, first: str | None
) -> None:
    made = intents.written(change, change.requests[0], NOW)
    assert (made.operation, made.first_send, made.id, made.phase) == (operation, first, ID, "started")
    assert made.patch == (change.requests[0].body if patch is None else patch)
    assert (made.spec, made.digest, made.intent) == (change.spec, change.digest, change.intent or "")
    assert (made.source_digest, made.lifecycle, made.at) == (change.source_digest, change.lifecycle, None)


@pytest.mark.parametrize(
    ("spec", "named", "run"), [(SCHEDULED, None, None), (RECURRING, None, 1), (RECURRING, 3, 3)]
)
def test_a_winner_sends_at_once_and_belongs_to_a_run(spec: Spec, named: int | None, run: int | None) -> None:
    lifecycle = Lifecycle(winner="A", winner_run=named)
    change = replace(change_of(SCHEDULED, NEW, "scheduled"), spec=spec, lifecycle=lifecycle)
    made = intents.written(change, Request("set-winner", ID, message="81"), NOW)
    assert (made.operation, made.first_send) == ("winner", AT_ONCE)
    assert made.patch == {"name": "A", "id": "81", "run": run}


def test_a_create_has_no_intent_of_a_write() -> None:
    with pytest.raises(AssertionError):
        intents.written(create(SCHEDULED), create(SCHEDULED).requests[0], NOW)


def test_the_intent_of_a_marker_is_recorded_whole() -> None:
    known = record(SCHEDULED, lifecycle=PROTECTED)
    request = Request("update", ID, {"metadata": {"campaignctl": "x"}})
    assert intents.marking(known, request, NOW) == Intent(
        "mark",
        "intent-of-old",
        "started",
        SCHEDULED,
        known.digest,
        Watermark((), None),
        None,
        at=iso(NOW),
        id=ID,
        patch=request.body,
        source_digest=known.source_digest,
        lifecycle=PROTECTED,
    )


@pytest.mark.parametrize(
    ("change", "is_one"),
    [
        (change_of(SCHEDULED, NEW, "scheduled"), True),
        (change_of(DRAFT, MANUAL, "draft"), True),
        (change_of(SCHEDULED, SCHEDULED, "scheduled", "paused"), True),
        (change_of(MANUAL, IMMEDIATE, "manual"), False),
        (create(SCHEDULED), False),
        (replacement(SCHEDULED, "scheduled"), False),
        (replace(change_of(SCHEDULED, NEW, "scheduled"), requests=()), False),
    ],
)
def test_ordinary_writes_are_those_that_do_not_send_at_once(change: Change, is_one: bool) -> None:
    assert intents.is_ordinary(change) is is_one


# --------------------------------------------------------------------- of many writes, in few steps


class Steps:
    """The steps that are recorded, at a time that a test sets."""

    def __init__(self, slack: float = 5) -> None:
        self.found: list[Entry] = []
        self.time = NOW
        self.writes = intents.Writes(self.found.append, lambda: self.time, timedelta(seconds=slack))

    def expect(self, *keys: str) -> dict[str, Intent]:
        """A stage of ordinary writes to these keys."""
        changes = [replace(change_of(SCHEDULED, NEW, "scheduled"), key=key) for key in keys]
        self.writes.expect(changes)
        return {one.key: intents.written(one, one.requests[0], NOW) for one in changes}

    @property
    def recorded(self) -> list[list[str]]:
        """The keys of each step."""
        return [list(step.intents) for step in self.found]


def test_the_next_writes_are_recorded_before_the_first_of_them_leaves() -> None:
    steps = Steps()
    lot = steps.expect("a", "b", "c")
    assert steps.recorded == []
    for key, one in lot.items():
        steps.writes.leaving(key, one)
        assert steps.recorded == [["a", "b", "c"]]
    times = {one.at for one in steps.found[0].intents.values() if one}
    assert times == {iso(NOW + timedelta(seconds=6))}, "the latest moment at which they may leave"
    steps.writes.end()
    assert steps.recorded == [["a", "b", "c"]], "all of them left"


def test_one_that_waits_longer_than_that_is_recorded_again() -> None:
    steps = Steps()
    lot = steps.expect("a", "b")
    steps.writes.leaving("a", lot["a"])
    steps.time += timedelta(seconds=5)
    steps.writes.leaving("b", lot["b"])
    assert steps.recorded == [["a", "b"]]
    steps.time += timedelta(seconds=1)
    steps.writes.leaving("b", lot["b"])
    assert steps.recorded == [["a", "b"], ["b"]]


def test_at_most_fifty_are_recorded_together() -> None:
    steps = Steps()
    lot = steps.expect(*(f"k{number}" for number in range(60)))
    for key, one in lot.items():
        steps.writes.leaving(key, one)
    assert [len(step) for step in steps.recorded] == [50, 10]


def test_a_write_that_no_stage_expects_is_recorded_by_itself() -> None:
    steps = Steps()
    (known,) = steps.expect("a").values()
    steps.writes.leaving("other", known)
    assert steps.recorded == [["a", "other"]]


def test_what_never_left_is_dropped_at_the_end_and_no_more() -> None:
    steps = Steps()
    lot = steps.expect("a", "b")
    steps.writes.leaving("a", lot["a"])
    steps.writes.end()
    assert steps.found[1].intents == {"b": None}
    steps.writes.end()
    assert len(steps.found) == 2
    steps.expect("c")
    steps.writes.end()
    assert len(steps.found) == 2, "what was not recorded needs no step"


def test_a_write_that_was_not_sent_is_dropped_or_leaves_later() -> None:
    steps = Steps()
    lot = steps.expect("a")
    steps.writes.leaving("a", lot["a"])
    steps.writes.not_sent("a", lot["a"])
    steps.writes.end()
    assert [step.intents for step in steps.found[1:]] == [{"a": None}]


def test_a_key_of_a_later_stage_is_recorded_again() -> None:
    steps = Steps()
    lot = steps.expect("a", "b")
    steps.writes.leaving("a", lot["a"])
    lot = steps.expect("a", "c")
    steps.writes.leaving("a", lot["a"])
    assert steps.recorded == [["a", "b"], ["a", "c"]]
