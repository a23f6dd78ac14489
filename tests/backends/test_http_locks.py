"""The server's lock: the guard of ours, which others may hold, break or leave behind."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaignctl.backends.cas.backend import CasBackend
from campaignctl.backends.cas.liveness import FileSigns
from campaignctl.backends.cas.place import Note
from campaignctl.backends.cas.snapshot import Snapshot
from campaignctl.backends.http.place import http_home, mirror_path
from campaignctl.errors import LockError, LockHeld, LockLost, StateNotSaved
from campaignctl.project.http_address import http_address
from campaignctl.state.codec import encode_lock
from campaignctl.state.halts import Halts
from campaignctl.state.model import LockInfo
from tests.backends.cas_places import utc_now
from tests.backends.http_place import HALT, LENIENT, ServerPlace, asked, halted, http_backend
from tests.backends.http_server import Client
from tests.backends.http_store import Fault
from tests.state.samples import decision, sample_state

NOW = timedelta()
BY = LockInfo("lock-1", "mira", "laptop", 42, "apply", "2036-01-01T00:00:00Z")


@pytest.fixture
def place(state_server: Client, tmp_path: Path) -> ServerPlace:
    return ServerPlace(state_server, tmp_path)


@pytest.fixture
def backend(place: ServerPlace) -> CasBackend:
    return place.backend()


def locked_by_hand(place: ServerPlace, name: str = "crm") -> None:
    info = {"ID": "by-hand", "Who": "ben", "user": "ben", "Info": "", "Created": "2036-01-01T00:00:00Z"}
    place.client.store.set_lock(place.project, name, info)


@pytest.mark.parametrize("echo", [True, False])
def test_a_lock_that_only_the_server_knows_is_named_and_broken_by_its_id(
    place: ServerPlace, backend: CasBackend, echo: bool
) -> None:
    place.client.switch(place.project, echo=echo)
    locked_by_hand(place)
    with pytest.raises(LockHeld) as held:
        backend.acquire("apply", NOW)
    assert "held by ben" in held.value.detail
    assert "campaignctl state unlock by-hand" in held.value.hint
    access = backend.keeping().access
    assert access is not None
    assert not access.allowed
    assert "campaignctl state unlock by-hand" in access.fix
    with pytest.raises(LockError, match="another id: by-hand") as refused:
        backend.unlock("another")
    assert "campaignctl state unlock by-hand" in str(refused.value.hint)
    assert place.lock() == "by-hand"
    assert backend.unlock("by-hand").holder == "ben"
    assert place.lock() is None
    backend.acquire("apply", NOW).release()


def test_where_there_is_no_lock_none_is_broken_and_none_is_left(
    place: ServerPlace, backend: CasBackend
) -> None:
    with pytest.raises(LockError, match="there is no lock"):
        backend.unlock("any")
    assert place.lock() is None
    assert asked(place)[-2:] == ["LOCK crm", "UNLOCK crm"]


def test_a_lock_of_the_server_without_an_id_is_broken_there(place: ServerPlace, backend: CasBackend) -> None:
    place.client.store.set_lock(
        place.project, "crm", {"ID": "", "Who": "", "user": "ben", "Info": "", "Created": ""}
    )
    access = backend.keeping().access
    assert access is not None
    assert access.fix == f"unlock {place.address} on the server"
    assert not access.allowed


def test_a_lock_that_the_state_names_is_no_finding_and_any_other_is(
    place: ServerPlace, backend: CasBackend
) -> None:
    session = backend.acquire("apply", NOW)
    access = place.backend().keeping().access
    assert access is not None
    assert access.allowed
    assert access.found.endswith("another run holds it now, so writing was not tried")
    assert place.lock() == session.lock.id
    locked_by_hand(place)
    access = place.backend().keeping().access
    assert access is not None
    assert not access.allowed
    assert "is locked by a run that the state does not know: held by ben" in access.found
    assert "campaignctl state unlock by-hand" in access.fix


def test_a_lock_of_the_server_is_waited_for(place: ServerPlace, backend: CasBackend) -> None:
    waited: list[timedelta] = []

    def wait(pause: timedelta) -> None:
        waited.append(pause)
        if len(waited) == 3:
            place.client.store.set_lock(place.project, "crm", None)

    locked_by_hand(place)
    http_backend(place.directory, place.settings, wait=wait).acquire("apply", timedelta(minutes=1)).release()
    assert len(waited) == 3


@pytest.mark.parametrize("is_dead", [True, False])
def test_a_lock_of_the_server_alone_is_taken_over_when_its_holder_is_dead(
    place: ServerPlace, backend: CasBackend, is_dead: bool
) -> None:
    """It died between the server's lock and the put that names it in the state."""
    backend.acquire("apply", NOW).release()
    signs = FileSigns(mirror_path(place.directory, http_address(place.settings)).parent)
    holder = replace(BY, host=socket.gethostname())
    sign = signs.begin(holder.id)
    info = {"ID": holder.id, "Who": "mira@laptop", "user": "mira", "Info": encode_lock(holder), "Created": ""}
    place.client.store.set_lock(place.project, "crm", info)
    if is_dead:
        sign.end(given_back=False)
        session = backend.acquire("apply", NOW)
        assert place.lock() == session.lock.id
        session.release()
    else:
        with pytest.raises(LockHeld):
            backend.acquire("apply", NOW)
        assert place.lock() == holder.id
        sign.end(given_back=True)
    assert list(signs.directory.glob("lock-*")) == []


