"""The real clock, fresh ids, and what SIGINT, SIGTERM and a terminal that is gone ask for."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import FrameType

INTERRUPTED = 130

_FIRST = (
    b"\nStopping: no new request starts; what is in flight finishes and is recorded."
    b" Interrupt again to leave at once.\n"
)
_SECOND = b"\nLeft at once. What had been done is in the state; the next apply settles the rest.\n"
_SHOW_CURSOR = b"\x1b[?25h"


def utc_now() -> datetime:
    """Return the present, aware, in UTC."""
    return datetime.now(UTC)


class SystemClock:
    """Time from the system and ids from its random source: the real `reconciler.ports.Clock`.

    Inside `listening()` a first SIGINT, SIGTERM or SIGHUP only asks to stop: `interrupted` turns true and
    every `wait` ends, in all threads. A second one leaves the process with status 130; but a terminal that
    closes may say so more than once, so that SIGHUP never counts as the second. Inside `asking()` as
    well, a first one ends the question instead, as KeyboardInterrupt.
    """

    def __init__(self) -> None:
        # A pipe wakes every waiting thread and may be written by a signal handler; an Event's lock may not.
        self._wakes, self._wake = os.pipe()
        self._interrupted = False
        self._asking = False

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""
        return utc_now()

    def new_id(self) -> str:
        """Return 16 random hex digits."""
        return os.urandom(8).hex()

    def wait(self, duration: timedelta) -> None:
        """Let time pass; returns early when an interrupt was asked for."""
        select.select([self._wakes], [], [], max(0.0, duration.total_seconds()))

    @property
    def interrupted(self) -> bool:
        """Whether a signal asked us to stop."""
        return self._interrupted

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take signals as requests to stop while the block runs. Main thread only.

        SIGHUP stays ignored where it is, as under nohup.
        """
        ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        signals = (signal.SIGINT, signal.SIGTERM, *(() if ignored else (signal.SIGHUP,)))
        before = {each: signal.signal(each, self._on_signal) for each in signals}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Let a signal end the question that the block asks: nothing is in flight that it would cut off."""
        self._asking = True
        try:
            if self._interrupted:
                raise KeyboardInterrupt
            yield
        finally:
            self._asking = False

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._interrupted:
            if number == signal.SIGHUP:
                return
            _tell((_SHOW_CURSOR if sys.stderr.isatty() else b"") + _SECOND)
            os._exit(INTERRUPTED)
        self._interrupted = True
        os.write(self._wake, b"!")
        if self._asking:
            raise KeyboardInterrupt
        _tell(_FIRST)


def _tell(message: bytes) -> None:
    """Write past every buffer: a handler may have interrupted a write to the same stream."""
    try:
        os.write(2, message)
    except OSError:
        return
