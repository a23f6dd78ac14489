"""Power cuts at every call of a backend's life, with a disk that keeps only what was synced."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from campaignctl.state.model import State
from tests.backends.crashes import LIFE, take
from tests.backends.local_place import LocalPlace
from tests.torture.medium import Loss
from tests.torture.tap import Stop, Tap


@dataclass(frozen=True)
class Cut:
    """What a reader finds after a cut; `reported` steps had been said to be durable."""

    call: int
    loss: Loss
    reported: int
    read: State | None


def cut_at_every_call(place: LocalPlace, loss: Loss) -> list[Cut]:
    """Live again and again, cut one call later each time, until it comes to its end.

    Runs in a process with one thread, because it forks.
    """
    cuts = []
    for call in count(1):
        here = place.another(f"{loss}-{call}")
        reported, cut = _live_until(here, call, loss)
        cuts.append(Cut(call, loss, reported, here.backend().read()))
        if not cut:
            break
    return cuts


def _live_until(place: LocalPlace, call: int, loss: Loss) -> tuple[int, bool]:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        report = os.write
        Tap(Stop(call, loss=loss), place.path.parent).install()
        session = place.backend().acquire("apply", timedelta())
        for step in LIFE:
            take(session, step)
            report(writer, b".")
        session.release()
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    reported = len(os.read(reader, 100))
    os.close(reader)
    return reported, os.WIFSIGNALED(status)
