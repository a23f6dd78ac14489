"""One life of a state, killed before every single call by which it changes what others see."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from types import FrameType
from typing import Any

from campaignctl.reconciler.ports import Session
from campaignctl.state.model import Entry, State
from tests.backends.actors import Place
from tests.state.samples import decision, observation, sample_state

_SYSTEM = {"posix", "fcntl"}
_CHANGES = {"flock", "fsync", "ftruncate", "link", "mkdir", "open", "rename", "replace", "unlink", "write"}

Step = State | Entry
LIFE: tuple[Step, ...] = (
    sample_state(),
    observation("a"),
    decision("b"),
    sample_state(serial=5),
    observation("c"),
    observation("d"),
)


def stages() -> list[State | None]:
    """The state before the first step of the life and after each."""
    seen: list[State | None] = [None]
    for step in LIFE:
        last = seen[-1]
        seen.append(step if isinstance(step, State) else last and last.after(step))
    return seen


@dataclass(frozen=True)
class Crash:
    """What was found after a kill: how many steps had been reported as done, and the state then.

    `read` is what a reader finds, `reopened` what the next holder of the lock does.
    """

    call: int
    reported: int
    read: State | None
    reopened: State | None


def crash_before_every_call(place: Place) -> list[Crash]:
    """Live the life again and again, killed one call later each time, until it comes to its end.

    Runs in a process with one thread, because it forks.
    """
    crashes = []
    for call in count(1):
        here = place.another(f"call-{call}")
        reported, killed = _live_until(here, call)
        backend = here.backend()
        read = backend.read()
        session = backend.acquire("apply", timedelta())
        crashes.append(Crash(call, reported, read, session.state))
        session.release()
        if not killed:
            break
    return crashes


def _live_until(place: Place, call: int) -> tuple[int, bool]:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _live(place, call, lambda: os.write(writer, b"."))
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    reported = len(os.read(reader, 100))
    os.close(reader)
    return reported, os.WIFSIGNALED(status)


def _live(place: Place, call: int, report: Callable[[], Any]) -> None:
    backend = place.backend()
    _kill_before(call)
    session = backend.acquire("apply", timedelta())
    for step in LIFE:
        _take(session, step)
        report()
    session.release()
    sys.setprofile(None)


def _take(session: Session, step: Step) -> None:
    if isinstance(step, State):
        session.write(step)
    else:
        session.append(step)


def _kill_before(call: int) -> None:
    """End this process as a power cut would, directly before its so manieth call to the system."""
    left = call

    def at_event(frame: FrameType, event: str, function: Any) -> None:
        nonlocal left
        if event == "c_call" and function.__module__ in _SYSTEM and function.__name__ in _CHANGES:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(at_event)
