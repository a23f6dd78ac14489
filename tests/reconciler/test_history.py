"""What the history says of an apply, at its beginning and at its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.errors import CampaignctlError, LockLost, StateDamaged, StateNotSaved
from campaignctl.plan import codec
from campaignctl.plan.model import Blocked, Plan
from campaignctl.reconciler import history
from campaignctl.review.outcome import ChangeResult, Outcome, done, not_started
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import HistoryEntry, Overridden, ReviewedRequest
from tests.plan.planning import ID, KEY, NOW, SCHEDULED, body, own, plan_of, record, state, wanted
from tests.reconciler.scripted import Direct, direct

OTHER = "push/other"
PLAN = replace(
    plan_of(
        wanted(own(SCHEDULED, "New"), OTHER), wanted(body()), known=state({KEY: record(body(), "manual")})
    ),
    lifted=(Overridden("resend", (OTHER,)),),
)
(CREATE,) = PLAN.changes
REQUEST = ReviewedRequest("acme/crm#7", "bob")
ENTRY = HistoryEntry("id", "at", "apply", "ana", "laptop", None, "1", "plan", {})


@pytest.fixture
def known() -> Iterator[Direct]:
    with direct(
        state(), who="ana", host="laptop", commit="c0ffee", tool_version="2", requests=(REQUEST,)
    ) as one:
        one.script.time.sleep(5)
        yield one


def test_an_apply_is_recorded_whole_before_it_begins(known: Direct) -> None:
    entry = history.begun(known.run(), PLAN, "apply")
    assert entry == HistoryEntry(
        id=f"{0:016x}",
        at=iso(NOW + timedelta(seconds=5)),
        operation="apply",
        who="ana",
        host="laptop",
        commit="c0ffee",
        tool_version="2",
        plan=codec.digest_of(PLAN),
        actions={"create": 1},
        overrides=PLAN.lifted,
        requests=(REQUEST,),
    )
    assert entry.overrides, "a guardrail that was lifted"


def test_an_apply_without_changes_is_not_in_the_history(known: Direct) -> None:
    assert history.begun(known.run(), plan_of(), "apply") is None
    outcome = Outcome("done", ())
    assert history.ended(known.run(), None, outcome, plan_of()) is outcome
    assert known.kept.steps == []


def blocked(key: str, status: str) -> Blocked:
    return Blocked(key, ID, status, "why", "hint")


def plan(**more: Any) -> Plan:
    return replace(PLAN, **{"targets": (), **more})


DONE, NOT = done(CREATE, "9"), not_started(CREATE)
PAUSED = blocked("p", "paused")


@pytest.mark.parametrize(
    ("planned", "results", "outcomes", "left"),
    [
        (plan(), (DONE,), {"done": 1}, ()),
        (plan(), (NOT,), {"not_started": 1}, (OTHER,)),
        (plan(targets=("a",)), (DONE,), {"done": 1}, ("*",)),
        (plan(targets=None), (DONE,), {"done": 1}, ("*",)),
        (plan(blocked=(PAUSED,)), (NOT, DONE), {"not_started": 1, "done": 1, "blocked": 1}, ("p", OTHER)),
        (plan(blocked=(PAUSED,), missed={"p": "d"}), (DONE,), {"done": 1}, ()),
        (
            plan(blocked=(PAUSED,), observed={"p": record(SCHEDULED)}),
            (DONE,),
            {"done": 1, "blocked": 1},
            ("p",),
        ),
        (plan(blocked=(blocked("s", "sent"),)), (DONE,), {"done": 1, "blocked": 1}, ("s",)),
        (plan(blocked=(blocked("s", "sent"),), observed={"s": record(SCHEDULED)}), (DONE,), {"done": 1}, ()),
        (
            plan(blocked=(blocked("s", "canceled"),), observed={"s": record(SCHEDULED)}),
            (DONE,),
            {"done": 1},
            (),
        ),
    ],
)
def test_its_end_counts_outcomes_and_names_what_is_left(
    known: Direct,
    planned: Plan,
    results: tuple[ChangeResult, ...],
    outcomes: dict[str, int],
    left: tuple[str, ...],
) -> None:
    outcome = Outcome("incomplete", results)
    assert history.ended(known.run(), ENTRY, outcome, planned) is outcome
    (entry,) = known.state.history
    assert (entry.outcomes, entry.left) == (outcomes, left)
    assert (entry.outcome, entry.ended) == ("incomplete", iso(NOW + timedelta(seconds=5)))
    assert known.state.serial == state().serial, "saved plans stay valid"


@pytest.mark.parametrize(
    ("result", "recorded"),
    [
        ("done", "done"),
        ("interrupted", "interrupted"),
        ("incomplete", "incomplete"),
        ("refused", "incomplete"),
    ],
)
def test_its_end_says_how_it_ended(known: Direct, result: Any, recorded: str) -> None:
    history.ended(known.run(), ENTRY, Outcome(result, (DONE,)), plan())
    assert [entry.outcome for entry in known.state.history] == [recorded]


@pytest.mark.parametrize(
    ("why", "entries"), [(LockLost("gone"), 0), (StateNotSaved("full"), 0), (StateDamaged("torn"), 1)]
)
def test_without_the_lock_or_the_state_it_stays_open(
    known: Direct, why: CampaignctlError, entries: int
) -> None:
    run = known.run()
    run.broken_off = why
    outcome = Outcome("incomplete", (DONE,))
    assert history.ended(run, ENTRY, outcome, plan()) is outcome
    assert len(known.state.history) == entries


@pytest.mark.parametrize("why", [LockLost("the lock is gone"), StateNotSaved("the disk is full")])
def test_an_end_that_cannot_be_recorded_is_said(known: Direct, why: CampaignctlError) -> None:
    known.kept.fails = why
    outcome = history.ended(known.run(), ENTRY, Outcome("done", (DONE,), notes=("before",)), plan())
    assert (outcome.result, outcome.notes[0], outcome.changes) == ("incomplete", "before", (DONE,))
    assert str(why) in outcome.notes[1]
