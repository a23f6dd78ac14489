"""Locks that run out: renewed by their holder, taken over from what the one that waits has seen itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaignctl.backends.cas.backend import CasBackend
from campaignctl.backends.cas.lease import Watched, is_trusted, needs_renewal
from campaignctl.backends.cas.place import LONGEST, Seen
from campaignctl.backends.cas.session import CasSession
from campaignctl.backends.lock_info import UNKNOWN
from campaignctl.errors import LockHeld, LockLost
from tests.backends.shared_folder import SharedFolder, Shelf, shelf_backend
from tests.e2e.harness import until
from tests.state.samples import decision, sample_state

NOW, LONG = timedelta(), timedelta(seconds=30)
LEASE = timedelta(seconds=1)


@dataclass(frozen=True)
class Late(Shelf):
    """A shelf to whose first put something comes first."""

    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    def put(self, before: Seen, draft: Seen, seconds: float = LONGEST) -> bool:
        if self.meanwhile:
            self.meanwhile.pop()()
        return super().put(before, draft, seconds)


class Ours:
    """The state in a folder as two machines see it: neither can tell whether the other's process is alive."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.skew = timedelta()
        self.skews: dict[str, timedelta] = {}
        self.told: list[str] = []
        self.pauses: list[timedelta] = []

    def backend(self, machine: str, place: Shelf | None = None) -> CasBackend:
        folder = SharedFolder(self.root)
        return shelf_backend(
            self.root / machine,
            place or folder.shelf,
            folder.stop,
            lease=LEASE,
            trust=timedelta(seconds=0.2),
            now=lambda: datetime.now(UTC) + self.skews.get(machine, self.skew),
            tell=self.told.append,
        )


@pytest.fixture
def ours(tmp_path: Path) -> Ours:
    return Ours(tmp_path)


@pytest.fixture
def held(ours: Ours) -> Iterator[CasSession]:
    session = ours.backend("one").acquire("apply", NOW)
    session.write(sample_state())
    yield session
    with suppress(LockLost):
        session.release()


def _silent(session: CasSession) -> None:
    """What a stopped process does: nothing."""
    session._heartbeat.stop()
    time.sleep(LEASE.total_seconds() / 5)


def test_a_holder_that_works_keeps_its_lock(ours: Ours, held: CasSession) -> None:
    with pytest.raises(LockHeld) as refused:
        ours.backend("two").acquire("apply", LEASE * 3)
    assert "no sign of life for 1 s" in refused.value.detail
    assert "--lock-timeout above 1s" in refused.value.hint
    held.check()
    held.append(decision("a"))


def test_a_lock_without_a_sign_of_life_is_taken_over_with_its_steps(ours: Ours, held: CasSession) -> None:
    held.append(decision("a"))
    _silent(held)
    began = time.monotonic()
    session = ours.backend("two").acquire("apply", LONG)
    assert time.monotonic() - began >= LEASE.total_seconds()
    assert session.taken_over == held.lock
    assert session.state == sample_state().after(decision("a"))
    session.append(decision("b"))
    for late in (held.check, lambda: held.append(decision("late")), held.release):
        with pytest.raises(LockLost):
            late()
    session.release()
    assert ours.backend("two").read() == sample_state().after(decision("a")).after(decision("b"))


def test_one_that_waits_says_for_whom_and_until_when(ours: Ours, held: CasSession) -> None:
    with suppress(LockHeld):
        ours.backend("two").acquire("apply", timedelta(seconds=0.1))
    (told,) = ours.told
    assert held.lock.id in told
    assert f"process {held.lock.process}" in told
    assert "UTC at the latest" in told
    with suppress(LockHeld):
        ours.backend("two").acquire("apply", NOW)
    assert len(ours.told) == 1


@pytest.mark.parametrize("skew", [timedelta(days=-1), timedelta(days=1)])
def test_clocks_that_differ_take_no_lock_over(ours: Ours, held: CasSession, skew: timedelta) -> None:
    ours.skew = skew
    with pytest.raises(LockHeld):
        ours.backend("two").acquire("apply", LEASE / 3)
    held.check()


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_holder_whose_clock_is_an_hour_off_neither_loses_its_lock_nor_keeps_it_for_ever(
    ours: Ours, hours: int
) -> None:
    ours.skews["one"] = timedelta(hours=hours)
    session = ours.backend("one").acquire("apply", NOW)
    session.write(sample_state())
    with pytest.raises(LockHeld):
        ours.backend("two").acquire("apply", LEASE * 1.5)
    session.append(decision("a"))
    _silent(session)
    other = ours.backend("two").acquire("apply", LEASE * 3)
    assert other.taken_over == session.lock
    with pytest.raises(LockLost):
        session.append(decision("late"))
    assert other.state == sample_state().after(decision("a"))
    other.release()


def test_a_holder_that_wakes_late_renews_before_it_goes_on(ours: Ours, held: CasSession) -> None:
    """There was no other holder: its put would have come first."""
    _silent(held)
    before = ours.backend("two")._place.tip()
    ours.skew = LEASE * 0.6
    held.check()
    assert ours.backend("two")._place.tip() != before
    held.append(decision("a"))


def test_one_that_waits_loses_against_a_renewal_at_the_last_moment(ours: Ours, held: CasSession) -> None:
    """What is taken over is the version that stood still, not one with the same files."""
    _silent(held)

    def wake() -> None:
        ours.skew = LEASE * 0.6
        held.check()

    late = Late(SharedFolder(ours.root).shelf.path, [wake])
    with pytest.raises(LockHeld):
        ours.backend("two", place=late).acquire("apply", LEASE * 1.5)
    assert late.meanwhile == []
    held.check()


@pytest.mark.parametrize(
    ("lease", "later", "over"), [(60, 59, False), (60, 61, True), (0, 10**6, False), (10**6, 61, False)]
)
def test_a_lock_runs_out_between_two_answers_that_lie_a_lease_apart(
    lease: int, later: float, over: bool
) -> None:
    watched = Watched("v1", replace(UNKNOWN, lease=lease))
    watched.still_there(time.monotonic() + later)
    assert watched.has_run_out is over


@pytest.mark.parametrize(
    ("lease", "age", "is_renewed", "counts"),
    [
        (60, -0.1, True, False),
        (60, 0, False, True),
        (60, 19.9, False, True),
        (60, 20, True, True),
        (60, 29.9, True, True),
        (60, 30, True, False),
        (0, 10**6, True, True),
        (0, -1, True, True),
    ],
)
def test_a_lock_is_renewed_after_a_third_of_its_lease_and_counts_for_a_half(
    lease: int, age: float, is_renewed: bool, counts: bool
) -> None:
    whole, since = timedelta(seconds=lease), timedelta(seconds=age)
    assert needs_renewal(whole, since) is is_renewed
    assert is_trusted(whole, since) is counts


def test_a_lock_that_was_renewed_just_now_is_not_renewed_again(ours: Ours, held: CasSession) -> None:
    _silent(held)
    tip = ours.backend("two")._place.tip
    held.append(decision("a"))
    before = tip()
    held._renew()
    assert tip() == before
    ours.skew = LEASE * 0.6
    held._renew()
    assert tip() != before
    held.release()
    ours.skew = LEASE * 1.2
    before = tip()
    held._renew()
    assert tip() == before


def test_a_session_that_has_ended_gives_no_more_signs_of_life(held: CasSession) -> None:
    beating = [each for each in threading.enumerate() if each.name == "heartbeat"]
    held.release()
    until(lambda: any(not each.is_alive() for each in beating), seconds=10)
