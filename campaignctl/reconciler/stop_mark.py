"""The stop mark as an apply, a plan and a status read it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaignctl.diff import content
from campaignctl.errors import Command, Halted, Interrupted, Sentence, StateDamaged, StateError
from campaignctl.plan.model import Action, Change
from campaignctl.reconciler.ports import Backend, Clock
from campaignctl.schedule.times import TimeError, parse_iso
from campaignctl.state.halts import Halts, UnreadableMark
from campaignctl.state.model import State

# A halt that died may stay under way: nothing waits longer for one.
_LONGEST = timedelta(minutes=5)
# How old a stop mark may be that only shows whether a halt is under way.
_AGE = timedelta(seconds=1)


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

    Raises StateError if it cannot be read at all, or a newer campaignctl wrote it.
    """
    try:
        return read(backend, state)
    except (StateDamaged, StopMarkGone) as error:
        return Halts(unreadable=UnreadableMark(f"it may be halted: {error.summary}", error.hint))


def under_way(halts: Halts, now: datetime) -> bool:
    """Whether a halt has not sent its first pauses yet. Nobody waits for one whose time cannot be read."""
    for halt in halts.in_force:
        with suppress(TimeError):
            if halt.under_way and abs(now - parse_iso(halt.under_way)) < _LONGEST:
                return True
    return False


@dataclass
class Watch:
    """Looks at the stop mark before the requests of a run.

    `state` and `now` are the run's.
    """

    backend: Backend
    clock: Clock
    state: Callable[[], State | None]
    now: Callable[[], datetime]
    note: Callable[[str], None]
    _read_at: datetime | None = None

    def not_halted(self, change: Change) -> None:
        """Raise Halted if the stop mark names the campaign of a change, or holds what it would create.

        Checked before everything that can send. Every create counts: after a halt nothing new may appear.
        """
        state = self.state()
        record = state.campaigns.get(change.key) if state else None
        keys = [change.key, *filter(None, [record.moved_from if record else None])]
        keys += change.formerly if record is None else ()
        while True:
            halts = self._halts()
            creates = change.action in (Action.CREATE, Action.REPLACE) and halts.holds_content
            held = content(change.spec or {}, change.lifecycle.accept_stored) if creates else ""
            if stop := halts.stopping(keys, change.id, held):
                halt, lifted_by = stop
                raise Halted(halt.summary, hint=Command("halt", "--lift", lifted_by, "--reason", "TEXT"))
            if not self._gave_way(halts):
                return

    def give_way(self) -> bool:
        """Wait while a halt is carried out, as its pauses need the whole window of the account.

        Checked before requests that send nothing, with a stop mark that is a second old at most. Returns
        whether it waited.
        """
        now = self.clock.now()
        if self._read_at is None or now - self._read_at >= _AGE:
            self._read_at = now
            with suppress(Halted):
                return self._gave_way(self._halts())
        return False

    def _gave_way(self, halts: Halts) -> bool:
        """Wait until no halt is being carried out. Returns whether one was. Raises Interrupted."""
        waited = False
        while under_way(halts, self.now()):
            if self.clock.interrupted:
                raise Interrupted("interrupted")
            if not waited:
                self.note("a halt is being carried out: waiting until it has sent its pauses")
            waited = True
            self.clock.wait(_AGE)
            halts = self._halts()
        return waited

    def _halts(self) -> Halts:
        """The stop mark. Raises Halted if it cannot be read or was deleted."""
        try:
            return read(self.backend, self.state())
        except StateError as error:
            gone = isinstance(error, StopMarkGone)
            raise Halted(
                error.summary if gone else f"the stop mark cannot be read: {error.summary}",
                detail="campaigns may be halted, so nothing that can send is sent",
                hint=error.hint,
            ) from error
