"""A local state while we hold its lock: whole writes, steps, and what happens when a write fails."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from campaignctl.backends import durable
from campaignctl.backends.lockfile import HeldLock
from campaignctl.backends.session import LockedState
from campaignctl.backends.statefiles import StateFiles
from campaignctl.errors import StateError, StateSealed, StateTooNew
from campaignctl.state.codec import encode, encode_moved, fingerprint
from campaignctl.state.journal import entry_line, first_line
from campaignctl.state.model import FORMAT_VERSION, Entry, State

_REPLACED = "another state was put there while this run worked; it is left as it is"
_ROOM_HINT = "make room, or make the directory writable for this user, then run the command again"


class LocalSession(LockedState):
    """A session of `LocalBackend`."""

    def __init__(self, files: StateFiles, held: HeldLock) -> None:
        super().__init__(str(files.path), held.info, held.taken_over, files.at_rest)
        self._files = files
        self._held = held
        self._mutex = threading.Lock()
        self._document: tuple[State, str] | None = None
        self._journal = self._new_journal()
        self._released = False
        self._stamp = files.stamp()
        self._ours: tuple[str | None, ...] = ()
        try:
            self._open()
        except BaseException:
            self._close()
            raise

    @property
    def companions(self) -> int:
        """One: a step is durable in a moment."""
        return 1

    def check(self) -> None:
        """Raise `LockLost` unless the lock is still ours."""
        self._held.check()

    def write(self, state: State) -> None:
        """Replace the whole state durably, keep the previous one as backup, and start a new journal.

        Its format is the newest one from then on: a state on this machine is shared with no other version.

        Raises:
            LockLost: the lock is no longer ours; nothing was written.
            StateNotSaved: says where the state was saved instead.
        """
        with self._mutex:
            self._write(state)

    def convert(self, state: State) -> None:
        """As `write`, in the format of this state, newer or older."""
        with self._mutex:
            self._put(state)

    def archive(self, documents: Mapping[int, bytes]) -> None:
        """Put documents of the archive in place, by year; the state that names them is written later.

        Raises:
            LockLost: the lock is no longer ours; nothing was written.
            StateNotSaved: not all of them were written.
        """
        with self._mutex:
            try:
                with self._guarded():
                    self._files.put_archives(documents)
            except OSError as error:
                raise self._not_saved(f"the archive next to {self._location}", error, _ROOM_HINT) from error

    def rewrite(self) -> None:
        """Store every file as the project says now. Files that are so already are left as they are.

        Raises:
            LockLost: the lock is no longer ours; nothing was written.
            StateNotSaved: not all of them were written.
            StateDamaged: one cannot be opened.
        """
        with self._mutex:
            self._fold()
            try:
                with self._guarded():
                    self._files.rewrite()
            except OSError as error:
                raise self._not_saved(self._location, error, _ROOM_HINT) from error
            self._stamp = self._files.stamp()

    def retire(self, place: str) -> None:
        """Replace the state with a note that it is at `place` now; the backup keeps it.

        Raises:
            LockLost: the lock is no longer ours; nothing was written.
            StateNotSaved: the note was not written, or that is not known.
        """
        with self._mutex:
            state = self._existing("move")
            self._fold()
            try:
                with self._guarded():
                    self._files.replace(encode_moved(state, place).encode())
            except OSError as error:
                raise self._not_saved(self._location, error, _ROOM_HINT) from error
            self._journal.close()
            self._state, self._document = None, None

    def append(self, entry: Entry) -> None:
        """Add one step durably. Safe to call from several threads.

        A step that could not be saved is kept in memory for the whole write of `release`, and the
        session takes no further one into its journal.

        Raises:
            LockLost: the lock is no longer ours; nothing was written.
            StateNotSaved: the step is not durable; the action that it announces must not follow.
        """
        with self._mutex:
            state = self._existing("add a step to")
            if state.format_version < FORMAT_VERSION:
                self._write(state)
            if self._document is None:
                raise AssertionError("a step continues a document")
            line = entry_line(entry, self._journal.steps + 1)
            self._state = (self._state or state).after(entry)
            try:
                with self._guarded():
                    self._journal.add(first_line(*self._document), line)
            except OSError as error:
                self._journal.fail(error)
                raise self._not_saved(str(self._files.sibling("journal")), error, _ROOM_HINT) from error

    def release(self) -> None:
        """Fold the steps into the state and release the lock. Safe to call twice.

        Raises:
            LockLost: the lock was no longer ours; earlier steps are in the journal.
            StateNotSaved: says where the state was saved instead; the lock is free all the same.
        """
        with self._mutex:
            if self._released:
                return
            try:
                self._fold()
            finally:
                self._close()

    def _open(self) -> None:
        try:
            loaded = self._files.load()
        except (StateTooNew, StateSealed):
            raise  # not even `state push` replaces what a later version wrote, or another key opens
        except StateError as problem:
            self._problem = problem
            return
        self._state, self._ours = loaded.state, (loaded.base,)
        if loaded.state is None:
            return
        if loaded.steps:
            self._write(loaded.state)
            return
        if loaded.journal:
            try:
                with self._guarded():
                    self._files.end_journal()
            except OSError as error:
                raise self._not_saved(self._location, error, _ROOM_HINT) from error
        self._document = (loaded.state, loaded.base or "")

    def _write(self, state: State) -> None:
        self._put(replace(state, format_version=FORMAT_VERSION))

    def _put(self, state: State) -> None:
        data = encode(state).encode()
        try:
            with self._guarded():
                # A failure may come when the new one is in its place already.
                self._ours = (*self._ours[:1], fingerprint(data))
                self._files.replace(data, readable=self._problem is None)
        except OSError as error:
            self._journal.fail(error)
            first = "decide which state is right" if error.strerror == _REPLACED else "make room"
            raise self._not_saved(self._location, error, self._rescued(data, first)) from error
        self._journal.close()
        self._journal = self._new_journal()
        self._state, self._document, self._problem = state, (state, fingerprint(data)), None
        self._stamp, self._ours = self._files.stamp(), (fingerprint(data),)

    def _fold(self) -> None:
        self._held.check()
        written = self._document[0] if self._document else None
        if self._state is not None and self._state is not written:
            self._write(self._state)

    def _new_journal(self) -> _JournalFile:
        return _JournalFile(self._files.sibling("journal"), self._files.at_rest.lines())

    def _close(self) -> None:
        self._released = True
        self._journal.close()
        with suppress(OSError):  # our lock ends with its descriptor; the file alone locks nothing
            self._held.give_back()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """In here the lock is ours, cannot be broken, and the state in its place is the one we know."""
        with durable.guarded(self._files.path.parent):
            self._held.check()
            self._check_place()
            yield

    def _check_place(self) -> None:
        """Raise OSError if a program that takes no lock has replaced the state."""
        stamp = self._files.stamp()
        if stamp == self._stamp:
            return
        if self._files.present() not in self._ours:
            raise FileExistsError(errno.EEXIST, _REPLACED, self._location)
        self._stamp = stamp


class _JournalFile:
    """The journal while it is being written, one durable line at a time; it begins with its first step.

    `closed` makes what is stored of each line, in their order.

    Not thread-safe. After a failure it takes no more lines: the bytes after the last whole line are unknown,
    and another line would turn a torn end into damage.
    """

    def __init__(self, path: Path, closed: Callable[[bytes], bytes]) -> None:
        self._path = path
        self._closed = closed
        self._descriptor: int | None = None
        self._length = 0
        self._failure: OSError | None = None
        self.steps = 0

    def add(self, first_line: bytes, line: bytes) -> None:
        """Write one line durably, after `first_line` if it is the first.

        Raises OSError, also when the file is there already: those steps are not ours.
        """
        if self._failure is not None:
            raise self._failure
        try:
            first = b"" if self.steps else self._closed(first_line)
            self._write(first + self._closed(line))
        except OSError as error:
            self._failure = error
            self._cut_back()
            raise
        self.steps += 1

    def fail(self, error: OSError) -> None:
        """Take nothing more, because of `error`."""
        self._failure = error

    def close(self) -> None:
        """Close the file; it stays where it is."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, data: bytes) -> None:
        if self._descriptor is None:
            self._descriptor = durable.create(self._path, os.O_APPEND)
            durable.sync_directory(self._path.parent)
        durable.write_all(self._descriptor, data)
        durable.sync(self._descriptor)
        self._length += len(data)

    def _cut_back(self) -> None:
        if self._descriptor is not None:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._length)
                durable.sync(self._descriptor)
