"""Kills before every call by which a backend changes what others see, and reads that are overtaken."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count
from types import FrameType
from typing import Any, TypeVar

from campaignctl.reconciler.ports import Session
from campaignctl.state.model import Entry, State
from tests.backends.actors import Place
from tests.state.samples import decision, observation, sample_state

_T = TypeVar("_T")
Step = State | Entry
LIFE: tuple[Step, ...] = (
    sample_state(),
    observation("a"),
    decision("b"),
    sample_state(serial=5),
    observation("c"),
    observation("d"),
)
#: What each step of the life above does, once: a first state, a step, a state over steps, a step after it.
SHORT: tuple[Step, ...] = (sample_state(), observation("a"), sample_state(serial=5), decision("b"))


def stages(life: Sequence[Step] = LIFE) -> list[State | None]:
    """The state before the first step of a life and after each."""
    seen: list[State | None] = [None]
    for step in life:
        last = seen[-1]
        seen.append(step if isinstance(step, State) else last and last.after(step))
    return seen


@contextmanager
def before_call(number: int, names: frozenset[str], act: Callable[[], None]) -> Iterator[list[int]]:
    """Do `act` directly before the `number`-th call of a built-in function with one of `names`.

    Gives a list that is empty until then.
    """
    left, reached = number, list[int]()

    def at_event(frame: FrameType, event: str, function: Any) -> None:
        nonlocal left
        if event == "c_call" and function.__name__ in names:
            left -= 1
            if left == 0:
                reached.append(number)
                act()

    sys.setprofile(at_event)
    try:
        yield reached
    finally:
        sys.setprofile(None)


def read_while(place: Place, number: int, act: Callable[[], None]) -> tuple[State | None, bool]:
    """What a read finds when `act` is done in its middle, before its `number`-th look; and whether it was."""
    backend = place.backend()
    with before_call(number, place.looks, act) as reached:
        state = backend.read()
    return state, bool(reached)


@dataclass(frozen=True)
class Crash:
    """What was found after a kill: how many steps had been reported as done, and the state then.

    `read` is what a reader finds, `reopened` what the next holder of the lock does.
    """

    call: int
    reported: int
    read: State | None
    reopened: State | None


def crash_before_every_call(place: Place, life: Sequence[Step]) -> list[Crash]:
    """Live a life again and again, killed one call later each time, until it comes to its end.

    Runs in a process with one thread, because it forks, and looks from forks too: some libraries cannot be
    used in a process and in its forks.
    """
    crashes = []
    for call in count(1):
        here = place.another(f"call-{call}")
        reported, killed = in_a_child(partial(_live, here, life, call))
        here.settled()
        found, failed = _forked(partial(_look, here))
        assert not failed, f"it cannot be opened after a kill before call {call}"
        crashes.append(Crash(call, reported, *pickle.loads(found)))
        if not killed:
            break
    return crashes


def in_a_child(live: Callable[[Callable[[], Any]], None]) -> tuple[int, bool]:
    """Live in a fork: how often it called what it was given, and whether it was killed."""

    def run(send: Callable[[bytes], Any]) -> None:
        live(lambda: send(b"."))

    reported, status = _forked(run)
    return len(reported), os.WIFSIGNALED(status)


def _forked(run: Callable[[Callable[[bytes], Any]], None]) -> tuple[bytes, int]:
    """Run in a fork: what it sent, and how it ended."""
    reader, writer = os.pipe()
    # Whatever `run` puts in its place.
    write = os.write
    child = os.fork()
    if child == 0:
        os.close(reader)
        status = 1
        try:
            run(lambda data: write(writer, data))
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with open(reader, "rb") as sent:  # noqa: PTH123 - a descriptor
        data = sent.read()
    return data, os.waitpid(child, 0)[1]


def in_a_fork(look: Callable[[], _T]) -> _T:
    """What a function returns in a fork. Raises AssertionError if it fails there."""
    found, failed = _forked(lambda send: send(pickle.dumps(look())))
    assert not failed, "it failed in a fork"
    value: _T = pickle.loads(found)
    return value


def _look(place: Place, send: Callable[[bytes], Any]) -> None:
    """What a reader finds, and then the next holder of the lock."""
    backend = place.backend()
    read = backend.read()
    session = backend.acquire("apply", timedelta())
    send(pickle.dumps((read, session.state)))
    session.release()


def _live(place: Place, life: Sequence[Step], call: int, report: Callable[[], Any]) -> None:
    backend = place.backend()
    with before_call(call, place.changes, _die):
        session = backend.acquire("apply", timedelta())
        for step in life:
            take(session, step)
            report()
        session.release()


def take(session: Session, step: Step) -> None:
    """Write a whole state, or append a step."""
    if isinstance(step, State):
        session.write(step)
    else:
        session.append(step)


def _die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
