"""Creates of unknown outcome: when they are looked for, what is found, and what is left to a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.errors import Interrupted, PlanRefused, StateError
from campaignctl.reconciler.state_ops import move
from campaignctl.review.outcome import Event
from campaignctl.schedule.times import iso
from campaignctl.state.codec import encode
from campaignctl.state.model import Entry, Intent
from tests.plan.planning import Spec, intent
from tests.reconciler.account import Account, campaign

FAR = campaign("Far", scheduled_time="2036-06-01 10:00:00")
AT_ONCE = campaign("Now", run_immediately=True)
DRAFT = campaign("Draft", is_draft=True)


@pytest.fixture
def known(late: Account) -> Account:
    """An account in which something was created before."""
    late.specs = {"hand": campaign("Hand")}
    late.apply()
    return late


def died(account: Account, key: str, spec: Spec, first_send: str | None = None, **fields: Any) -> Intent:
    """A process died after it recorded this create as started, a moment ago."""
    at = iso(account.clock.now())
    base = {"at": at, "posts": (at,), "watermark": replace(intent(spec).watermark, ids=account.state.seen)}
    left = replace(intent(spec, first_send=first_send), **{**base, **fields})
    account.specs[key] = spec
    account.place.put_document(encode(account.state.after(Entry(intents={key: left}))).encode())
    return left


def landed(account: Account, key: str, left: Intent, **changed: Any) -> str:
    """Its request arrived."""
    marked = {**left.spec, "metadata": {"campaignctl": str(account.project.owner.marker(key, left.intent))}}
    return str(account.control.create({**marked, **changed})["id"])


def notes(account: Account) -> list[str]:
    return [event.text for event in account.events if event.kind == "note"]


@pytest.mark.parametrize("spec", [FAR, DRAFT, AT_ONCE], ids=lambda spec: spec["name"])
def test_what_arrived_is_recorded_and_not_created_again(known: Account, spec: Spec) -> None:
    first = {"Far": "2036-06-01T10:00:00Z", "Now": "immediately"}.get(spec["name"])
    left = died(known, "new", spec, first)
    campaign_id = landed(known, "new", left)
    mark = known.mark
    known.apply()
    assert known.id_of("new") == campaign_id
    assert known.state.campaigns["new"].intent == left.intent
    assert known.state.pending == {}
    assert known.writes(mark) == []
    assert [each.id for each in known.state.sent] == ([campaign_id] if spec is AT_ONCE else [])
    assert f"new: found as {campaign_id}" in notes(known)
    assert "settling 1 create of unknown outcome" in notes(known)


def test_nothing_is_looked_for_while_the_request_may_be_under_way(known: Account) -> None:
    died(known, "new", AT_ONCE, "immediately")
    began = known.clock.time.monotonic()
    known.apply()
    waits = sum(wait.total_seconds() for wait in known.project.api.settle.waits)
    assert known.clock.time.monotonic() - began >= 31 + waits


def test_what_is_found_at_once_is_not_waited_for(known: Account) -> None:
    landed(known, "new", died(known, "new", AT_ONCE, "immediately"))
    began = known.clock.time.monotonic()
    known.apply()
    assert 31 <= known.clock.time.monotonic() - began < 33


def test_a_request_that_arrives_late_is_found_by_a_later_look(known: Account) -> None:
    left = died(known, "new", AT_ONCE, "immediately")
    arrives = known.clock.time.monotonic() + 33
    ids: list[str] = []

    def arrive(seconds: float) -> None:
        sleep(seconds)
        if not ids and known.clock.time.monotonic() >= arrives:
            ids.append(landed(known, "new", left))

    sleep = known.clock.time.sleep
    known.clock.time.sleep = arrive  # type: ignore[method-assign]
    known.apply()
    assert known.id_of("new") == ids[0]
    assert len(known.control.campaigns()) == 2


def test_two_with_one_marker_are_both_named_and_nothing_is_created(known: Account) -> None:
    left = died(known, "new", FAR, "2036-06-01T10:00:00Z")
    ids = [landed(known, "new", left), landed(known, "new", left)]
    mark = known.mark
    (blocked,) = known.apply().blocked
    assert blocked.key == "new"
    assert all(each in f"{blocked.reason} {blocked.hint}" for each in ids)
    assert "campaignctl state resolve new --adopt" in blocked.hint
    assert known.writes(mark) == []
    assert set(known.state.pending) == {"new"}


@pytest.mark.parametrize(
    ("spec", "first", "said"),
    [
        (AT_ONCE, "immediately", "it may have sent"),
        (FAR, "2036-06-01T10:00:00Z", "was not found"),
    ],
)
def test_what_is_not_found_and_can_send_waits_for_a_person_or_a_later_run(
    known: Account, spec: Spec, first: str, said: str
) -> None:
    left = died(known, "new", spec, first)
    mark = known.mark
    (blocked,) = known.apply().blocked
    assert said in blocked.reason
    assert known.writes(mark) == []
    assert known.state.pending["new"].phase == left.phase


def test_a_draft_that_is_not_found_is_posted_again_under_the_same_intent(known: Account) -> None:
    left = died(known, "new", DRAFT)
    mark = known.mark
    known.apply()
    assert known.writes(mark) == ["Draft"]
    record = known.state.campaigns["new"]
    assert (record.intent, record.reposted) == (left.intent, True)
    assert record.posts[:1] == left.posts
    assert len(record.posts) == 2


def test_what_was_planned_and_never_sent_is_dropped(known: Account) -> None:
    died(known, "new", DRAFT, phase="planned", at=None, posts=())
    began = known.clock.time.monotonic()
    del known.specs["new"]
    known.apply()
    assert known.state.pending == {}
    assert known.clock.time.monotonic() - began < 31


def test_an_interrupt_ends_the_wait(known: Account) -> None:
    died(known, "new", AT_ONCE, "immediately")
    known.clock.time.interrupt_at = known.clock.time.monotonic() + 5
    before = known.state
    with pytest.raises(Interrupted):
        known.apply()
    assert known.state.pending == before.pending
    assert known.clock.time.monotonic() < 60


def test_an_interrupt_before_the_wait_prevents_it(known: Account) -> None:
    died(known, "new", AT_ONCE, "immediately")

    def interrupt(event: Event) -> None:
        known.clock.time.interrupted = event.text.startswith("settling")

    known.on_event = interrupt
    began = known.clock.time.monotonic()
    with pytest.raises(Interrupted, match="interrupted while waiting for a write to settle"):
        known.apply()
    assert known.clock.time.monotonic() - began < 5


def test_another_campaign_of_that_name_is_not_the_lost_one(known: Account) -> None:
    left = died(known, "new", AT_ONCE, "immediately")
    landed(known, "new", replace(left, intent="0123456789abcdef"))
    known.control.create(AT_ONCE)
    known.apply()
    assert "new" not in known.state.campaigns
    assert set(known.state.pending) == {"new"}


def posted_twice(account: Account) -> tuple[str, str]:
    """A create that was posted twice took effect twice: the ids of the recorded campaign and of its copy."""
    account.specs["far"] = FAR
    account.apply()
    record = account.state.campaigns["far"]
    twice = account.state.after(Entry(records={"far": replace(record, reposted=True)}))
    account.place.put_document(encode(twice).encode())
    return record.id, str(account.control.clone(record.id, status="scheduled")["id"])


@pytest.mark.parametrize("refused", [False, True])
def test_a_second_copy_of_what_was_posted_twice_is_canceled(known: Account, refused: bool) -> None:
    campaign_id, copy = posted_twice(known)
    if refused:
        known.control.fault({"path": "cancel"}, {"kind": "status", "status": 422})
    known.specs["hand"] = campaign("Hand", description="New")
    outcome = known.apply()
    assert known.control.campaign(copy)["status"] == ("scheduled" if refused else "canceled")
    assert known.control.campaign(campaign_id)["status"] == "scheduled"
    assert f"far: {copy} is a second copy of it and is canceled" in notes(known)
    told = [*outcome.notes, *notes(known)]
    assert any(f"{copy} could not be canceled" in note for note in told) is refused
    assert (outcome.result == "done") is not refused


@pytest.mark.parametrize("gone", [True, False])
def test_a_second_copy_is_over_once_a_read_shows_it(known: Account, gone: bool) -> None:
    _, copy = posted_twice(known)

    def canceled(_name: str) -> None:
        if gone:
            known.control.delete(copy)
        else:
            known.control.fault({"method": "GET", "times": 40}, {"kind": "status", "status": 500})

    known.wire.after_write = canceled
    outcome = known.apply()
    assert outcome.result == ("done" if gone else "incomplete")
    said = f"far: its second copy {copy} could not be canceled: "
    assert [note.startswith(said) for note in outcome.notes] == ([] if gone else [True])


@pytest.mark.parametrize("accepted", [False, True])
def test_a_second_copy_that_has_sent_before_its_cancel_arrived_is_named(
    known: Account, accepted: bool
) -> None:
    _, copy = posted_twice(known)
    if accepted:
        known.control.fault({"path": "cancel"}, {"kind": "not_done"})
        known.wire.after_write = lambda _name: known.control.edit(copy, status="sent")
    else:
        known.wire.on_write = lambda _name: known.control.edit(copy, status="sent")
    outcome = known.apply()
    assert outcome.notes[-1] == f"far: its second copy {copy} could not be canceled: it is sent"
    assert outcome.result == "incomplete"


@pytest.mark.parametrize("copies", [0, 1, 2])
def test_a_saved_plan_that_posts_again_is_refused_once_anything_was_found(
    known: Account, copies: int
) -> None:
    left = died(known, "new", FAR, "2036-06-01T10:00:00Z")
    known.clock.time.sleep(2 * 3600)
    known.wire.arrive()
    plan = known.plan()
    assert [change.intent for change in plan.changes] == [left.intent]
    for _ in range(copies):
        landed(known, "new", left)
    mark = known.mark
    if copies:
        with pytest.raises(PlanRefused):
            known.apply_saved(plan)
        assert known.writes(mark) == []
    else:
        assert [each.outcome for each in known.apply_saved(plan).changes] == ["done"]
        assert known.writes(mark) == ["Far"]


def test_what_is_not_settled_is_not_moved(known: Account) -> None:
    left = replace(intent(DRAFT), operation="update", id=known.id_of("hand"), at=iso(known.clock.now()))
    known.place.put_document(encode(known.state.after(Entry(intents={"hand": left}))).encode())
    with pytest.raises(StateError, match="hand or new is not settled"):
        move(known.wiring, "hand", "new")
