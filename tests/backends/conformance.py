"""What every backend must do: keep what it was given, for one writer at a time.

A backend's own test derives from the classes here and in `crash_conformance`, and gives a `place`.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import ClassVar

import pytest

from campaignctl.errors import LockError, LockHeld, LockLost, StateDamaged, StateNotSaved
from campaignctl.reconciler.ports import Backend
from campaignctl.state.ledger import Sent, Year
from campaignctl.state.model import Entry, State
from campaignctl.state.years import encode_year
from tests.backends.actors import PATIENCE, Actor, Place
from tests.backends.crashes import read_while
from tests.state.samples import decision, observation, sample_record, sample_state

NOW = timedelta()
SOON = timedelta(seconds=PATIENCE)

NewActor = Callable[[], Actor]


class Conformance:
    """What the tests below share."""

    @pytest.fixture
    def backend(self, place: Place) -> Backend:
        return place.backend()

    @pytest.fixture
    def actor(self, place: Place) -> Iterator[NewActor]:
        made: list[Actor] = []

        def make() -> Actor:
            made.append(Actor(place))
            return made[-1]

        yield make
        for each in made:
            each.kill()

    @pytest.fixture
    def applying(self, actor: NewActor) -> Actor:
        """Another process that has written a state and holds the lock."""
        other = actor()
        other.ask("acquire")
        other.write(sample_state())
        return other

    @pytest.fixture
    def died(self, applying: Actor) -> State:
        """What a process had saved in three steps before it was killed."""
        steps = (observation("a"), decision("b"), observation("c"))
        for step in steps:
            applying.append(step)
        applying.kill()
        return sample_state().after(steps[0]).after(steps[1]).after(steps[2])


class StoreConformance(Conformance):
    """Whole writes, steps and the serial."""

    #: How many applies a reader sees go by; fewer where one takes long.
    APPLIES: ClassVar[int] = 12

    def test_there_is_no_state_before_the_first_write(self, backend: Backend) -> None:
        assert backend.read() is None
        session = backend.acquire("plan", NOW)
        assert session.state is None
        session.release()
        assert backend.read() is None

    def test_a_step_needs_a_state_to_continue(self, backend: Backend) -> None:
        session = backend.acquire("apply", NOW)
        with pytest.raises(StateNotSaved):
            session.append(decision("a"))
        session.release()
        assert backend.read() is None

    def test_a_write_is_seen_by_another_process(self, backend: Backend, applying: Actor) -> None:
        assert backend.read() == sample_state()

    def test_a_step_is_seen_by_another_process_before_the_lock_is_free(
        self, backend: Backend, applying: Actor
    ) -> None:
        applying.append(decision("a"))
        assert backend.read() == sample_state().after(decision("a")) == applying.ask("state")

    def test_the_next_holder_continues_where_the_last_one_ended(
        self, backend: Backend, applying: Actor
    ) -> None:
        applying.append(decision("a"))
        applying.release()
        session = backend.acquire("apply", NOW)
        session.append(decision("b"))
        session.release()
        assert backend.read() == sample_state().after(decision("a")).after(decision("b"))

    def test_decisions_raise_the_serial_by_one_and_observations_do_not(self, backend: Backend) -> None:
        session = backend.acquire("apply", NOW)
        session.write(sample_state(serial=7))
        serials = []
        for step in (decision("a"), observation("a"), decision("b"), observation("b")):
            session.append(step)
            read = backend.read()
            serials.append(read.serial if read else None)
        session.release()
        last = backend.read()
        assert serials == [8, 8, 9, 9]
        assert last is not None
        assert last.serial == 9

    def test_an_archive_is_kept_by_year_and_read_only_when_it_is_asked(self, backend: Backend) -> None:
        old = Sent("sha256:old", "push/old", "7", "2025-01-10T09:00:00Z", "sha256:c", at_once=True)
        state = replace(sample_state(), archives=(2024, 2025))
        session = backend.acquire("archive", NOW)
        session.archive({2024: encode_year(2024, Year(), state), 2025: b"damaged"})
        session.write(state)
        session.release()
        read = backend.read()
        assert read == state
        with pytest.raises(StateDamaged, match="the archive of 2025"):
            read.archive.sent_as("sha256:old", None)

        session = backend.acquire("archive", NOW)
        session.archive({2025: encode_year(2025, Year(sent=(old,)), state)})
        assert session.state is not None
        assert session.state.archive.sent_as("sha256:old", None) == old
        session.release()
        read = backend.read()
        assert read is not None
        assert read.archive.sent_as("sha256:new", "sha256:c") == old
        assert sorted(backend.archives()) == [2024, 2025]

    def test_an_archive_that_is_missing_is_damage(self, backend: Backend) -> None:
        session = backend.acquire("archive", NOW)
        session.write(replace(sample_state(), archives=(2024,)))
        session.release()
        read = backend.read()
        assert read is not None
        with pytest.raises(StateDamaged, match=r"2024 .* is missing"):
            read.archive.of_key("push/old")

    def test_a_write_ends_the_steps_before_it(self, backend: Backend) -> None:
        session = backend.acquire("apply", NOW)
        session.write(sample_state())
        session.append(observation("a"))
        session.write(sample_state())
        assert backend.read() == session.state == sample_state()
        session.append(observation("b"))
        session.release()
        assert backend.read() == sample_state().after(observation("b"))

    def test_a_step_that_json_cannot_hold_is_no_part_of_the_state(self, backend: Backend) -> None:
        session = backend.acquire("apply", NOW)
        session.write(sample_state())
        broken = Entry(records={"push/x": replace(sample_record(), applied={"x": object()})})
        with pytest.raises(StateNotSaved, match="JSON cannot hold"):
            session.append(broken)
        assert session.state == sample_state()
        session.append(decision("a"))
        session.release()
        assert backend.read() == sample_state().after(decision("a"))

    def test_steps_of_many_threads_are_all_kept(self, backend: Backend) -> None:
        session = backend.acquire("apply", NOW)
        session.write(sample_state())
        names = [f"c{number}" for number in range(40)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: session.append(decision(name)), names))
        for state in (backend.read(), session.state):
            assert state is not None
            assert {f"push/{name}" for name in names} < set(state.campaigns)
            assert state.serial == 41
        session.release()

    def test_reading_changes_nothing(self, backend: Backend, place: Place, died: State) -> None:
        before = place.document(), place.journal()
        assert backend.read() == died
        assert (place.document(), place.journal()) == before

    @pytest.mark.parametrize("times", [1, pytest.param(4, marks=pytest.mark.slow)])
    def test_a_reader_sees_one_state_at_any_moment(
        self, backend: Backend, applying: Actor, times: int
    ) -> None:
        applying.tell("churn", times * self.APPLIES)
        last = 0
        while not applying.ready():
            state = backend.read()
            assert state is not None
            assert state.serial >= last
            assert len(state.campaigns) == state.serial
            last = state.serial
        applying.answer()

    def test_a_reader_that_is_overtaken_at_any_point_sees_one_state(self, place: Place) -> None:
        for number in count(1):
            here = place.another(f"look-{number}")
            session = here.backend().acquire("apply", NOW)
            session.write(sample_state())
            session.append(observation("a"))
            session.release()
            states, reached = _overtaken(here, number)
            assert states[0] in states[1:], f"overtaken before look {number}"
            if not reached:
                break


class LockConformance(Conformance):
    """One writer at a time."""

    def test_a_free_lock_has_no_holder(self, backend: Backend) -> None:
        assert backend.holder() is None
        backend.acquire("apply", NOW).release()
        assert backend.holder() is None

    def test_a_second_holder_is_refused_and_the_first_is_named(
        self, backend: Backend, applying: Actor
    ) -> None:
        with pytest.raises(LockHeld) as refused:
            backend.acquire("apply", NOW)
        holder = backend.holder()
        assert holder is not None
        assert holder.process == applying.process.pid
        told = f"{refused.value.summary} {refused.value.detail} {refused.value.hint}"
        for fact in (holder.holder, holder.host, str(holder.process), "apply", holder.since):
            assert fact in told
        assert f"campaignctl state unlock {holder.id}" in told

    def test_the_same_process_does_not_get_the_lock_twice(self, backend: Backend, place: Place) -> None:
        session = backend.acquire("apply", NOW)
        with pytest.raises(LockHeld):
            place.backend().acquire("apply", NOW)
        session.release()

    def test_waiting_gets_the_lock_when_it_is_given_back(self, backend: Backend, actor: NewActor) -> None:
        session = backend.acquire("apply", NOW)
        waiting = actor()
        waiting.tell("acquire", "apply", SOON)
        session.write(sample_state())
        assert not waiting.ready()
        session.release()
        assert waiting.answer().operation == "apply"
        assert waiting.ask("state") == sample_state()

    @pytest.mark.parametrize("number", [3, pytest.param(5, marks=pytest.mark.slow)])
    def test_many_processes_take_turns(self, backend: Backend, actor: NewActor, number: int) -> None:
        session = backend.acquire("apply", NOW)
        session.write(sample_state())
        actors = [actor() for _ in range(number)]
        for index, each in enumerate(actors):
            each.tell("take_turns", f"c{index}", number)
        session.release()
        for each in actors:
            each.answer()
        state = backend.read()
        assert state is not None
        assert state.serial == 1 + number**2
        assert len(state.campaigns) == 1 + number**2

    def test_releasing_twice_is_safe(self, backend: Backend, actor: NewActor) -> None:
        session = backend.acquire("apply", NOW)
        session.release()
        other = actor()
        other.ask("acquire")
        session.release()
        assert backend.holder() is not None

    def test_a_released_session_writes_nothing(self, backend: Backend) -> None:
        session = backend.acquire("apply", NOW)
        session.write(sample_state())
        session.release()
        with pytest.raises(LockLost):
            session.check()
        with pytest.raises(LockLost):
            session.write(sample_state(9))
        with pytest.raises(LockLost):
            session.append(decision("late"))
        assert backend.read() == sample_state()

    def test_a_dead_holder_is_taken_over_with_its_steps(self, backend: Backend, died: State) -> None:
        assert backend.holder() is None
        session = backend.acquire("apply", NOW)
        assert session.state == died
        session.release()
        assert backend.read() == died

    def test_unlocking_needs_the_exact_id(self, backend: Backend, applying: Actor) -> None:
        holder = backend.holder()
        assert holder is not None
        for wrong in ("", "other", holder.id[:-1], holder.id + "x"):
            with pytest.raises(LockError, match="another id"):
                backend.unlock(wrong)
        applying.ask("with_session", "check")
        assert backend.unlock(holder.id) == holder
        assert backend.holder() is None

    def test_unlocking_needs_a_lock(self, backend: Backend) -> None:
        with pytest.raises(LockError):
            backend.unlock("any")
        backend.acquire("apply", NOW).release()
        with pytest.raises(LockError):
            backend.unlock("any")

    def test_a_zombie_is_refused_before_the_lock_is_taken_again(
        self, backend: Backend, applying: Actor
    ) -> None:
        applying.append(decision("a"))
        _break_lock(backend)
        _assert_powerless(applying)
        assert backend.read() == sample_state().after(decision("a"))

    def test_a_zombie_leaves_its_successor_alone(
        self, backend: Backend, place: Place, applying: Actor
    ) -> None:
        applying.append(decision("a"))
        _break_lock(backend)
        session = backend.acquire("apply", NOW)
        session.append(decision("b"))
        before = place.document(), place.journal()
        _assert_powerless(applying)
        session.check()
        assert (place.document(), place.journal()) == before
        session.release()
        assert backend.read() == sample_state().after(decision("a")).after(decision("b"))

    def test_a_stopped_zombie_is_refused_when_it_continues(self, backend: Backend, applying: Actor) -> None:
        applying.signal(signal.SIGSTOP)
        _break_lock(backend)
        session = backend.acquire("apply", NOW)
        session.append(decision("b"))
        applying.signal(signal.SIGCONT)
        _assert_powerless(applying)
        session.release()
        assert backend.read() == sample_state().after(decision("b"))


def _overtaken(place: Place, number: int) -> tuple[list[State | None], bool]:
    """The state that a reader found while two whole applies overtook it, and every state in between."""
    backend = place.backend()
    session = backend.acquire("apply", NOW)
    session.append(observation("b"))
    passed = [session.state]

    def apply_twice() -> None:
        nonlocal session
        for name in ("c", "d"):
            session.release()
            session = backend.acquire("apply", NOW)
            session.append(observation(name))
            passed.append(session.state)

    found, reached = read_while(place, number, apply_twice)
    session.release()
    return [found, *passed], reached


def _break_lock(backend: Backend) -> None:
    holder = backend.holder()
    assert holder is not None
    backend.unlock(holder.id)


def _assert_powerless(zombie: Actor) -> None:
    for method, arguments in (
        ("check", ()),
        ("append", (decision("late"),)),
        ("write", (sample_state(99),)),
        ("release", ()),
    ):
        with pytest.raises(LockLost):
            zombie.ask("with_session", method, *arguments)
