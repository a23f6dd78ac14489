"""What is recorded before the first request of an apply: intents, what was read, settings, the history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign.live import Live
from campaignctl.errors import CampaignctlError, Command, LockLost, Sentence, StateNotSaved
from campaignctl.manifest.model import DesiredState
from campaignctl.plan.context import Behind, Reading
from campaignctl.plan.model import Action, Change, Options, Plan
from campaignctl.project.settings import SettingChange
from campaignctl.reconciler.apply import apply
from campaignctl.reconciler.begin import begin
from campaignctl.reconciler.intents import planned
from campaignctl.reconciler.opening import Scan
from campaignctl.reconciler.run import Run
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import HistoryEntry, Released
from campaignctl.state.model import Account, LockInfo, State, Watermark
from tests.plan.planning import ID, KEY, NOW, SCHEDULED, intent, live, own, plan_of, record, state, wanted
from tests.reconciler.performing import COMPANY, create, here, item, replacement
from tests.reconciler.scripted import PROJECT, URL, Direct, direct

BEGAN = HistoryEntry("id", iso(NOW), "apply", "ana", "laptop", None, "1", "plan", {})
CREATE = create(own(SCHEDULED, "New"), "new")


@pytest.fixture
def known() -> Iterator[Direct]:
    with direct(here({KEY: record(SCHEDULED)}, settings={"a": 1})) as one:
        yield one


def plan(*changes: Change, **more: Any) -> Plan:
    return replace(plan_of(), changes=changes, **{"settings": {"a": 1}, **more})


def begun(
    one: Direct, made: Plan, reading: Reading | None = None, began: HistoryEntry | None = None, **opening: Any
) -> Run:
    run = one.run(Live(ID, item(), complete=True), company=COMPANY)
    run.opening = replace(run.opening, **opening)
    begin(run, made, reading or Reading(live={KEY: live(SCHEDULED)}), began)
    return run


def seen_already(one: Direct) -> None:
    """The state has the mark of this opening read."""
    one.kept.state = replace(one.state, seen=(ID,))


# ------------------------------------------------------------------------------------------- a first apply


@pytest.mark.parametrize("project_id", [PROJECT.id, None])
def test_a_first_apply_writes_a_state_with_its_intents(project_id: str | None) -> None:
    with direct(None, project=replace(PROJECT, id=project_id)) as one:
        begun(one, plan(CREATE), began=BEGAN)
        assert set(one.state.pending) == {"new"}
        assert one.state.history == (BEGAN,)
        assert (one.state.account, one.state.project_id) == (Account(URL, COMPANY), project_id)
        assert one.state.settings == {"a": 1}
        assert len(one.said) == (0 if project_id else 1)


def test_a_first_apply_without_changes_writes_nothing() -> None:
    with direct(None) as one:
        begun(one, plan(), began=BEGAN)
        assert one.kept.state is None
        begun(one, plan(missed={"late": "d"}))
        assert one.state.missed == {"late": "d"}


# -------------------------------------------------------------------------------------------------- intents


def test_creates_and_replacements_are_planned_in_one_write(known: Direct) -> None:
    before = known.state
    run = begun(known, plan(CREATE, replacement()), began=BEGAN)
    assert known.kept.steps == [], "the whole state at once"
    intents = known.state.pending
    assert intents["new"] == planned(CREATE, run.opening.watermark, run.now())
    assert (intents[KEY].operation, intents[KEY].phase) == ("replace", "planned")
    assert known.state.history == (BEGAN,)
    assert known.state.serial == before.serial + 1


def test_a_create_that_is_posted_again_keeps_its_intent(known: Direct) -> None:
    lost = replace(planned(CREATE, begun(known, plan()).opening.watermark, NOW), phase="started", at=iso(NOW))
    known.kept.state = replace(known.state, pending={"new": lost})
    begun(known, plan(CREATE))
    assert known.state.pending == {"new": lost}
    half = replace(intent(SCHEDULED, phase="planned"), operation="replace", id="7", ended=True)
    known.kept.state = replace(known.state, pending={"new": half})
    begun(known, plan(CREATE))
    assert (known.state.pending["new"].id, known.state.pending["new"].ended) == ("7", True)


def test_a_create_that_was_never_posted_is_planned_anew(known: Direct) -> None:
    """It is looked for among what is newer than the mark of this run, not than that of an earlier one."""
    old = replace(planned(CREATE, begun(known, plan()).opening.watermark, NOW), phase="planned", at=None)
    known.kept.state = replace(known.state, pending={"new": replace(old, watermark=Watermark(("1",), None))})
    run = begun(known, plan(CREATE))
    assert known.state.pending["new"].watermark == run.opening.watermark


# -------------------------------------------------------------------------------------------- what was read


def test_nothing_new_is_no_step(known: Direct) -> None:
    seen_already(known)
    begun(known, plan())
    assert known.kept.steps == []
    known.kept.state = replace(known.state, seen=("9",))
    begun(known, plan())
    assert [step.seen for step in known.kept.steps] == [(ID,)]
    begun(known, plan(), scan=Scan((), None))
    assert len(known.kept.steps) == 1, "an empty list is no mark"


def test_what_was_observed_is_recorded_and_voids_no_saved_plan(known: Direct) -> None:
    before = known.state
    run = begun(known, plan(), Reading(live={KEY: live(SCHEDULED, "paused"), "gone": live(SCHEDULED)}))
    assert {key: each.status for key, each in known.state.campaigns.items()} == {KEY: "paused"}
    assert known.state.serial == before.serial
    assert run.planned == {ID: before.campaigns[KEY]}


def test_the_plans_view_of_a_record_wins(known: Direct) -> None:
    noted = record(SCHEDULED, "paused", paused_by_us=True)
    begun(known, plan(observed={KEY: noted}), Reading(live={KEY: live(SCHEDULED, "running")}))
    assert known.state.campaigns[KEY] == noted


def test_what_was_sent_meanwhile_is_in_the_ledger(known: Direct) -> None:
    begun(known, plan(), Reading(live={KEY: live(SCHEDULED, "sent")}))
    assert [(one.key, one.id) for one in known.state.sent] == [(KEY, ID)]


@pytest.mark.parametrize("action", [Action.MOVE, Action.ADOPT])
def test_a_record_that_arrives_is_recorded_when_it_does(known: Direct, action: Action) -> None:
    seen_already(known)
    arriving = record(SCHEDULED, "paused", "7")
    change = replace(CREATE, action=action, requests=())
    run = begun(known, plan(change, observed={"new": arriving}), began=BEGAN)
    assert run.arriving == {"new": arriving}
    assert set(known.state.campaigns) == {KEY}
    assert known.state.history == (BEGAN,)


@pytest.mark.parametrize(("whole", "reposted"), [(True, False), (False, True)])
def test_a_second_copy_is_looked_for_once_in_the_whole_list(
    known: Direct, *, whole: bool, reposted: bool
) -> None:
    posts = ("2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z")
    twice = record(SCHEDULED, reposted=True, posts=posts)
    known.kept.state = replace(known.state, campaigns={KEY: twice})
    begun(known, plan(), Reading(live={KEY: live(SCHEDULED, "paused")}), whole=whole)
    after = known.state.campaigns[KEY]
    assert (after.status, after.reposted) == ("paused", reposted)


BEHIND = (Behind("9", "Nine", None, "intent-9"),)


@pytest.mark.parametrize(
    ("before", "behind", "project_id"),
    [
        ({"project_id": None}, (), PROJECT.id),
        ({"project_id": None, "format_version": 1}, (), None),
        ({"project_id": None}, BEHIND, None),
        ({"project_id": "another"}, (), "another"),
    ],
)
def test_a_state_learns_the_id_of_its_project(
    known: Direct, before: dict[str, Any], behind: tuple[Behind, ...], project_id: str | None
) -> None:
    seen_already(known)
    known.kept.state = replace(known.state, settings=None, **before)
    begun(known, plan(settings=None), behind=behind)
    assert known.state.project_id == project_id


@pytest.mark.parametrize(
    ("before", "settings", "changed", "after", "serial"),
    [
        ({"settings": {"a": 1}}, {"a": 2}, True, {"a": 2}, 1),
        ({"settings": {"a": 1}}, {"a": 1}, False, {"a": 1}, 0),
        ({"settings": None}, {"a": 1}, False, {"a": 1}, 0),
        ({"settings": None, "format_version": 1}, {"a": 1}, False, None, 0),
    ],
)
def test_settings_that_changed_are_a_decision(
    known: Direct, before: dict[str, Any], settings: dict[str, int], changed: bool, after: Any, serial: int
) -> None:
    seen_already(known)
    known.kept.state = replace(known.state, **before)
    changes = (SettingChange("a", 1, 2, loosens=True),) if changed else ()
    was = known.state.serial
    begun(known, plan(settings=settings, settings_changed=changes))
    assert (known.state.settings, known.state.serial - was) == (after, serial)


def test_the_overrides_of_a_plan_are_those_of_its_run(known: Direct) -> None:
    assert begun(known, plan(overrides=("resend",))).overrides == ("resend",)
    gone = Released("x", "7", None, "d", "canceled", iso(NOW))
    known.kept.state = replace(known.state, released=(gone,))
    begun(known, plan_of(wanted(SCHEDULED), known=state({KEY: record(SCHEDULED)})))
    held: State = known.state
    assert held.released == (gone,)


@pytest.mark.parametrize(
    ("why", "first"),
    [
        (
            StateNotSaved("the disk is full", hint=Sentence(Command("state", "push", "FILE"))),
            "state push FILE",
        ),
        (LockLost("the lock is gone"), "apply"),
    ],
)
def test_a_lock_that_cannot_be_given_back_is_said_with_what_saves_the_state(
    why: CampaignctlError, first: str
) -> None:
    mark = {"campaignctl": str(PROJECT.owner.marker("new", "intent"))}
    with direct(here({KEY: record(SCHEDULED, "sent")})) as one:
        one.kept.unreleased = why
        one.script.items = [{**item(SCHEDULED, "sent"), "metadata": mark}]
        one.script.created = {**item(own(SCHEDULED, "New")), "id": "9", "metadata": mark}
        desired = DesiredState(one.wiring.project, {"new": wanted(own(SCHEDULED, "New"), "new")}, "d")
        outcome = apply(one.wiring, desired, Options(), lambda _plan: True)
    assert outcome.result == "incomplete"
    assert any(why.summary in note for note in outcome.notes)
    assert str(outcome.next[0]) == f"campaignctl {first}"


def test_a_lock_that_was_taken_over_from_a_dead_process_is_said() -> None:
    with direct(here({KEY: record(SCHEDULED, "sent")})) as one:
        one.kept.taken_over = LockInfo("l", "ana", "laptop", 4711, "apply", iso(NOW))
        one.script.items = [item(SCHEDULED, "sent")]
        apply(one.wiring, DesiredState(one.wiring.project, {}, "d"), Options(), lambda _plan: True)
    assert "took the lock over from process 4711 on laptop, which has exited" in one.said
