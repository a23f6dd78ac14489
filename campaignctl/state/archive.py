"""The old part of the ledger, which is kept next to the state and read when something is asked of it."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Literal

from campaignctl.state.ledger import Released, Sent, Year
from campaignctl.state.strict import damaged, read

Raw = Mapping[str, Any]
_Part = Literal["sent", "released"]
#: Bytes of a digest in an index: few values share them, and those only make a search read the entries.
_WIDTH = 5


def index_of(year: Year) -> bytes:
    """The index of a year: the first bytes of a digest of each value that an entry is found by, in order."""
    values = {value for one in year.sent for value in (one.digest, one.content)}
    values |= {
        value
        for one in year.released
        for value in (one.key, one.id, one.digest, one.content, one.intent or "")
    }
    return b"".join(sorted({_short(one) for one in values}))


def _short(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()[:_WIDTH]


class Document:
    """The document of a year. `where` is its place, for messages; `entries` gives what was sent and what was
    released as JSON values, `whole` decodes all of it. Neither is called for values that the `index` does not
    have, if there is one."""

    def __init__(
        self,
        number: int,
        where: str,
        entries: Callable[[], Mapping[_Part, tuple[Raw, ...]]],
        whole: Callable[[], Year],
        index: bytes | None = None,
    ) -> None:
        self.number, self.where, self.whole = number, where, whole
        self._entries, self._index = entries, index
        self._by: dict[tuple[_Part, str], dict[str, list[Raw]]] = {}

    def find(self, part: _Part, name: str, value: str) -> list[Raw]:
        """The entries of a part that have this value in a field."""
        if not self._may_have(value):
            return []
        if (part, name) not in self._by:
            self._by[part, name] = _by_value(self._parts[part], name, self.where)
        return self._by[part, name].get(value, [])

    @cached_property
    def _parts(self) -> Mapping[_Part, tuple[Raw, ...]]:
        return self._entries()

    def _may_have(self, value: str) -> bool:
        if (index := self._index) is None:
            return True
        short, count = _short(value), len(index) // _WIDTH
        at = bisect_left(range(count), short, key=lambda at: index[at * _WIDTH : (at + 1) * _WIDTH])
        return index[at * _WIDTH : (at + 1) * _WIDTH] == short


class Archive:
    """What left the state: searched by what a plan asks for, and not read before.

    `load` gives the documents, the oldest first. Of those a search decodes only what it finds, and parses
    none whose index does not have it: no plan pays for what was sent in years. Everything here raises what
    `load` and its documents raise, and StateDamaged.
    """

    def __init__(self, load: Callable[[], tuple[Document, ...]] = tuple) -> None:
        self._load = load

    def sent_as(self, body: str, shown: str | None) -> Sent | None:
        """What was sent with this body, or at once with this content."""
        found = self._found("sent", "digest", body)
        if not found and shown:
            found = self._found("sent", "content", shown)
        entries = (read(Sent, raw, where) for raw, where in found)
        return next((one for one in entries if one.digest == body or one.at_once), None)

    def releases(self, key: str, body: str) -> list[Released]:
        """The campaigns that had this key or this body."""
        found = (*self._found("released", "key", key), *self._found("released", "digest", body))
        return list({raw["id"]: read(Released, raw, where) for raw, where in found}.values())

    def alike(self, content: str) -> list[Sent | Released]:
        """What has this content."""
        released, sent = (self._found(part, "content", content) for part in ("released", "sent"))
        return [
            *(read(Released, raw, where) for raw, where in released),
            *(read(Sent, raw, where) for raw, where in sent),
        ]

    def of_key(self, key: str) -> Released | None:
        """The campaign of a key that was archived last; None if none was."""
        found = (read(Released, raw, where) for raw, where in reversed(self._found("released", "key", key)))
        return next((one for one in found if one.archived is not None), None)

    def has_id(self, campaign_id: str) -> bool:
        """Whether a campaign was released with this id."""
        return bool(self._found("released", "id", campaign_id))

    def has_intent(self, intent: str) -> bool:
        """Whether a campaign was released that the intent with this id made."""
        return bool(self._found("released", "intent", intent))

    @cached_property
    def years(self) -> Mapping[int, Year]:
        """Everything, by year."""
        return {one.number: one.whole() for one in self._documents}

    @property
    def released(self) -> tuple[Released, ...]:
        """The campaigns that were released or archived."""
        return tuple(one for year in self.years.values() for one in year.released)

    @property
    def sent(self) -> tuple[Sent, ...]:
        """What was sent."""
        return tuple(one for year in self.years.values() for one in year.sent)

    @cached_property
    def _documents(self) -> tuple[Document, ...]:
        return self._load()

    def _found(self, part: _Part, name: str, value: str) -> list[tuple[Raw, str]]:
        """The entries that have this value in a field, each with the place of its document."""
        return [(raw, one.where) for one in self._documents for raw in one.find(part, name, value)]


# Fields that an entry may leave out, or have as null.
_OPTIONAL = ("content", "intent")


def _by_value(entries: Iterable[Raw], name: str, where: str) -> dict[str, list[Raw]]:
    """Entries by the value of a field; without those that do not have an optional one."""
    found: dict[str, list[Raw]] = {}
    for raw in entries:
        value = raw.get(name)
        if isinstance(value, str):
            found.setdefault(value, []).append(raw)
        elif value is not None or name not in _OPTIONAL:
            raise damaged(where, f"an entry has no {name}", hint="nothing was changed; put a copy back")
    return found


#: That of a state from which nothing was archived.
NO_ARCHIVE = Archive()