def test_the_server_is_locked_for_as_long_as_the_state(place: ServerPlace, backend: CasBackend) -> None:
    session = backend.acquire("apply", NOW)
    assert place.lock() == session.lock.id
    session.write(sample_state())
    assert place.lock() == session.lock.id
    told = place.client.store.lock(place.project, "crm") or {}
    assert told["Operation"] == "campaignctl apply"
    assert told["Who"] == f"{session.lock.holder}@{session.lock.host}"
    session.release()
    assert place.lock() is None


def test_an_unlock_on_gitlabs_page_alone_does_not_take_the_lock_away(
    place: ServerPlace, backend: CasBackend
) -> None:
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    place.client.store.set_lock(place.project, "crm", None)
    with pytest.raises(LockHeld):
        place.backend().acquire("apply", NOW)
    session.append(decision("a"))
    assert place.lock() == session.lock.id
    session.release()
    assert place.backend().read() == sample_state().after(decision("a"))


@pytest.mark.parametrize("switches", [{}, LENIENT])
def test_a_version_that_came_before_ours_is_not_written_over(
    place: ServerPlace, backend: CasBackend, switches: dict[str, object]
) -> None:
    """Whatever the server checks: its lock is free again, and we have it."""
    backend.acquire("apply", NOW).release()
    place.client.switch(place.project, **switches)
    here = http_home(place.directory, "acme-crm", http_address(place.settings), {}, now=utc_now).place
    seen = here.look()
    place.put({"journal/00000": b"of another"})
    ours = Snapshot(pieces=(b"ours",)).locked(BY).files
    assert not here.put(seen, here.draft(seen, ours, Note(BY, "took the lock")))
    assert place.files()["journal/00000"] == b"of another"
    assert place.lock() is None


@pytest.mark.parametrize("first", ["check", "append", "release"])
@pytest.mark.parametrize("switches", [{}, {"refused": 500}, LENIENT])
def test_a_holder_that_slept_loses_whatever_the_server_checks_and_whatever_it_does_first(
    place: ServerPlace, switches: dict[str, object], first: str
) -> None:
    place.client.switch(place.project, **switches)
    slept = timedelta()

    def now() -> datetime:
        return datetime.now(UTC) + slept

    session = http_backend(place.directory, place.settings, now=now).acquire("apply", NOW)
    session.write(sample_state())
    slept = timedelta(minutes=5)
    other = place.backend()
    other.unlock(session.lock.id)
    successor = other.acquire("apply", NOW)
    successor.append(decision("b"))
    successor.release()
    acts = {
        "check": session.check,
        "append": lambda: session.append(decision("late")),
        "release": session.release,
    }
    for act in dict.fromkeys((first, "release")):
        with pytest.raises(LockLost):
            acts[act]()
    assert other.read() == sample_state().after(decision("b"))
    assert place.lock() is None


@pytest.mark.parametrize("sleeps", [True, False])
def test_a_holder_that_slept_or_got_no_answer_says_who_has_the_lock_now(
    place: ServerPlace, sleeps: bool
) -> None:
    slept = timedelta()

    def now() -> datetime:
        return datetime.now(UTC) + slept

    session = http_backend(place.directory, place.settings, now=now).acquire("apply", NOW)
    session.write(sample_state())
    other = place.backend()
    other.unlock(session.lock.id)
    successor = other.acquire("apply", NOW)
    if sleeps:
        slept = timedelta(minutes=5)
    else:
        place.client.switch(place.project, Fault("POST", "503"))
    with pytest.raises(LockLost) as lost:
        session.append(decision("late"))
    assert f"(lock {successor.lock.id})" in lost.value.detail
    assert place.lock() == successor.lock.id
    successor.append(decision("b"))
    successor.release()
    assert other.read() == sample_state().after(decision("b"))


def test_a_halt_works_past_a_lock_and_past_one_that_a_dead_halt_left(
    place: ServerPlace, backend: CasBackend
) -> None:
    session = backend.acquire("apply", NOW)
    assert backend.change_halts(halted) == Halts((HALT,))
    session.release()
    locked_by_hand(place, "crm-stop")
    began = time.monotonic()
    clock: Iterator[int] = iter(range(0, 10_000, 6))
    later = http_backend(
        place.directory,
        place.settings,
        now=lambda: datetime(2036, 1, 1, tzinfo=UTC) + timedelta(seconds=next(clock)),
    )
    assert later.change_halts(halted) == Halts((HALT, HALT))
    assert time.monotonic() - began < 5
    assert place.client.store.lock(place.project, "crm-stop") is None


