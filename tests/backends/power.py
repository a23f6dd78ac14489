"""Power cuts at every call of a backend's life, with a disk that keeps only what was synced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

from campaignctl.state.halts import Halt, Halts, Lift
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


_HALT = Halt("h1", None, "wrong price", "mira", "laptop", "2036-01-01T00:00:00Z")
_LIFTED = replace(_HALT, lifted=(Lift(None, "fixed", "mira", "2036-01-01T00:01:00Z"),))
#: The stop marks of a place, one after the other.
MARKS = (Halts(), Halts((_HALT,)), Halts((_LIFTED,)))


def mark_cut_at_every_call(place: LocalPlace, loss: Loss) -> list[tuple[int, int, Halts]]:
    """Set a stop mark and lift it, again and again, cut one call later each time.

    Returns the number of the call, how many changes had been said to be made, and the mark that is found.
    """
    cuts = []
    for call in count(1):
        here = place.another(f"mark-{loss}-{call}")
        reported, cut = in_a_child(partial(_mark, here, call, loss))
        cuts.append((call, reported, here.backend().halts()))
        if not cut:
            break
    return cuts


def _mark(place: LocalPlace, call: int, loss: Loss, report: Callable[[], Any]) -> None:
    Tap(Stop(call, loss=loss), place.path.parent).install()
    for mark in MARKS[1:]:
        place.backend().change_halts(lambda _, mark=mark: mark)  # type: ignore[misc]
        report()
