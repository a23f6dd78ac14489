"""In which order an apply sends, and what a failure holds back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.sandbox import Control
from tests.plan.planning import Spec
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
        key: campaign(key, scheduled_time=LATE["scheduled_time"]) for key in ("gone", "kept", "held")
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


@pytest.mark.parametrize("fields", [{"is_draft": True}, {}])
def test_lost_create_that_cannot_send_by_itself_is_repeated_in_the_same_run(
    account: Account, fields: Spec
) -> None:
    account.specs = {"proof": campaign("Draft", is_draft=True)}
    account.apply()
    lose(account.control, "Idle")
    account.specs |= {"idle": campaign("Idle", **fields), "now": NOW}
    assert account.outcomes() == {"idle": "done", "now": "done"}
    assert len(account.control.campaigns()) == 3
    assert account.state.campaigns["idle"].reposted


def test_lost_create_that_sends_later_is_repeated_by_a_later_run_and_holds_back_what_sends_soon(
    account: Account,
) -> None:
    account.specs = {"proof": campaign("Draft", is_draft=True)}
    account.apply()
    lose(account.control, "Late")
    account.specs |= {"late": LATE, "now": NOW}
    assert account.outcomes() == {"late": "unknown", "now": "not_started"}
    mark = account.mark
    assert account.apply(targets=("late",)).changes == ()
    assert account.writes(mark) == []
    account.settled_by(repost_after=timedelta(0))
    assert account.outcomes() == {"late": "done", "now": "done"}
    assert account.writes(mark) == ["Late", "Now"]
    assert account.state.campaigns["late"].reposted
    assert account.outcomes() == {}


def test_lost_create_whose_run_is_under_way_in_the_zones_waits_for_a_person(account: Account) -> None:
    """Its next run is a year away, and the one of today goes on in the next zone."""
    account.specs = {"proof": campaign("Draft", is_draft=True)}
    account.apply()
    account.settled_by(repost_after=timedelta(0))
    lose(account.control, "Zoned")
    now = account.clock.now()
    cron = f"{now.minute} {now.hour} {now.day} {now.month} *"
    account.specs |= {"zoned": campaign("Zoned", recurrence={"cron": cron}, send_in_profile_time_zone=True)}
    assert account.outcomes(overrides=("min_lead_time",)) == {"zoned": "unknown"}
    mark = account.mark
    later = account.apply(overrides=("min_lead_time",))
    assert [one.key for one in later.blocked] == ["zoned"]
    assert "state resolve zoned" in later.blocked[0].hint
    assert account.writes(mark) == []


def test_refused_repetition_leaves_the_lost_create_as_it_was(account: Account) -> None:
    account.specs = {"proof": campaign("Draft", is_draft=True)}
    account.apply()
    lose(account.control, "Late")
    account.specs |= {"late": LATE}
    account.apply()
    before = account.state.pending
    account.settled_by(repost_after=timedelta(0))
    refuse(account.control, "Late")
    assert account.outcomes() == {"late": "failed"}
    assert account.state.pending == before


def test_lost_create_that_sends_at_once_is_never_repeated(account: Account) -> None:
    account.specs = {"proof": campaign("Draft", is_draft=True)}
    account.apply()
    lose(account.control, "Now")
    account.specs |= {"now": NOW, "then": campaign("Then", run_immediately=True)}
    assert account.outcomes() == {"now": "unknown", "then": "not_started"}
    assert account.outcomes() == {}
    assert [plan.key for plan in account.apply().blocked] == ["now", "then"]
    assert account.control.sends() == []
