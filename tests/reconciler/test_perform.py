"""What one change asks of the account, what is on record while it does, and what its result says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.live import Live
from campaignctl.campaign.problem import KeyPath
from campaignctl.errors import CampaignctlError, Interrupted, LockLost, Refused, StateDamaged, StateNotSaved
from campaignctl.plan.model import Action, Change
from campaignctl.project.model import ApiSettings, Override
from campaignctl.reconciler import requests
from campaignctl.reconciler.requests import last_look, perform
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halts
from campaignctl.state.ledger import Released
from tests.plan.planning import (
    DRAFT,
    ID,
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    SCHEDULED,
    only,
    plan_of,
    record,
    wanted,
)
from tests.reconciler.performing import (
    COMPANY,
    FIRE,
    PAUSE,
    RESUME,
    UPDATE,
    create,
    halted,
    here,
    item,
    pending,
    performed,
    phases,
    replacement,
)
from tests.reconciler.scripted import PROJECT, Direct, direct


@pytest.fixture
def known() -> Iterator[Direct]:
    with direct(here()) as one:
        one.script.created = item(metadata={"campaignctl": "x"})
        yield one


# ------------------------------------------------------------------------------------------------- creates


def test_a_create_is_started_before_it_leaves_and_recorded_after(known: Direct) -> None:
    change = create()
    found = performed(known, change, here(pending={KEY: pending(change)}))
    assert (found.outcome, found.id, known.script.asked) == ("done", ID, ["create"])
    assert phases(known) == ["started", None]
    started = known.kept.steps[0].intents[KEY]
    assert started is not None
    assert (started.at, started.posts) == (iso(NOW), (iso(NOW),))
    assert known.state.campaigns[KEY].posts == (iso(NOW),)


def test_a_create_that_was_lost_before_is_posted_again_with_every_time(known: Direct) -> None:
    change = create()
    first, second = iso(NOW - timedelta(hours=3)), iso(NOW - timedelta(hours=2))
    for posts, expected in (((first, second), (first, second, iso(NOW))), ((), (second, iso(NOW)))):
        lost = pending(
            change, phase="started", at=second, posts=posts, operation="replace", id="7", ended=True
        )
        known.kept.steps.clear()
        performed(known, change, here(pending={KEY: lost}))
        started = known.kept.steps[0].intents[KEY]
        assert started is not None
        assert (started.phase, started.posts) == ("reposted", expected)
        assert (started.operation, started.id, started.ended) == ("replace", "7", True)
        assert known.state.campaigns[KEY].reposted


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, None),
        ({"phase": "started", "at": iso(NOW)}, "started"),
        ({"operation": "replace", "id": "7", "ended": True}, "planned"),
    ],
)
def test_a_create_that_was_refused_leaves_what_was_there_before(
    known: Direct, before: dict[str, Any], after: str | None
) -> None:
    known.script.refuses = {"create": 422}
    change = create()
    intent = pending(change, **before)
    found = performed(known, change, here(pending={KEY: intent}))
    assert found.outcome == "failed"
    left = known.state.pending.get(KEY)
    assert (left.phase if left else None) == after
    assert left in (None, intent)


@pytest.mark.parametrize(("status", "stops"), [(422, False), (401, True)])
def test_a_rejected_token_stops_the_run(known: Direct, status: int, *, stops: bool) -> None:
    known.script.refuses = {"create": status}
    change = create()
    known.kept.state = here(pending={KEY: pending(change)})
    run = known.run(company=COMPANY)
    assert perform(run, change).outcome == "failed"
    assert (run.broken_off is not None) is stops


def test_a_create_without_an_answer_stays_started(known: Direct) -> None:
    known.script.refuses = {"create": 500}
    change = create()
    found = performed(known, change, here(pending={KEY: pending(change)}))
    assert (found.outcome, phases(known)) == ("unknown", ["started"])


@pytest.mark.parametrize("lost", [LockLost("gone"), Interrupted("stop")])
def test_nothing_is_created_without_the_lock(known: Direct, lost: CampaignctlError) -> None:
    change = create()
    known.kept.state = here(pending={KEY: pending(change)})
    known.kept.lost = lost
    run = known.run(company=COMPANY)
    if isinstance(lost, Interrupted):
        with pytest.raises(Interrupted):
            perform(run, change)
        assert run.broken_off is None
    else:
        assert perform(run, change).outcome == "failed"
        assert run.broken_off is lost
    assert known.script.asked == []


def test_nothing_is_created_while_the_state_cannot_be_saved(known: Direct) -> None:
    change = create()
    known.kept.state = here(pending={KEY: pending(change)})
    known.kept.fails = StateNotSaved("the disk is full")
    run = known.run(company=COMPANY)
    assert perform(run, change).outcome == "failed"
    assert isinstance(run.broken_off, StateNotSaved)
    assert known.script.asked == []


@pytest.mark.parametrize(("status", "lost"), [(401, None), (None, LockLost("gone"))])
def test_the_first_reason_to_stop_stays(known: Direct, status: int | None, lost: LockLost | None) -> None:
    change, first = create(), StateDamaged("before")
    known.kept.state = here(pending={KEY: pending(change)})
    known.script.refuses, known.kept.lost = {"create": status} if status else {}, lost
    run = known.run(company=COMPANY)
    run.broken_off = first
    assert perform(run, change).outcome == "failed"
    assert run.broken_off is first


def test_what_was_created_and_cannot_be_recorded_is_said(known: Direct) -> None:
    change = create()
    known.kept.state = here(pending={KEY: pending(change)})
    run = known.run(company=COMPANY)
    known.kept.full_after = 1
    found = perform(run, change)
    assert (found.outcome, found.id) == ("done", ID)
    assert found.error is not None
    assert found.error.unrecorded
    assert found.error.summary.startswith(f"{ID} was created, and the state does not have it: ")
    assert isinstance(run.broken_off, StateNotSaved)


@pytest.mark.parametrize(
    ("change", "said", "markers", "place", "may_be_the_marker"),
    [
        (create(), "metadata: not an object", True, "", True),
        (create(), "metadata: not an object", False, "", False),
        (create(), "scheduled_time: too soon", True, "scheduled_time", False),
        (create(), "not today", True, "", False),
        (UPDATE, "description: no metadata", True, "description", False),
        (PAUSE, "scheduled_time: too soon", True, "", False),
    ],
)
def test_a_refusal_names_the_place_of_its_field_and_what_may_help(
    known: Direct, change: Change, said: str, markers: bool, place: str, may_be_the_marker: bool
) -> None:
    operation = change.requests[0].operation
    known.script.refuses, known.script.says = {operation: 422}, said
    project = known.wiring.project
    project = replace(project, api=replace(project.api, markers=markers))

    def written_at(_key: str, path: KeyPath) -> str:
        return "" if path == ("metadata",) else str(path[0])

    known.wiring = replace(known.wiring, project=project, written_at=written_at)
    state = here(pending={KEY: pending(change)}) if change.action is Action.CREATE else None
    found = performed(known, change, state or here({KEY: record(SCHEDULED)}))
    assert found.error is not None
    assert found.error.detail == said
    assert found.error.summary.startswith(f"{change.action} of {KEY} ({place or change.source}): ")
    assert ("`api.markers: off`" in str(found.error.hint)) is may_be_the_marker


# ------------------------------------------------------------------------------- an account not proven yet


@pytest.mark.parametrize(
    ("change", "status", "overrides", "leaves"),
    [
        (create(IMMEDIATE), "", (), False),
        (create(IMMEDIATE), "", ("unproven_account",), True),
        (create(IMMEDIATE), "", ("resend",), False),
        (create(SCHEDULED), "", (), True),
        (create(MANUAL), "", (), True),
        (UPDATE, "scheduled", (), True),
        (PAUSE, "scheduled", (), True),
        (RESUME, "paused", (), False),
        (FIRE, "manual", (), False),
    ],
)
def test_what_could_send_waits_until_the_account_is_proven(
    known: Direct, change: Change, status: str, overrides: tuple[str, ...], *, leaves: bool
) -> None:
    records = {KEY: record(MANUAL if change is FIRE else SCHEDULED, status)} if status else {}
    intents = {} if status else {KEY: pending(change)}
    known.script.by_id = {ID: item(MANUAL, "manual") if change is FIRE else item()}
    found = performed(known, change, here(records, pending=intents), company=None, overrides=overrides)
    assert bool(set(known.script.asked) - {ID}) is leaves
    if not leaves:
        assert found.outcome == "failed"
        assert found.error is not None
        assert "no read has shown whose account this is" in found.error.summary
        assert "--override unproven_account" in found.error.hint
        assert known.kept.steps == []
        performed(known, change, here(records, pending=intents))
        assert set(known.script.asked) - {ID}, "a proven account"


# --------------------------------------------------------------------------------------- the last look


SOON = {**SCHEDULED, "scheduled_time": "2026-11-24 12:05:00"}
NEAR = replace(create(SOON), valid_until=None)


@pytest.mark.parametrize(
    ("change", "halts", "overrides", "why"),
    [
        (create(), Halts(), (), None),
        (create(), halted(KEY), (), "halted by ana"),
        (create(), halted("other"), (), None),
        (UPDATE, halted(KEY), (), None),
        (NEAR, Halts(), (), "its first send is less than 10m away"),
        (NEAR, Halts(), ("min_lead_time",), None),
    ],
)
def test_a_change_is_looked_at_directly_before_its_request(
    known: Direct, change: Change, halts: Halts, overrides: tuple[str, ...], why: str | None
) -> None:
    known.kept.mark = halts
    run = known.run(company=COMPANY)
    run.overrides = overrides
    if why is None:
        last_look(run, change)
        return
    with pytest.raises(CampaignctlError, match=why):
        last_look(run, change)


@pytest.mark.parametrize("why", [LockLost("gone"), Interrupted("stop")])
def test_the_lock_is_looked_at_last_too(known: Direct, why: CampaignctlError) -> None:
    known.kept.lost = why
    with pytest.raises(type(why)):
        last_look(known.run(company=COMPANY), UPDATE)


def test_an_override_of_the_project_counts_at_the_request(known: Direct) -> None:
    override = Override("min_lead_time", (KEY,), NOW + timedelta(days=1), "why")
    for overrides in ((override,), (replace(override, keys=("other",)),)):
        known.wiring = replace(known.wiring, project=replace(known.wiring.project, overrides=overrides))
        if overrides[0] is override:
            last_look(known.run(company=COMPANY), NEAR)
        else:
            with pytest.raises(Refused):
                last_look(known.run(company=COMPANY), NEAR)


def test_a_change_that_is_halted_drops_its_intent_and_says_so(known: Direct) -> None:
    change = create()
    known.kept.mark = halted(KEY)
    with pytest.raises(CampaignctlError, match="halted by ana"):
        performed(known, change, here(pending={KEY: pending(change)}))
    assert (known.script.asked, known.state.pending) == ([], {})


# ------------------------------------------------------------------------------------------ waits for others


@pytest.mark.parametrize(
    ("records", "released", "held"),
    [
        ({"old": "canceled"}, None, False),
        ({"old": "scheduled"}, None, True),
        ({}, "canceled", False),
        ({}, "scheduled", True),
        ({}, None, True),
        ({"old": "canceled"}, "scheduled", False),
    ],
)
def test_a_create_waits_until_the_other_is_shown_as_canceled(
    known: Direct, records: dict[str, str], released: str | None, *, held: bool
) -> None:
    change = replace(create(), waits_for=("7",))
    gone = (Released("old", "7", None, "d", released, iso(NOW)),) if released else ()
    held_by = {key: record(SCHEDULED, status, "7") for key, status in records.items()}
    known_state = here(held_by, pending={KEY: pending(change)}, released=gone)
    if held:
        with pytest.raises(Refused, match="held: 7 is not shown as canceled") as refused:
            performed(known, change, known_state)
        assert refused.value.hint == "campaignctl apply"
    else:
        assert performed(known, change, known_state).outcome == "done"
    assert bool(known.script.asked) is not held


# ------------------------------------------------------------------------------------------------ small rules


@pytest.mark.parametrize(
    ("change", "soon"),
    [
        (create(IMMEDIATE), True),
        (create(MANUAL), False),
        (create(DRAFT), False),
        (create({**SCHEDULED, "scheduled_time": "2026-11-25 11:59:59"}), True),
        (create({**SCHEDULED, "scheduled_time": "2026-11-25 12:00:00"}), False),
    ],
)
def test_what_sends_within_the_horizon(known: Direct, change: Change, *, soon: bool) -> None:
    settle = replace(ApiSettings().settle, horizon=timedelta(hours=24))
    project = replace(known.wiring.project, api=replace(known.wiring.project.api, settle=settle))
    known.wiring = replace(known.wiring, project=project)
    assert requests.sends_soon(known.run(), change) is soon


def test_the_command_that_repeats_names_what_asked_for_it() -> None:
    command = requests.again(("resend", "freeze"), [create(), replacement()])
    assert str(command) == f"campaignctl apply --replace {KEY} --override resend --override freeze"


TWO_STEP = replace(PROJECT, api=ApiSettings(immediate="two_step"))


@pytest.mark.parametrize("refused", [True, False])
def test_a_two_step_create_is_armed_by_its_id(known: Direct, *, refused: bool) -> None:
    change = only(plan_of(wanted(IMMEDIATE), project=TWO_STEP))
    known.script.created = item(MANUAL, "manual")
    idle = item(MANUAL, "manual")
    known.script.by_id = {ID: [idle, idle, item(IMMEDIATE, "running")]}
    known.script.refuses = {"update": 422} if refused else {}
    found = performed(known, change, here(pending={KEY: pending(change)}))
    assert known.script.asked == ["create", ID, ID, "update", *([] if refused else [ID])]
    assert (found.outcome, found.id) == (("failed" if refused else "done"), ID)
    if refused:
        assert found.error is not None
        assert found.error.summary.endswith(f"; {ID} was created and sends nothing yet")


def test_an_adoption_and_a_removal_send_nothing(known: Direct) -> None:
    gone = replace(create(), action=Action.FORGET, requests=(), id=ID)
    assert performed(known, gone, here({KEY: record(MANUAL, "manual")})).outcome == "done"
    assert (known.state.campaigns, known.script.asked) == ({}, [])


def test_the_answer_is_read_back(known: Direct) -> None:
    change = create()
    known.script.created = item({**SCHEDULED, "scheduled_time": "2036-12-25 10:00:00"})
    known.script.by_id = {ID: item({**SCHEDULED, "scheduled_time": "2036-12-25 10:00:00"})}
    found = performed(known, change, here(pending={KEY: pending(change)}))
    assert found.outcome == "failed"
    assert Live(ID, known.script.created, complete=True).status == "scheduled"
