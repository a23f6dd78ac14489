"""The one object that is replaced: which version of a place is there, and what it consists of.

    <prefix>/head                            this: an index in JSON, one line; then the small files, one
                                             after the other
    <prefix>/objects/00000012-<version>-...  a document, or a full piece of a journal; written once

A step changes small files only, so that it costs one request and a few kilobytes however large the state is.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from campaignctl.backends.cas.place import Files

#: How many versions a head names that came before it, so that one whose answer was lost is found again.
_RECENT = 50
#: How many objects of a document are kept after they were replaced: the history.
KEPT = 100
# A file that is no document may grow in the head up to this; then it is an object.
_LARGEST_INLINE = (1 << 15) - 1
_SMALL_DOCUMENTS = frozenset({"lock.json", "about.json"})
_NAME = re.compile(r"(\d{8,})-([0-9a-f]{12})-(.+)")
_DOCUMENT, _JOURNAL = ".json", "journal/"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is an object: its name below `objects/`, its size in bytes and its digest."""

    name: str
    size: int
    sha256: str

    @classmethod
    def of(cls, name: str, data: bytes) -> Stored:
        """The file with this content, under this name."""
        return cls(name, len(data), hashlib.sha256(data).hexdigest())

    def holds(self, data: bytes) -> bool:
        """Whether this is its content."""
        return Stored.of(self.name, data) == self


@dataclass(frozen=True, slots=True)
class Head:
    """A version: its number, which only grows, and its random name; its files by path, as bytes or objects.

    `recent` are the versions before it, the last one first. `note` says in words what was done, and by whom.
    """

    number: int
    version: str
    inline: Files
    objects: Mapping[str, Stored]
    recent: tuple[str, ...]
    note: str

    def encoded(self) -> bytes:
        """Its content as an object."""
        files: dict[str, Any] = {path: len(data) for path, data in self.inline.items()}
        files |= {path: [each.name, each.size, each.sha256] for path, each in self.objects.items()}
        body = b"".join(self.inline.values())
        index = {
            "format": 1,
            "number": self.number,
            "version": self.version,
            "note": self.note,
            "files": files,
            "recent": self.recent,
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        return json.dumps(index).encode() + b"\n" + body

    @classmethod
    def decoded(cls, data: bytes) -> Head:
        """The version in an object. Raises ValueError."""
        line, _, body = data.partition(b"\n")
        try:
            index = json.loads(line)
            if index["format"] != 1:
                raise ValueError("a later version of campaignctl wrote it")
            if hashlib.sha256(body).hexdigest() != index["sha256"]:
                raise ValueError("its content does not have the digest that it names")
            inline, at = {}, 0
            for path, size in index["files"].items():
                if isinstance(size, int):
                    inline[path], at = body[at : at + size], at + size
            objects = {
                path: Stored(*stored) for path, stored in index["files"].items() if isinstance(stored, list)
            }
            recent = tuple(index["recent"])
            return cls(index["number"], index["version"], inline, objects, recent, index["note"])
        except (
            LookupError,
            TypeError,
            AttributeError,
            RecursionError,
            json.JSONDecodeError,
            UnicodeDecodeError,
        ) as error:
            raise ValueError("it is not the head of a state") from error

    def named(self) -> frozenset[str]:
        """The objects that it needs."""
        return frozenset(each.name for each in self.objects.values())


_NOTHING = Head(0, "", {}, {}, (), "")


def following(before: Head | None, old: Files, new: Files, note: str) -> Head:
    """The version after `before` (files `old`), with the files `new`; an object that has not changed stays.

    Its new objects have its number and its random name in theirs: no other version writes them, and one that
    could still become the next has a number above that of the present one.
    """
    last = before or _NOTHING
    made = replace(last, number=last.number + 1, version=secrets.token_hex(6), note=note)
    inline, objects = {}, {}
    growing = max((path for path in new if path.startswith(_JOURNAL)), default="")
    for path in sorted(new):
        data = new[path]
        if old.get(path) == data and path in last.objects:
            objects[path] = last.objects[path]
        elif _is_inline(path, data, growing):
            inline[path] = data
        else:
            name = f"{made.number:08}-{made.version}-{path.replace('/', '-')}"
            objects[path] = Stored.of(name, data)
    recent = (last.version, *last.recent)[:_RECENT] if before else ()
    return replace(made, inline=inline, objects=objects, recent=recent)


def _is_inline(path: str, data: bytes, growing: str) -> bool:
    """Whether a file is part of the head: of the journal only the piece that grows. A full one may be small,
    as encrypted ones are compressed, and would be sent again with each step."""
    if path.startswith(_JOURNAL):
        return path == growing and len(data) <= _LARGEST_INLINE
    is_document = path.endswith(_DOCUMENT) and path not in _SMALL_DOCUMENTS
    return not is_document and len(data) <= _LARGEST_INLINE


def left_over(names: Iterable[str], head: Head) -> list[str]:
    """The objects among `names` that no version needs any more, once `head` is the present one.

    A version that was not put yet has a number above its own. Replaced documents are the history: the newest
    ones of each stay.
    """
    left, documents = [], dict[str, list[str]]()
    for name in sorted(names, reverse=True):
        found = _NAME.fullmatch(name)
        if not found or int(found[1]) > head.number or name in head.named():
            continue
        if found[3].endswith(_DOCUMENT):
            documents.setdefault(found[3], []).append(name)
        else:
            left.append(name)
    return left + [name for kept in documents.values() for name in kept[KEPT:]]
