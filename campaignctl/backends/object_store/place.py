"""A prefix of a bucket as a place: a head that is swapped on a condition, and objects written once."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from campaignctl.backends.cas.lease import LEASE
from campaignctl.backends.cas.place import LONGEST, Files, Home, Note, Place, PlaceError, Seen, Texts
from campaignctl.backends.durable import LARGEST
from campaignctl.backends.object_store.head import Head, Stored, following, left_over
from campaignctl.backends.object_store.store import Bucket, opened, trouble
from campaignctl.errors import Command, Sentence, StateError
from campaignctl.review.reports import Access
from campaignctl.state.model import LockInfo

if TYPE_CHECKING:
    from campaignctl.backends.object_store.store import Store

_T = TypeVar("_T")
_HEAD = "head"
_OBJECTS = "objects"
# No name of an environment has a point in it.
_STOP, _ARCHIVE = ".stop", ".archive"
_CLEANING = 5.0
_OVERTAKEN = 20
_AT_ONCE = 8
_REMEMBERED = 16


@dataclass(frozen=True, slots=True)
class _Known:
    """A version that we have seen or drafted; `revision` is what the store calls its head."""

    head: Head
    revision: Mapping[str, str] | None = None


@dataclass(slots=True)
class _Memory:
    """What this process knows of a place: stores by their patience, versions by name, and the objects of the
    `last` one that it saw, which never change."""

    stores: dict[float, Store] = field(default_factory=dict)
    versions: dict[str, _Known] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    last: _Known | None = None
    is_proven: bool = False


@dataclass(frozen=True, slots=True)
class ObjectPlace(Place):
    """A prefix of a bucket. Opened at its first use."""

    bucket: Bucket
    environ: Mapping[str, str] = field(repr=False)
    memory: _Memory = field(default_factory=_Memory, compare=False, repr=False)

    @property
    def texts(self) -> Texts:
        """How messages speak of it."""
        url = self.bucket.url
        return Texts(
            location=url,
            history=f"the objects `...-state.json` in {url}/{_OBJECTS}/",
            repair=Sentence(
                f"nothing was overwritten; earlier states are `...-state.json` in {url}/{_OBJECTS}/:"
                " download a good one, then ",
                Command("state", "push", "FILE"),
            ),
            apart="give each project a `state.url` of its own in campaignctl.yaml",
        )

    def tip(self) -> str | None:
        """The random name of the present version."""
        found = self._present(LONGEST)
        return found.head.version if found else None

    def look(self, seconds: float = LONGEST) -> Seen:
        """The files of the present version: those in its head, and those that are objects."""
        for _ in range(_OVERTAKEN):
            found = self._present(seconds)
            if found is None:
                return Seen(None, {})
            try:
                return Seen(found.head.version, self._files(found.head, seconds))
            except FileNotFoundError as error:  # it was replaced, and cleaned up
                if self._present(seconds) == found:
                    raise self._damaged(f"an object that it names is missing: {error}") from error
        raise PlaceError("away", f"{self.bucket.url} changes faster than it can be read", hint="try again")

    def draft(self, before: Seen, after: Files, note: Note) -> Seen:
        """A version that exists only here."""
        known = self._version(before.tip)
        by = f"{note.by.operation}: {note.subject}, by {note.by.holder} on {note.by.host}"
        head = following(known.head if known else None, before.files, after, by)
        self._remember(_Known(head))
        return Seen(head.version, dict(after))

    def put(self, before: Seen, draft: Seen, seconds: float = LONGEST) -> bool:
        """Write the new objects, then let the head name them if it is still that of `before`."""
        old, new = self._version(before.tip), self._version(draft.tip)
        if new is None:
            raise AssertionError("a put needs its draft")
        head = new.head
        if before.tip and (old is None or old.revision is None):
            return False  # seen by no look of this process
        if old is None and not self.memory.is_proven:
            self.prove(seconds)
        known = old.head.named() if old else frozenset()
        for path, stored in head.objects.items():
            if stored.name not in known and stored.name not in self.memory.objects:
                self._create(stored.name, draft.files[path], seconds)
        revision = self._swapped(head.encoded(), old.revision if old else None, seconds)
        if revision is None:
            return False
        self._remember(_Known(head, revision), last=True)
        self.memory.objects = {
            name: self.memory.objects[name] for name in head.named() & self.memory.objects.keys()
        }
        if known - head.named():
            self._clean_up(head)
        return True

    def holds(self, found: Seen, draft: Seen) -> bool:
        """Whether a version is the present one, or among the last."""
        known = self._version(found.tip)
        return known is not None and draft.tip in (known.head.version, *known.head.recent)

    def access(self, by: LockInfo) -> Access:  # noqa: ARG002 - a store is asked with our credentials
        """Whether it accepts writes on conditions, tried on an object of its own that is deleted again."""
        try:
            self.prove(LONGEST)
        except PlaceError as error:
            return Access(False, f"{self.bucket.url} cannot be written: {error}", error.hint, _WAY)
        where = self.bucket.endpoint(self.environ)
        return Access(True, f"{where} writes to {self.bucket.url} on conditions (tried)", way=_WAY)

    def prove(self, seconds: float) -> None:
        """Try on an object of its own whether the store keeps conditions.

        Raises PlaceError: it ignores or refuses them, so that two runs could write over each other.
        """
        name = f"probe-{secrets.token_hex(6)}"
        try:
            first = self._put(name, b"1", "create", seconds)
            if first and self._put(name, b"2", "create", seconds):
                raise self._unfit("If-None-Match")
            second = first and self._put(name, b"3", first, seconds)
            if first and second and self._put(name, b"4", first, seconds):
                raise self._unfit("If-Match")
            if not second:  # an answer was lost, and the library asked again
                raise PlaceError(
                    "away", f"{self.bucket.url} could not be tried", hint="run the command again"
                )
        finally:
            with suppress(PlaceError, FileNotFoundError):
                self._ask(lambda store, obstore: obstore.delete(store, [self._path(name)]), _CLEANING)
        self.memory.is_proven = True

    def states(self) -> tuple[str, ...]:
        """The addresses of the states in this prefix and directly below it. Raises PlaceError."""
        below = self._ask(
            lambda store, obstore: obstore.list_with_delimiter(store, self.bucket.prefix or None), LONGEST
        )
        found = (prefix.strip("/") for prefix in below["common_prefixes"])
        beside = (_STOP, _ARCHIVE)
        prefixes = [self.bucket.prefix, *(each for each in found if each.rpartition("/")[2] not in beside)]
        places = [
            replace(self, bucket=replace(self.bucket, prefix=each), memory=_Memory()) for each in prefixes
        ]
        return tuple(place.bucket.url for place in places if place.tip() is not None)

    # ------------------------------------------------------------------------------------ versions

    def _present(self, seconds: float) -> _Known | None:
        """The version that the head holds; one that we know is not sent again."""
        last = self.memory.last
        options = {"if_none_match": last.revision["e_tag"]} if last and last.revision else None
        try:
            data, meta = self._get(_HEAD, seconds, options)
        except FileNotFoundError:
            return None
        if data is None and last:
            self._remember(last)
            return last
        try:
            head = Head.decoded(data or b"")
        except ValueError as error:
            raise self._damaged(f"{_HEAD}: {error}") from error
        known = _Known(head, _revision(meta))
        self._remember(known, last=True)
        return known

    def _remember(self, known: _Known, *, last: bool = False) -> None:
        memory = self.memory
        memory.versions[known.head.version] = known
        while len(memory.versions) > _REMEMBERED:
            memory.versions.pop(next(iter(memory.versions)), None)
        if last:
            memory.last = known

    def _version(self, tip: str | None) -> _Known | None:
        last = self.memory.last
        if last and last.head.version == tip:
            return last  # however many drafts came after it
        return self.memory.versions.get(tip) if tip else None

    def _files(self, head: Head, seconds: float) -> Files:
        """The files of a version. Raises PlaceError; FileNotFoundError if an object of it is gone."""
        if sum(each.size for each in head.objects.values()) > LARGEST:
            raise self._damaged(f"its files are larger than {LARGEST // 1024 // 1024} MiB")
        known = self.memory.objects
        there = {name: known[name] for name in head.named() if name in known}
        missing = [each for each in head.objects.values() if each.name not in there]
        if len(missing) > 1:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                found = list(pool.map(lambda each: self._fetch(each, seconds), missing))
        else:
            found = [self._fetch(each, seconds) for each in missing]
        there |= {each.name: data for each, data in zip(missing, found, strict=True)}
        self.memory.objects = there
        return {**head.inline, **{path: there[each.name] for path, each in head.objects.items()}}

    def _fetch(self, stored: Stored, seconds: float) -> bytes:
        data, _ = self._get(f"{_OBJECTS}/{stored.name}", seconds)
        if data is None or not stored.holds(data):
            raise self._damaged(f"{_OBJECTS}/{stored.name} does not have the digest that the head names")
        return data

    def _damaged(self, what: str) -> PlaceError:
        return PlaceError(
            "refused",
            f"the state in {self.bucket.url} is damaged",
            detail=what,
            hint="restore the object from a version of the bucket, or from a backup",
        )

    def _unfit(self, condition: str) -> PlaceError:
        """The error for a store on which two writers can each believe that they came first."""
        return PlaceError(
            "refused",
            f"{self.bucket.endpoint(self.environ)} ignores {condition} for {self.bucket.url}: two runs could"
            " write over each other",
            hint="use a store that writes on conditions, as S3, Google Cloud Storage and Azure Blob do, or"
            " another `state.backend`",
        )

    # ------------------------------------------------------------------------------------ requests

    def _create(self, name: str, data: bytes, seconds: float) -> None:
        """Write an object that no other version writes; it may be there from an attempt before."""
        self._put(f"{_OBJECTS}/{name}", data, "create", seconds)
        self.memory.objects[name] = data

    def _swapped(
        self, data: bytes, before: Mapping[str, str] | None, seconds: float
    ) -> Mapping[str, str] | None:
        """The revision of the new head, or None if the present one is not `before`."""
        try:
            return self._put(_HEAD, data, before or "create", seconds)
        except FileNotFoundError:  # there is none any more; a look says more
            return None

    def _put(self, name: str, data: bytes, mode: Any, seconds: float) -> Mapping[str, str] | None:
        """The revision of an object that was written, or None if the condition did not hold.

        Raises FileNotFoundError, PlaceError.
        """

        def write(store: Store, obstore: Any) -> Mapping[str, str] | None:
            try:
                done = obstore.put(store, self._path(name), data, mode=mode, use_multipart=False)
            except (obstore.exceptions.AlreadyExistsError, obstore.exceptions.PreconditionError):
                return None
            return _revision(done)

        return self._ask(write, seconds)

    def _get(self, name: str, seconds: float, options: Any = None) -> tuple[bytes | None, Mapping[str, Any]]:
        """An object and its metadata; None if the options name it. Raises FileNotFoundError, PlaceError."""

        def fetch(store: Store, obstore: Any) -> tuple[bytes | None, Mapping[str, Any]]:
            try:
                found = obstore.get(store, self._path(name), options=options)
                if found.meta["size"] > LARGEST:
                    raise self._damaged(f"{name} is larger than {LARGEST // 1024 // 1024} MiB")
                return bytes(found.bytes()), found.meta
            except obstore.exceptions.NotModifiedError:
                return None, {}

        return self._ask(fetch, seconds)

    def _clean_up(self, head: Head) -> None:
        """Delete what no version needs any more; what is not deleted now is deleted the next time."""

        def delete(store: Store, obstore: Any) -> None:
            found = obstore.list(store, self._path(_OBJECTS), chunk_size=1000)
            names = [each["path"].rpartition("/")[2] for chunk in found for each in chunk]
            if left := left_over(names, head):
                obstore.delete(store, [self._path(f"{_OBJECTS}/{name}") for name in left])

        with suppress(PlaceError, FileNotFoundError):
            self._ask(delete, _CLEANING)

    def _ask(self, ask: Callable[[Store, Any], _T], seconds: float) -> _T:
        """What the library answers. Raises PlaceError, FileNotFoundError."""
        store = self._store(seconds)
        import obstore

        try:
            return ask(store, obstore)
        except PlaceError:
            raise
        except FileNotFoundError as error:
            known = trouble(self.bucket, error, self.environ)
            raise error if known.kind == "away" else known from error
        except Exception as error:
            raise trouble(self.bucket, error, self.environ) from error

    def _store(self, seconds: float) -> Store:
        if seconds not in self.memory.stores:
            self.memory.stores[seconds] = opened(self.bucket, self.environ, seconds)
        return self.memory.stores[seconds]

    def _path(self, name: str) -> str:
        return "/".join(filter(None, (self.bucket.prefix, name)))


_WAY = "store"


def _revision(meta: Mapping[str, Any]) -> Mapping[str, str]:
    return {name: meta[name] for name in ("e_tag", "version") if meta.get(name) is not None}


def object_home(directory: Path, project: str, url: str, environ: Mapping[str, str] = os.environ) -> Home:
    """The home of a state at an address. Opens nothing."""
    bucket = Bucket.at(url)
    place, stop, archive = (
        ObjectPlace(replace(bucket, prefix="/".join(filter(None, (bucket.prefix, end)))), environ)
        for end in ("", _STOP, _ARCHIVE)
    )
    return Home(project, place, stop, archive, mirror_path(directory, bucket), lease=LEASE)


def mirror_path(directory: Path, bucket: Bucket) -> Path:
    """Where a state is mirrored to, below the directory of the project."""
    # A character that no address has.
    name = "+".join(filter(None, (bucket.name, *bucket.prefix.split("/"))))
    return directory / ".campaignctl" / "object_store" / f"{name}.json"


def states_at(url: str, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The addresses of all states at an address and directly below it. Raises StateError."""
    try:
        return ObjectPlace(Bucket.at(url), environ).states()
    except PlaceError as error:
        raise StateError(
            f"the states at {url} cannot be listed", detail=str(error), hint=error.hint
        ) from error
