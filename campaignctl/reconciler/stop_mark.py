"""The stop mark as an apply, a plan and a status read it."""

from __future__ import annotations

from datetime import datetime, timedelta

from campaignctl.errors import Command, Sentence, StateDamaged, StateError, StateTooNew
from campaignctl.reconciler.ports import Backend
from campaignctl.schedule.times import parse_iso
from campaignctl.state.halts import Halts, UnreadableMark
from campaignctl.state.model import State

# A halt that died may stay under way: nothing waits longer for one.
_LONGEST = timedelta(minutes=5)


class StopMarkGone(StateError):
    """There was a stop mark, and now there is none: campaigns may be halted."""


def read(backend: Backend, state: State | None) -> Halts:
    """The stop mark. Raises StateError if it cannot be read, or was deleted since the state saw it."""
    halts = backend.halts()
    if state is not None and state.stop_mark and not halts.halts:
        raise StopMarkGone(
            f"the stop mark of {backend.location} was deleted",
            hint=Sentence(
                Command("halt", "--lift", "--reason", "TEXT"),
                " goes on without it; to halt everything again: ",
                Command("halt", "--all", "--reason", "TEXT"),
            ),
        )
    return halts


def to_plan_with(backend: Backend, state: State | None) -> Halts:
    """The halts to plan with. A stop mark that is damaged or gone holds back all that can send, but no cancel
    or pause.

    Raises StateError if it cannot be read at all.
    """
    try:
        return read(backend, state)
    except (StateDamaged, StateTooNew, StopMarkGone) as error:
        return Halts(unreadable=UnreadableMark(f"it may be halted: {error.summary}", error.hint))


def under_way(halts: Halts, now: datetime) -> bool:
    """Whether a halt has not sent its first pauses yet."""
    begun = [parse_iso(halt.at) for halt in halts.in_force if halt.under_way]
    return any(abs(now - at) < _LONGEST for at in begun)
