"""The old part of the ledger, which is kept next to the state and read when something is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from campaignctl.state.ledger import Released, Sent, Year
from campaignctl.state.strict import damaged, read

_Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """What the document of a year holds, as JSON values; `whole` decodes all of it. `where` is its place, for
    messages."""

    number: int
    where: str
    sent: tuple[_Raw, ...]
    released: tuple[_Raw, ...]
    whole: Callable[[], Year]


class Archive:
    """What left the state: searched by what a plan asks for, and not read before.

    `load` gives the documents, the oldest first. Of those a search decodes only what it finds: no
    plan pays for what was sent in years. Everything here raises what `load` raises, and StateDamaged.
    """

    def __init__(self, load: Callable[[], tuple[Document, ...]] = tuple) -> None:
        self._load = load

    def sent_as(self, body: str, shown: str | None) -> Sent | None:
        """What was sent with this body, or at once with this content."""
        found = self._sent("digest").get(body) or (self._sent("content").get(shown) if shown else None)
        entries = (read(Sent, raw, where) for raw, where in found or ())
        return next((one for one in entries if one.digest == body or one.at_once), None)

    def releases(self, key: str, body: str) -> list[Released]:
        """The campaigns that had this key or this body."""
        found = (*self._released("key").get(key, ()), *self._released("digest").get(body, ()))
        return list({raw["id"]: read(Released, raw, where) for raw, where in found}.values())

    def alike(self, content: str) -> list[Sent | Released]:
        """What has this content."""
        released = self._released("content").get(content, ())
        sent = self._sent("content").get(content, ())
        return [
            *(read(Released, raw, where) for raw, where in released),
            *(read(Sent, raw, where) for raw, where in sent),
        ]

    def of_key(self, key: str) -> Released | None:
        """The campaign of a key that was archived last; None if none was."""
        found = (read(Released, raw, where) for raw, where in reversed(self._released("key").get(key, ())))
        return next((one for one in found if one.archived is not None), None)

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of all campaigns."""
        return frozenset(self._released("id"))

    @cached_property
    def intents(self) -> frozenset[str]:
        """The ids of the intents that made them."""
        return frozenset(self._released("intent"))

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

    @cached_property
    def _indexes(self) -> dict[tuple[str, str], dict[str, list[tuple[_Raw, str]]]]:
        return {}

    def _sent(self, name: str) -> dict[str, list[tuple[_Raw, str]]]:
        if ("sent", name) not in self._indexes:
            self._indexes["sent", name] = _index(((one.sent, one.where) for one in self._documents), name)
        return self._indexes["sent", name]

    def _released(self, name: str) -> dict[str, list[tuple[_Raw, str]]]:
        if ("released", name) not in self._indexes:
            parts = ((one.released, one.where) for one in self._documents)
            self._indexes["released", name] = _index(parts, name)
        return self._indexes["released", name]


# Fields that an entry may leave out, or have as null.
_OPTIONAL = ("content", "intent")


def _index(parts: Iterable[tuple[Iterable[_Raw], str]], name: str) -> dict[str, list[tuple[_Raw, str]]]:
    """Entries by the value of a field; without those that do not have an optional one."""
    found: dict[str, list[tuple[_Raw, str]]] = {}
    for entries, where in parts:
        for raw in entries:
            value = raw.get(name)
            if isinstance(value, str):
                found.setdefault(value, []).append((raw, where))
            elif value is not None or name not in _OPTIONAL:
                raise damaged(where, f"an entry has no {name}", hint="nothing was changed; put a copy back")
    return found


#: That of a state from which nothing was archived.
NO_ARCHIVE = Archive()
