"""A state document that was decoded before: each record is decoded when it is asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any, NamedTuple

from campaignctl.state.codec import decode
from campaignctl.state.model import Record, State
from campaignctl.state.strict import parse, read

_FIELD = "campaigns"
_SPACE = json.decoder.WHITESPACE  # type: ignore[attr-defined]


class Places(NamedTuple):
    """Where the records of a document begin and end, by key, and where all of them do: in characters."""

    whole: tuple[int, int]
    records: Mapping[str, tuple[int, int]]


class Records(Mapping[str, Record]):
    """The records of a document that an earlier run has decoded whole, without an error.

    Equal to the mapping that `decode` makes.
    """

    def __init__(self, text: str, places: Places, where: str) -> None:
        self._text, self.places, self._where = text, places, where
        self._made: dict[str, Record] = {}

    def __getitem__(self, key: str) -> Record:
        found = self._made.get(key)
        if found is None:
            start, end = self.places.records[key]
            value = parse(self._text[start:end], self._where)
            found = self._made[key] = read(Record, value, self._where, _FIELD, key)
        return found

    def __contains__(self, key: object) -> bool:
        return key in self.places.records

    def __iter__(self) -> Iterator[str]:
        return iter(self.places.records)

    def __len__(self) -> int:
        return len(self.places.records)

    @cached_property
    def digests(self) -> dict[str, str]:
        """A digest of each record as it is written, by key."""
        return digests_of(self._text, self.places)


def digests_of(text: str, places: Places) -> dict[str, str]:
    """A digest of each record of a document as it is written, by key."""
    return {
        key: hashlib.sha256(text[start:end].encode("utf-8", "surrogatepass")).hexdigest()[:32]
        for key, (start, end) in places.records.items()
    }


def places_of(text: str) -> Places | None:
    """The places in a document that was decoded without an error; None if it records no campaign."""
    for name, start, _ in members(text, _FIELD):
        if name == _FIELD:
            records = {key: (begin, end) for key, begin, end in members(text, at=start)}
            last = max((end for _, end in records.values()), default=0)
            return Places((start, _after(text, last) + 1), records) if records else None
    return None


def members(text: str, last: str | None = None, at: int = 0) -> Iterator[tuple[str, int, int]]:
    """The names of an object that begins at a place, each with the begin and the end of its value; the value
    of the `last` one is not looked at. Raises ValueError or LookupError where there is no such object."""
    scan = json.JSONDecoder().raw_decode
    at = _after(text, _after(text, at) + 1)
    while text[at] == '"':
        name, at = scanstring(text, at + 1, True)
        start = _after(text, _after(text, at) + 1)
        if name == last:
            yield name, start, start
            return
        _, at = scan(text, start)
        yield name, start, at
        at = _after(text, at)
        if text[at] != ",":
            return
        at = _after(text, at + 1)


def _after(text: str, at: int) -> int:
    """The place after white space."""
    return int(_SPACE.match(text, at).end())


def with_places(document: bytes, places: Places, where: str) -> State:
    """What `decode` makes of a document with these places."""
    text = document.decode()
    start, end = places.whole
    rest = decode(f"{text[:start]}{{}}{text[end:]}", where=where)
    records: Any = Records(text, places, where)
    return replace(rest, campaigns=records)
