"""What runs keep for later runs, in the user's cache directory, each under a name.

It belongs to this version of the tool. What is missing or damaged is made again.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple, Self

#: A new name for each form of the entries or the table.
CACHE_FILE = "compiled-1.sqlite3"
#: The environment variable that may say `off`.
CACHE_VARIABLE = "CAMPAIGNCTL_CACHE"
OFF = "off"
#: Bytes. When a write finds more than this in the database, the entries that were not used for longest go.
LARGEST = 512 << 20
#: An entry is larger than its manifest and side files by little.
_LARGEST_ENTRY = 8 << 20
_BUSY = 2.0
"""Seconds to wait for another run."""

_PACKAGE = Path(__file__).resolve().parents[1]
_TABLE = "CREATE TABLE IF NOT EXISTS entry (key BLOB PRIMARY KEY, used INTEGER, digest BLOB, body BLOB)"
_BY_USE = "CREATE INDEX IF NOT EXISTS by_use ON entry (used)"
_FIND = "SELECT key, used < strftime('%s', 'now') - 86400, digest, body FROM entry WHERE key IN ({})"
_KEEP = "INSERT OR REPLACE INTO entry (used, key, digest, body) VALUES (strftime('%s', 'now'), ?, ?, ?)"
_USED = "UPDATE entry SET used = strftime('%s', 'now') WHERE key = ?"
_SIZES = (
    *(f"PRAGMA {name}" for name in ("page_count", "freelist_count", "page_size")),
    "SELECT count(*) FROM entry",
)
_OLDEST = "DELETE FROM entry WHERE key IN (SELECT key FROM entry ORDER BY used LIMIT ?)"


class Entry(NamedTuple):
    """What is kept under a key. `old`: it has not been used for a day."""

    key: bytes
    old: int = 0
    digest: bytes = b""
    body: bytes = b""

    @property
    def sound(self) -> bool:
        """Whether there is one, as it was written."""
        return bool(self.body) and _digest(self.key, self.body) == self.digest


NO_ENTRY = Entry(b"")


class Store:
    """The entries of one run; used as a context, at whose end all new ones are written.

    `environ` says where the user's caches are (XDG base directories), or that this run has none. A folder
    that others may write to, or inside of the checkout that has the project, is not used: what a pull request
    brings must not pass for what was compiled. Never raises.
    """

    def __init__(self, environ: Mapping[str, str], project: Path, largest: int = LARGEST) -> None:
        folder = _folder(environ)
        self._file = folder / CACHE_FILE if folder and _ours(folder, project) else None
        self._database = _connected(self._file) if self._file else None
        self._base = _fingerprint() if self._database else b""
        self._new: list[tuple[bytes, bytes, bytes]] = []
        self._used: list[tuple[bytes]] = []
        self._waiting = 0
        self._largest = largest
        self._damaged = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._database is None:
            return
        self._write()
        self._database.close()
        if self._damaged and self._file:
            _remove(self._file)

    def _found(self, keys: Sequence[bytes]) -> list[Entry]:
        found: dict[bytes, Entry] = {}
        if self._database is None:
            return [NO_ENTRY] * len(keys)
        with self._guarded():
            marks = ", ".join("?" * len(keys))
            found = {row[0]: Entry(*row) for row in self._database.execute(_FIND.format(marks), keys)}
        return [found.get(key) or Entry(key) for key in keys]

    @property
    def usable(self) -> bool:
        """Whether anything is found or kept."""
        return self._database is not None

    def recall(self, name: bytes) -> bytes | None:
        """What an earlier run of this version has kept under a name; None if nothing, or not as it was."""
        (entry,) = self._found([self._named(name)])
        if not entry.sound:
            return None
        self._use(entry)
        return entry.body

    def remember(self, name: bytes, body: bytes) -> None:
        """Keep something under a name, at the end of the run."""
        self._put(self._named(name), body)

    def _named(self, name: bytes) -> bytes:
        return hashlib.sha256(b"%b\1%b" % (self._base, name)).digest()

    def _use(self, entry: Entry) -> None:
        if entry.old:
            self._used.append((entry.key,))

    def _put(self, key: bytes, body: bytes) -> None:
        if self._database is not None and len(body) <= _LARGEST_ENTRY:
            self._new.append((key, _digest(key, body), body))
            self._waiting += len(body)
            if self._waiting > _LARGEST_ENTRY:
                self._write()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """What is done with the database may fail: another run is writing, or it is damaged and goes."""
        try:
            yield
        except sqlite3.OperationalError:
            pass
        except sqlite3.DatabaseError:
            self._damaged = True

    def _write(self) -> None:
        """Write what waits for it; what cannot be written now is not kept."""
        new, used, database = self._new, self._used, self._database
        self._new, self._used, self._waiting = [], [], 0
        if database is None or not (new or used):
            return
        with self._guarded():
            with database:
                database.executemany(_KEEP, new)
                database.executemany(_USED, used)
            pages, free, size, entries = (database.execute(one).fetchone()[0] for one in _SIZES)
            if (pages - free) * size > self._largest:
                with database:
                    database.execute(_OLDEST, (entries // 2,))


def _folder(environ: Mapping[str, str]) -> Path | None:
    if environ.get(CACHE_VARIABLE) == OFF:
        return None
    places = (Path(environ.get("XDG_CACHE_HOME", "")), Path(environ.get("HOME", ""), ".cache"))
    return next((place / "campaignctl" for place in places if place.is_absolute()), None)


def _digest(key: bytes, body: bytes) -> bytes:
    return hashlib.sha256(key + body).digest()


@cache
def _fingerprint() -> bytes:
    """What changes when the tool, or a library that it compiles with, does."""
    walk = os.walk(_PACKAGE)
    files = sorted(f"{folder}/{name}" for folder, _, names in walk for name in names if name.endswith(".py"))
    about = [sys.version]
    for path in (*files, *(entry for entry in sys.path if entry.endswith("site-packages"))):
        with suppress(OSError):
            found = os.stat(path)  # noqa: PTH116 - a Path for each takes longer than its stat
            about.append(f"{path} {found.st_size} {found.st_mtime_ns}")
    return hashlib.sha256("\n".join(about).encode("utf-8", "surrogateescape")).digest()


def _ours(folder: Path, project: Path) -> bool:
    """Whether a folder, made if there is none, is ours alone and not in the project's checkout."""
    real = project.resolve()
    checkouts = [place for place in (real, *real.parents) if os.path.lexists(place / ".git")]
    if folder.resolve().is_relative_to(checkouts[-1] if checkouts else real):
        return False
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not others


def _connected(file: Path) -> sqlite3.Connection | None:
    """The database; without its entries where it was damaged, None where it cannot be used."""
    for _ in range(2):
        database = None
        try:
            file.touch(mode=0o600)
            database = sqlite3.connect(file, timeout=_BUSY)
            # What is lost with the power is compiled again.
            database.execute("PRAGMA synchronous = OFF")
            database.execute("PRAGMA trusted_schema = OFF")
            with database:
                database.execute(_TABLE)
                database.execute(_BY_USE)
        except (OSError, sqlite3.Error) as wrong:
            if database:
                database.close()
            if isinstance(wrong, OSError | sqlite3.OperationalError):
                return None
            _remove(file)
        else:
            return database
    return None


def _remove(file: Path) -> None:
    with suppress(OSError):
        file.unlink(missing_ok=True)
