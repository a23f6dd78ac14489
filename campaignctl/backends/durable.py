"""Files that survive a power cut: whole ones are replaced, never changed in place; all are for the owner.

Everything here raises OSError as the system gave it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

FILE_MODE = 0o600
_DIRECTORY_MODE = 0o700
_CHUNK = 1024 * 1024
_GUARD_PATIENCE = 10.0
_GUARD_POLL = 0.002


def make_directory(directory: Path) -> None:
    """Create a directory, and those above it, where missing; what is created is private to its owner."""
    missing = [place for place in (directory, *directory.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=_DIRECTORY_MODE, exist_ok=True)
        sync_directory(place.parent)


def create(path: Path, extra: int = 0) -> int:
    """A descriptor of a new file that is open for writing; `extra` are further flags of open(2)."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags | extra, FILE_MODE)


def replace(path: Path, data: bytes) -> None:
    """Give a file new content: at every moment its name leads to all of the old or all of the new.

    The temporary file has a fixed name, so that a crash leaves at most one; callers keep others out.
    """
    draft = path.with_name(path.name + ".tmp")
    try:
        draft.unlink(missing_ok=True)
        descriptor = create(draft)
        try:
            write_all(descriptor, data)
            sync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def keep(path: Path, name: Path) -> None:
    """Keep a file under another name too, as it will be replaced; copied where it cannot have two, as on a
    file system without links, or where it is a link itself or open to others."""
    draft = name.with_name(name.name + ".tmp")
    try:
        draft.unlink(missing_ok=True)
        with open(path, "rb", opener=lambda found, flags: os.open(found, flags | os.O_NOFOLLOW)) as file:
            if exposed(path):
                raise PermissionError(errno.EPERM, "It is open to others", str(path))
            sync(file.fileno())  # it may have been put there by hand
        os.link(path, draft)
        draft.replace(name)
        draft.unlink(missing_ok=True)  # it stays if both names led to this file before
    except OSError:
        replace(name, path.read_bytes())
    else:
        sync_directory(name.parent)


def exposed(path: Path) -> bool:
    """Whether users other than its owner may read or write a file."""
    return bool(path.stat().st_mode & 0o077)


def remove(path: Path) -> None:
    """Remove a file, or do nothing where there is none."""
    path.unlink(missing_ok=True)
    sync_directory(path.parent)


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything, in one call wherever the system takes it in one."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


LARGEST = 256 * 1024 * 1024
"""Bytes of a state, journal or plan. Hosts of git take less: GitHub 100 MiB."""


def read_whole(stream: BinaryIO) -> bytes:
    """The rest of a stream. Raises OSError if it is larger than any file of ours."""
    data, size = bytearray(), 0
    with suppress(OSError):  # a stream that is no file
        size = os.fstat(stream.fileno()).st_size
    while size <= LARGEST and (chunk := stream.read(_CHUNK)):
        data += chunk
        size = max(size, len(data))
    if size > LARGEST:
        raise OSError(errno.EFBIG, f"It is larger than {LARGEST // 1024 // 1024} MiB")
    return bytes(data)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file, open for reading. Raises OSError for a pipe: it has no end, and none is waited for."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        if stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "It is a pipe", str(path))
        yield file


def read_optional(path: Path) -> bytes | None:
    """The content of a file, or None where there is none."""
    try:
        with opened(path) as file:
            return read_whole(file)
    except FileNotFoundError:
        return None


def sync(descriptor: int) -> None:
    """Return when the file's content is on the medium, not merely in the drive's cache."""
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is None:
        os.fsync(descriptor)
    else:  # macOS, where fsync alone leaves the data in the drive
        fcntl.fcntl(descriptor, full)


def sync_directory(directory: Path) -> None:
    """Return when the names in a directory are on the medium."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def try_flock(descriptor: int) -> bool:
    """Take the exclusive lock of an open file; False if it is held.

    The kernel gives it back when the last process that has the file open this way is gone.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def guarded(directory: Path) -> Iterator[None]:
    """Keep every other process and thread out of the files of a directory, for the length of one step.

    Looking at the lock and then writing is two steps; a process that is stopped between them would
    write over its successor's state. In here the lock can be neither broken nor taken.

    Raises:
        TimeoutError: another process stays in such a step, which takes milliseconds unless it hangs.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        give_up = time.monotonic() + _GUARD_PATIENCE
        while not try_flock(descriptor):
            if time.monotonic() > give_up:
                raise TimeoutError("another process hangs in the middle of a write")
            time.sleep(_GUARD_POLL)
        yield
    finally:
        os.close(descriptor)
