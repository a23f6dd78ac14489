"""What one change asks of the account, what is on record while it does, and what its result says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.errors import CampaignctlError, Interrupted, LockLost, Refused, StateDamaged, StateNotSaved
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Change, Options
from campaignctl.project.model import ApiSettings, Guardrails, Override
from campaignctl.reconciler import requests
from campaignctl.reconciler.intents import planned, written
from campaignctl.reconciler.requests import last_look, perform
from campaignctl.review.outcome import ChangeResult
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import Account, Intent, Record, Released, State, Watermark
from tests.plan.planning import (
    DRAFT,
    ID,
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    RECURRING,
    SCHEDULED,
    Spec,
    live,
    only,
    own,
    plan_of,
    record,
    state,
    wanted,
)
from tests.reconciler.scripted import PROJECT, URL, Direct, Item, Shown, direct

COMPANY = "6197120"
MARK = Watermark(("1",), iso(NOW))
NEW = {**SCHEDULED, "description": "new"}


def item(spec: Spec = SCHEDULED, status: str = "scheduled", **fields: Any) -> Item:
    return {**live(spec, status, **fields).members, "company_id": COMPANY}


def create(spec: Spec = SCHEDULED, key: str = KEY) -> Change:
    return only(plan_of(wanted(spec, key), project=PROJECT))


def change_of(before: Spec, after: Spec, status: str, phase: Any = "active", **known: Any) -> Change:
    plan = plan_of(
        wanted(after, manifest="sha256:new", lifecycle=Lifecycle(phase=phase)),
        known=state({KEY: record(before, status, **known)}),
        reading=Reading(live={KEY: live(before, status)}),
        project=PROJECT,
    )
    return plan.changes[0]


def replacement(spec: Spec = SCHEDULED, status: str = "scheduled") -> Change:
    known = state({KEY: record(spec, status)})
    reading = Reading(live={KEY: live(spec, status)})
    return only(
        plan_of(wanted(spec), known=known, reading=reading, options=Options(replace=(KEY,)), project=PROJECT)
    )


def here(records: dict[str, Record] | None = None, **more: Any) -> State:
    return replace(
        state(records or {}, **more), account=Account(URL, COMPANY, markers=True), project_id=PROJECT.id
    )


def pending(change: Change, now: Any = NOW, **more: Any) -> Intent:
    return replace(planned(change, MARK, now), **more)


@pytest.fixture
def known() -> Iterator[Direct]:
    with direct(here()) as one:
        one.script.created = item(metadata={"campaignctl": "x"})
        yield one


def performed(one: Direct, change: Change, known: State | None = None, **run: Any) -> ChangeResult:
    """Perform a change with this state, in an account that is proven."""
    if known is not None:
        one.kept.state = known
    made = one.run(company=run.pop("company", COMPANY))
    for name, value in run.items():
        setattr(made, name, value)
    return perform(made, change)


def phases(one: Direct) -> list[Any]:
    """The phase of the intent in each step that records it; None where it is dropped."""
    return [
        step.intents[KEY].phase if step.intents[KEY] else None  # type: ignore[union-attr]
        for step in one.kept.steps
        if KEY in step.intents
    ]


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


def test_a_refusal_of_metadata_may_be_one_of_our_marker(known: Direct) -> None:
    known.script.refuses = {"create": 422}
    change = create()
    for markers in (True, False):
        api = replace(known.wiring.project.api, markers=markers)
        known.wiring = replace(known.wiring, project=replace(known.wiring.project, api=api))
        found = performed(known, change, here(pending={KEY: pending(change)}))
        assert found.error is not None
        assert "api.markers" not in found.error.hint


# ------------------------------------------------------------------------------- an account not proven yet


RESUME = change_of(SCHEDULED, SCHEDULED, "paused", paused_by_us=True)
PAUSE = change_of(SCHEDULED, SCHEDULED, "scheduled", "paused")
UPDATE = change_of(SCHEDULED, NEW, "scheduled")
FIRE = change_of(MANUAL, IMMEDIATE, "manual")


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
        assert known.kept.steps == []
        performed(known, change, here(records, pending=intents))
        assert set(known.script.asked) - {ID}, "a proven account"


# --------------------------------------------------------------------------------------- the last look


def halted(*keys: str) -> Halts:
    return Halts((Halt("h-1", keys, "wrong price", "ana", "laptop", "2026-11-24T11:00:00Z"),))


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
        with pytest.raises(Refused, match="7 is not shown as canceled"):
            performed(known, change, known_state)
    else:
        assert performed(known, change, known_state).outcome == "done"
    assert bool(known.script.asked) is not held


# ------------------------------------------------------------------------------------------------ replacing


def cancels(
    known: Direct, *reads: Shown, spec: Spec = SCHEDULED, overrides: tuple[str, ...] = (), **more: Any
) -> ChangeResult:
    """The result of a replacement, with what reads show after its cancel."""
    change = replacement(spec)
    known.script.by_id = {ID: list(reads)}
    known.script.created = {**item(spec), "id": "9"}
    kept = here({KEY: record(spec, **more)}, pending={KEY: pending(change)})
    return performed(known, change, kept, overrides=overrides)


def test_the_other_half_follows_once_a_read_shows_the_cancel(known: Direct) -> None:
    found = cancels(known, item(), item(status="canceled"))
    assert (found.outcome, found.id) == ("done", "9")
    assert (known.script.asked, known.script.time.seconds) == (["cancel", ID, ID, "create"], 1)
    assert phases(known) == ["started", "planned", "started", None]
    assert [(one.id, one.status) for one in known.state.released] == [(ID, "canceled")]
    assert known.state.campaigns[KEY].id == "9"


@pytest.mark.parametrize("refusal", [None, 500])
def test_without_it_nothing_is_created(known: Direct, refusal: int | None) -> None:
    known.script.refuses = {"cancel": refusal} if refusal else {}
    found = cancels(known, item(), overrides=("resend",))
    assert (found.outcome, known.script.asked) == ("failed", ["cancel", ID, ID, ID, ID])
    assert found.error is not None
    assert f"{ID} is not canceled, and nothing was created" in found.error.summary
    assert f"campaignctl apply --replace {KEY} --override resend" in found.error.hint
    assert known.state.pending == {}
    timeout = known.wiring.project.api.timeout.total_seconds()
    assert timeout < known.script.time.seconds


def test_a_cancel_that_is_refused_ends_it(known: Direct) -> None:
    known.script.refuses = {"cancel": 422}
    found = cancels(known, item(status="canceled"))
    assert (found.outcome, known.script.asked) == ("failed", ["cancel"])


def test_a_campaign_that_is_halted_is_not_canceled_for_another(known: Direct) -> None:
    known.kept.mark = halted(KEY)
    with pytest.raises(CampaignctlError, match="halted by ana"):
        cancels(known, item())
    assert known.script.asked == []


def test_a_create_that_fails_after_the_cancel_says_what_is_canceled(known: Direct) -> None:
    known.script.refuses = {"create": 422}
    found = cancels(known, item(status="canceled"))
    assert found.outcome == "failed"
    assert found.error is not None
    assert found.error.summary.endswith(f"; {ID} is canceled already")
    assert known.state.pending[KEY].phase == "planned"


def test_a_create_without_an_answer_after_the_cancel_is_unknown(known: Direct) -> None:
    known.script.refuses = {"create": 500}
    found = cancels(known, item(status="canceled"))
    assert found.outcome == "unknown"
    assert found.error is not None
    assert "is canceled already" not in found.error.summary


def test_a_cancel_may_leave_before_the_account_is_proven(known: Direct) -> None:
    known.script.by_id = {ID: item(status="canceled")}
    known.script.created = {**item(), "id": "9"}
    change = replacement()
    kept = here({KEY: record(SCHEDULED)}, pending={KEY: pending(change)})
    assert performed(known, change, kept, company=None).outcome == "done"
    assert known.script.asked[:1] == ["cancel"]


def test_a_halt_between_the_halves_says_what_is_canceled(known: Direct) -> None:
    change = replacement()
    known.script.by_id = {ID: [item(status="canceled")]}

    def stop() -> None:
        if known.state.pending[KEY].phase == "planned":
            known.kept.mark = halted(KEY)

    known.kept.on_step = stop
    found = performed(known, change, here({KEY: record(SCHEDULED)}, pending={KEY: pending(change)}))
    assert found.outcome == "failed"
    assert found.error is not None
    assert found.error.summary.endswith(f"; {ID} is canceled already")
    assert known.script.asked == ["cancel", ID]


BEGAN = {"scheduled_run_times": [{"time": "2026-11-24 11:59:00"}], "run_counter": 1}


@pytest.mark.parametrize(
    ("spec", "shown", "known_began", "overrides", "created"),
    [
        (SCHEDULED, {}, None, (), True),
        (SCHEDULED, BEGAN, None, (), False),
        (SCHEDULED, BEGAN, None, ("resend",), True),
        (SCHEDULED, BEGAN, "2026-11-24T11:59:00Z", (), True),
        (RECURRING, BEGAN, None, (), True),
    ],
)
def test_one_that_began_meanwhile_is_not_created_again(
    known: Direct,
    spec: Spec,
    shown: dict[str, Any],
    known_began: str | None,
    overrides: tuple[str, ...],
    *,
    created: bool,
) -> None:
    found = cancels(known, item(spec, "canceled", **shown), spec=spec, overrides=overrides, began=known_began)
    assert ("create" in known.script.asked) is created
    if not created:
        assert found.outcome == "failed"
        assert found.error is not None
        assert f"{ID} is canceled, and began to send at" in found.error.summary
        assert f"campaignctl apply --target {KEY} --override resend" in found.error.hint


# ---------------------------------------------------------------------------------------- ordinary writes


@pytest.mark.parametrize(
    ("change", "status", "asked"),
    [(UPDATE, "scheduled", ["update"]), (PAUSE, "scheduled", ["pause"]), (RESUME, "paused", ["resume"])],
)
def test_a_write_is_on_record_before_it_leaves(
    known: Direct, change: Change, status: str, asked: list[str]
) -> None:
    found = performed(known, change, here({KEY: record(SCHEDULED, status)}))
    assert (found.outcome, found.id, known.script.asked) == ("done", ID, asked)
    left = known.state.pending[KEY]
    expected = written(change, change.requests[0], NOW)
    assert replace(left, at=None) == expected
    assert left.at is not None


@pytest.mark.parametrize("change", [UPDATE, PAUSE, FIRE, replacement()], ids=lambda each: each.action)
def test_without_the_lock_no_write_is_on_record(known: Direct, change: Change) -> None:
    known.kept.lost = LockLost("gone")
    intents = {KEY: pending(change)} if change.action == "replace" else {}
    before = here({KEY: record(MANUAL if change is FIRE else SCHEDULED)}, pending=intents)
    assert performed(known, change, before).outcome == "failed"
    assert (known.script.asked, known.kept.steps) == ([], [])


def test_another_write_stays_on_record_if_this_one_is_not_sent(known: Direct) -> None:
    other = replace(written(FIRE, FIRE.requests[0], NOW), intent="of-another", at=iso(NOW))
    assert fired(known, item(IMMEDIATE, "running"), pending={KEY: other}).outcome == "failed"
    assert (known.state.pending, known.kept.steps) == ({KEY: other}, [])


def test_a_lost_create_that_is_not_sent_again_is_not_recorded_again(known: Direct) -> None:
    change = create()
    known.kept.lost = Interrupted("stop")
    with pytest.raises(Interrupted):
        performed(known, change, here(pending={KEY: pending(change, phase="started", at=iso(NOW))}))
    assert known.kept.steps == []


def test_an_update_of_what_is_due_is_not_read_before(known: Direct) -> None:
    limits = Guardrails(min_lead_time=timedelta())
    known.wiring = replace(known.wiring, project=replace(known.wiring.project, guardrails=limits))
    change = replace(UPDATE, sends=replace(UPDATE.sends, at=(NOW + timedelta(seconds=1),)))
    performed(known, change, here({KEY: record(SCHEDULED)}))
    assert known.script.asked == ["update"]


def test_an_interrupt_lets_nothing_leave(known: Direct) -> None:
    run = known.run()
    run.may_send()
    known.script.time.interrupted = True
    with pytest.raises(Interrupted):
        run.may_send()


@pytest.mark.parametrize(("ahead", "reads"), [(30, True), (31, False)])
def test_a_resume_that_is_due_is_read_again_before(known: Direct, ahead: int, *, reads: bool) -> None:
    known.wiring = replace(
        known.wiring, project=replace(known.wiring.project, guardrails=Guardrails(min_lead_time=timedelta()))
    )
    timeout = known.wiring.project.api.timeout
    first = NOW + timeout + timedelta(seconds=ahead - 30)
    change = replace(RESUME, sends=replace(RESUME.sends, at=(first,)))
    known.script.by_id = {ID: item(status="paused")}
    performed(known, change, here({KEY: record(SCHEDULED, "paused", paused_by_us=True)}))
    assert known.script.asked == [*([ID] if reads else []), "resume"]


def test_a_write_that_is_refused_drops_its_intent_at_the_end_of_the_stage(known: Direct) -> None:
    known.script.refuses = {"update": 422}
    known.kept.state = here({KEY: record(SCHEDULED)})
    run = known.run(company=COMPANY)
    run.writes.expect([UPDATE])
    assert perform(run, UPDATE).outcome == "failed"
    run.writes.end()
    assert (known.state.pending, len(known.kept.steps)) == ({}, 2)


# ------------------------------------------------------------------------------------- what sends at once


def fired(one: Direct, *reads: Shown, **more: Any) -> ChangeResult:
    one.script.by_id = {ID: list(reads)}
    return performed(one, FIRE, here({KEY: record(MANUAL, "manual")}, **more))


def test_it_is_read_and_on_record_before_it_leaves(known: Direct) -> None:
    found = fired(known, item(MANUAL, "manual"), item(IMMEDIATE, "running"))
    assert (found.outcome, known.script.asked) == ("done", [ID, "update", ID])
    assert phases(known) == ["started", None]
    assert [one.id for one in known.state.sent] == [ID]
    assert known.state.campaigns[KEY].status == "running"


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (item(IMMEDIATE, "running"), f"{ID} started sending already; nothing was sent"),
        (item(own(MANUAL, "Other"), "manual"), f"{ID} was changed in the account since this plan was made"),
        (None, f"{ID} was changed in the account since this plan was made"),
    ],
)
def test_one_that_is_not_as_planned_is_not_set_off(known: Direct, seen: Shown, says: str) -> None:
    found = fired(known, seen)
    assert (found.outcome, known.script.asked) == ("failed", [ID])
    assert found.error is not None
    assert says in found.error.summary
    assert known.state.pending == {}


def test_one_that_no_read_shows_is_left_to_a_person(known: Direct) -> None:
    found = fired(known, item(MANUAL, "manual"))
    assert found.outcome == "unknown"
    assert found.error is not None
    assert f"campaignctl state resolve {KEY} --done" in found.error.hint
    assert phases(known) == ["started"]


def test_one_that_cannot_be_read_after_it_was_sent_counts_as_sent(known: Direct) -> None:
    assert fired(known, item(MANUAL, "manual"), 403).outcome == "done"
    assert [one.id for one in known.state.sent] == [ID]


def test_one_that_cannot_be_read_before_is_not_sent(known: Direct) -> None:
    known.script.by_id = {ID: 500}
    known.kept.state = here({KEY: record(MANUAL, "manual")})
    run = known.run(company=COMPANY)
    assert perform(run, FIRE).outcome == "failed"
    assert "update" not in known.script.asked
    assert (known.state.pending, run.broken_off) == ({}, None), "the next changes may still be made"


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
    gone = replace(create(), action="forget", requests=(), id=ID)  # type: ignore[arg-type]
    assert performed(known, gone, here({KEY: record(MANUAL, "manual")})).outcome == "done"
    assert (known.state.campaigns, known.script.asked) == ({}, [])


def test_the_answer_is_read_back(known: Direct) -> None:
    change = create()
    known.script.created = item({**SCHEDULED, "scheduled_time": "2036-12-25 10:00:00"})
    known.script.by_id = {ID: item({**SCHEDULED, "scheduled_time": "2036-12-25 10:00:00"})}
    found = performed(known, change, here(pending={KEY: pending(change)}))
    assert found.outcome == "failed"
    assert Live(ID, known.script.created, complete=True).status == "scheduled"
