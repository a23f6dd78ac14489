"""The token may not do one thing: that key fails alone. A token that is not accepted ends the run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.reconciler.proofing import Order, proof
from tests.reconciler.account import Account, campaign
from tests.reconciler.test_proof import KEY, phases, seeded

FAR = "2036-06-01 10:00:00"
FARTHER = "2036-07-01 10:00:00"

Step = Callable[[Account], None]


def creates(account: Account) -> None:
    account.specs |= {key: campaign(key.upper(), scheduled_time=FAR) for key in "ab"}


def recorded(account: Account) -> None:
    creates(account)
    account.apply()


def updates(account: Account) -> None:
    recorded(account)
    for key in "ab":
        account.specs[key] = {**account.specs[key], "description": "new"}


def pauses(account: Account) -> None:
    recorded(account)
    account.lifecycles |= {key: Lifecycle(phase="paused") for key in "ab"}


def resumes(account: Account) -> None:
    pauses(account)
    account.apply()
    account.lifecycles.clear()


def cancels(account: Account) -> None:
    recorded(account)
    account.lifecycles |= {key: Lifecycle(phase="canceled") for key in "ab"}


def forbid(account: Account, word: str, status: int = 403) -> None:
    """Refuse the writes of `a`."""
    known = account.state.campaigns.get("a")
    match = {"path": f"/{known.id}{word}$"} if known else {"body": '"A"'}
    account.control.fault(
        {**match, "method": "PATCH" if known and not word else "POST"}, {"kind": "status", "status": status}
    )


WRITES = [(creates, ""), (updates, ""), (pauses, "/pause"), (resumes, "/resume"), (cancels, "/cancel")]


@pytest.fixture
def known(account: Account) -> Account:
    """An account that is proven, so that no create goes first and alone."""
    account.guarded(max_destroy_percent=100)
    account.specs = {"first": campaign("First", is_draft=True)}
    account.apply()
    return account


@pytest.mark.parametrize(("step", "word"), WRITES)
def test_a_forbidden_write_fails_its_own_key_and_the_rest_goes_on(
    known: Account, step: Step, word: str
) -> None:
    step(known)
    forbid(known, word)
    outcome = known.apply()
    results = {each.key: each for each in outcome.changes}
    assert {key: each.outcome for key, each in results.items()} == {"a": "failed", "b": "done"}
    error = results["a"].error
    assert error is not None
    assert "403 " in error.summary
    assert "the token in OCAMBA_TOKEN is not allowed to do this" in error.hint
    assert (outcome.result, known.state.pending) == ("incomplete", {})
    known.control.clear_faults()
    assert known.outcomes() == {"a": "done"}


@pytest.mark.parametrize(("step", "word"), WRITES)
def test_a_token_that_is_not_accepted_ends_the_run(known: Account, step: Step, word: str) -> None:
    step(known)
    forbid(known, word, status=401)
    before = known.mark
    assert known.outcomes() == {"a": "failed", "b": "not_started"}
    assert len(known.writes(before)) == 1


def test_what_waits_for_a_forbidden_cancel_is_not_sent(known: Account) -> None:
    recorded(known)
    known.specs["renamed"] = known.specs.pop("a")
    known.specs["c"] = campaign("C", scheduled_time=FARTHER)
    forbid(known, "/cancel")
    outcome = known.apply()
    assert {each.key: each.outcome for each in outcome.changes} == {
        "a": "failed",
        "renamed": "failed",
        "c": "done",
    }
    waiting = next(each.error for each in outcome.changes if each.key == "renamed")
    assert waiting is not None
    assert "is not shown as canceled" in waiting.summary
    assert "renamed" not in known.state.campaigns


def test_a_proof_that_may_not_be_read_keeps_nothing_from_being_applied(account: Account) -> None:
    seeded(account)
    account.control.fault({"method": "PATCH"}, {"kind": "not_done"})
    proof(account.wiring, account.desired, Order(KEY, ("en",)))
    (left,) = account.state.proofs
    assert left.phase == "arming"
    account.control.fault({"path": f"/{left.id}$", "times": 99}, {"kind": "status", "status": 403})
    assert account.outcomes() == {KEY: "done"}
    assert phases(account) == ["arming"]
