"""What is checked directly before a request, and what becomes of a change that is stopped there."""

from __future__ import annotations

import pytest

from campaignctl.review.outcome import Event
from campaignctl.state.halts import Halt
from tests.reconciler.account import Account, campaign

FAR = campaign("Far", scheduled_time="2036-06-01 10:00:00")
HALT = Halt("h", ("far",), "wrong price", "anna", "desk", "2036-01-01T00:00:00Z")


@pytest.fixture
def known(late: Account) -> Account:
    """A scheduled campaign and a draft."""
    late.specs = {"far": FAR, "draft": campaign("Draft", is_draft=True)}
    late.apply()
    return late


def at_start(account: Account, do: object) -> None:
    """Do something once, when the first change starts."""

    def heard(event: Event) -> None:
        account.events.append(event)
        if event.kind == "started" and callable(do):
            account.on_event = account.events.append
            do()

    account.on_event = heard


def halted(account: Account) -> None:
    """A stop mark is set, and nothing is paused yet."""
    account.place.backend().change_halts(lambda halts: halts.with_halt(HALT))


def unlocked(account: Account) -> None:
    """The lock is broken."""
    backend = account.place.backend()
    if (holder := backend.holder()) is not None:
        backend.unlock(holder.id)


def test_an_edit_of_what_is_halted_goes_through(known: Account) -> None:
    known.specs["far"] = {**FAR, "description": "New"}
    mark = known.mark
    at_start(known, lambda: halted(known))
    assert known.outcomes() == {"far": "done"}
    assert known.writes(mark) == ["update"]


@pytest.mark.parametrize("at_once", [True, False])
def test_what_arms_is_not_sent_once_it_is_halted(known: Account, at_once: bool) -> None:
    when = {"run_immediately": True} if at_once else {"scheduled_time": "2036-07-01 10:00:00"}
    known.specs = {"far": FAR, "draft": campaign("Draft", **when)}
    mark = known.mark
    at_start(known, lambda: known.place.backend().change_halts(lambda h: h.with_halt(HALT_ALL)))
    outcome = known.apply()
    (result,) = outcome.changes
    assert (result.key, result.outcome) == ("draft", "not_started")
    assert result.error is not None
    assert "campaignctl halt --lift" in result.error.hint
    assert known.writes(mark) == []
    assert known.state.pending == {}


HALT_ALL = Halt("h", None, "wrong price", "anna", "desk", "2036-01-01T00:00:00Z")


def test_a_lock_that_is_lost_before_a_request_starts_nothing_more(known: Account) -> None:
    known.specs = {"far": {**FAR, "score": 1}, "draft": campaign("Draft", is_draft=True, score=1)}
    mark = known.mark
    at_start(known, lambda: unlocked(known))
    outcome = known.apply()
    assert sorted(each.outcome for each in outcome.changes) == ["failed", "not_started"]
    assert known.writes(mark) == []
    assert any("no longer ours" in note for note in outcome.notes)


def test_what_cannot_be_read_before_it_is_set_off_is_not(known: Account) -> None:
    known.specs["draft"] = campaign("Draft", run_immediately=True)
    mark = known.mark
    at_start(
        known, lambda: known.control.fault({"method": "GET", "times": 40}, {"kind": "status", "status": 500})
    )
    outcome = known.apply()
    assert [(each.key, each.outcome) for each in outcome.changes] == [("draft", "failed")]
    assert known.writes(mark) == []
    assert known.state.pending == {}
    known.control.clear_faults()
    assert known.outcomes() == {"draft": "done"}


def test_a_renamed_campaign_is_not_created_before_the_old_one_is_shown_as_canceled(known: Account) -> None:
    old = known.id_of("far")
    known.specs = {"new": FAR, "draft": campaign("Draft", is_draft=True)}
    known.guarded(max_destroy_percent=100)
    mark = known.mark
    known.control.fault({"path": "cancel", "times": 4}, {"kind": "not_done"})
    outcome = known.apply()
    results = {each.key: each for each in outcome.changes}
    assert {key: each.outcome for key, each in results.items()} == {"far": "failed", "new": "failed"}
    assert results["new"].error is not None
    assert f"held: {old} is not shown as canceled" in results["new"].error.summary
    assert set(known.writes(mark)) == {"cancel"}
    known.control.clear_faults()
    assert known.outcomes() == {"far": "done", "new": "done"}
    assert known.control.campaign(old)["status"] == "canceled"
