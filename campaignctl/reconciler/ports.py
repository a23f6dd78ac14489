"""Protocols with more than one implementation: the keeper of the state, and the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from campaignctl.review.reports import Keeping
from campaignctl.state.halts import Halts
from campaignctl.state.model import Entry, LockInfo, State


class Session(Protocol):
    """A state whose lock we hold.

    Every write checks the lock first and raises `LockLost` if it is no longer ours, `StateNotSaved` if the
    write could not be made durable. Once a call returns, its write survives a power cut.
    """

    @property
    def lock(self) -> LockInfo:
        """Our lock."""
        ...

    @property
    def taken_over(self) -> LockInfo | None:
        """The lock of a dead holder that was taken over, if any."""
        ...

    @property
    def state(self) -> State | None:
        """The state with every step so far, or None if there is none yet."""
        ...

    @property
    def companions(self) -> int:
        """How many steps to have in flight for each request: 1 if a step is durable at once, more if the
        backend is remote and writes many steps together."""
        ...

    def check(self) -> None:
        """Raise `LockLost` unless the lock is still ours. Cheap: called before every request."""
        ...

    def write(self, state: State) -> None:
        """Replace the whole state durably, keep the previous one as a backup, and start a new journal.

        A backend that no other version shares may write the newest format.
        """
        ...

    def convert(self, state: State) -> None:
        """As `write`, in the format of this state, newer or older."""
        ...

    def archive(self, documents: Mapping[int, bytes]) -> None:
        """Put documents of the archive in place durably, by year, before a state that names them."""
        ...

    def rewrite(self) -> None:
        """Store every file of the state, archive and stop mark too, as the project says now: in clear, or
        encrypted with the newest key."""
        ...

    def retire(self, place: str) -> None:
        """Replace the state with a note that it is at `place` now; reading it raises `StateMoved`."""
        ...

    def append(self, entry: Entry) -> None:
        """Add one step to the journal durably. Safe to call from several threads."""
        ...

    def release(self) -> None:
        """Fold the journal into the state and release the lock. Safe to call twice."""
        ...


class Memory(Protocol):
    """What earlier runs have kept. It is never needed, and may forget anything at any time."""

    def recall(self, name: bytes) -> bytes | None:
        """What was kept under a name, if it is still there."""
        ...

    def remember(self, name: bytes, body: bytes) -> None:
        """Keep something under a name."""
        ...


class Backend(Protocol):
    """Where the state of one environment lives."""

    @property
    def location(self) -> str:
        """Where it is, for messages."""
        ...

    def read(self) -> State | None:
        """The state with its journal folded in. Takes no lock and writes nothing.

        Raises `StateDamaged` or `StateTooNew`.
        """
        ...

    def acquire(self, operation: str, timeout: timedelta) -> Session:
        """Take the lock, waiting up to `timeout`. Raises `LockHeld` naming the holder, and `StateTooNew`: a
        state of a newer version is not replaced, and its lock not taken."""
        ...

    def holder(self) -> LockInfo | None:
        """The current lock, if it is held."""
        ...

    def keeping(self) -> Keeping:
        """What lies next to the state. Raises `LockError` if the lock cannot be read."""
        ...

    def archives(self) -> Mapping[int, bytes]:
        """The documents of the archive, by year, also of years that the state does not name. Read seldom.

        Raises `StateError` if they cannot be read.
        """
        ...

    def halts(self) -> Halts:
        """The stop mark, which needs neither the lock nor a state.

        Cheap: read before every request that can send. Raises `StateError` if it cannot be read: campaigns
        may be halted then.
        """
        ...

    def change_halts(self, change: Callable[[Halts], Halts]) -> Halts:
        """Apply `change` to the stop mark durably, and return the result.

        Concurrent changes are applied one after the other: `change` may be called again. Raises
        `StateNotSaved`.
        """
        ...

    def unlock(self, lock_id: str) -> LockInfo:
        """Break the lock that has this id. Raises `LockError` if another one is held, or none."""
        ...


class Clock(Protocol):
    """Time and ids, passed in so that tests can control them."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...

    def new_id(self) -> str:
        """A new unique id."""
        ...

    def wait(self, duration: timedelta) -> None:
        """Sleep; returns early on an interrupt."""
        ...

    def breakable(self) -> AbstractContextManager[None]:
        """A block that an interrupt ends, as KeyboardInterrupt: it writes nothing."""
        ...

    @property
    def interrupted(self) -> bool:
        """Whether the user or the system asked the run to stop."""
        ...


Elsewhere = Callable[[bool], Mapping[str, Backend]]
"""Finds the other states of a project by place: in files, and on refs of the remote if asked."""
