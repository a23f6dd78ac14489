"""The lock file of a local state: other hosts, unreadable content, waiting, and steps that exclude."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaignctl.backends.durable import guarded
from campaignctl.backends.local import LocalBackend
from campaignctl.backends.localsession import LocalSession
from campaignctl.errors import Interrupted, LockError, LockHeld, LockLost, StateNotSaved
from campaignctl.state.codec import encode_lock
from campaignctl.state.model import LockInfo
from tests.backends.actors import Actor
from tests.backends.local_place import LocalPlace
from tests.state.samples import decision, sample_state

NOW = timedelta()
ELSEWHERE = LockInfo("far", "mira", "another-host.example", 42, "apply", "2036-01-01T00:00:00Z")


@pytest.fixture
def place(tmp_path: Path) -> LocalPlace:
    return LocalPlace(tmp_path)


def leave_lock(place: LocalPlace, content: str) -> None:
    """The lock file that a dead process leaves."""
    place.path.parent.mkdir(parents=True)
    place.sibling("lock").write_text(content)


def open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_a_lock_that_others_hold_leaves_no_file_open(place: LocalPlace) -> None:
    backend = place.backend()
    session = backend.acquire("apply", NOW)
    before = open_files()
    for _ in range(3):
        with pytest.raises(LockHeld) as held:
            backend.acquire("apply", NOW)
        assert f"(lock {session.lock.id})" in held.value.detail
        backend.holder()
        backend.keeping()
    assert open_files() == before
    session.release()
    assert open_files() < before


def test_the_lock_names_holder_operation_and_start(place: LocalPlace) -> None:
    backend = LocalBackend(
        place.path,
        now=lambda: datetime(2036, 12, 24, 10, 0, 0, tzinfo=UTC),
        new_id=lambda: "fresh-id",
        wait=lambda pause: None,
        interrupted=lambda: False,
    )
    session = backend.acquire("state mv", NOW)
    assert session.lock.id == "fresh-id"
    assert session.lock.operation == "state mv"
    assert session.lock.since == "2036-12-24T10:00:00Z"
    assert session.lock == backend.holder()
    session.release()


def test_a_lock_of_another_host_counts_as_held(place: LocalPlace) -> None:
    leave_lock(place, encode_lock(ELSEWHERE))
    backend = place.backend()
    assert (backend.holder(), backend.keeping().holder_lives) == (ELSEWHERE, None)
    with pytest.raises(LockHeld, match="the state is locked"):
        backend.acquire("apply", NOW)
    with pytest.raises(LockError, match="has another id"):
        backend.unlock("near")
    assert backend.holder() == ELSEWHERE
    assert backend.unlock("far") == ELSEWHERE
    backend.acquire("apply", NOW).release()


def test_taking_over_from_a_dead_process_names_it(place: LocalPlace) -> None:
    actor = Actor(place)
    lock = actor.ask("acquire")
    assert (place.backend().holder(), place.backend().keeping().holder_lives) == (lock, True)
    actor.kill()
    assert (place.backend().holder(), place.backend().keeping().holder_lives) == (None, False)
    session = place.backend().acquire("apply", NOW)
    assert session.taken_over == lock
    session.release()
    fresh = place.backend().acquire("apply", NOW)
    assert fresh.taken_over is None
    fresh.release()


def test_a_journal_is_left_over_unless_its_writer_lives(place: LocalPlace) -> None:
    backend = place.backend()
    actor = Actor(place)
    actor.ask("acquire")
    actor.write(sample_state())
    assert backend.keeping().left_journal is False
    actor.append(decision("a"))
    assert (backend.keeping().left_journal, backend.keeping().holder_lives) == (False, True)
    actor.kill()
    assert (backend.keeping().left_journal, backend.keeping().holder_lives) == (True, False)
    place.sibling("lock").unlink()
    assert (backend.keeping().left_journal, backend.keeping().holder_lives) == (True, None)
    backend.acquire("apply", NOW).release()
    assert (backend.keeping().left_journal, backend.keeping().holder_lives) == (False, None)


@pytest.mark.parametrize("content", ["", "{", '{"id": "x"}', "?" * 5000])
def test_a_free_and_unreadable_lock_is_taken(place: LocalPlace, content: str) -> None:
    leave_lock(place, content)
    assert place.backend().holder() is None
    session = place.backend().acquire("apply", NOW)
    session.check()
    assert place.backend().holder() == session.lock
    session.release()


def test_a_lock_that_was_overwritten_is_lost_and_can_be_broken(place: LocalPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    place.sibling("lock").write_text("?")
    with pytest.raises(LockLost):
        session.check()
    with pytest.raises(LockHeld):
        place.backend().acquire("apply", NOW)
    holder = place.backend().holder()
    assert holder is not None
    place.backend().unlock(holder.id)
    place.backend().acquire("apply", NOW).release()


def test_a_lock_that_is_a_link_is_not_followed(place: LocalPlace, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("kept")
    place.path.parent.mkdir(parents=True)
    place.sibling("lock").symlink_to(tmp_path / "other")
    with pytest.raises(LockError, match="cannot be used"):
        place.backend().holder()
    with pytest.raises(StateNotSaved, match="no state can be kept"):
        place.backend().acquire("apply", NOW)
    assert (tmp_path / "other").read_text() == "kept"


@pytest.mark.parametrize("lost", ["the lock", "its folder"])
def test_a_lock_that_was_deleted_by_hand_is_lost(place: LocalPlace, lost: str) -> None:
    session = place.backend().acquire("apply", NOW)
    if lost == "the lock":
        place.sibling("lock").unlink()
    else:
        place.path.parent.rename(place.root / "moved")
        place.path.parent.touch()
    with pytest.raises(LockLost, match="no longer ours"):
        session.check()
    if lost == "the lock":
        with pytest.raises(LockLost, match="no longer ours"):
            session.write(sample_state())
        assert place.backend().read() is None
    with pytest.raises(LockLost, match="no longer ours"):
        session.release()


@pytest.mark.parametrize(
    "late",
    [
        lambda session: session.write(sample_state(9)),
        lambda session: session.append(decision("late")),
        lambda session: session.retire("elsewhere"),
        lambda session: session.rewrite(),
        lambda session: session.archive({2025: b"{}"}),
        lambda session: session.convert(sample_state(9)),
    ],
    ids=["write", "append", "retire", "rewrite", "archive", "convert"],
)
def test_a_session_whose_lock_was_broken_writes_nothing(
    place: LocalPlace, late: Callable[[LocalSession], None]
) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    place.backend().unlock(session.lock.id)
    with pytest.raises(LockLost, match="no longer ours"):
        late(session)
    assert [path.name for path in place.path.parent.iterdir()] == ["state.json"]
    assert place.backend().read() == sample_state()


@pytest.mark.parametrize("followed", [False, True])
def test_a_session_that_has_ended_says_so_whoever_holds_the_lock_now(
    place: LocalPlace, followed: bool
) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    successor = place.backend().acquire("apply", NOW) if followed else None
    for late in (
        session.check,
        lambda: session.write(sample_state(9)),
        lambda: session.append(decision("a")),
    ):
        with pytest.raises(LockLost, match="released already"):
            late()
    assert place.backend().read() == sample_state()
    if successor:
        successor.check()
        successor.release()


def test_waiting_asks_five_times_a_second_and_ends_after_the_timeout(place: LocalPlace) -> None:
    holder = place.backend().acquire("apply", NOW)
    waited: list[timedelta] = []
    backend = LocalBackend(
        place.path,
        now=lambda: datetime.now(UTC),
        new_id=lambda: "second",
        wait=waited.append,
        interrupted=lambda: False,
    )
    with pytest.raises(LockHeld):
        backend.acquire("apply", timedelta(seconds=1.5))
    assert waited == [timedelta(seconds=0.2)] * 7 + [timedelta(seconds=0.1)]
    holder.release()


def test_an_interrupt_ends_the_waiting(place: LocalPlace) -> None:
    holder = place.backend().acquire("apply", NOW)
    asked = threading.Event()
    backend = LocalBackend(
        place.path,
        now=lambda: datetime.now(UTC),
        new_id=lambda: "second",
        wait=lambda pause: asked.set(),
        interrupted=asked.is_set,
    )
    with pytest.raises(Interrupted):
        backend.acquire("apply", timedelta(days=1))
    holder.release()


def test_a_lock_is_not_broken_in_the_middle_of_a_write(place: LocalPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    broken_at: list[float] = []

    def unlock() -> None:
        place.backend().unlock(session.lock.id)
        broken_at.append(time.monotonic())

    with guarded(place.path.parent):
        other = threading.Thread(target=unlock)
        other.start()
        time.sleep(0.1)
        session.check()
        ended = time.monotonic()
    other.join()
    assert broken_at[0] > ended


def test_asking_for_the_holder_creates_nothing_and_there_is_none_to_break(place: LocalPlace) -> None:
    assert place.backend().holder() is None
    assert not place.path.parent.exists()
    with pytest.raises(LockError, match="there is no lock"):
        place.backend().unlock("any")


def test_a_lock_in_an_impossible_place_is_named(place: LocalPlace) -> None:
    place.path.parent.parent.write_text("a file")
    with pytest.raises(LockError, match="cannot be used"):
        place.backend().holder()
    with pytest.raises(LockError, match="cannot be used"):
        place.backend().unlock("any")


def test_a_link_to_a_lock_that_was_moved_away_is_not_the_lock(place: LocalPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    lock, moved = place.sibling("lock"), place.sibling("moved")
    lock.rename(moved)
    lock.symlink_to(moved)
    for use in (session.check, session.release):
        with pytest.raises(LockLost):
            use()


def test_a_folder_that_can_be_written_is_no_finding(place: LocalPlace) -> None:
    assert place.backend().keeping().access is None
