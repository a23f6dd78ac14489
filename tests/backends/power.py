"""Power cuts at every call of a backend's life, with a disk that keeps only what was synced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

from campaignctl.state.model import State
from tests.backends.crashes import LIFE, in_a_child, take
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
        reported, cut = in_a_child(partial(_live, here, call, loss))
        cuts.append(Cut(call, loss, reported, here.backend().read()))
        if not cut:
            break
    return cuts


def _live(place: LocalPlace, call: int, loss: Loss, report: Callable[[], Any]) -> None:
    Tap(Stop(call, loss=loss), place.path.parent).install()
    session = place.backend().acquire("apply", timedelta())
    for step in LIFE:
        take(session, step)
        report()
    session.release()
