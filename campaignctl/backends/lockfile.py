"""The lock of a local state: a file that says who holds it, held so that the kernel frees it.

Two things make a holder: the file at the lock's path is the one it has open, and the kernel's lock on
that file is its own. A process that dies loses the second, so the next one on the same host may take
over; `remove` takes away the first, so a process that still lives finds out at its next step.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from campaignctl.backends.durable import FILE_MODE, guarded, sync, try_flock, write_all
from campaignctl.backends.lock_info import UNKNOWN, claim, describe, is_here
from campaignctl.errors import Command, LockError, LockLost, Sentence
from campaignctl.state.codec import decode_lock, encode_lock
from campaignctl.state.model import LockInfo

_LONGEST = 1 << 16


class HeldLock:
    """The lock while we hold it.

    `taken_over` is the dead process that held it before, if one did.
    """

    def __init__(self, path: Path, descriptor: int, info: LockInfo, taken_over: LockInfo | None) -> None:
        self.info = info
        self.taken_over = taken_over
        self._path = path
        self._descriptor: int | None = descriptor

    def check(self) -> None:
        """Raise `LockLost` unless the lock is still ours."""
        if self._descriptor is None:
            raise LockLost("the lock was given back", hint="start the command again")
        try:
            intact = _same_file(self._path, self._descriptor) and _content(self._descriptor) == self.info
        except OSError as error:
            raise self._lost(str(error)) from error
        if not intact:
            raise self._lost("somebody broke it, or took it over")

    def give_back(self) -> None:
        """Free the lock; does nothing when it is free, or no longer ours."""
        if self._descriptor is None:
            return
        try:
            with guarded(self._path.parent):
                if _same_file(self._path, self._descriptor):
                    self._path.unlink()
        finally:
            os.close(self._descriptor)
            self._descriptor = None

    def _lost(self, why: str) -> LockLost:
        return LockLost(
            f"the lock {self._path} is no longer ours",
            detail=f"{why}; lock {self.info.id}, held since {self.info.since}",
            hint="nothing more is sent or saved by this run; the next apply settles what was under way",
        )


@dataclass(frozen=True, slots=True)
class LockFile:
    """The place of a lock. `now` and `new_id` stamp it. Raises OSError as the system gave it."""

    path: Path
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    def take(self, operation: str) -> HeldLock | LockInfo:
        """The lock, or who holds it."""
        with guarded(self.path.parent):
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self.path, flags, FILE_MODE)
            try:
                before = _content(descriptor)
                if holder := _holder(descriptor, before):
                    os.close(descriptor)
                    return holder
                info = claim(operation, self.now, self.new_id)
                _overwrite(descriptor, encode_lock(info).encode())
            except BaseException:
                os.close(descriptor)
                raise
        return HeldLock(self.path, descriptor, info, before)

    def holder(self) -> LockInfo | None:
        """Who holds the lock at the moment; a dead process on this host holds nothing."""
        info, lives = self.seen() or (None, None)
        return None if lives is False else info

    def seen(self) -> tuple[LockInfo, bool | None] | None:
        """The lock and whether its holder lives; None for that where only another host can tell."""
        try:
            with guarded(self.path.parent):
                descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
                try:
                    info = _content(descriptor)
                    if not try_flock(descriptor):
                        return info or UNKNOWN, True
                finally:
                    os.close(descriptor)
        except FileNotFoundError:
            return None
        return (info, False if is_here(info) else None) if info else None

    def remove(self, lock_id: str) -> LockInfo:
        """Break the lock of this id, whether its holder lives or not.

        Raises:
            LockError: there is no lock, or it has another id.
        """
        try:
            with guarded(self.path.parent):
                info = decode_lock(self.path.read_bytes()) or UNKNOWN
                if info.id != lock_id:
                    raise LockError(
                        f"the lock {self.path} has another id: {info.id}",
                        detail=describe(info),
                        hint=Sentence("if that one is to be broken: ", Command("state", "unlock", info.id)),
                    )
                self.path.unlink()
                return info
        except FileNotFoundError as error:
            raise LockError(f"there is no lock {self.path} to break") from error


def _holder(descriptor: int, info: LockInfo | None) -> LockInfo | None:
    """Who holds the lock in an open lock file, or None, and then the kernel's lock on it is ours.

    A lock from another host counts as held, because its kernel is not ours to ask.
    """
    if not try_flock(descriptor):
        return info or UNKNOWN
    return info if info and not is_here(info) else None


def _content(descriptor: int) -> LockInfo | None:
    return decode_lock(os.pread(descriptor, _LONGEST, 0))


def _overwrite(descriptor: int, data: bytes) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    write_all(descriptor, data)
    sync(descriptor)


def _same_file(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(follow_symlinks=False), os.fstat(descriptor))
    except FileNotFoundError:
        return False
