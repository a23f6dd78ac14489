"""This machine's clock is hours wrong: the server's decides, and that is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from campaignctl.errors import PlanRefused
from campaignctl.plan.model import Plan
from campaignctl.reconciler.apply import apply_saved
from campaignctl.reconciler.status import status
from campaignctl.reconciler.stop_mark import under_way
from campaignctl.review.outcome import Event
from campaignctl.schedule.times import format_gmt, iso, parse_iso
from tests.plan.planning import Spec
from tests.reconciler.account import Account, campaign

FAR = campaign("Far", scheduled_time="2036-06-01 10:00:00")
NOW = campaign("Now", run_immediately=True)
HOURS = timedelta(hours=3)


def real(ahead: timedelta = timedelta(0)) -> datetime:
    return datetime.now(UTC) + ahead


def sends_in(name: str, ahead: timedelta) -> Spec:
    return campaign(name, scheduled_time=format_gmt(real(ahead).replace(microsecond=0)))


def is_real(text: str) -> bool:
    return abs(parse_iso(text) - real()) < timedelta(minutes=2)


def said(account: Account) -> list[str]:
    return [event.text for event in account.events if "the API's time counts" in event.text]


@pytest.fixture
def here(account: Account, request: pytest.FixtureRequest) -> Iterator[Account]:
    """The account from a machine whose clock is wrong by the parameter."""
    with account.on_another_machine(request.param) as wrong:
        yield wrong


def clocks(*wrong: timedelta) -> pytest.MarkDecorator:
    """From machines whose clocks are ahead or behind."""
    names = {HOURS: "ahead", -HOURS: "behind"}
    return pytest.mark.parametrize(
        "here", wrong, indirect=True, ids=[names.get(each, "near") for each in wrong]
    )


@clocks(HOURS, -HOURS)
def test_an_apply_goes_by_the_servers_clock_and_says_so(here: Account) -> None:
    here.specs = {"far": FAR}
    assert here.outcomes() == {"far": "done"}
    assert len(said(here)) == 1
    (entry,) = here.state.history
    assert entry.ended
    assert all(map(is_real, (here.state.campaigns["far"].updated_at, entry.at, entry.ended)))


@pytest.mark.parametrize("recorded", [True, False])
@clocks(HOURS, -HOURS)
def test_a_plan_says_it_too(account: Account, here: Account, *, recorded: bool) -> None:
    here.specs = account.specs = {"far": FAR}
    if recorded:
        account.apply()
    assert not account.plan().notes
    found = here.plan()
    assert is_real(iso(found.created_at))
    assert ["the API's time counts" in note for note in found.notes] == [True]


@clocks(timedelta(seconds=110))
def test_a_clock_that_is_right_to_two_minutes_is_not_mentioned(here: Account) -> None:
    here.specs = {"far": FAR}
    assert here.outcomes() == {"far": "done"}
    assert not said(here)


@clocks(-HOURS)
def test_the_lead_time_of_a_plan_is_by_the_servers_clock(here: Account) -> None:
    """By this machine's it would be three hours."""
    here.specs = {"soon": sends_in("Soon", timedelta(minutes=5))}
    refused = here.apply()
    assert (refused.result, [one.guardrail for one in refused.objections]) == ("refused", ["min_lead_time"])
    assert here.writes() == []


@clocks(HOURS)
def test_what_is_past_only_by_this_machines_clock_is_created(here: Account) -> None:
    here.specs = {"later": sends_in("Later", timedelta(hours=1))}
    assert here.outcomes() == {"later": "done"}


def saved(account: Account, spec: Spec) -> Plan:
    """The plan that creates a campaign, in an account that is known already."""
    account.specs = {"proof": campaign("Proof", is_draft=True)}
    account.apply()
    account.specs |= {"new": spec}
    return account.plan()


@pytest.mark.parametrize("sends_at_once", [True, False])
@clocks(HOURS, -HOURS)
def test_a_saved_plan_expires_by_the_servers_clock(
    account: Account, here: Account, *, sends_at_once: bool
) -> None:
    """After an hour (`max_plan_age`), or when the lead time of its send begins."""
    found = saved(account, NOW if sends_at_once else sends_in("Soon", timedelta(hours=1)))
    mark = account.mark
    account.control.switch(date_skew=3700 if sends_at_once else 3300)
    with pytest.raises(PlanRefused, match="valid until"):
        apply_saved(here.wiring, found)
    assert account.writes(mark) == []
    account.control.switch(date_skew=0)
    assert apply_saved(here.wiring, found).result == "done"


@clocks(HOURS, -HOURS)
def test_a_pause_by_a_halt_is_known_as_ours(account: Account, here: Account) -> None:
    """It pauses before an answer has told it the time."""
    account.specs = here.specs = {"far": FAR}
    account.apply()
    outcome = here.halt()
    assert ["the API's time counts" in note for note in outcome.notes] == [True]
    (one,) = account.place.backend().halts().halts
    assert [(each.how, is_real(each.at)) for each in one.stopped] == [("paused", True)]
    account.lift()
    (change,) = account.plan().changes
    assert change.reason == "the halt that paused it is lifted"


@clocks(HOURS, -HOURS)
def test_applies_give_way_to_a_halt_from_a_wrong_clock(account: Account, here: Account) -> None:
    """A stop mark that says it is hours old, or of the future, would look like one of a halt that died."""
    account.specs = here.specs = {"far": FAR}
    account.apply()
    seen: list[bool] = []

    def look(event: Event) -> None:
        if event.kind == "phase" and event.text == "halt":
            seen.append(under_way(account.place.backend().halts(), real()))

    here.on_event = look
    here.halt()
    assert seen == [True]
    (one,) = account.place.backend().halts().halts
    assert is_real(one.at)


@clocks(HOURS)
def test_the_same_halt_again_keeps_its_time(account: Account, here: Account) -> None:
    account.specs = here.specs = {"far": FAR}
    account.apply()
    account.halt()
    (before,) = account.place.backend().halts().halts
    here.halt()
    (after,) = account.place.backend().halts().halts
    assert after.at == before.at
    assert is_real(after.at)


@clocks(HOURS)
def test_a_pause_by_others_after_a_halt_from_a_fast_clock_is_not_called_ours(
    account: Account, here: Account
) -> None:
    account.specs = here.specs = {"far": FAR}
    account.apply()
    here.halt()
    account.lift()
    account.control.switch(date_skew=5)
    account.apply()
    account.specs = {"far": {**FAR, "description": "written after it"}}
    account.apply()
    account.control.edit(account.id_of("far"), status="paused")
    assert not account.plan().changes


@clocks(HOURS, -HOURS)
def test_a_status_goes_by_the_servers_clock(account: Account, here: Account) -> None:
    account.specs = here.specs = {"soon": sends_in("Soon", timedelta(hours=1))}
    account.apply()
    found = status(here.wiring, here.desired)
    (row,) = found.rows
    assert ["the API's time counts" in note for note in found.notes] == [True]
    assert row.next_run
    assert parse_iso(row.next_run) > real()


def test_a_write_that_a_wrong_date_put_into_the_future_is_not_waited_for(account: Account) -> None:
    saved(account, FAR)
    account.control.fault({"method": "POST", "body": '"Far"', "times": 1}, {"kind": "drop"})
    account.control.switch(date_skew=7200)
    assert account.outcomes() == {"new": "unknown"}
    account.control.switch(date_skew=0)
    with account.on_another_machine(timedelta(0)) as later:
        (blocked,) = later.apply().blocked
        assert "not found" in blocked.reason
        assert later.clock.time.monotonic() < 60
