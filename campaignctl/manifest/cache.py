"""Results of compilation, kept from run to run in the user's cache directory.

An entry belongs to the bytes of a file, of the defaults and side files that it uses, the variables that it
names, the environment of the run, and this version of the tool: whatever is missing, damaged or about
something else is compiled. Entries are JSON with a digest, never code.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, NamedTuple, Self, get_args, get_origin, get_type_hints

from campaignctl.errors import Finding
from campaignctl.manifest.compile import CompileInputs
from campaignctl.manifest.model import DesiredCampaign, FileResult, Later
from campaignctl.yamlio.interpolate import Values
from campaignctl.yamlio.substitution import FileText, LanguageTexts

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


#: Makes a campaign once more whose body cannot be decoded.
Again = Callable[[DesiredCampaign], DesiredCampaign]
#: The name of a file in findings, its path in the project, its bytes, and the inputs of its compilation.
Asked = tuple[str, str, bytes, CompileInputs]


class Entry(NamedTuple):
    """What is kept under a key. `old`: it has not been used for a day."""

    key: bytes
    old: int = 0
    digest: bytes = b""
    body: bytes = b""


_NO_ENTRY = Entry(b"")


class Cache:
    """The entries of one run; used as a context, at whose end new ones are written.

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
        self._largest = largest
        self._damaged = False
        self._digests: dict[int, tuple[object, str]] = {}
        self._bases: dict[int, tuple[CompileInputs, Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._database is None:
            return
        with self._guarded():
            if self._new or self._used:
                self._write(self._database)
        self._database.close()
        if self._damaged and self._file:
            _remove(self._file)

    def entries(self, asked: Sequence[Asked]) -> list[Entry]:
        """The entry of each file, which may be empty."""
        if self._database is None:
            return [_NO_ENTRY] * len(asked)  # its key would cost a digest for each file
        return self._found([self._key(*one) for one in asked])

    def _found(self, keys: Sequence[bytes]) -> list[Entry]:
        found: dict[bytes, Entry] = {}
        if self._database is None:
            return [_NO_ENTRY] * len(keys)
        with self._guarded():
            marks = ", ".join("?" * len(keys))
            found = {row[0]: Entry(*row) for row in self._database.execute(_FIND.format(marks), keys)}
        return [found.get(key) or Entry(key) for key in keys]

    def find(self, entry: Entry, inputs: CompileInputs, again: Again) -> FileResult | None:
        """The result in an entry, if the texts and values that it depends on are the same."""
        if not entry.body or _digest(entry.key, entry.body) != entry.digest:
            return None
        try:
            head, _, specs = entry.body.partition(b"\n")
            variables, files, result = json.loads(head.decode())
            made: FileResult = _reader(FileResult)(result)
            _Bodies(made, specs, again)
        except (ValueError, TypeError, RecursionError):
            return None
        if any(_value(inputs.values, *name) != value for *name, value in variables):
            return None
        texts = inputs.read_texts([(folder, path) for folder, path, _ in files]) if files else {}
        if any(self._text_digest(texts[folder, path]) != digest for folder, path, digest in files):
            return None
        if entry.old:
            self._used.append((entry.key,))
        return made

    def keep(self, entry: Entry, result: FileResult, inputs: CompileInputs) -> None:
        """Write a result at the end of the run; not one with errors, which is compiled until it has none."""
        if self._database is None or not all(map(_plain, result.findings)):
            return
        texts = inputs.read_texts(result.references)
        files = [(*one, self._text_digest(texts[one])) for one in sorted(result.references)]
        variables = [(*name, _value(inputs.values, *name)) for name in sorted(result.variables)]
        with suppress(ValueError, TypeError):  # what JSON cannot hold is compiled each time
            head = json.dumps((variables, files, result), default=_encoded, allow_nan=False)
            specs = [one.campaign.spec for one in result.campaigns if one.campaign]
            body = f"{head}\n{json.dumps(specs, allow_nan=False)}".encode()
            if len(body) <= _LARGEST_ENTRY:
                self._new.append((entry.key, _digest(entry.key, body), body))

    @property
    def usable(self) -> bool:
        """Whether anything is found or kept."""
        return self._database is not None

    def recall(self, name: bytes) -> bytes | None:
        """What an earlier run of this version has kept under a name; None if nothing, or not as it was."""
        (entry,) = self._found([hashlib.sha256(b"%b\1%b" % (self._base, name)).digest()])
        if not entry.body or _digest(entry.key, entry.body) != entry.digest:
            return None
        if entry.old:
            self._used.append((entry.key,))
        return entry.body

    def remember(self, name: bytes, body: bytes) -> None:
        """Keep something under a name, at the end of the run."""
        if self._database is not None and len(body) <= _LARGEST_ENTRY:
            key = hashlib.sha256(b"%b\1%b" % (self._base, name)).digest()
            self._new.append((key, _digest(key, body), body))

    def _key(self, name: str, path: str, data: bytes, inputs: CompileInputs) -> bytes:
        known = self._bases.get(id(inputs))
        if known is None:
            known = self._bases[id(inputs)] = inputs, self._made_with(inputs)
        made = known[1].copy()
        about = f"{name}\0{path}".encode("utf-8", "surrogatepass")
        made.update(b"%d\0%b%b" % (len(about), about, data))
        key: bytes = made.digest()
        return key

    def _made_with(self, inputs: CompileInputs) -> Any:
        """A digest, to be continued, of what all files share that are compiled with these inputs."""
        parts = [inputs.environment, *inputs.environments, inputs.defaults.complete]
        # No text may contain it, which is checked where a file is compiled.
        parts.append(hashlib.sha256(inputs.values.token.encode("utf-8", "surrogateescape")).hexdigest())
        parts += [part for file in inputs.defaults.files for part in (file.name, file.text)]
        about = json.dumps(parts).encode()
        return hashlib.sha256(b"%b\0%d\0%b" % (self._base, len(about), about))

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """What is done with the database may fail: another run is writing, or it is damaged and goes."""
        try:
            yield
        except sqlite3.OperationalError:
            pass
        except sqlite3.DatabaseError:
            self._damaged = True

    def _write(self, database: sqlite3.Connection) -> None:
        with database:
            database.executemany(_KEEP, self._new)
            database.executemany(_USED, self._used)
        pages, free, size, entries = (database.execute(one).fetchone()[0] for one in _SIZES)
        if (pages - free) * size > self._largest:
            with database:
                database.execute(_OLDEST, (entries // 2,))

    def _text_digest(self, found: FileText | LanguageTexts) -> str:
        """The digest of a side file: computed once, however many manifests name it."""
        if id(found) not in self._digests:
            made = hashlib.sha256()
            texts = found.texts if isinstance(found, LanguageTexts) else {"": found}
            for part in (repr(getattr(found, "strays", ())), repr(getattr(found, "hint", ""))):
                made.update(part.encode("utf-8", "surrogatepass"))
            for lang, text in texts.items():
                for part in (lang, text.name, text.text, text.error):
                    made.update(b"%d\0" % len(part) + part.encode("utf-8", "surrogatepass"))
            self._digests[id(found)] = (found, made.hexdigest())
        return self._digests[id(found)][1]


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
    files = sorted(_PACKAGE.rglob("*.py"))
    libraries = (Path(entry) for entry in sys.path if entry.endswith("site-packages"))
    about = [sys.version]
    for path in (*files, *libraries):
        with suppress(OSError):
            found = path.stat()
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


def _value(values: Values, space: str, name: str) -> list[str | None]:
    """What a text gets for `${SPACE.NAME}`, and all that a finding about it may say."""
    if space == "var":
        return [values.variables.get(name), repr(values.sources.get(name))]
    allowed = str(name in values.allowed)
    return [values.environ.get(name), allowed, repr(values.withheld.get(name))]


def _plain(found: Finding) -> bool:
    return found.severity != "error" and type(found.hint) is str and type(found.message) is str


# ------------------------------------------------------------------------------ entries


def _encoded(value: Any) -> Any:
    """What JSON has no form for: a value of ours as the list of its fields, a set as a list."""
    if isinstance(value, frozenset):
        return sorted(value)
    return [getattr(value, name) for name in _kept(value.__class__)]


@cache
def _kept(kind: Any) -> tuple[str, ...]:
    """The fields that are kept in the first part of an entry: without the bodies of campaigns, which follow.
    Where the parts of a campaign are written is found again when it is asked."""
    apart = "spec" if kind is DesiredCampaign else ""
    return tuple(one.name for one in fields(kind) if one.compare and one.name != apart)


class _Bodies:
    """The bodies of the campaigns of a file, which are decoded when the first of them is asked for."""

    __slots__ = ("_again", "_campaigns", "_found", "_specs")

    def __init__(self, made: FileResult, specs: bytes, again: Again) -> None:
        self._specs, self._again = specs, again
        self._found: list[Any] | None = None
        self._campaigns = [one.campaign for one in made.campaigns if one.campaign]
        for index, each in enumerate(self._campaigns):
            object.__setattr__(each, "spec", Later(partial(self._of, index)))

    def _of(self, index: int) -> Mapping[str, Any]:
        if self._found is None:
            try:
                self._found = list(json.loads(self._specs))
            except (ValueError, TypeError, RecursionError):
                self._found = []
        found = self._found[index] if len(self._found) == len(self._campaigns) else None
        return found if isinstance(found, dict) else self._again(self._campaigns[index]).spec


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """What makes a value of a type from JSON that `_encoded` has made."""
    inner = get_args(kind)
    if isinstance(kind, UnionType):
        (some,) = (_reader(one) for one in inner if one is not NoneType)
        return some if some is _same else lambda value: None if value is None else some(value)
    if get_origin(kind) in {tuple, frozenset}:
        make, item = get_origin(kind), _reader(inner[0])
        return make if item is _same else lambda value: make(map(item, value))
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        readers = [(at, _reader(hints[name])) for at, name in enumerate(_kept(kind))]
        inward = [(at, reader) for at, reader in readers if reader is not _same]

        names = _kept(kind) if kind is DesiredCampaign else ()

        def made(values: list[Any]) -> Any:
            for at, reader in inward:
                values[at] = reader(values[at])
            if not names:
                return kind(*values)
            # As its __init__ would do, in a third of the time.
            one = object.__new__(DesiredCampaign)
            one.__dict__.update(zip(names, values, strict=True))
            return one

        return made
    return _same


def _same(value: Any) -> Any:
    return value
