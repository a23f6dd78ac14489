"""A disk that takes no more: nothing is lost silently, and nothing half written is continued."""

from __future__ import annotations

import errno
import os
import re
import resource
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from campaignctl.backends.at_rest import AtRest
from campaignctl.backends.localsession import LocalSession
from campaignctl.errors import StateMoved, StateNotSaved
from campaignctl.state.codec import decode
from tests.backends.actors import Actor
from tests.backends.local_place import LocalPlace
from tests.backends.sealed_places import encrypted
from tests.golden import Golden
from tests.state.samples import decision, sample_state

NOW = timedelta()


_UNLIMITED = resource.RLIM_INFINITY


@dataclass(frozen=True)
class SealedInAnyForm(LocalPlace):
    """A local state that is to be encrypted, and may still be in clear."""

    def at_rest(self) -> AtRest:
        return encrypted(accepts="all")


def limit_file_size(size: int) -> None:
    """From now on no file of this process grows beyond `size` bytes: the error of a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, _UNLIMITED))


@pytest.fixture
def place(tmp_path: Path) -> LocalPlace:
    return LocalPlace(tmp_path)


@pytest.fixture
def actor(place: LocalPlace) -> Iterator[Actor]:
    """A process that holds the lock, has one step in its journal, and room for half a step more."""
    made = Actor(place)
    made.ask("acquire")
    made.write(sample_state())
    made.append(decision("a"))
    made.ask("call", limit_file_size, place.sibling("journal").stat().st_size + 100)
    yield made
    made.kill()


@pytest.fixture
def session(place: LocalPlace) -> LocalSession:
    """A session whose whole writes fail from now on: its temporary file cannot be made."""
    opened = place.backend().acquire("apply", NOW)
    opened.write(sample_state())
    place.sibling("tmp").mkdir()
    return opened


def rescued(error: StateNotSaved) -> Path:
    found = re.search(r"campaignctl state push (\S+)`", error.hint)
    assert found
    return Path(found[1])


def test_a_step_that_finds_no_room_is_reported_and_leaves_no_half_line(
    place: LocalPlace, actor: Actor
) -> None:
    before = place.journal()
    with pytest.raises(StateNotSaved, match=r"state\.json\.journal could not be written") as refused:
        actor.append(decision("b"))
    assert "File too large" in refused.value.detail
    assert place.journal() == before
    assert place.backend().read() == sample_state().after(decision("a"))


def test_a_lock_that_finds_no_room_is_not_taken_and_can_be_taken_later(place: LocalPlace) -> None:
    actor = Actor(place)
    actor.ask("call", limit_file_size, 10)
    with pytest.raises(StateNotSaved, match="no state can be kept in"):
        actor.ask("acquire")
    assert place.backend().holder() is None
    actor.ask("call", limit_file_size, _UNLIMITED)
    lock = actor.ask("acquire")
    assert place.backend().holder() == lock
    actor.kill()


def test_after_a_failure_no_step_is_taken_even_when_there_is_room_again(
    place: LocalPlace, actor: Actor
) -> None:
    with pytest.raises(StateNotSaved):
        actor.append(decision("b"))
    before = place.journal()
    actor.ask("call", limit_file_size, _UNLIMITED)
    with pytest.raises(StateNotSaved):
        actor.append(decision("c"))
    assert place.journal() == before


def test_a_step_that_could_not_be_appended_is_saved_by_the_release(place: LocalPlace, actor: Actor) -> None:
    for name in ("b", "c"):
        with pytest.raises(StateNotSaved):
            actor.append(decision(name))
    actor.ask("call", limit_file_size, _UNLIMITED)
    actor.release()
    expected = sample_state().after(decision("a")).after(decision("b")).after(decision("c"))
    assert place.backend().read() == expected


def test_a_release_without_any_room_says_so_and_frees_the_lock(
    place: LocalPlace, actor: Actor, golden: Golden
) -> None:
    actor.ask("call", limit_file_size, 100)
    with pytest.raises(StateNotSaved, match=r"state\.json could not be written") as refused:
        actor.release()
    golden("saved nowhere", refused.value.hint)
    assert place.backend().holder() is None
    assert place.backend().read() == sample_state().after(decision("a"))
    assert not list(place.path.parent.glob("*.tmp"))


def test_a_failed_whole_write_is_rescued_in_a_private_file(place: LocalPlace, session: LocalSession) -> None:
    with pytest.raises(StateNotSaved) as refused:
        session.write(sample_state(2))
    rescue = rescued(refused.value)
    assert decode(rescue.read_bytes()) == sample_state(2)
    assert stat.S_IMODE(rescue.stat().st_mode) == 0o600
    rescue.unlink()
    assert place.backend().read() == sample_state()
    session.release()


def test_a_release_that_fails_rescues_every_step_and_keeps_the_journal(
    place: LocalPlace, session: LocalSession
) -> None:
    session.append(decision("a"))
    with pytest.raises(StateNotSaved) as refused:
        session.release()
    rescue = rescued(refused.value)
    assert decode(rescue.read_bytes()) == sample_state().after(decision("a"))
    rescue.unlink()
    assert place.backend().read() == sample_state().after(decision("a"))
    session.release()
    place.sibling("tmp").rmdir()
    again = place.backend().acquire("apply", NOW)
    assert again.state == sample_state().after(decision("a"))
    again.release()


def test_a_write_that_fails_when_the_state_is_in_its_place_can_be_repeated(place: LocalPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    place.sibling("journal").mkdir()
    with pytest.raises(StateNotSaved) as refused:
        session.write(sample_state(2))
    rescued(refused.value).unlink()
    place.sibling("journal").rmdir()
    assert place.backend().read() == sample_state(2)
    session.write(sample_state(3))
    session.release()
    assert place.backend().read() == sample_state(3)


def test_no_step_follows_a_whole_write_that_failed(place: LocalPlace, session: LocalSession) -> None:
    with pytest.raises(StateNotSaved) as refused:
        session.write(sample_state(2))
    rescued(refused.value).unlink()
    with pytest.raises(StateNotSaved):
        session.append(decision("a"))
    assert place.journal() is None


def test_a_foreign_journal_is_not_overwritten(place: LocalPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    place.put_journal(b"not ours\n")
    with pytest.raises(StateNotSaved, match="journal could not be written"):
        session.append(decision("a"))
    assert place.journal() == b"not ours\n"


def test_a_value_that_json_cannot_hold_harms_nothing_else(place: LocalPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    broken = decision("a")
    object.__setattr__(broken, "seen", (object(),))
    with pytest.raises(StateNotSaved, match="JSON cannot hold"):
        session.append(broken)
    session.append(decision("b"))
    session.release()
    assert place.backend().read() == sample_state().after(decision("b"))


def test_a_year_that_finds_no_room_is_reported(place: LocalPlace, actor: Actor) -> None:
    with pytest.raises(StateNotSaved, match=r"the archive next to .* could not be written") as refused:
        actor.ask("with_session", "archive", {2025: b"x" * 10_000})
    assert "File too large" in refused.value.detail
    assert place.backend().archives() == {}


def test_a_rewrite_that_finds_no_room_is_reported(place: LocalPlace) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    sealed = Actor(SealedInAnyForm(place.root))
    sealed.ask("acquire")
    sealed.ask("call", limit_file_size, 100)
    with pytest.raises(StateNotSaved, match=r"state\.json could not be written"):
        sealed.ask("with_session", "rewrite")
    sealed.kill()
    assert place.backend().read() == sample_state()


def test_a_note_that_arrived_counts_though_its_folder_could_not_be_synced(
    place: LocalPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place that a state moves to has it by then, so either file here is right after a power cut."""
    opened = place.backend().acquire("state migrate", NOW)
    opened.write(sample_state())
    opened.append(decision("a"))
    synced = os.fsync

    def fails(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) and b"elsewhere" in (place.document() or b""):
            raise OSError(errno.EIO, "Input/output error")
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(StateNotSaved, match=r"state\.json could not be written"):
        opened.retire("elsewhere")
    monkeypatch.undo()
    note = place.document()
    opened.release()
    assert place.document() == note
    assert decode(place.sibling("backup").read_bytes()) == sample_state().after(decision("a"))
    again = place.backend().acquire("state migrate", NOW)
    with pytest.raises(StateMoved, match="elsewhere"):
        _ = again.state
    again.release()
