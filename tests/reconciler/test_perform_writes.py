"""What a write to a recorded campaign asks of the account, and what a replacement does between its halves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import CampaignctlError, Interrupted, LockLost, StateNotSaved
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Change
from campaignctl.project.model import Guardrails
from campaignctl.reconciler.intents import written
from campaignctl.reconciler.requests import perform
from campaignctl.review.outcome import ChangeResult
from campaignctl.schedule.times import iso
from tests.plan.planning import (
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
    wanted,
)
from tests.reconciler.account import split_test
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
from tests.reconciler.scripted import PROJECT, Direct, Shown, direct


@pytest.fixture
def known() -> Iterator[Direct]:
    with direct(here()) as one:
        one.script.created = item(metadata={"campaignctl": "x"})
        yield one


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
    assert found.error.hint == "campaignctl plan"
    assert known.state.pending == {}


def test_one_that_no_read_shows_is_left_to_a_person(known: Direct) -> None:
    found = fired(known, item(MANUAL, "manual"))
    assert found.outcome == "unknown"
    assert found.error is not None
    assert f"campaignctl state resolve {KEY} --done" in found.error.hint
    assert phases(known) == ["started"]


@pytest.mark.parametrize("after", [403, None])
def test_one_that_cannot_be_read_after_it_was_sent_stays_open(known: Direct, after: Shown) -> None:
    """Whatever answers 200 may be a page of another server."""
    assert fired(known, item(MANUAL, "manual"), after).outcome == "unknown"
    assert phases(known) == ["started"]
    assert known.state.sent == ()


def test_one_that_cannot_be_read_before_is_not_sent(known: Direct) -> None:
    known.script.by_id = {ID: 500}
    known.kept.state = here({KEY: record(MANUAL, "manual")})
    run = known.run(company=COMPANY)
    assert perform(run, FIRE).outcome == "failed"
    assert "update" not in known.script.asked
    assert (known.state.pending, run.broken_off) == ({}, None), "the next changes may still be made"


TEST = split_test(scheduled_time="2036-06-01 10:00:00")
SHOWN = [{**each, "id": str(81 + number)} for number, each in enumerate(TEST["messages"])]
WAITS = item(TEST, "needs_decision", messages=SHOWN)


def decided(one: Direct, *reads: Shown) -> ChangeResult:
    """The result of setting the second message as winner, with what reads show before and after it."""
    before = here({KEY: record(TEST, "needs_decision")})
    plan = plan_of(
        wanted(TEST, manifest="sha256:new", lifecycle=Lifecycle(winner="two")),
        known=before,
        reading=Reading(live={KEY: live(TEST, "needs_decision", messages=SHOWN)}),
        project=PROJECT,
    )
    one.script.by_id = {ID: list(reads)}
    return performed(one, only(plan), before)


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        ("running", f"campaignctl halt {KEY} --reason 'not as requested'"),
        ("sent", "it is sent: compare both in the dashboard"),
    ],
)
def test_a_winner_that_another_one_took_is_named_with_what_to_do(
    known: Direct, status: str, hint: str
) -> None:
    other = [{**SHOWN[0], "winner": 1}, SHOWN[1]]
    found = decided(known, WAITS, item(TEST, status, messages=other))
    assert (found.outcome, known.script.asked) == ("failed", [ID, "set-winner", ID])
    assert found.error is not None
    assert found.error.summary == f"winner of {KEY}: the winner of {ID} is 'one', not 'two'"
    assert hint in found.error.hint


def test_a_winner_is_not_set_once_a_read_shows_one(known: Direct) -> None:
    found = decided(known, item(TEST, "running", messages=SHOWN))
    assert (found.outcome, known.script.asked) == ("failed", [ID])
    assert found.error is not None
    assert f"the winner of {ID} is set already; nothing was sent" in found.error.summary
    assert found.error.hint == "campaignctl plan"
    assert known.state.pending == {}


def test_a_winner_that_no_read_names_is_done_once_it_is_sent(known: Direct) -> None:
    found = decided(known, WAITS, item(TEST, "running", messages=SHOWN))
    assert (found.outcome, found.error) == ("done", None)
    assert known.state.campaigns[KEY].winner == "two"


def test_a_winner_that_was_set_and_cannot_be_recorded_is_said(known: Direct) -> None:
    def lose() -> None:
        known.kept.fails = StateNotSaved("the disk is full")

    known.kept.on_step = lose
    found = decided(known, WAITS, item(TEST, "running", messages=SHOWN))
    assert found.outcome == "done"
    assert found.error is not None
    assert found.error.unrecorded
    assert found.error.summary.startswith(f"the winner of {ID} was set, and the state does not have it: ")


def test_what_started_sending_and_cannot_be_recorded_is_said(known: Direct) -> None:
    def lose() -> None:
        known.kept.fails = StateNotSaved("the disk is full")

    known.kept.on_step = lose
    found = fired(known, item(MANUAL, "manual"), item(IMMEDIATE, "running"))
    assert found.outcome == "done"
    assert found.error is not None
    assert found.error.summary.startswith(f"{ID} started sending, and the state does not have it: ")
