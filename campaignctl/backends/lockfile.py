"""The lock of a local state: a file that names its holder, under a lock that the kernel frees.

Two things make a holder: the file at the lock's path is the one it has open, and the kernel's lock on
that file is its own. A process that dies loses the second, so the next one on the same host may take
over; `remove` ends the first, so a process that still lives finds out at its next step.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from campaignctl.backends.durable import FILE_MODE, guarded, opened, sync, try_flock, write_all
from campaignctl.backends.lock_info import UNKNOWN, claim, is_here, lost, other_id, released
from campaignctl.errors import LockError
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
            raise released()
        try:
            intact = _same_file(self._path, self._descriptor) and _content(self._descriptor) == self.info
        except OSError as error:
            raise lost(f"the lock {self._path}", str(error), self.info) from error
        if not intact:
            raise lost(f"the lock {self._path}", "it was broken or taken over", self.info)

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


@dataclass(frozen=True, slots=True)
class LockFile:
    """The place of a lock. `now` and `new_id` stamp it. Raises OSError as the system gave it."""

    path: Path
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    def take(self, operation: str) -> HeldLock | LockInfo:
        """The lock, or its holder."""
        with guarded(self.path.parent):
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self.path, flags, FILE_MODE)
            try:
                before = _content(descriptor)
                if holder := _holder(descriptor, before):
                    os.close(descriptor)
                    return holder
                info = claim(operation, self.now, self.new_id)
                os.ftruncate(descriptor, 0)
                write_all(descriptor, encode_lock(info).encode())
                sync(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
        return HeldLock(self.path, descriptor, info, before)

    def holder(self) -> LockInfo | None:
        """The current holder of the lock; a dead process on this host holds nothing."""
        info, lives = self.seen() or (None, None)
        return None if lives is False else info

    def seen(self) -> tuple[LockInfo, bool | None] | None:
        """The lock and whether its holder lives; None for that where this host cannot tell."""
        try:
            with guarded(self.path.parent):
                descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
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
                with opened(self.path) as file:
                    info = decode_lock(file.read(_LONGEST)) or UNKNOWN
                if info.id != lock_id:
                    raise other_id(f"the lock {self.path}", info)
                self.path.unlink()
                return info
        except FileNotFoundError as error:
            raise LockError(f"there is no lock {self.path} to break") from error


def _holder(descriptor: int, info: LockInfo | None) -> LockInfo | None:
    """The holder of an open lock file; if None, the kernel's lock on it is ours now.

    A lock from another host counts as held, because its kernel is not ours to ask.
    """
    if not try_flock(descriptor):
        return info or UNKNOWN
    return info if info and not is_here(info) else None


def _content(descriptor: int) -> LockInfo | None:
    return decode_lock(os.pread(descriptor, _LONGEST, 0))


def _same_file(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(follow_symlinks=False), os.fstat(descriptor))
    except FileNotFoundError:
        return False
