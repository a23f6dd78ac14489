"""A place that loses answers, is away, or refuses: what the generic backend makes of it."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from campaignctl.backends.at_rest import Keys, is_encrypted
from campaignctl.backends.cas.backend import CasBackend
from campaignctl.backends.cas.liveness import FileSigns, SignOfLife
from campaignctl.backends.cas.place import LONGEST, Files, Guarded, Home, Kind, Note, PlaceError, Seen
from campaignctl.backends.cas.session import CasSession
from campaignctl.backends.lock_info import UNKNOWN
from campaignctl.errors import (
    CampaignctlError,
    Interrupted,
    LockError,
    LockHeld,
    LockLost,
    StateDamaged,
    StateError,
    StateMoved,
    StateNotSaved,
    StateSealed,
)
from campaignctl.state.codec import decode, encode
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import LockInfo
from tests.backends.actors import Actor
from tests.backends.cas_places import cas_backend
from tests.backends.sealed_places import encrypted
from tests.backends.shared_folder import SharedFolder, Shelf, shelf_backend
from tests.state.samples import decision, sample_state

NOW = timedelta()
HALT = Halt("h1", None, "wrong price", "mira", "laptop", "2036-01-01T00:00:00Z")


@dataclass(frozen=True)
class Faulty(Shelf):
    """A shelf whose next puts end as `faults` say: `lost` ones have been done, others have not. What stands
    in `meanwhile` happens during the next put. Its next versions are not told for the reasons in `unread`,
    and not shown for those in `unseen`."""

    faults: list[Kind | str] = field(default_factory=list)
    meanwhile: list[Callable[[], None]] = field(default_factory=list)
    unread: list[Kind] = field(default_factory=list)
    unseen: list[Kind] = field(default_factory=list)

    def look(self, seconds: float = LONGEST) -> Seen:
        if self.unseen:
            raise PlaceError(self.unseen.pop(), "the shelf is locked away", hint="ask for the key")
        return super().look(seconds)

    def tip(self) -> str | None:
        if self.unread:
            raise PlaceError(self.unread.pop(), "the shelf is not to be seen", hint="look again")
        return super().tip()

    def put(self, before: Seen, draft: Seen, seconds: float = LONGEST) -> bool:
        if self.meanwhile:
            self.meanwhile.pop()()
        fault = self.faults.pop(0) if self.faults else None
        done = super().put(before, draft, seconds) if fault in (None, "lost") else False
        if fault == "locked":
            raise Guarded(UNKNOWN, "wait for it")
        if fault == "interrupted":
            raise Interrupted("interrupted; the look was ended")
        if fault == "refused":
            raise PlaceError("refused", "no room on the shelf", hint="clear it")
        if fault is not None:
            raise PlaceError("away", "the shelf does not answer", hint="go there")
        return done


@pytest.fixture
def place(tmp_path: Path) -> SharedFolder:
    return SharedFolder(tmp_path)


@pytest.fixture
def faulty(place: SharedFolder) -> Faulty:
    return Faulty(place.shelf.path)


@pytest.fixture
def backend(place: SharedFolder, faulty: Faulty) -> Iterator[CasBackend]:
    pauses: list[timedelta] = []
    stop = Faulty(place.stop.path, faulty.faults)
    yield shelf_backend(place.root, faulty, stop, pause=pauses.append)
    assert all(pause < timedelta(minutes=1) for pause in pauses)


@pytest.mark.parametrize("faults", [["lost"], ["away"], ["away", "lost"], ["lost", "away", "lost"]])
@pytest.mark.parametrize("moment", ["acquire", "write", "append", "release", "halt"])
def test_an_answer_that_is_lost_or_late_changes_nothing(
    place: SharedFolder, faulty: Faulty, backend: CasBackend, moment: str, faults: list[str]
) -> None:
    def now(at: str) -> None:
        faulty.faults[:] = faults if at == moment else []

    now("acquire")
    session = backend.acquire("apply", NOW)
    now("write")
    session.write(sample_state())
    now("append")
    session.append(decision("a"))
    now("release")
    session.release()
    now("halt")
    backend.change_halts(lambda halts: halts.with_halt(HALT))
    assert place.backend().read() == sample_state().after(decision("a"))
    assert place.backend().halts() == Halts((HALT,))
    assert place.backend().holder() is None


def test_a_place_that_refuses_is_believed_at_once(faulty: Faulty, place: SharedFolder) -> None:
    faulty.faults[:] = ["refused"]
    with pytest.raises(StateNotSaved, match="cannot be taken") as refused:
        shelf_backend(place.root, faulty, place.stop, pause=_no_pause).acquire("apply", NOW)
    assert (refused.value.detail, refused.value.hint) == ("no room on the shelf", "clear it")


def _no_pause(_: timedelta) -> None:
    pytest.fail("it waited")


def test_a_place_that_stays_away_leaves_a_rescue_file(
    faulty: Faulty, backend: CasBackend, place: SharedFolder
) -> None:
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    faulty.faults[:] = ["away"] * 20
    with pytest.raises(StateNotSaved):
        session.append(decision("a"))
    with pytest.raises(StateNotSaved) as refused:
        session.release()
    found = re.search(r"campaignctl state push (\S+)`", refused.value.hint)
    assert found
    assert decode(Path(found[1]).read_bytes()) == sample_state().after(decision("a"))
    Path(found[1]).unlink()
    assert place.backend().holder() is None
    assert place.backend().read() == sample_state()


def test_a_place_that_stays_away_is_tried_seven_times_over_about_half_a_minute(
    faulty: Faulty, place: SharedFolder
) -> None:
    pauses: list[timedelta] = []
    faulty.faults[:] = ["away"] * 20
    with pytest.raises(StateNotSaved):
        shelf_backend(place.root, faulty, place.stop, pause=pauses.append).acquire("apply", NOW)
    assert 20 - len(faulty.faults) == 7
    assert len(pauses) == 6
    assert timedelta(seconds=15) <= sum(pauses, NOW) <= timedelta(seconds=46)


def test_after_a_step_that_was_not_saved_the_release_is_tried_once(
    place: SharedFolder, faulty: Faulty
) -> None:
    """Who ends a run waited long enough for the step."""
    pauses: list[timedelta] = []
    session = shelf_backend(place.root, faulty, place.stop, pause=pauses.append).acquire("apply", NOW)
    session.write(sample_state())
    faulty.faults[:] = ["away"] * 50
    with pytest.raises(StateNotSaved):
        session.append(decision("a"))
    assert (len(pauses), len(faulty.faults)) == (6, 43)
    with pytest.raises(StateNotSaved) as refused:
        session.release()
    assert (len(pauses), len(faulty.faults)) == (6, 42)
    Path(refused.value.hint.split("the state is in ")[1].split(";")[0]).unlink()


@pytest.mark.parametrize(("seconds", "is_renewed"), [(29, False), (31, True)])
def test_a_lock_counts_from_the_beginning_of_the_put_that_renewed_it(
    place: SharedFolder, faulty: Faulty, seconds: int, is_renewed: bool
) -> None:
    """Others may have seen its version since then, however late the answer came."""
    passed = timedelta()

    def wait_for_the_answer() -> None:
        nonlocal passed
        passed += timedelta(seconds=seconds)

    session = shelf_backend(
        place.root,
        faulty,
        place.stop,
        now=lambda: datetime(2036, 1, 1, tzinfo=UTC) + passed,
        lease=timedelta(seconds=60),
    ).acquire("apply", NOW)
    faulty.meanwhile[:] = [wait_for_the_answer]
    session.write(sample_state())
    before = place.shelf.tip()
    session.check()
    assert (place.shelf.tip() != before) is is_renewed
    session.release()


def test_a_lock_whose_answer_was_lost_and_that_was_broken_since_is_not_ours(
    faulty: Faulty, backend: CasBackend, place: SharedFolder
) -> None:
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    other = place.backend()
    other.unlock(session.lock.id)
    with pytest.raises(LockLost):
        session.append(decision("a"))
    taken = other.acquire("apply", NOW)
    with pytest.raises(LockHeld):
        backend.acquire("apply", NOW)
    taken.release()
    assert place.backend().read() == sample_state()


@pytest.mark.parametrize("fault", ["refused", "interrupted"])
def test_a_step_that_waited_for_a_put_that_failed_is_saved_once(
    faulty: Faulty, backend: CasBackend, place: SharedFolder, fault: str
) -> None:
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    both = sample_state().after(decision("a")).after(decision("b"))
    ended: list[str] = []

    def append() -> None:
        try:
            session.append(decision("b"))
        except StateNotSaved:
            ended.append("not saved")

    waiting = Thread(target=append)

    def append_meanwhile() -> None:
        waiting.start()
        while session.state != both:
            time.sleep(0.001)

    faulty.faults[:], faulty.meanwhile[:] = [fault], [append_meanwhile]
    with pytest.raises(StateNotSaved):
        session.append(decision("a"))
    waiting.join()
    assert ended == ["not saved"]
    session.write(session.state or sample_state())
    assert session.state == both
    session.append(decision("c"))
    session.release()
    assert place.backend().read() == both.after(decision("c"))


def test_a_step_that_waited_for_the_release_is_refused(
    faulty: Faulty, backend: CasBackend, place: SharedFolder
) -> None:
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    ended: list[str] = []

    def append() -> None:
        try:
            session.append(decision("late"))
        except LockLost:
            ended.append("lock lost")

    waiting = Thread(target=append)

    def append_meanwhile() -> None:
        waiting.start()
        while session.state == sample_state():
            time.sleep(0.001)

    faulty.meanwhile[:] = [append_meanwhile]
    session.release()
    waiting.join()
    assert ended == ["lock lost"]
    assert place.backend().read() == sample_state()
    assert place.backend().holder() is None


def test_a_lock_that_cannot_be_looked_at_is_not_taken_for_ours(faulty: Faulty, backend: CasBackend) -> None:
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    for _ in range(2):
        faulty.unread[:] = ["refused"]
        with pytest.raises(LockLost, match=r"cannot tell whether the lock of .* is still ours") as lost:
            session.check()
        assert (lost.value.detail, lost.value.hint) == ("the shelf is not to be seen", "look again")
    session.check()


def test_a_step_after_one_that_was_not_saved_is_not_taken(
    faulty: Faulty, backend: CasBackend, place: SharedFolder
) -> None:
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    faulty.faults[:] = ["refused"]
    for name in "ab":
        with pytest.raises(StateNotSaved):
            session.append(decision(name))
    assert place.journal() is None
    session.release()
    assert place.backend().read() == sample_state().after(decision("a")).after(decision("b"))


@pytest.mark.parametrize(
    ("later", "is_enough"),
    [
        (timedelta(0), True),
        (timedelta(seconds=3), True),
        (timedelta(seconds=4), False),
        (timedelta(seconds=-1), False),
        (timedelta(hours=-1), False),
    ],
)
def test_a_proof_of_the_lock_counts_for_a_while_and_not_with_the_clock_set_back(
    place: SharedFolder, later: timedelta, is_enough: bool
) -> None:
    clock = [datetime(2036, 1, 1, tzinfo=UTC)]
    trust = timedelta(seconds=4)
    session = shelf_backend(place.root, place.shelf, place.stop, trust=trust, now=lambda: clock[0]).acquire(
        "apply", NOW
    )
    session.write(sample_state())
    place.backend().unlock(session.lock.id)
    clock[0] += later
    if is_enough:
        session.check()
    else:
        with pytest.raises(LockLost, match="no longer ours"):
            session.check()


def test_a_lock_that_another_one_took_in_between_is_not_ours(
    faulty: Faulty, backend: CasBackend, place: SharedFolder
) -> None:
    other = place.backend()
    faulty.meanwhile.append(lambda: other.acquire("apply", NOW).write(sample_state()))
    with pytest.raises(LockHeld):
        backend.acquire("apply", NOW)
    holder = place.backend().holder()
    assert holder is not None
    other.unlock(holder.id)
    faulty.meanwhile[:] = [lambda: other.acquire("plan", NOW).release()]
    session = backend.acquire("apply", NOW)
    assert session.state == sample_state()
    session.append(decision("a"))
    session.release()
    assert place.backend().read() == sample_state().after(decision("a"))


def test_a_lock_of_the_places_own_is_waited_for_until_ours_is_there(
    faulty: Faulty, place: SharedFolder
) -> None:
    """As the lock of a state is: for as long as it was asked, not as a place that does not answer."""
    backend = shelf_backend(place.root, faulty, place.stop, pause=_no_pause)
    faulty.faults[:] = ["locked"]
    with pytest.raises(LockHeld):
        backend.acquire("apply", NOW)
    faulty.faults[:] = ["locked", "locked"]
    session = backend.acquire("apply", timedelta(days=1))
    assert faulty.faults == []
    assert place.backend().holder() == session.lock
    session.write(sample_state())
    session.release()
    assert place.backend().read() == sample_state()


@pytest.mark.parametrize("timeout", [timedelta(seconds=0.01), timedelta(seconds=1.5)])
def test_the_waiting_for_a_lock_ends_after_the_timeout_and_no_later(
    place: SharedFolder, timeout: timedelta
) -> None:
    holder = place.backend().acquire("apply", NOW)
    waited: list[timedelta] = []
    waiting = shelf_backend(
        place.root,
        place.shelf,
        place.stop,
        wait=waited.append,
        now=lambda: datetime(2036, 1, 1, tzinfo=UTC) + sum(waited, NOW),
    )
    with pytest.raises(LockHeld):
        waiting.acquire("apply", timeout)
    assert sum(waited, NOW) == timeout
    holder.release()


@dataclass(frozen=True)
class Counting(Shelf):
    """A shelf that is looked at as often as there are `looks`, and no more."""

    looks: list[str] = field(default_factory=lambda: ["look"] * 50)

    def look(self, seconds: float = LONGEST) -> Seen:
        self.looks.pop()
        return super().look(seconds)


class Unseen(Shelf):
    """A shelf that cannot be looked at."""

    def look(self, seconds: float = LONGEST) -> Seen:
        raise PlaceError("refused", "the shelf is not to be seen")


def test_one_that_waits_takes_the_lock_over_when_its_holder_dies(place: SharedFolder) -> None:
    holder = Actor(place)
    lock = holder.ask("acquire")
    holder.write(sample_state())
    waited: list[timedelta] = []

    def wait(pause: timedelta) -> None:
        waited.append(pause)
        if len(waited) == 2:
            holder.kill()

    shelf = Counting(place.shelf.path)
    session = shelf_backend(place.root, shelf, place.stop, wait=wait).acquire("apply", timedelta(days=1))
    assert len(waited) == 2
    assert (session.taken_over, session.state) == (lock, sample_state())
    session.release()
    assert list(place.root.rglob("lock-*")) == []


def test_an_interrupt_ends_the_waiting_for_a_lock(place: SharedFolder) -> None:
    holder = place.backend().acquire("apply", timedelta())
    waiting = shelf_backend(place.root, place.shelf, place.stop, interrupted=lambda: True)
    with pytest.raises(Interrupted):
        waiting.acquire("apply", timedelta(days=1))
    holder.release()
    waiting.acquire("apply", timedelta()).release()


@pytest.mark.parametrize("why", ["held", "interrupted", "too new", "unseen", "refused"])
def test_a_lock_that_was_not_taken_leaves_no_sign_of_life(
    place: SharedFolder, faulty: Faulty, why: str
) -> None:
    """After an error it may be in its place all the same, and the sign tells that its holder is dead."""
    holder = place.backend().acquire("apply", timedelta()) if why in ("held", "interrupted") else None
    if why == "too new":
        place.put_document(b'{"format_version": 99}')
    left = len(list(place.root.rglob("lock-*")))
    faulty.faults[:] = ["refused"] if why == "refused" else []
    faulty.unseen[:] = ["refused"] if why == "unseen" else []
    other = shelf_backend(place.root, faulty, place.stop, interrupted=lambda: why == "interrupted")
    with pytest.raises(CampaignctlError):
        other.acquire("apply", timedelta(days=why == "interrupted"))
    assert len(list(place.root.rglob("lock-*"))) - left == (why == "refused")
    if holder:
        holder.release()


def test_a_lock_that_was_broken_says_whose_it_is_now(place: SharedFolder) -> None:
    ours, other = place.backend().acquire("apply", timedelta()), place.backend()
    other.unlock(ours.lock.id)
    with pytest.raises(LockLost) as lost:
        ours.check()
    assert "it is free now" in lost.value.detail
    ours, theirs = place.backend().acquire("apply", timedelta()), place.backend()
    theirs.unlock(ours.lock.id)
    holder = theirs.acquire("halt", timedelta())
    with pytest.raises(LockLost) as lost:
        ours.check()
    assert "it is now held by" in lost.value.detail
    assert f"(lock {holder.lock.id})" in lost.value.detail
    holder.release()


def test_what_lies_next_to_the_state_names_the_holder_and_whether_it_lives(place: SharedFolder) -> None:
    def found() -> tuple[LockInfo | None, bool | None, bool]:
        keeping = place.backend().keeping()
        return keeping.lock, keeping.holder_lives, keeping.left_journal

    assert found() == (None, None, False)
    holder = Actor(place)
    lock = holder.ask("acquire")
    holder.write(sample_state())
    assert found() == (lock, True, False)
    holder.append(decision("a"))
    assert found() == (lock, True, False)
    holder.kill()
    assert found() == (lock, False, True)
    assert place.backend().holder() is None
    place.backend().unlock(lock.id)
    assert list(place.root.rglob("lock-*")) == []
    assert found() == (None, None, True)
    place.backend().acquire("apply", NOW).release()
    assert found() == (None, None, False)


def test_a_session_that_stored_every_file_anew_goes_on(place: SharedFolder) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.archive({2025: b"{}"})
    session.release()
    place.backend().change_halts(lambda halts: halts)
    at_rest = encrypted(accepts="all")
    sealed = shelf_backend(place.root, place.shelf, place.stop, at_rest=at_rest)
    session = sealed.acquire("state encrypt", NOW)
    session.rewrite()
    session.append(decision("a"))
    session.release()
    assert sealed.read() == sample_state().after(decision("a"))
    assert (sealed.archives(), sealed.halts()) == ({2025: b"{}"}, Halts())
    archive = Shelf(place.root / "shared" / "archive")
    for shelf in (place.shelf, place.stop, archive):
        assert all(map(is_encrypted, shelf.look().files.values()))


@pytest.mark.parametrize("why", ["no key", "in clear", "encrypted"])
def test_a_state_that_cannot_be_opened_is_not_locked_and_has_no_new_stop_mark(
    place: SharedFolder, why: str
) -> None:
    if why != "no key":
        at_rest = encrypted(encrypts=why == "encrypted")
        session = shelf_backend(place.root, place.shelf, place.stop, at_rest=at_rest).acquire("apply", NOW)
        session.write(sample_state())
        session.release()
    tip = place.shelf.tip()
    at_rest = encrypted(Keys() if why == "no key" else None, encrypts=why != "encrypted")
    backend = shelf_backend(place.root, place.shelf, place.stop, at_rest=at_rest)
    for fails in (backend.read, lambda: backend.acquire("apply", NOW)):
        with pytest.raises(StateSealed):
            fails()
    assert (place.shelf.tip(), list(place.root.rglob("lock-*"))) == (tip, [])
    if why != "in clear":
        with pytest.raises(StateSealed):
            backend.change_halts(lambda halts: halts.with_halt(HALT))
        assert place.stop.tip() is None


@pytest.mark.parametrize("why", ["is in clear already", "cannot tell"])
def test_a_stop_mark_is_set_in_clear_where_one(place: SharedFolder, why: str) -> None:
    """It is needed most when the place of the state is in trouble."""
    sealed = shelf_backend(place.root, place.shelf, place.stop, at_rest=encrypted())
    session = sealed.acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    if why == "cannot tell":
        backend = shelf_backend(place.root, Unseen(place.shelf.path), place.stop)
    else:
        place.another("plain").backend().change_halts(lambda halts: halts)
        shutil.copy(place.another("plain").stop.path, place.stop.path)
        backend = place.backend()
    assert backend.change_halts(lambda halts: halts.with_halt(HALT)) == Halts((HALT,))
    assert place.backend().halts() == Halts((HALT,))


def test_only_the_lock_with_that_id_is_broken(
    faulty: Faulty, backend: CasBackend, place: SharedFolder
) -> None:
    other = place.backend()
    with pytest.raises(LockError, match="there is no lock"):
        backend.unlock("another")
    first = other.acquire("apply", NOW).lock
    with pytest.raises(LockError, match="has another id"):
        backend.unlock("another")
    assert place.backend().holder() == first

    def take() -> None:
        other.unlock(first.id)
        other.acquire("halt", NOW)

    faulty.meanwhile[:] = [take]
    with pytest.raises(LockError) as refused:
        backend.unlock(first.id)
    second = place.backend().holder()
    assert second is not None
    assert second.operation == "halt"
    assert second.id in f"{refused.value.detail}{refused.value.hint}"


def test_a_stop_mark_that_was_changed_by_hand_says_how_it_is_set_again(place: SharedFolder) -> None:
    backend = shelf_backend(place.root, place.shelf, place.stop, at_rest=encrypted())
    backend.change_halts(lambda halts: halts.with_halt(HALT))
    seen = place.stop.look()
    changed = {path: data[:-9] + bytes(reversed(data[-9:])) for path, data in seen.files.items()}
    assert place.stop.put(seen, replace(seen, tip="changed", files=changed))
    for uses in (backend.halts, lambda: backend.change_halts(lambda halts: halts.with_halt(HALT))):
        with pytest.raises(StateDamaged) as damaged:
            uses()
        assert "campaignctl halt" in f"{damaged.value.hint}"
    assert place.stop.tip() == "changed"


@dataclass(frozen=True)
class Guarding(Shelf):
    """A shelf with a lock of its own, which it shows to everybody and frees for its id."""

    def free(self, lock_id: str) -> LockInfo | None:
        return replace(UNKNOWN, id="its-own")


def test_of_the_places_own_lock_too_only_the_one_with_that_id_is_broken(place: SharedFolder) -> None:
    backend = shelf_backend(place.root, Guarding(place.shelf.path), place.stop)
    assert backend.unlock("its-own").id == "its-own"
    with pytest.raises(LockError, match="has another id: its-own"):
        backend.unlock("another")


def test_an_archive_keeps_the_years_before(place: SharedFolder) -> None:
    session = place.backend().acquire("archive", NOW)
    session.archive({2024: b"old", 2025: b"first"})
    session.archive({2025: b"again", 2026: b"new"})
    session.release()
    assert place.backend().archives() == {2024: b"old", 2025: b"again", 2026: b"new"}


def test_the_state_of_another_project_is_neither_read_nor_continued(place: SharedFolder) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.release()
    about = place.files()["about.json"].replace(b"acme-crm", b"another")
    place.put({"about.json": about})
    with pytest.raises(StateError, match="holds the state of the project another"):
        place.backend().read()
    session = place.backend().acquire("apply", NOW)
    with pytest.raises(StateError, match="holds the state of the project another"):
        session.append(decision("a"))
    session.release()
    assert (place.files()["about.json"], place.document()) == (about, encode(sample_state()).encode())


@pytest.mark.parametrize("is_torn", [False, True])
def test_a_journal_that_was_folded_in_before_is_not_continued(place: SharedFolder, is_torn: bool) -> None:
    session = place.backend().acquire("apply", NOW)
    session.write(sample_state())
    session.append(decision("a"))
    journal = place.journal() or b""
    session.release()
    place.put_journal(journal[:9] if is_torn else journal)
    session = place.backend().acquire("apply", NOW)
    assert place.journal() is None
    session.append(decision("b"))
    assert place.backend().read() == sample_state().after(decision("a")).after(decision("b"))
    session.release()


@pytest.mark.parametrize("why", ["released", "broken", "taken"])
@pytest.mark.parametrize(
    "late",
    [
        lambda session: session.write(sample_state()),
        lambda session: session.append(decision("late")),
        lambda session: session.retire("elsewhere"),
        lambda session: session.rewrite(),
        lambda session: session.archive({2024: b"{}"}),
        lambda session: session.check(),
    ],
    ids=["write", "append", "retire", "rewrite", "archive", "check"],
)
def test_a_session_that_has_ended_writes_nothing(
    place: SharedFolder, late: Callable[[CasSession], None], why: str
) -> None:
    first = place.backend().acquire("apply", NOW)
    first.write(sample_state())
    first.archive({2025: b"{}"})
    first.release()
    place.backend().change_halts(lambda halts: halts)
    sealed = shelf_backend(place.root, place.shelf, place.stop, at_rest=encrypted(accepts="all"))
    session = sealed.acquire("state encrypt", NOW)
    if why == "released":
        session.release()
    else:
        sealed.unlock(session.lock.id)
    successor = sealed.acquire("apply", NOW) if why == "taken" else None
    shelves = (place.shelf, place.stop, Shelf(place.root / "shared" / "archive"))
    before = [shelf.tip() for shelf in shelves]
    for _ in range(2):
        with pytest.raises(LockLost):
            late(session)
    assert [shelf.tip() for shelf in shelves] == before
    if successor:
        successor.check()
        successor.release()


@pytest.mark.parametrize("then", ["release", "check", "renew"])
def test_a_step_whose_last_answer_was_lost_does_not_lose_the_lock(
    faulty: Faulty, backend: CasBackend, place: SharedFolder, then: str
) -> None:
    session = backend.acquire("apply", NOW)
    session.write(sample_state())
    faulty.faults[:] = ["away"] * 6 + ["lost"]
    for key in ("a", "b"):
        with pytest.raises(StateNotSaved):
            session.append(decision(key))
    if then == "check":
        session.check()
    if then == "renew":
        session._put(session._snapshot, "renewed the lock", brisk=True)
    assert place.backend().read() == sample_state().after(decision("a"))
    session.release()
    assert place.backend().read() == sample_state().after(decision("a")).after(decision("b"))
    assert place.backend().holder() is None


@pytest.mark.parametrize(
    ("faults", "moved"),
    [
        (["lost"], True),
        (["away", "lost"], True),
        (["lost"] + ["away"] * 20, False),
        (["away"] * 6 + ["lost"], False),
        (["away"] * 20, False),
    ],
)
def test_a_state_whose_move_could_not_be_noted_is_where_it_was(
    faulty: Faulty, backend: CasBackend, place: SharedFolder, faults: list[str], moved: bool
) -> None:
    session = backend.acquire("state migrate", NOW)
    session.write(sample_state())
    faulty.faults[:] = faults
    with nullcontext() if moved else pytest.raises(StateNotSaved, match="could not be written"):
        session.retire("elsewhere")
    faulty.faults.clear()
    session.release()
    if moved:
        with pytest.raises(StateMoved, match="elsewhere"):
            place.backend().read()
    else:
        assert place.backend().read() == sample_state()
    assert place.backend().holder() is None


def test_a_lock_whose_put_was_interrupted_is_taken_over_as_that_of_a_dead_run(place: SharedFolder) -> None:
    @dataclass(frozen=True)
    class Interrupting(Shelf):
        def put(self, before: Seen, draft: Seen, seconds: float = LONGEST) -> bool:
            super().put(before, draft, seconds)
            raise Interrupted("interrupted; git was ended")

    with pytest.raises(Interrupted):
        shelf_backend(place.root, Interrupting(place.shelf.path), place.stop).acquire("apply", NOW)
    session = place.backend().acquire("apply", NOW)
    assert session.taken_over is not None
    session.release()


@pytest.mark.parametrize("stands", [True, False])
def test_a_lock_whose_sign_of_life_is_gone_is_proven_anew(place: SharedFolder, *, stands: bool) -> None:
    class Seeming(SignOfLife):
        def stands(self) -> bool:
            return stands

    class Seem(FileSigns):
        def begin(self, lock_id: str) -> SignOfLife:
            return Seeming(self.directory, lock_id)

    archive, mirror = Shelf(place.root / "archive"), place.root / "mirror" / "state.json"
    home = Home("acme-crm", place.shelf, place.stop, archive, mirror, Seem(mirror.parent))
    session = cas_backend(home, trust=timedelta(hours=1)).acquire("apply", NOW)
    place.backend().unlock(session.lock.id)
    if stands:
        session.check()
    else:
        with pytest.raises(LockLost):
            session.check()


def test_what_is_done_without_the_lock_is_recorded_so(place: SharedFolder) -> None:
    notes: list[Note] = []

    @dataclass(frozen=True)
    class Noting(Shelf):
        def draft(self, before: Seen, after: Files, note: Note) -> Seen:
            notes.append(note)
            return super().draft(before, after, note)

    backend = shelf_backend(place.root, Noting(place.shelf.path), Noting(place.stop.path))
    backend.unlock(backend.acquire("apply", NOW).lock.id)
    backend.change_halts(lambda halts: halts)
    assert [note.under_lock for note in notes] == [True, False, False]


@pytest.mark.parametrize("whole", [True, False])
def test_only_a_place_that_is_sent_whole_folds_a_long_journal_in(place: SharedFolder, *, whole: bool) -> None:
    archive, mirror = Shelf(place.root / "archive"), place.root / "mirror" / "state.json"
    session = cas_backend(Home("acme-crm", place.shelf, place.stop, archive, mirror, whole=whole)).acquire(
        "apply", NOW
    )
    session.write(sample_state())
    assert decode(mirror.read_bytes(), where="") == sample_state()
    session.append(decision("a"))
    assert place.journal() is not None
    before = place.document()
    while len(place.journal() or b"") < 30_000 and place.document() == before:
        session.append(decision("a" * 4000))
    assert (place.document() != before) == whole
    session.release()
