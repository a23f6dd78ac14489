"""In which order an apply sends, and what a failure holds back."""

from __future__ import annotations

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.sandbox import Control
from tests.reconciler.account import Account, campaign

LATE = campaign("Late", scheduled_time="2036-06-02 10:00:00")
SOON = campaign("Soon", scheduled_time="2036-06-01 10:00:00")
NOW = campaign("Now", run_immediately=True)


def refuse(control: Control, name: str) -> None:
    """Let one create be refused."""
    control.fault({"method": "POST", "body": f'"{name}"'}, {"kind": "status", "status": 422})


def lose(control: Control, name: str) -> None:
    """Let one create have no effect and no answer."""
    control.fault({"method": "POST", "body": f'"{name}"', "times": 1}, {"kind": "drop"})


def test_stops_come_first_and_immediate_sends_last(account: Account) -> None:
    account.specs = {
        "gone": {**LATE, "name": "Gone"},
        "kept": {**LATE, "name": "Kept"},
        "held": {**LATE, "name": "Held"},
    }
    account.guarded(max_destroy_percent=100)
    account.apply()
    mark = account.mark
    account.specs = {
        "now": NOW,
        "late": LATE,
        "soon": SOON,
        "kept": {**account.specs["kept"], "score": 1},
        "held": account.specs["held"],
    }
    account.lifecycles = {"held": Lifecycle(phase="paused")}
    assert account.apply().result == "done"
    writes = account.writes(mark)
    assert set(writes[:2]) == {"cancel", "pause"}
    assert writes[2:] == ["update", "Soon", "Late", "Now"]


def test_first_create_of_an_account_is_one_that_cannot_send_if_possible(account: Account) -> None:
    account.specs = {"a": SOON, "b": LATE, "c": campaign("Draft", is_draft=True)}
    account.apply()
    assert account.writes() == ["Draft", "Soon", "Late"]
    assert (account.state.account.company_id, account.state.account.markers) == ("6197120", True)


def test_refusal_stops_its_own_key_and_changes_that_arm_soon(account: Account) -> None:
    refuse(account.control, "Manual")
    account.specs = {"manual": campaign("Manual"), "late": LATE, "now": NOW}
    assert account.outcomes() == {"manual": "failed", "late": "done", "now": "not_started"}
    assert account.state.pending == {}
    assert account.control.sends() == []


def test_lost_create_that_cannot_send_soon_is_settled_and_repeated_in_the_same_run(account: Account) -> None:
    account.specs = {"proof": campaign("Draft", is_draft=True)}
    account.apply()
    lose(account.control, "Late")
    account.specs |= {"late": LATE, "now": NOW}
    assert account.outcomes() == {"late": "done", "now": "done"}
    assert len(account.control.campaigns()) == 3
    assert account.state.campaigns["late"].reposted


def test_lost_create_that_sends_at_once_is_never_repeated(account: Account) -> None:
    account.specs = {"proof": campaign("Draft", is_draft=True)}
    account.apply()
    lose(account.control, "Now")
    account.specs |= {"now": NOW, "then": campaign("Then", run_immediately=True)}
    assert account.outcomes() == {"now": "unknown", "then": "not_started"}
    assert account.outcomes() == {}
    assert [plan.key for plan in account.apply().blocked] == ["now", "then"]
    assert account.control.sends() == []
