"""Moves of records: all of a plan in one step, or none; and what is said of the next command of a destroy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from campaignctl.errors import Interrupted, LockLost, StateError
from campaignctl.plan.model import Change
from campaignctl.reconciler.execute import moved
from campaignctl.reconciler.intents import written
from campaignctl.reconciler.state_ops import resolve
from tests.plan.planning import ID, KEY, MANUAL, NOW, SCHEDULED, only, own, plan_of, record, state, wanted
from tests.reconciler.performing import COMPANY, FIRE, PAUSE, UPDATE, here, item
from tests.reconciler.scripted import PROJECT, Direct, Shown, direct

OTHER = own(SCHEDULED, "Other")
RECORDS = {"a": record(SCHEDULED, campaign_id="1"), "b": record(OTHER, campaign_id="2")}


@pytest.fixture
def known() -> Iterator[Direct]:
    with direct(here(dict(RECORDS))) as one:
        yield one


def move(old: str, new: str, spec: Any = SCHEDULED) -> Change:
    campaign_id = "1" if spec is SCHEDULED else "2"
    known = state({old: record(spec, campaign_id=campaign_id)})
    return only(plan_of(wanted(spec, new, moved_from=(old,)), known=known, project=PROJECT))


SWAP = (move("a", "b"), move("b", "a", OTHER))


def test_a_swap_is_one_step(known: Direct) -> None:
    results = moved(known.run(company=COMPANY), SWAP)
    assert [(each.key, each.outcome) for each in results] == [("b", "done"), ("a", "done")]
    assert {key: each.id for key, each in known.state.campaigns.items()} == {"b": "1", "a": "2"}
    assert {key: each.moved_from for key, each in known.state.campaigns.items()} == {"b": "a", "a": "b"}
    assert len(known.kept.steps) == 1


def test_what_the_opening_read_saw_of_a_record_moves_with_it(known: Direct) -> None:
    run = known.run(company=COMPANY)
    run.arriving = {"b": replace(RECORDS["a"], status="paused"), "a": replace(RECORDS["a"], status="sent")}
    moved(run, SWAP)
    assert {key: each.status for key, each in known.state.campaigns.items()} == {
        "b": "paused",
        "a": RECORDS["b"].status,
    }


@pytest.mark.parametrize("new", ["b", "c"])
def test_a_state_that_is_not_as_planned_moves_nothing(known: Direct, new: str) -> None:
    changes = (move("a", new), *([] if new == "b" else [move("gone", "d")]))
    before = known.state
    run = known.run(company=COMPANY)
    results = moved(run, changes)
    assert {each.outcome for each in results} == {"failed"}
    assert "cannot be moved to" in str(results[0].error and results[0].error.summary)
    assert known.state.campaigns == before.campaigns
    assert run.broken_off is not None


def test_nothing_is_moved_once_the_run_has_broken_off(known: Direct) -> None:
    run = known.run(company=COMPANY)
    run.broken_off = LockLost("the lock is lost")
    assert {each.outcome for each in moved(run, SWAP)} == {"not_started"}
    assert known.kept.steps == []


def test_an_interrupt_starts_no_move(known: Direct) -> None:
    run = known.run(company=COMPANY)
    known.kept.lost = Interrupted("interrupted")
    assert {each.outcome for each in moved(run, SWAP)} == {"not_started"}
    assert run.broken_off is None


# ------------------------------------------------------------------------------ writes that a person settles


@pytest.mark.parametrize(
    ("change", "shown", "said"),
    [
        (UPDATE, item(dict(UPDATE.spec or {})), f"{KEY}: the update of {ID} is recorded as done."),
        (PAUSE, item(status="paused"), f"{KEY}: the pause of {ID} is recorded as done."),
        (FIRE, item(MANUAL, "running"), f"{KEY}: {ID} is recorded as sending."),
    ],
)
def test_a_write_that_happened_is_recorded_as_done(change: Change, shown: Any, said: str) -> None:
    lost = replace(written(change, change.requests[0], NOW), at="2026-11-24T11:00:00Z")
    spec, status = (MANUAL, "manual") if change is FIRE else (SCHEDULED, "scheduled")
    with direct(here({KEY: record(spec, status)}, pending={KEY: lost})) as one:
        one.script.items = [shown]
        assert resolve(one.wiring, KEY, "done").startswith(said)
        assert one.state.pending == {}
        assert one.state.campaigns[KEY].status == shown["status"]


@pytest.mark.parametrize("change", [UPDATE, PAUSE], ids=["update", "pause"])
def test_a_write_that_a_read_does_not_show_is_not_recorded_as_done(change: Change) -> None:
    lost = replace(written(change, change.requests[0], NOW), at="2026-11-24T11:00:00Z")
    with direct(here({KEY: record(SCHEDULED)}, pending={KEY: lost})) as one:
        one.script.items = [item()]
        with pytest.raises(StateError, match=f"no read shows the {lost.operation} of {ID}") as refused:
            resolve(one.wiring, KEY, "done")
        assert "campaignctl apply" in str(refused.value.hint)
        assert one.state.pending == {KEY: lost}


@pytest.mark.parametrize("shown", [None, 503])
def test_a_write_to_a_campaign_that_is_gone_or_unread_is_recorded_without_a_judgement(shown: Shown) -> None:
    lost = replace(written(UPDATE, UPDATE.requests[0], NOW), at="2026-11-24T11:00:00Z")
    with direct(here({KEY: record(SCHEDULED)}, pending={KEY: lost})) as one:
        one.script.by_id, one.script.items = {ID: shown}, [{**item(), "id": "1"}]
        resolve(one.wiring, KEY, "done")
        found = one.state.campaigns[KEY]
    assert (found.applied, found.unconfirmed, found.status) == (UPDATE.spec, (), "scheduled")
