"""The checks of state and lock against a real directory: nothing is raised, whatever it looks like."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaignctl.project.model import Project
from campaignctl.reconciler.doctor import examine
from campaignctl.reconciler.run import Wiring
from campaignctl.review.outcome import Event
from campaignctl.review.reports import Check
from campaignctl.state.model import Entry, State
from tests.backends.local_place import LocalPlace
from tests.state.samples import sample_intent, sample_state

PROJECT = Project(name="shop", directory=".", environment="production", id="5f0c2f1e-8d5d")


@dataclass(frozen=True)
class Now:
    """A stopped clock."""

    interrupted: bool = False

    def now(self) -> datetime:
        return datetime(2036, 1, 1, tzinfo=UTC)

    def new_id(self) -> str:
        return "0f0f"

    def wait(self, duration: timedelta) -> None:
        raise AssertionError(f"nothing waits, and not for {duration}")

    def breakable(self) -> AbstractContextManager[None]:
        return nullcontext()


def unheard(event: Event) -> None:
    """Checks report no events."""
    raise AssertionError(event)


def examined(place: LocalPlace, missing: Check | None = None) -> dict[str, Check]:
    wiring = Wiring(PROJECT, place.backend(), None, Now(), unheard, "0.1.0")
    return {check.name: check for check in examine(wiring, missing)}


@pytest.fixture
def place(tmp_path: Path) -> LocalPlace:
    return LocalPlace(tmp_path)


def put(place: LocalPlace, state: State) -> None:
    session = place.backend().acquire("test", timedelta())
    session.write(state)
    session.release()


@pytest.fixture
def settled(place: LocalPlace) -> LocalPlace:
    put(place, replace(sample_state(), pending={}))
    return place


def test_a_missing_place_is_an_empty_state(place: LocalPlace) -> None:
    checks = examined(place)
    assert {name: check.verdict for name, check in checks.items() if check.verdict != "skipped"} == {
        "identity": "ok",
        "state": "ok",
        "lock": "ok",
        "halts": "ok",
    }
    assert not place.path.parent.exists()


def test_the_reason_for_a_missing_api_is_shown_at_its_check(settled: LocalPlace) -> None:
    missing = Check("token", "problem", "not set", "set it")
    checks = examined(settled, missing)
    assert checks["token"] is missing
    assert {checks[name].verdict for name in ("api", "account", "clock", "rate")} == {"skipped"}


def test_a_settled_state_is_in_order(settled: LocalPlace) -> None:
    checks = examined(settled)
    assert {checks[name].verdict for name in ("state", "pending", "permissions", "lock")} == {"ok"}
    assert "no backup yet" in checks["state"].found


def test_the_state_of_another_environment_is_a_problem(place: LocalPlace) -> None:
    put(place, replace(sample_state(), environment="staging"))
    check = examined(place)["state"]
    assert (check.verdict, "staging" in check.found, "-e" in check.fix) == ("problem", True, True)


def test_our_own_lock_is_reported_as_running(settled: LocalPlace) -> None:
    session = settled.backend().acquire("apply", timedelta())
    session.append(Entry(intents={"sms/flash": sample_intent()}))
    checks = examined(settled)
    assert "which is running" in checks["lock"].found
    assert session.lock.id in checks["lock"].fix
    assert checks["state"].verdict == "ok", "the journal is that of the process at work"
    session.release()
    assert examined(settled)["lock"].verdict == "ok"


def test_an_unsent_write_needs_no_decision(place: LocalPlace) -> None:
    put(place, sample_state())
    pending = examined(place)["pending"]
    assert (pending.found, pending.fix) == (
        "1 write not settled: sms/flash (create not sent)",
        "campaignctl apply",
    )


def test_the_first_of_many_unsettled_writes_are_named(place: LocalPlace) -> None:
    sent = replace(sample_intent(), phase="started", at="2036-01-01T00:00:00Z")
    put(place, replace(sample_state(), pending={f"k[a={number}]": sent for number in range(9)}))
    pending = examined(place)["pending"]
    assert "9 writes not settled" in pending.found
    assert "and 6 more (cut: 9 in all, sha256 " in pending.found
    assert "campaignctl state resolve 'k[a=0]'" in pending.fix


def test_a_lock_that_cannot_be_read_hides_nothing_else(settled: LocalPlace) -> None:
    settled.sibling("lock").mkdir()
    checks = examined(settled)
    assert checks["lock"].verdict in ("ok", "problem")
    assert checks["state"].verdict == "ok"


@pytest.mark.parametrize("text", ["{", "[]", '{"format_version": 99}', "\0"])
def test_a_state_that_cannot_be_used_hides_nothing_else(settled: LocalPlace, text: str) -> None:
    settled.path.write_text(text, encoding="utf-8")
    checks = examined(settled)
    assert checks["state"].verdict == "problem"
    assert checks["state"].fix
    assert checks["lock"].verdict == "ok"
