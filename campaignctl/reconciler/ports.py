"""What the reconciler needs from the world and more than one class gives: a keeper of the state, and time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from campaignctl.review.reports import Keeping
from campaignctl.state.halts import Halts
from campaignctl.state.model import Entry, LockInfo, State


class Session(Protocol):
    """A state that we hold the lock of.

    Every write checks the lock first and raises `LockLost` when it is no longer ours, `StateNotSaved`
    when it could not be made durable. When a call returns, what it wrote survives a power cut.
    """

    @property
    def lock(self) -> LockInfo:
        """Our lock."""
        ...

    @property
    def taken_over(self) -> LockInfo | None:
        """The lock of a dead holder that we took over, if we did."""
        ...

    @property
    def state(self) -> State | None:
        """The state with every step so far, or None where there is none yet."""
        ...

    @property
    def companions(self) -> int:
        """How many steps had better be under way together for each request that is: 1 where a step is
        durable at once, more where each waits for a far place and many go there together."""
        ...

    def check(self) -> None:
        """Raise `LockLost` unless the lock is still ours. Cheap: called before every request."""
        ...

    def write(self, state: State) -> None:
        """Replace the whole state durably, keep the previous one as backup, and start a new journal."""
        ...

    def retire(self, place: str) -> None:
        """Leave only a note that the state lives in `place` now: whoever reads it gets `StateMoved`."""
        ...

    def append(self, entry: Entry) -> None:
        """Add one step to the journal durably. Safe to call from several threads."""
        ...

    def release(self) -> None:
        """Fold the journal into the state and give the lock back. Safe to call twice."""
        ...


class Backend(Protocol):
    """Where the state of one environment lives."""

    @property
    def location(self) -> str:
        """Where it is, for messages."""
        ...

    def read(self) -> State | None:
        """The state with its journal folded in; takes no lock and writes nothing.

        Raises `StateDamaged` or `StateTooNew`.
        """
        ...

    def acquire(self, operation: str, timeout: timedelta) -> Session:
        """Take the lock, waiting up to `timeout`. Raises `LockHeld` naming the holder."""
        ...

    def holder(self) -> LockInfo | None:
        """Who holds the lock at the moment, if anybody."""
        ...

    def keeping(self) -> Keeping:
        """What lies beside the state. Raises `LockError` when the lock cannot be looked at."""
        ...

    def halts(self) -> Halts:
        """The stop mark, which lies beside the state and needs neither lock nor state.

        Cheap: looked at before every request that can send. Raises `StateError` when it cannot be read,
        because something may be stopped then.
        """
        ...

    def change_halts(self, change: Callable[[Halts], Halts]) -> Halts:
        """Replace the stop mark by what `change` makes of it, durably, and return that.

        Of two that change it at once, the second changes what the first made: `change` may be called
        again. Raises `StateNotSaved`.
        """
        ...

    def unlock(self, lock_id: str) -> LockInfo:
        """Break the lock with exactly this id. Raises `LockError` if it is not the one held."""
        ...


class Clock(Protocol):
    """Time and identity, so that neither is taken from the air."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...

    def new_id(self) -> str:
        """A fresh id that nobody else has made."""
        ...

    def wait(self, duration: timedelta) -> None:
        """Let time pass; returns early when an interrupt was asked for."""
        ...

    @property
    def interrupted(self) -> bool:
        """Whether the user or the system asked us to stop."""
        ...
