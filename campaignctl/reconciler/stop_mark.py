"""The stop mark as an apply, a plan and a status read it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from campaignctl.diff import content
from campaignctl.errors import Command, Halted, Sentence, StateDamaged, StateError, StateTooNew
from campaignctl.plan.model import Action, Change
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


def at_request(backend: Backend, state: State | None) -> Halts:
    """The stop mark directly before a request. Raises Halted if it cannot be read or was deleted."""
    try:
        return read(backend, state)
    except StateError as error:
        gone = isinstance(error, StopMarkGone)
        raise Halted(
            error.summary if gone else f"the stop mark cannot be read: {error.summary}",
            detail="campaigns may be halted, so nothing that can send is sent",
            hint=error.hint,
        ) from error


def check(halts: Halts, keys: Iterable[str], change: Change) -> None:
    """Raise Halted if a halt stops the campaign of a change, or holds what it would create. `keys` are its
    present and former keys."""
    creates = change.action in (Action.CREATE, Action.REPLACE) and halts.holds_content
    held = content(change.spec or {}, change.lifecycle.accept_stored) if creates else ""
    if stop := halts.stopping(keys, change.id, held):
        halt, lifted_by = stop
        raise Halted(halt.summary, hint=Command("halt", "--lift", lifted_by, "--reason", "TEXT"))


def under_way(halts: Halts, now: datetime) -> bool:
    """Whether a halt has not sent its first pauses yet."""
    begun = [parse_iso(halt.at) for halt in halts.in_force if halt.under_way]
    return any(abs(now - at) < _LONGEST for at in begun)
