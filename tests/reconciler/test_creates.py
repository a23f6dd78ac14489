"""What is on record before a create leaves, while it is under way, and after its answer."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.schedule.times import parse_iso
from campaignctl.state.model import State
from tests.api.simulated import TOKEN
from tests.plan.planning import Spec
from tests.reconciler.account import Account, campaign

AT_ONCE = campaign("Now", run_immediately=True)
SCHEDULED = campaign("Later", scheduled_time="2036-06-01 10:00:00")
DRAFT = campaign("Draft", is_draft=True)
EVERY = {"at once": AT_ONCE, "scheduled": SCHEDULED, "draft": DRAFT}
every_spec = pytest.mark.parametrize("spec", EVERY.values(), ids=EVERY)


@pytest.fixture
def known(late: Account) -> Account:
    """An account in which something was created before."""
    late.specs = {"first": campaign("First")}
    late.apply()
    return late


def at_writes(account: Account) -> list[State]:
    """The state as it was on disk when each write left."""
    return [write.state for write in account.wire.sent if write.state is not None]


@every_spec
def test_a_create_is_started_on_record_before_it_leaves(known: Account, spec: Spec) -> None:
    known.specs["new"] = spec
    known.apply()
    *_, state = at_writes(known)
    intent = state.pending["new"]
    assert (intent.operation, intent.phase) == ("create", "started")
    assert (intent.spec, intent.digest) == (spec, body_digest(spec))
    assert intent.posts == (intent.at,)
    assert intent.at is not None
    assert "new" not in state.campaigns
    assert state.sent == ()


@every_spec
def test_its_answer_is_recorded_and_its_intent_dropped(known: Account, spec: Spec) -> None:
    known.specs["new"] = spec
    known.apply()
    *_, under_way = at_writes(known)
    state = known.state
    record = state.campaigns["new"]
    assert state.pending == {}
    assert record.id == known.control.campaigns()[-1]["id"]
    assert (record.applied, record.digest) == (spec, body_digest(spec))
    assert (record.intent, record.origin) == (under_way.pending["new"].intent, "create")
    ledger = [(each.digest, each.key, each.id) for each in state.sent]
    assert ledger == ([(record.digest, "new", record.id)] if spec is AT_ONCE else [])


def test_every_create_is_planned_on_record_before_the_first_one_leaves(known: Account) -> None:
    before = len(at_writes(known))
    known.specs |= {
        "sooner": campaign("Sooner", scheduled_time="2036-05-01 10:00:00"),
        "later": SCHEDULED,
        "now": AT_ONCE,
    }
    known.apply()
    states = at_writes(known)[before:]
    assert [{key: one.phase for key, one in state.pending.items()} for state in states] == [
        {"sooner": "started", "later": "planned", "now": "planned"},
        {"later": "started", "now": "planned"},
        {"now": "started"},
    ]
    assert [sorted(state.campaigns) for state in states] == [
        ["first"],
        ["first", "sooner"],
        ["first", "later", "sooner"],
    ]
    # One step for each start and one for each answer.
    assert [after.serial - before.serial for before, after in pairwise(states)] == [2, 2]
    planned = states[0].pending["now"]
    assert (planned.at, planned.posts) == (None, ())


@every_spec
def test_a_request_that_has_to_wait_is_started_again_when_it_leaves(known: Account, spec: Spec) -> None:
    known.specs["new"] = spec
    known.control.fault({"method": "POST", "times": 1}, {"kind": "rate_limit", "retry_after": 60})
    assert known.outcomes() == {"new": "done"}
    first, second = (write.intent("new") for write in known.wire.sent[-2:])
    assert first is not None
    assert second is not None
    assert second.at is not None
    assert parse_iso(second.at) - parse_iso(first.at or "") >= timedelta(seconds=60)
    assert second.intent == first.intent


@every_spec
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_leaves_nothing_on_record(known: Account, spec: Spec, status: int) -> None:
    known.specs["new"] = spec
    known.control.fault({"method": "POST"}, {"kind": "status", "status": status})
    assert known.outcomes()["new"] == "failed"
    state = known.state
    assert (state.pending, state.sent, state.released) == ({}, (), ())
    assert set(state.campaigns) == {"first"}
    known.control.clear_faults()
    assert known.outcomes() == {"new": "done"}


def test_after_a_rejected_token_no_other_request_leaves(known: Account) -> None:
    before = len(known.wire.sent)
    known.specs |= {"new": DRAFT, "other": SCHEDULED}
    known.control.fault({"method": "POST"}, {"kind": "status", "status": 401})
    outcomes = known.outcomes()
    assert sorted(outcomes.values()) == ["failed", "not_started"]
    assert len(known.wire.sent) == before + 1
    assert known.state.pending == {}


def test_a_lost_create_that_sends_at_once_stays_on_record_as_it_left(known: Account) -> None:
    known.specs["new"] = AT_ONCE
    known.wire.lose("create", effect=None)
    assert known.outcomes() == {"new": "unknown"}
    *_, under_way = at_writes(known)
    assert known.state.pending == under_way.pending
    assert (known.state.pending["new"].phase, known.state.pending["new"].at_once) == ("started", True)


def test_what_the_first_create_tells_of_the_account_is_recorded_with_it(late: Account) -> None:
    late.specs = {"first": DRAFT}
    late.apply()
    assert (late.state.account.company_id, late.state.account.markers) == ("6197120", True)


def test_an_account_that_does_not_show_our_marker_is_recorded_as_such(late: Account) -> None:
    late.control.switch(metadata="dropped")
    late.specs = {"first": DRAFT}
    late.apply()
    assert late.state.account.markers is False
    assert late.id_of("first") == late.control.campaigns()[-1]["id"]


def test_a_create_that_lands_in_another_company_is_cancelled_and_ends_its_run(known: Account) -> None:
    before = len(known.wire.sent)
    known.wire.on_write = lambda _name: known.control.token(TOKEN, "999")
    known.specs |= {"new": DRAFT, "other": SCHEDULED, "now": AT_ONCE}
    outcome = known.apply()
    strange = known.control.campaigns()[-1]
    assert strange["company_id"] == "999"
    assert [each.name for each in known.wire.sent[before:]] == ["create", "cancel"]
    assert sorted(each.outcome for each in outcome.changes) == ["failed", "not_started", "not_started"]
    assert any(strange["id"] in note and "company 999" in note for note in outcome.notes)
    assert known.state.account.company_id == "6197120"
    assert known.state.pending == {}
