"""State and lock as files on this machine, for one or several processes of one host."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from campaignctl.backends import durable
from campaignctl.backends.at_rest import HALTS, IN_CLEAR, STATE, AtRest
from campaignctl.backends.durable import exposed, make_directory
from campaignctl.backends.localsession import LocalSession
from campaignctl.backends.lock_info import held
from campaignctl.backends.lockfile import HeldLock, LockFile
from campaignctl.backends.statefiles import StateFiles, followed
from campaignctl.errors import (
    Interrupted,
    LockError,
    LockHeld,
    StateDamaged,
    StateNotSaved,
)
from campaignctl.review.reports import Access, Keeping
from campaignctl.state.codec import decode, decode_halts, encode_halts, unreadable
from campaignctl.state.halts import Halts
from campaignctl.state.journal import Decode
from campaignctl.state.model import LockInfo, State

_POLL = timedelta(milliseconds=200)
_UNWRITABLE = "make the directory writable for this user, then run the command again"
_HANGS = "find the process that is suspended or waiting for the disk, and resume or end it"


class LocalBackend:
    """The state in a file, its lock, journal and backup next to it.

    A symbolic link at `path` is followed: the files lie next to its target, so that two names of
    one state share its lock; but never out of the folder `within`. Clock, ids, waiting and
    interruption come in as arguments; `wait` may return early once `interrupted` is true. `at_rest` says how
    files are stored.
    """

    def __init__(  # noqa: PLR0913, what one run is made of
        self,
        path: Path,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        wait: Callable[[timedelta], None],
        interrupted: Callable[[], bool],
        within: Path | None = None,
        decoded: Decode = decode,
        at_rest: AtRest = IN_CLEAR,
    ) -> None:
        self._path = path
        self._at_rest = at_rest
        self._decoded = decoded
        self._within = within
        self._now = now
        self._new_id = new_id
        self._wait = wait
        self._interrupted = interrupted

    @property
    def location(self) -> str:
        """The path as it was given."""
        return str(self._path)

    def read(self) -> State | None:
        """The state with its journal folded in; takes no lock and writes nothing.

        Raises:
            StateDamaged: it cannot be read.
            StateTooNew: a newer campaignctl wrote it.
            StateSealed: it is encrypted or in clear, and must not be; or there is no key.
        """
        self._at_rest.ready()
        return self._files().load(self._decoded).state

    def acquire(self, operation: str, timeout: timedelta) -> LocalSession:
        """Take the lock, waiting up to `timeout`; fold in the journal that a dead run left.

        Raises:
            LockHeld: it is still held.
            Interrupted: while waiting.
            StateNotSaved: the place cannot be written.
            StateSealed: the state cannot be opened, or must not be as it is.
        """
        self._at_rest.ready()
        files = self._files()
        try:
            make_directory(files.path.parent)
            held = self._taken(self._lock(files), operation, timeout)
        except TimeoutError as error:
            raise LockHeld(f"{files.path} is being written", detail=str(error), hint=_HANGS) from error
        except OSError as error:
            raise StateNotSaved(
                f"no state can be kept in {files.path}",
                detail=str(error),
                hint="its disk must be local and have room, and the directory writable for this user",
            ) from error
        return LocalSession(files, held)

    def holder(self) -> LockInfo | None:
        """The current holder of the lock, if any; a process that died holds nothing.

        Raises:
            LockError: the lock cannot be read.
        """
        files = self._files()
        try:
            return self._lock(files).holder()
        except OSError as error:
            raise _unusable(files, error) from error

    def keeping(self) -> Keeping:
        """What lies next to the state; changes nothing.

        Raises:
            LockError: the lock, or a file next to it, cannot be read.
        """
        files = self._files()
        try:
            lock, lives = self._lock(files).seen() or (None, None)
            backup = files.sibling("backup")
            return Keeping(
                left_journal=lives is not True and files.sibling("journal").exists(),
                backup=str(backup) if backup.exists() else None,
                exposed=tuple(str(path) for path in files.every() if exposed(path)),
                lock=lock,
                holder_lives=lives,
                access=_access(files.sibling("lock").parent),
            )
        except OSError as error:
            raise _unusable(files, error) from error

    def archives(self) -> Mapping[int, bytes]:
        """The documents of the archive, by year. Raises StateDamaged: one cannot be read."""
        return self._files().archives()

    def halts(self) -> Halts:
        """The stop mark.

        Raises:
            StateDamaged: it cannot be read. Something may be stopped then, and nothing may be sent.
            StateTooNew: a newer campaignctl wrote it.
        """
        return self._read_halts(self._files().sibling("halts"))

    def change_halts(self, change: Callable[[Halts], Halts]) -> Halts:
        """Apply `change` to the stop mark durably; it cannot change meanwhile.

        Raises:
            StateDamaged: the present one cannot be read.
            StateNotSaved: it could not be written; it is as it was.
            StateSealed: there is no key, or it would be in clear next to an encrypted state.
        """
        path = self._files().sibling("halts")
        try:
            durable.make_directory(path.parent)
            with durable.guarded(path.parent):
                halts = change(self._read_halts(path))
                self._check_form(path)
                durable.replace(path, self._at_rest.close(HALTS, encode_halts(halts).encode()))
        except OSError as error:
            raise StateNotSaved(
                f"{path} could not be written",
                detail=str(error),
                hint=_UNWRITABLE,
            ) from error
        return halts

    def unlock(self, lock_id: str) -> LockInfo:
        """Break the lock with exactly this id.

        Raises:
            LockError: there is none, or it has another id.
        """
        files = self._files()
        try:
            return self._lock(files).remove(lock_id)
        except OSError as error:
            raise _unusable(files, error) from error

    def _files(self) -> StateFiles:
        return StateFiles(followed(self._path, self._within), self._at_rest)

    def _check_form(self, path: Path) -> None:
        """Raise StateSealed where a new stop mark would be in clear and the state is encrypted."""
        if not self._at_rest.encrypts and not path.exists():
            with suppress(OSError, StateDamaged):
                state = self._files().path
                self._at_rest.open(STATE, durable.read_optional(state) or b"", str(state))

    def _read_halts(self, path: Path) -> Halts:
        try:
            stored = durable.read_optional(path)
        except OSError as error:
            raise StateDamaged(
                f"{path} cannot be read", detail=str(error), hint="make it readable for this user"
            ) from error
        if stored is None:
            return Halts()
        try:
            data = self._at_rest.open(HALTS, stored, str(path))
        except StateDamaged as error:
            raise unreadable(error) from error
        return decode_halts(data, where=str(path))

    def _lock(self, files: StateFiles) -> LockFile:
        return LockFile(files.sibling("lock"), self._now, self._new_id)

    def _taken(self, lock: LockFile, operation: str, timeout: timedelta) -> HeldLock:
        left = timeout
        while isinstance(taken := lock.take(operation), LockInfo):
            if self._interrupted():
                raise Interrupted("interrupted while waiting for the lock of the state")
            if left <= timedelta():
                raise held(taken)
            pause = min(_POLL, left)
            self._wait(pause)
            left -= pause
        return taken


def _access(folder: Path) -> Access | None:
    """Why no state can be written into a folder, which a write makes if need be; None if it can."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if os.access(there, os.W_OK | os.X_OK):
        return None
    found = f"no state can be written into {folder}"
    return Access(False, found, f"make {there} writable for this user", "file")


def _unusable(files: StateFiles, error: OSError) -> LockError:
    return LockError(f"the lock {files.sibling('lock')} cannot be used", detail=str(error))
