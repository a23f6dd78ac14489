"""The lease of a lock, for places that do not notice the death of a holder.

A holder puts a version often enough, and any version is a renewal. Clocks differ, so none is compared with
that of another machine: a lock has run out when one that waits has itself seen the same version at two
moments that lie a lease apart, and it is taken over only from that very version. A holder sends nothing on a
renewal older than half of a lease.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from campaignctl.state.model import LockInfo

LEASE = timedelta(seconds=60)
"""How long a lock outlives the last sign of its holder."""

_BEATS = 6
_RENEWED_AFTER = 3
_TRUSTED_FOR = 2


def needs_renewal(lease: timedelta, age: timedelta) -> bool:
    """Whether a version of this age is to be followed by a renewal."""
    return not timedelta() <= age < lease / _RENEWED_AFTER


def is_trusted(lease: timedelta, age: timedelta) -> bool:
    """Whether nobody can have taken over a lock whose last renewal began so long ago."""
    return not lease or timedelta() <= age < lease / _TRUSTED_FOR


class Watched:
    """A version of a place under a lock, from the moment at which one that waits has seen it.

    By a clock that never jumps. One that stands still while this machine sleeps only waits longer.
    """

    def __init__(self, tip: str | None, holder: LockInfo) -> None:
        self.tip = tip
        self.lease = holder.lease
        self.has_run_out = False
        self._seen = time.monotonic()

    @property
    def left(self) -> timedelta:
        """The time until the lock runs out at the latest, if its holder gives no sign of life."""
        return timedelta(seconds=max(0.0, self._seen + self.lease - time.monotonic()))

    def still_there(self, asked: float) -> None:
        """The place, asked at this moment (of `time.monotonic`), has answered that this is its version."""
        self.has_run_out = self.lease > 0 and asked - self._seen >= self.lease


class Heartbeat:
    """Calls `beat` several times a lease, from a thread of its own, until it is stopped."""

    def __init__(self, lease: timedelta, beat: Callable[[], None]) -> None:
        self._stopped = threading.Event()
        self._pause = lease.total_seconds() / _BEATS
        self._beat = beat
        if lease:
            threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def stop(self) -> None:
        """Call it no more."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._pause):
            self._beat()