@pytest.mark.parametrize("changes", [False, True], ids=["just taken", "of one after another"])
def test_a_lock_that_others_hold_for_a_moment_is_not_broken_by_a_halt(
    place: ServerPlace, changes: bool
) -> None:
    """A halt of theirs is under way; only one that has been there for ten seconds was left behind."""
    passed = timedelta()

    def pause(_: timedelta) -> None:
        nonlocal passed
        if changes:
            passed += timedelta(seconds=9)
            number = int(passed.total_seconds())
            info = {"ID": f"theirs-{number}", "user": "ben", "Created": "2036-01-01T00:00:00Z"}
            place.client.store.set_lock(place.project, "crm-stop", info)

    locked_by_hand(place, "crm-stop")
    began = datetime(2036, 1, 1, tzinfo=UTC)
    backend = http_backend(place.directory, place.settings, now=lambda: began + passed, pause=pause)
    with pytest.raises(StateNotSaved) as refused:
        backend.change_halts(halted)
    assert "held by ben" in refused.value.detail
    left = place.client.store.lock(place.project, "crm-stop") or {}
    assert left["ID"] == (f"theirs-{int(passed.total_seconds())}" if changes else "by-hand")
    assert backend.halts() == Halts()


def test_a_put_without_an_answer_keeps_the_lock_for_the_next_try(
    place: ServerPlace, backend: CasBackend
) -> None:
    """It may still be under way, and a lock that is free lets others come before it."""
    backend.acquire("apply", NOW).release()
    asked(place)
    place.client.switch(place.project, Fault("POST", "503"))
    backend.acquire("apply", NOW).release()
    writes = [each for each in asked(place) if not each.startswith("GET ")]
    assert writes == ["LOCK crm", "POST crm"] * 2 + ["POST crm", "UNLOCK crm"]
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    asked(place)
    place.client.switch(place.project, Fault("POST", "503"))
    session.append(decision("a"))
    assert asked(place) == ["POST crm", "LOCK crm", "GET crm", "POST crm"]
    assert place.lock() == session.lock.id
    session.release()


def test_a_first_halt_and_archive_try_no_lock_that_the_state_has_tried(
    place: ServerPlace, backend: CasBackend
) -> None:
    session = backend.acquire("apply", NOW)
    asked(place)
    backend.change_halts(halted)
    session.archive({2025: b"old"})
    session.release()
    writes = [each for each in asked(place) if each.endswith(("-stop", "-archive")) and each[:3] != "GET"]
    methods = ("LOCK", "POST", "UNLOCK")
    assert writes == [f"{method} crm-{name}" for name in ("stop", "archive") for method in methods]


def test_a_step_is_one_request_and_a_lock_a_few(place: ServerPlace, backend: CasBackend) -> None:
    backend.acquire("apply", NOW).release()
    place.client.control("/_forget")
    session = backend.acquire("apply", NOW)
    assert asked(place) == ["GET crm", "LOCK crm", "GET crm", "POST crm"]
    session.write(sample_state())
    session.append(decision("a"))
    assert asked(place) == ["POST crm", "POST crm"]
    backend.halts()
    assert asked(place) == ["GET crm-stop"]
    session.release()
    assert asked(place) == ["POST crm", "UNLOCK crm"]


def test_each_step_proves_the_lock_for_the_next_one(place: ServerPlace) -> None:
    passed = timedelta()
    session = http_backend(place.directory, place.settings, now=lambda: utc_now() + passed).acquire(
        "apply", NOW
    )
    session.write(sample_state())
    asked(place)
    for name in ("a", "b", "c"):
        passed += timedelta(seconds=2)
        session.append(decision(name))
    assert asked(place) == ["POST crm"] * 3
    passed += timedelta(seconds=4)
    session.append(decision("d"))
    assert asked(place) == ["GET crm", "POST crm"]
    session.release()


def test_a_long_journal_is_folded_in_as_each_put_sends_it_again(
    place: ServerPlace, backend: CasBackend
) -> None:
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    folded = 0
    with ThreadPoolExecutor(4) as pool:
        for number in range(25):
            list(pool.map(session.append, (decision(f"c{number}-{thread}") for thread in range(4))))
            pieces = [path for path in place.files() if path.startswith("journal/")]
            assert len(pieces) <= 2
            folded += not pieces
            assert backend.read() == session.state
    assert folded > 1
    last = session.state
    session.release()
    assert backend.read() == last
    assert last is not None
    assert (last.serial, len(last.campaigns)) == (101, 101)
