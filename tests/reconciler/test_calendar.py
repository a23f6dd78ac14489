"""What a calendar reads: the state and the account, or the manifests alone; and what it says was not read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from campaignctl.errors import AccountMismatch, Command, StateError
from campaignctl.manifest.model import DesiredState
from campaignctl.reconciler.calendar import NOT_READ, calendar_of_project
from campaignctl.reconciler.ports import Backend
from campaignctl.review.calendar import Calendar
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import Account, State
from tests.plan.planning import ID, SCHEDULED, own, record, wanted
from tests.reconciler.account import Clock
from tests.reconciler.performing import COMPANY, here, item
from tests.reconciler.scripted import PROJECT, URL, Direct, Script, direct

SOON = {**SCHEDULED, "scheduled_time": "2026-11-26 10:00:00"}
OTHER = {**own(SOON, "Other"), "name": "Other"}
ALL = Halts((Halt("h1", None, "wrong price", "ana", "laptop", "2026-11-24T11:00:00Z"),))
DESIRED = DesiredState(PROJECT, {"a": wanted(SOON, "a")}, "d")


def shown(
    state: State | None, *items: Any, mark: Halts | None = None, read: bool = True, **how: Any
) -> tuple[Calendar, Direct]:
    with direct(state, Script(items, **how)) as one:
        one.kept.mark = mark or Halts()
        wiring = one.wiring if read else replace(one.wiring, api=None)
        return calendar_of_project(wiring, DESIRED, 7), one


def names(found: Calendar) -> list[str]:
    return sorted(one.name for one in found.campaigns)


def test_the_manifests_alone_make_a_calendar() -> None:
    found, one = shown(None, {**item(OTHER), "id": "9"}, read=False)
    assert (found.account_read, NOT_READ in found.notes, one.script.asked) == (False, True, [])
    assert names(found) == ["Welcome"]
    assert len(found.days) == 7


def test_campaigns_of_others_are_in_it_if_the_account_is_read() -> None:
    found, one = shown(here({"a": record(SOON)}), item(SOON), {**item(OTHER), "id": "9"})
    assert (found.account_read, NOT_READ in found.notes) == (True, False)
    assert names(found) == ["Other", "Welcome"]
    assert one.script.asked[0] == "live page 1"


def test_what_is_over_is_not_read() -> None:
    theirs = {**item(OTHER), "id": "9"}
    _, one = shown(here({"a": record(SOON, "canceled")}), theirs)
    assert ID not in one.script.asked
    _, one = shown(here({"a": record(SOON)}), theirs, by_id={ID: item(SOON)})
    assert ID in one.script.asked


def test_a_state_that_cannot_be_read_is_said_and_stops_only_a_calendar_of_the_account() -> None:
    with direct(None) as one:

        class Broken:
            def read(self) -> State:
                raise StateError("the state cannot be read")

        wiring = replace(one.wiring, backend=cast(Backend, Broken()))
        found = calendar_of_project(replace(wiring, api=None), DESIRED, 7)
        assert "The state was not read, so halts are not shown: the state cannot be read." in found.notes
        assert names(found) == ["Welcome"]
        with pytest.raises(StateError):
            calendar_of_project(wiring, DESIRED, 7)


def test_halts_are_shown_and_a_mark_that_cannot_be_read_is_said() -> None:
    found, _ = shown(here({"a": record(SOON)}), item(SOON), mark=ALL)
    assert [bool(one.halt) for one in found.campaigns] == [True]


def test_a_clock_that_is_wrong_is_said() -> None:
    with direct(None, Script([{**item(OTHER), "id": "9"}])) as one:
        clock = Clock(one.script.time, wrong=timedelta(minutes=5))
        (note,) = calendar_of_project(replace(one.wiring, clock=clock), DESIRED, 7).notes
    assert "clock" in note


def test_a_mark_that_was_deleted_is_said() -> None:
    found, _ = shown(replace(here({"a": record(SOON)}), stop_mark=True), item(SOON))
    (note,) = found.notes
    lift, again = Command("halt", "--lift", "--reason", "TEXT"), Command("halt", "--all", "--reason", "TEXT")
    assert note == (
        f"it may be halted: the stop mark of here was deleted: `{lift}` goes on without it;"
        f" to halt everything again: `{again}`"
    )


@pytest.mark.parametrize(
    ("changed", "items"),
    [
        ({"environment": "staging"}, ()),
        ({"account": Account(URL, "1", markers=True)}, None),
        ({"account": Account("https://other.example", COMPANY, markers=True)}, ()),
        ({"account": Account(URL, "1", markers=True)}, ({**item(OTHER), "id": "9"},)),
    ],
)
def test_another_environment_or_account_is_refused(
    changed: dict[str, Any], items: tuple[Any, ...] | None
) -> None:
    """An account whose list shows nothing is known by a recorded campaign."""
    by_id = {ID: item(SOON)} if items is None else {}
    with pytest.raises(AccountMismatch):
        shown(replace(here({"a": record(SOON)}), **changed), *(items or ()), by_id=by_id)
