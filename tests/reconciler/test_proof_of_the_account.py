"""The account is proven before anything that could send."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignctl.errors import AccountMismatch, Command, commands_of
from tests.reconciler.account import Account, campaign
from tests.reconciler.repositories import (
    FAR,
    FAULTS,
    ID,
    Repository,
    planned,
)

COMPANY, OTHER_COMPANY = "6197120", "7000000"
NOW = campaign("Now", run_immediately=True)
NEAR = campaign("Near", scheduled_time="2036-05-01 10:00:00")
DRAFT = campaign("Draft", is_draft=True)


def in_another_company(one: Account, known: str) -> None:
    """The token belongs to a company without campaigns, another one than the pinned or recorded one."""
    if known == "pinned":
        one.project = replace(one.project, company_id=COMPANY)
    else:
        specs, one.specs = one.specs, {"first": DRAFT}
        one.apply()
        one.specs = {}
        one.apply()
        one.specs = specs
    one.control.set_company(OTHER_COMPANY, campaigns=False)


KNOWN = pytest.mark.parametrize("known", ["pinned", "recorded"])


@KNOWN
@pytest.mark.parametrize("first", ["draft", "far"])
def test_a_create_that_is_answered_by_another_company_is_the_last_request(
    repository: Repository, known: str, first: str
) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"now": NOW, "near": NEAR, "far": FAR}
    ours.specs |= {"draft": DRAFT} if first == "draft" else {}
    in_another_company(ours, known)
    mark = ours.mark
    outcome = ours.apply()
    assert ours.writes(mark) == (["Draft"] if first == "draft" else ["Far", "cancel"])
    assert {result.key: result.outcome for result in outcome.changes} == {
        key: "failed" if key == first else "not_started" for key in ours.specs
    }
    assert outcome.result == "incomplete"
    (note,) = outcome.notes
    (made,) = [each for each in ours.control.campaigns() if not each["deleted"]][-1:]
    assert f"{made['id']} was created in company {OTHER_COMPANY}, not in {COMPANY}" in note
    assert made["live"]["status"] == ("draft" if first == "draft" else "canceled")
    assert ("in the dashboard" in note) is (first == "draft"), "a draft cannot be canceled"
    assert (ours.state.campaigns, ours.state.pending) == ({}, {})
    assert ours.state.released[-1].id == made["id"]
    assert ours.state.account.company_id in (None, COMPANY)
    assert ours.control.sends() == []


@KNOWN
def test_with_the_right_token_everything_is_created_afterwards(repository: Repository, known: str) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"now": NOW, "far": FAR}
    in_another_company(ours, known)
    ours.apply()
    ours.control.set_company(COMPANY, campaigns=False)
    assert ours.outcomes() == {"now": "done", "far": "done"}
    assert ours.state.account.company_id == COMPANY
    assert len(ours.control.sends()) == 1


def test_a_campaign_that_cannot_be_canceled_there_is_named(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"far": FAR}
    in_another_company(ours, "pinned")
    ours.control.fault({"path": "/cancel$", "times": 9}, {"kind": "status", "status": 400})
    (note,) = ours.apply().notes
    (made,) = ours.control.campaigns()
    assert f"cancel {made['id']} in the dashboard of company {OTHER_COMPANY}" in note
    assert ours.state.released[-1].status == "scheduled"


def test_a_pin_that_the_list_proves_lets_everything_be_sent(repository: Repository) -> None:
    ours = repository("ours", id=ID, company_id=COMPANY)
    ours.control.create(DRAFT)
    ours.specs = {"now": NOW}
    assert ours.outcomes() == {"now": "done"}


@pytest.mark.parametrize("company_id", [None, COMPANY])
def test_what_sends_at_once_needs_a_proof_of_the_account(
    repository: Repository, company_id: str | None
) -> None:
    ours = repository("ours", id=ID, company_id=company_id)
    ours.specs = {"now": NOW}
    mark = ours.mark
    for blocked in (*planned(ours).blocked, *ours.apply().blocked):
        assert blocked.status == "unproven account"
        assert commands_of(blocked.hint) == (Command("apply", "--override", "unproven_account"),)
    assert ours.writes(mark) == []
    assert ours.outcomes(overrides=("unproven_account",)) == {"now": "done"}
    assert ours.state.history[-1].overrides[0].name == "unproven_account"


def test_a_create_in_two_steps_proves_the_account_before_it_is_armed(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    ours.project = replace(ours.project, api=replace(ours.project.api, immediate="two_step"))
    ours.specs = {"now": NOW}
    in_another_company(ours, "pinned")
    mark = ours.mark
    assert ours.outcomes() == {"now": "failed"}
    assert ours.writes(mark) == ["Now"]
    ours.control.set_company(COMPANY, campaigns=False)
    assert ours.outcomes() == {"now": "done"}
    assert len(ours.control.sends()) == 1


def test_an_account_that_never_shows_its_company_sends_nothing_at_once(repository: Repository) -> None:
    ours = repository("ours", id=ID, company_id=COMPANY)
    ours.control.switch(never_echoed=["company_id"])
    ours.specs = {"now": NOW, "near": NEAR, "far": FAR}
    outcome = ours.apply()
    results = {result.key: result for result in outcome.changes}
    assert [results[key].outcome for key in ("now", "near", "far")] == ["failed", "done", "done"]
    error = results["now"].error
    assert error is not None
    assert commands_of(error.hint) == (Command("apply", "--override", "unproven_account"),)
    assert ours.control.sends() == []
    assert ours.outcomes(overrides=("unproven_account",)) == {"now": "done"}


@pytest.mark.parametrize("failure", ["refused", "dropped"])
def test_a_create_without_an_answer_proves_nothing(repository: Repository, failure: str) -> None:
    ours = repository("ours", id=ID, company_id=COMPANY)
    ours.specs = {"now": NOW, "draft": DRAFT}
    ours.control.fault({"method": "POST", "times": 9}, FAULTS[failure])
    ours.apply()
    assert ours.control.sends() == []


def test_a_campaign_is_not_set_off_before_anything_has_proven_the_account(repository: Repository) -> None:
    """With `api.immediate: two_step` the create proves it; not if no answer shows the company."""
    ours = repository("ours", id=ID)
    ours.project = replace(ours.project, api=replace(ours.project.api, immediate="two_step"))
    ours.control.switch(never_echoed=["company_id"])
    ours.specs = {"now": NOW}
    mark = ours.mark
    (result,) = ours.apply().changes
    assert (ours.writes(mark), result.outcome) == (["Now"], "failed")
    assert result.error is not None
    assert commands_of(result.error.hint)[0] == Command("apply", "--override", "unproven_account")
    assert ours.control.sends() == []
    ours.control.switch(never_echoed=[])
    assert ours.outcomes() == {"now": "done"}
    assert len(ours.control.sends()) == 1


def test_a_list_that_shows_nothing_takes_no_proof_away(late: Account) -> None:
    """Plan and apply ask for a recorded campaign, which the plan would not read any more: it was sent."""
    late.control.switch(list_lag=3600)
    late.specs = {"first": campaign("First", run_immediately=True)}
    late.apply(overrides=("unproven_account",))
    late.apply()
    assert late.state.campaigns["first"].status == "sent"
    late.specs["now"] = NOW
    assert planned(late).blocked == ()
    assert late.outcomes() == {"now": "done"}
    assert len(late.control.sends()) == 2


@pytest.mark.parametrize("record", ["foreign", "missing"])
def test_a_plan_by_a_list_that_shows_nothing_refuses_another_account(late: Account, record: str) -> None:
    late.specs = {"first": campaign("First", run_immediately=True)}
    late.apply(overrides=("unproven_account",))
    late.apply()
    late.control.switch(list_lag=3600)
    late.control.set_company(OTHER_COMPANY, campaigns=record == "foreign")
    late.specs["now"] = NOW
    for refused in (planned, Account.apply):
        with pytest.raises(AccountMismatch):
            refused(late)
    assert len(late.control.sends()) == 1
