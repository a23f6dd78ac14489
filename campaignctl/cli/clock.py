"""The system clock, random ids, and the signals that ask a run to stop."""

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
    b"\nStopping: no new requests; those in flight will finish and be recorded."
    b" Interrupt again to exit at once.\n"
)
_SECOND = b"\nExited at once. Finished changes are in the state; the next apply settles the others.\n"
_SHOW_CURSOR = b"\x1b[?25h"


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


class SystemClock:
    """The system's time and random ids: the real `reconciler.ports.Clock`.

    Inside `listening()` a first SIGINT, SIGTERM or SIGHUP only asks to stop: `interrupted` turns true and
    every `wait` ends, in all threads. A second one exits with status 130, except for SIGHUP, which a closing
    terminal may send more than once. Inside `asking()`, a first one ends the question instead, as
    KeyboardInterrupt.
    """

    def __init__(self) -> None:
        # A pipe wakes every waiting thread and may be written by a signal handler; an Event's lock may not.
        self._wakes, self._wake = os.pipe()
        self._interrupted = False
        self._asking = False

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return utc_now()

    def new_id(self) -> str:
        """Return 16 random hex digits."""
        return os.urandom(8).hex()

    def wait(self, duration: timedelta) -> None:
        """Let time pass; returns early after an interrupt."""
        select.select([self._wakes], [], [], max(0.0, duration.total_seconds()))

    @property
    def interrupted(self) -> bool:
        """Whether a signal asked the run to stop."""
        return self._interrupted

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Treat signals as requests to stop while the block runs. Main thread only.

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
        """Let a signal end the question that the block asks; no request is in flight then."""
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
    """Write without buffers: the handler may have interrupted a write to the same stream."""
    try:
        os.write(2, message)
    except OSError:
        return
