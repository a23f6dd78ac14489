"""When the next push leaves, so that many steps share it and none waits long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# The part of a push's time that it may wait for those whom the last one has just let go.
_PATIENCE = 0.15
_POLL = 0.002


class Bus:
    """One push after the other. Not safe for threads by itself: only who pushes uses it.

    Who rode along comes back at once, with an answer to record or with the next intent. A push that left
    right after the last one would miss all of them, and each would carry half of the threads; a short wait
    lets it carry all.
    """

    def __init__(self) -> None:
        self._expected = 0
        self._lasted = 0.0

    def await_riders(self, waiting: Callable[[], int]) -> None:
        """Wait until as many steps are there as threads were lately, for a small part of a push's time."""
        until = time.monotonic() + self._lasted * _PATIENCE
        while waiting() < self._expected and time.monotonic() < until:
            time.sleep(_POLL)

    @contextmanager
    def riding(self, riders: int, waiting: Callable[[], int]) -> Iterator[None]:
        """The push itself, with so many steps; those that came meanwhile wait for the next one."""
        began = time.monotonic()
        yield
        self._lasted = time.monotonic() - began
        self._expected = riders + waiting()
