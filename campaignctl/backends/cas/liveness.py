"""How the next process on this machine finds out that the holder of a lock is dead.

A lock that is kept elsewhere does not say whether its holder is alive, and its process number may have been
reused, or belong to another container. So a holder keeps a file with the id of its lock open, under the
kernel's lock: a process that can lock that file knows that the holder is dead. Without the file, it is not
known. A place that notices itself when a holder dies has signs of its own.
"""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from campaignctl.backends import durable
from campaignctl.backends.lock_info import is_here
from campaignctl.state.model import LockInfo

ELSEWHERE = "an unknown host"
"""The host of a lock whose place does not tell it: then the file says on which it was taken."""

_LONGEST = 300
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class Sign(Protocol):
    """The sign of one holder's life, from before its lock is taken until after it is released."""

    def stands(self) -> bool:
        """Whether others still see it, as far as is known without asking anybody."""
        ...

    def end(self, *, given_back: bool) -> None:
        """End the sign. Safe to call twice; `given_back`: its lock is certainly no longer in its place."""
        ...


class Signs(Protocol):
    """How the holders of locks of one place show that they are alive. Nothing here raises."""

    def begin(self, lock_id: str) -> Sign:
        """The sign of a holder that is about to take a lock with this id."""
        ...

    def lives(self, info: LockInfo) -> bool | None:
        """Whether the holder of a lock is alive; None if that cannot be told from here."""
        ...

    def clean_up(self, info: LockInfo) -> None:
        """Remove what a dead holder left."""
        ...


@dataclass(frozen=True, slots=True)
class FileSigns(Signs):
    """Signs in a directory of this machine, which say nothing about holders on another one."""

    directory: Path

    def begin(self, lock_id: str) -> SignOfLife:
        """The sign of a holder that is about to take a lock with this id."""
        return SignOfLife(self.directory, lock_id)

    def lives(self, info: LockInfo) -> bool | None:
        """Whether the holder of a lock is alive; None where this host cannot tell."""
        return lives(self.directory, info)

    def clean_up(self, info: LockInfo) -> None:
        """Remove the file that a dead holder left."""
        clean_up(self.directory, info)


class SignOfLife(Sign):
    """The file of one lock, from before it is taken until after it is released."""

    def __init__(self, directory: Path, lock_id: str) -> None:
        self._path = _path(directory, lock_id)
        self._descriptor: int | None = None
        if self._path is None:
            return
        with suppress(OSError):  # without it a lock outlives us, and a person breaks it
            durable.make_directory(directory)
            self._descriptor = durable.create(self._path)
            durable.try_flock(self._descriptor)
            os.write(self._descriptor, socket.gethostname().encode())

    def stands(self) -> bool:
        """Always: the kernel keeps it as long as this process."""
        return True

    def end(self, *, given_back: bool) -> None:
        """End the sign. Safe to call twice.

        The file stays if the lock may still be in its place: it lets the next process take the lock over.
        """
        if self._descriptor is None or self._path is None:
            return
        if given_back:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = None


def lives(directory: Path, info: LockInfo) -> bool | None:
    """Whether the holder of a lock is alive; None where this host cannot tell."""
    path = _path(directory, info.id)
    if path is None or not (is_here(info) or info.host == ELSEWHERE):
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if info.host == ELSEWHERE and os.read(descriptor, _LONGEST) != socket.gethostname().encode():
            return None
        return not durable.try_flock(descriptor)
    finally:
        os.close(descriptor)


def clean_up(directory: Path, info: LockInfo) -> None:
    """Remove the file that a dead holder left."""
    if (path := _path(directory, info.id)) is not None:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _path(directory: Path, lock_id: str) -> Path | None:
    """The file of a lock. An id from elsewhere may be any text, and must not lead to another directory."""
    return directory / f"lock-{lock_id}" if _ID.fullmatch(lock_id) else None
