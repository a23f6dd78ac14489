"""A halt whose list of the account lags: it shows a campaign as paused that can send again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan.model import Change
from campaignctl.reconciler.intents import written
from campaignctl.schedule.times import iso
from campaignctl.state.codec import encode
from campaignctl.state.model import Entry, Intent
from tests.reconciler.account import Account, campaign
from tests.reconciler.test_halting import FAR, text, words


def lagging(account: Account) -> None:
    """Lists show from now on what is so now."""
    account.clock.time.sleep(2 * 3600)
    account.wire.arrive()
    account.control.switch(list_lag=24 * 3600)


@pytest.fixture
def resumed(late: Account) -> Account:
    """An account with a campaign that was paused for hours, and is resumed just now by someone."""
    for key in "ab":
        late.specs[key] = campaign(key, scheduled_time=FAR, **text(key))
    late.apply()
    late.control.pause(late.id_of("a"))
    lagging(late)
    late.control.resume(late.id_of("a"), FAR)
    return late


@pytest.mark.parametrize("status", [409, 422])
def test_a_campaign_whose_pause_is_refused_goes_on_whatever_the_list_shows(
    resumed: Account, status: int
) -> None:
    match = {"path": f"/{resumed.id_of('a')}/pause$", "times": 99}
    resumed.control.fault(match, {"kind": "status", "status": status})
    outcome = resumed.halt()
    assert words(outcome) == {"a": "going", "b": "stopped"}
    assert not outcome.stopped


def test_a_campaign_whose_pause_has_no_answer_goes_on_whatever_the_list_shows(resumed: Account) -> None:
    resumed.control.fault(
        {"path": f"/{resumed.id_of('a')}/pause$", "times": 99}, {"kind": "status", "status": 503}
    )
    outcome = resumed.halt()
    assert words(outcome) == {"a": "going", "b": "stopped"}
    assert not outcome.stopped


def resume(account: Account) -> dict[str, Any]:
    account.lifecycles = {"a": Lifecycle(phase="paused")}
    account.apply()
    account.lifecycles.clear()
    lagging(account)
    return {"status": "scheduled"}


def activate(account: Account) -> dict[str, Any]:
    account.specs["a"] = campaign("a", is_draft=True, scheduled_time=FAR, **text("a"))
    account.apply()
    account.specs["a"] = campaign("a", scheduled_time=FAR, **text("a"))
    lagging(account)
    return {"status": "scheduled", "set": {"is_draft": False}}


def schedule(account: Account) -> dict[str, Any]:
    account.specs["a"] = campaign("a", **text("a"))
    account.apply()
    account.specs["a"] = campaign("a", scheduled_time=FAR, **text("a"))
    lagging(account)
    return {"status": "scheduled", "set": {"scheduled_time": FAR}}


def intent_of(account: Account, change: Change) -> Intent:
    intent = written(change, change.requests[0], account.clock.now())
    return replace(intent, at=iso(account.clock.now()))


@pytest.mark.parametrize("arm", [resume, activate, schedule])
def test_a_campaign_that_a_lost_write_may_have_armed_is_read_and_stopped(late: Account, arm: Any) -> None:
    for key in "ab":
        late.specs[key] = campaign(key, scheduled_time=FAR, **text(key))
    if arm is not resume:
        del late.specs["a"]
    late.apply()
    shown = arm(late)
    (change,) = late.plan().changes
    pending = Entry(intents={"a": intent_of(late, change)})
    late.place.put_document(encode(late.state.after(pending)).encode())
    late.control.edit(late.id_of("a"), shown.get("set"), status=shown["status"])
    before = late.mark
    assert words(late.halt()) == {"a": "stopped", "b": "stopped"}
    assert late.status_of("a") == "paused"
    assert late.writes(before).count("pause") == 2
