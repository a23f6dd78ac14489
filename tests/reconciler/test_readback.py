"""What read-back asks of the account after writes, what it records, and what it says of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import LockLost, OutcomeUnknown, StateDamaged, StateNotSaved
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Action, Change
from campaignctl.reconciler.intents import written
from campaignctl.reconciler.readback import is_open, read_back
from campaignctl.reconciler.run import Run
from campaignctl.review.outcome import ChangeResult, done, failed, not_started, unknown
from campaignctl.schedule.times import iso
from tests.plan.planning import ID, KEY, NOW, SCHEDULED, Spec, live, plan_of, record, state, wanted
from tests.reconciler.scripted import Direct, Item, Script, Shown, direct

WAITS = (timedelta(seconds=1), timedelta(seconds=4))
NEW = {**SCHEDULED, "description": "new"}
OLD = {**SCHEDULED, "description": "old"}
LOST = OutcomeUnknown("no answer")


def item(spec: Spec = SCHEDULED, status: str = "scheduled", campaign_id: str = ID, **fields: Any) -> Item:
    return dict(live(spec, status, campaign_id, **fields).fields)


def change_of(
    before: Spec, after: Spec, status: str = "scheduled", phase: Any = "active", key: str = KEY, **known: Any
) -> Change:
    """The only change of a recorded campaign."""
    campaign_id = known.pop("campaign_id", ID)
    plan = plan_of(
        wanted(after, key, lifecycle=Lifecycle(phase=phase)),
        known=state({key: record(before, status, campaign_id, **known)}),
        reading=Reading(live={key: live(before, status, campaign_id)}),
    )
    (change,) = plan.changes
    return change


UPDATE = change_of(OLD, NEW)
PAUSE = change_of(SCHEDULED, SCHEDULED, phase="paused")
RESUME = change_of(SCHEDULED, SCHEDULED, "paused", paused_by_us=True)
CANCEL = change_of(SCHEDULED, SCHEDULED, phase="canceled")
(REMOVE,) = plan_of(known=state({KEY: record(SCHEDULED)})).changes
BEFORE = {
    UPDATE.action: record(OLD),
    Action.PAUSE: record(SCHEDULED),
    Action.RESUME: record(SCHEDULED, "paused", paused_by_us=True),
    Action.CANCEL: record(SCHEDULED),
}


class Written:
    """Writes that were answered, or lost, and are on record."""

    def __init__(self, one: Direct, **writes: Change) -> None:
        at = iso(NOW)
        pending = {
            key: replace(written(each, each.requests[0], NOW), at=at, id=each.id)
            for key, each in writes.items()
        }
        records = {key: replace(BEFORE[each.action], id=each.id or "") for key, each in writes.items()}
        one.kept.state = state(records, pending=pending)
        settle = replace(one.wiring.project.api.settle, waits=WAITS)
        api = replace(one.wiring.project.api, settle=settle)
        one.wiring = replace(one.wiring, project=replace(one.wiring.project, api=api))
        self.one, self.writes = one, {key: replace(each, key=key) for key, each in writes.items()}
        self.run: Run = one.run()

    def results(self, *lost: str) -> dict[str, ChangeResult]:
        """The result of each write by key; the answers to these were lost."""
        answered = [
            (each, unknown(each, LOST) if key in lost else done(each, each.id))
            for key, each in self.writes.items()
        ]
        return {each.key: each for each in read_back(self.run, answered)}


def result(one: Direct, change: Change, *reads: Shown, lost: bool = False) -> ChangeResult:
    """The result of one write, with what reads by id show after it."""
    one.script.by_id = {ID: list(reads)}
    (found,) = Written(one, **{KEY: change}).results(*([KEY] if lost else [])).values()
    return found


@pytest.fixture
def known() -> Iterator[Direct]:
    with direct(None) as one:
        yield one


# --------------------------------------------------------------------------------------- what a read shows


@pytest.mark.parametrize("lost", [True, False])
@pytest.mark.parametrize(
    ("change", "shown", "after"),
    [
        (UPDATE, item(NEW), {"applied": NEW, "status": "scheduled"}),
        (PAUSE, item(status="paused"), {"status": "paused", "paused_by_us": True}),
        (RESUME, item(), {"status": "scheduled", "paused_by_us": False}),
        (RESUME, item(next_run_time="2036-12-24 10:00:00"), {"status": "scheduled"}),
        (RESUME, item(status="running", next_run_time="2036-12-25 10:00:00"), {"status": "running"}),
        (CANCEL, item(status="canceled"), {"status": "canceled", "paused_by_us": False}),
        (UPDATE, item(NEW, next_run_time="2036-12-24 10:00:00"), {"applied": NEW}),
        (PAUSE, item(status="paused", scheduled_time="2036-12-25 10:00:00"), {"status": "paused"}),
        (CANCEL, item(OLD, "canceled"), {"status": "canceled"}),
    ],
)
def test_a_write_that_a_read_shows_is_done_and_recorded(
    known: Direct, change: Change, shown: Item, after: dict[str, Any], *, lost: bool
) -> None:
    found = result(known, change, shown, lost=lost)
    assert (found.outcome, found.id, found.error) == ("done", ID, None)
    kept = known.state.campaigns[KEY]
    assert {name: getattr(kept, name) for name in after} == after
    assert (known.state.pending, len(known.kept.steps)) == ({}, 1)
    assert (known.script.asked, known.script.time.seconds) == ([ID], 0)


@pytest.mark.parametrize("lost", [True, False])
def test_a_removed_campaign_that_is_canceled_is_released(known: Direct, lost: bool) -> None:
    found = result(known, REMOVE, item(status="canceled"), lost=lost)
    assert (found.outcome, found.id) == ("done", ID)
    (step,) = known.kept.steps
    assert (step.records, step.intents) == ({KEY: None}, {KEY: None})
    assert [(one.key, one.id, one.status) for one in step.released] == [(KEY, ID, "canceled")]


def test_what_differs_and_may_is_a_warning(known: Direct) -> None:
    change = change_of({**OLD, "labels": ["a"]}, {**NEW, "labels": ["b"]})
    found = result(known, change, item({**NEW, "labels": ["b"], "name": "Other"}))
    assert (found.outcome, found.warnings) == ("done", ("name is stored as 'Other'",))


@pytest.mark.parametrize(
    ("change", "stale", "right"),
    [
        (UPDATE, item(OLD), item(NEW)),
        (PAUSE, item(), item(status="paused")),
        (CANCEL, item(), item(status="canceled")),
        (RESUME, item(status="paused"), item()),
        (PAUSE, None, item(status="paused")),
    ],
)
def test_a_read_that_lags_is_repeated(known: Direct, change: Change, stale: Shown, right: Item) -> None:
    assert result(known, change, stale, stale, right).outcome == "done"
    assert (known.script.asked, known.script.time.seconds) == ([ID] * 3, 5)


@pytest.mark.parametrize(
    ("change", "shown", "says", "hint"),
    [
        (UPDATE, item(OLD), "the API kept the old value of description", "campaignctl plan"),
        (PAUSE, item(), f"{ID} is still scheduled", "campaignctl plan"),
        (CANCEL, item(), f"{ID} is still scheduled", "campaignctl plan"),
        (REMOVE, item(status="paused"), f"{ID} is still paused", "campaignctl plan"),
        (RESUME, item(status="paused"), f"{ID} is still paused", "campaignctl plan"),
        (UPDATE, None, f"{ID} is no longer found", ""),
    ],
)
def test_an_answered_write_that_no_read_shows_has_failed(
    known: Direct, change: Change, shown: Shown, says: str, hint: str
) -> None:
    found = result(known, change, shown)
    assert (found.outcome, found.id) == ("failed", ID)
    assert found.error is not None
    assert says in found.error.summary
    assert hint in found.error.hint
    assert (known.script.asked, known.script.time.seconds) == ([ID] * 3, 5)
    assert known.state.pending == {}, "it is known not to have happened"
    assert known.state.campaigns[KEY] == replace(BEFORE[change.action], id=ID)


@pytest.mark.parametrize(
    ("change", "shown", "says"),
    [
        (UPDATE, item(OLD), "update of push/welcome did not happen, or not all of it"),
        (PAUSE, item(), f"pause of push/welcome: {ID} is still scheduled"),
        (CANCEL, item(), f"cancel of push/welcome: {ID} is still scheduled"),
    ],
)
def test_a_lost_write_has_failed_only_once_it_cannot_be_under_way(
    known: Direct, change: Change, shown: Shown, says: str
) -> None:
    found = result(known, change, shown, lost=True)
    assert found.outcome == "failed"
    assert found.error is not None
    assert found.error.summary == says
    assert ("campaignctl apply" if change is UPDATE else "campaignctl plan") in found.error.hint
    timeout = known.wiring.project.api.timeout.total_seconds()
    assert (known.script.asked, known.state.pending) == ([ID] * 4, {})
    assert timeout < known.script.time.seconds < timeout + 5


def test_a_lost_write_that_shows_late_is_done(known: Direct) -> None:
    assert result(known, UPDATE, item(OLD), item(OLD), item(OLD), item(NEW), lost=True).outcome == "done"
    assert len(known.script.asked) == 4


def test_a_lost_update_of_which_a_part_is_shown_is_not_done(known: Direct) -> None:
    change = change_of(OLD, {**NEW, "score": 1})
    assert result(known, change, item(NEW), lost=True).outcome == "failed"
    assert known.state.campaigns[KEY].applied == OLD


@pytest.mark.parametrize("lost", [True, False])
def test_a_lost_resume_whose_time_has_come_is_for_a_person(known: Direct, lost: bool) -> None:
    known.script.by_id = {ID: [item(status="paused")]}
    writes = Written(known, **{KEY: RESUME})
    due = {KEY: replace(known.state.pending[KEY], first_send=iso(NOW))}
    known.kept.state = replace(known.state, pending=due)
    found = writes.results(*([KEY] if lost else []))[KEY]
    assert (found.outcome, known.state.pending) == (("unknown", due) if lost else ("failed", {}))
    assert found.error is not None
    assert (f"campaignctl state resolve {KEY} --done" in found.error.hint) is lost


def test_a_resume_to_another_time_is_recorded_and_a_failure(known: Direct) -> None:
    found = result(known, RESUME, item(next_run_time="2036-12-25 10:00:00"))
    assert found.outcome == "failed"
    assert found.error is not None
    assert "sends next at 2036-12-25 10:00:00, not at 2036-12-24 10:00:00" in found.error.summary
    assert f"campaignctl halt {KEY}" in found.error.hint
    assert known.state.campaigns[KEY].next_run_time == "2036-12-25T10:00:00Z"
    assert known.state.pending == {}


def test_a_field_that_stays_may_be_ignored(known: Direct) -> None:
    change = change_of(OLD, SCHEDULED)
    error = result(known, change, item(OLD)).error
    assert error is not None
    told = f"update of {KEY}: the API kept the old value of description in {ID}"
    left = f"or leave live as it is: `ignore_changes: [description]` in {KEY}"
    assert (error.summary, error.hint) == (told, f"`campaignctl plan`, {left}")
    kept = result(known, UPDATE, item(OLD)).error
    assert kept is not None
    assert (kept.summary, kept.hint) == (told, "campaignctl plan")


# ------------------------------------------------------------------------------------------- many writes


def others(number: int) -> dict[str, Change]:
    return {f"k{each}": change_of(OLD, NEW, key=f"k{each}", campaign_id=f"7{each}") for each in range(number)}


def test_only_those_that_were_lost_are_read_once_more(known: Direct) -> None:
    shown: dict[str, Shown | list[Shown]] = {
        ID: [item(NEW)],
        "70": [item(OLD, campaign_id="70")],
        "71": [item(OLD, campaign_id="71")],
    }
    known.script.by_id = shown
    found = Written(known, **{KEY: UPDATE}, **others(2)).results("k1")
    assert {key: each.outcome for key, each in found.items()} == {KEY: "done", "k0": "failed", "k1": "failed"}
    assert known.state.pending == {}
    assert known.script.asked.count(ID) == 1
    assert known.script.asked.count("71") == 4


def test_a_read_that_fails_leaves_unknown_what_is_not_known(known: Direct) -> None:
    known.script.by_id = {ID: [item(NEW)], "70": [item(OLD, campaign_id="70"), 403]}
    found = Written(known, **{KEY: UPDATE}, **others(1)).results()
    assert {key: each.outcome for key, each in found.items()} == {KEY: "done", "k0": "unknown"}
    error = found["k0"].error
    assert error is not None
    assert error.summary.startswith("could not be read back: ")
    assert "campaignctl plan" in error.hint
    assert set(known.state.pending) == {"k0"}


def test_an_interrupt_leaves_unknown_what_is_not_known(known: Direct) -> None:
    known.script.time.interrupt_at = 0.5
    assert result(known, UPDATE, item(OLD)).outcome == "unknown"
    assert set(known.state.pending) == {KEY}


@pytest.mark.parametrize("why", [LockLost("the lock is gone"), StateNotSaved("the disk is full")])
def test_what_cannot_be_recorded_took_effect_all_the_same(
    known: Direct, why: LockLost | StateNotSaved
) -> None:
    known.script.by_id = {ID: [item(NEW)], "70": [item(OLD, campaign_id="70")]}
    writes = Written(known, **{KEY: UPDATE}, **others(1))
    known.kept.fails = why
    found = writes.results()
    assert {key: each.outcome for key, each in found.items()} == {KEY: "done", "k0": "unknown"}
    assert writes.run.broken_off is why
    error = found[KEY].error
    assert error is not None
    assert error.unrecorded
    assert error.summary.startswith(f"{ID} was updated, and the state does not have it: ")
    first = StateDamaged("before")
    writes.run.broken_off = first
    writes.results()
    assert writes.run.broken_off is (why if isinstance(why, StateNotSaved) else first)


@pytest.mark.parametrize(
    ("change", "shown", "says"),
    [
        (PAUSE, item(status="paused"), "was paused"),
        (CANCEL, item(status="canceled"), "was canceled"),
        (RESUME, item(), "was resumed"),
    ],
)
def test_what_cannot_be_recorded_says_what_was_done(
    known: Direct, change: Change, shown: Item, says: str
) -> None:
    known.script.by_id = {ID: [shown]}
    writes = Written(known, **{KEY: change})
    known.kept.fails = LockLost("gone")
    error = writes.results()[KEY].error
    assert error is not None
    assert f"{ID} {says}, " in error.summary


def test_many_results_are_recorded_a_hundred_in_a_step() -> None:
    items = [item(NEW, campaign_id=f"7{each}") for each in range(120)]
    with direct(None, Script(items)) as known:
        known.wiring = replace(known.wiring, parallelism=1)
        found = Written(known, **others(120)).results()
    assert {each.outcome for each in found.values()} == {"done"}
    assert [len(step.records) for step in known.kept.steps] == [100, 20]
    assert known.script.asked == ["live page 1", "live page 2"]


def test_final_campaigns_are_in_the_pages_where_one_was_canceled() -> None:
    items = [item(NEW, campaign_id=f"7{each}") for each in range(40)]
    with direct(None, Script([item(status="canceled"), *items])) as known:
        found = Written(known, **{KEY: CANCEL}, **others(40)).results()
    assert {each.outcome for each in found.values()} == {"done"}
    assert known.script.asked == ["page 1"]


SHORT = {name: value for name, value in item(NEW).items() if name != "description"}


@pytest.mark.parametrize(
    ("change", "page", "whole", "lost", "by_id"),
    [
        (UPDATE, SHORT, item(NEW), False, True),
        (UPDATE, item(NEW), item(NEW), False, False),
        (UPDATE, item(NEW), item(NEW), True, True),
        (UPDATE, item({**NEW, "scheduled_time": "2036-12-25 10:00:00"}), item(NEW), False, True),
        (PAUSE, {"id": ID, "status": "paused"}, item(status="paused"), False, False),
        (PAUSE, item(status="paused"), item(status="paused"), True, True),
        (PAUSE, item(status="paused"), item(status="paused"), False, False),
        (CANCEL, item(status="canceled"), item(), True, False),
        (PAUSE, item(), item(status="paused"), False, True),
        (PAUSE, item(), item(status="paused"), True, True),
        (CANCEL, item(), item(status="canceled"), False, True),
        (RESUME, item(), item(), True, True),
        (RESUME, item(status="paused"), item(), False, True),
    ],
)
def test_an_item_that_does_not_show_the_write_is_read_by_id(
    change: Change, page: Item, whole: Item, *, lost: bool, by_id: bool
) -> None:
    items = [page, *(item(NEW, campaign_id=f"7{each}") for each in range(40))]
    with direct(None, Script(items, {ID: whole})) as known:
        found = Written(known, **{KEY: change}, **others(40)).results(*([KEY] if lost else []))
    assert {each.outcome for each in found.values()} == {"done"}
    page_asked = "page 1" if change is CANCEL else "live page 1"
    assert known.script.asked == [page_asked, *([ID] if by_id else [])]
    assert known.script.time.seconds == 0, "all at the first look"


@pytest.mark.parametrize(
    ("change", "listed", "now"), [(PAUSE, "paused", "scheduled"), (RESUME, "scheduled", "paused")]
)
def test_a_list_that_shows_what_was_before_makes_no_lost_write_done(
    change: Change, listed: str, now: str
) -> None:
    """It was paused and resumed a moment ago, or the other way round."""
    items = [item(status=listed), *(item(NEW, campaign_id=f"7{each}") for each in range(40))]
    with direct(None, Script(items, {ID: item(status=now)})) as known:
        found = Written(known, **{KEY: change}, **others(40)).results(KEY)
    assert found.pop(KEY).outcome == "failed"
    assert {each.outcome for each in found.values()} == {"done"}


@pytest.mark.parametrize(
    ("found", "opened"),
    [
        (done(UPDATE, ID), True),
        (done(PAUSE, ID), True),
        (done(RESUME, ID), True),
        (done(CANCEL, ID), True),
        (unknown(CANCEL, LOST), True),
        (not_started(CANCEL), False),
        (failed(CANCEL, None), False),  # type: ignore[arg-type]
        (replace(done(UPDATE, ID), action=Action.CREATE), False),
    ],
)
def test_only_a_read_tells_the_outcome_of_what_is_answered_by_nothing(
    found: ChangeResult, *, opened: bool
) -> None:
    assert is_open(found) is opened
