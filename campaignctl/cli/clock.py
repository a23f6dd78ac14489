"""The system clock, random ids, and the signals that ask a run to stop."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import ClassVar

INTERRUPTED = 130

_FIRST = (
    b"\nStopping: no new requests; those in flight will finish and be recorded."
    b" Interrupt again to exit at once.\n"
)
_SECOND = b"\nExited at once. Finished changes are in the state; the next apply settles the others.\n"
_ENDED = b"\nInterrupted. Nothing was being written.\n"
_GRACE = 0.8
_SHOW_CURSOR = b"\x1b[?25h"


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


class SystemClock:
    """The system's time and random ids: the real `reconciler.ports.Clock`.

    Inside `listening()` a first SIGINT, SIGTERM or SIGHUP only asks to stop: `interrupted` turns true and
    every `wait` ends, in all threads. A second one exits with status 130, except for SIGHUP, which a closing
    terminal may send more than once. Inside `breakable()`, a first one ends the block instead, as
    KeyboardInterrupt.
    """

    #: How many runs write and must not be ended from outside.
    writing: ClassVar[int] = 0

    def __init__(self) -> None:
        # A pipe wakes every waiting thread and may be written by a signal handler; an Event's lock may not.
        self._wakes, self._wake = os.pipe()
        self._interrupted = False
        self._breakable = False

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return utc_now()

    def new_id(self) -> str:
        """Return 16 random hex digits."""
        return os.urandom(8).hex()

    def wait(self, duration: timedelta) -> None:
        """Let time pass; returns early after an interrupt."""
        select.select([self._wakes], [], [], max(0.0, duration.total_seconds()))

    def pause(self, duration: timedelta) -> None:
        """Let time pass, also after an interrupt: what is under way goes on."""
        time.sleep(duration.total_seconds())

    @property
    def interrupted(self) -> bool:
        """Whether a signal asked the run to stop."""
        return self._interrupted

    @contextmanager
    def listening(self, *, breakable: bool = False) -> Iterator[None]:
        """Treat signals as requests to stop while the block runs. Main thread only.

        A `breakable` block, which writes nothing, ends at a signal. SIGHUP stays ignored where it is, as
        under nohup.
        """
        ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        signals = (signal.SIGINT, signal.SIGTERM, *(() if ignored else (signal.SIGHUP,)))
        before = {each: signal.signal(each, self._on_signal) for each in signals}
        SystemClock.writing += not breakable
        self._breakable = breakable
        try:
            yield
        finally:
            SystemClock.writing -= not breakable
            for each, handler in before.items():
                signal.signal(each, handler)

    @contextmanager
    def breakable(self) -> Iterator[None]:
        """Let a signal end the block as KeyboardInterrupt: a question, or work that writes nothing."""
        before, self._breakable = self._breakable, True
        try:
            if self._interrupted:
                raise KeyboardInterrupt
            yield
        finally:
            self._breakable = before

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._interrupted:
            if number == signal.SIGHUP:
                return
            _tell((_SHOW_CURSOR if sys.stderr.isatty() else b"") + _SECOND)
            os._exit(INTERRUPTED)
        self._interrupted = True
        os.write(self._wake, b"!")
        if self._breakable:
            raise KeyboardInterrupt
        _tell(_FIRST)


def end_on_signals() -> None:
    """Let SIGTERM end this process as SIGINT does, and either of them within a second.

    A thread watches: the main one may be inside a call that no signal ends, or wait for others that are.
    While a run writes, its requests in flight are recorded first; only reads of its state are ended.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    numbers, number = os.pipe()
    os.set_blocking(number, False)
    signal.set_wakeup_fd(number, warn_on_full_buffer=False)
    # The thread itself takes no signals: `sigwait` of the sandbox is to get them.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    threading.Thread(target=_watch, args=(numbers,), daemon=True).start()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _watch(numbers: int) -> None:
    while os.read(numbers, 1)[0] not in (signal.SIGINT, signal.SIGTERM):
        continue
    time.sleep(_GRACE)
    git = sys.modules.get("campaignctl.backends.git.command")  # not loaded for a run without git
    if git is not None:
        git.end_children(reads_only=SystemClock.writing > 0)
    database = sys.modules.get("campaignctl.backends.postgres.connection")
    if database is not None:
        database.end_reads()
    if not SystemClock.writing:
        _tell(_ENDED)
        os._exit(INTERRUPTED)


def _tell(message: bytes) -> None:
    """Write without buffers: the handler may have interrupted a write to the same stream."""
    try:
        os.write(2, message)
    except OSError:
        return
