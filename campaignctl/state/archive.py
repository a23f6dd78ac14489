"""The old part of the ledger, which is kept next to the state and read when something is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TypeVar

from campaignctl.state.ledger import Released, Sent, Year

_T = TypeVar("_T")


class Archive:
    """What left the state: searched by what a plan asks for, and not read before.

    `load` gives the years. Everything here raises what it raises: StateError if a year cannot be read.
    """

    def __init__(self, load: Callable[[], Mapping[int, Year]] = dict) -> None:
        self._load = load

    def sent_as(self, body: str, shown: str | None) -> Sent | None:
        """What was sent with this body, or at once with this content."""
        at_once = self._at_once.get(shown) if shown else None
        return self._by_digest.get(body) or at_once

    def releases(self, key: str, body: str) -> list[Released]:
        """The campaigns that had this key or this body."""
        found = (*self._by_key.get(key, ()), *self._by_body.get(body, ()))
        return list({one.id: one for one in found}.values())

    def alike(self, content: str) -> Iterable[Sent | Released]:
        """What has this content."""
        return self._by_content.get(content, ())

    def of_key(self, key: str) -> Released | None:
        """The campaign of a key that was archived last; None if none was."""
        return next((one for one in reversed(self._by_key.get(key, ())) if one.archived is not None), None)

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of all campaigns."""
        return frozenset(one.id for one in self.released)

    @cached_property
    def intents(self) -> frozenset[str | None]:
        """The ids of the intents that made them."""
        return frozenset(one.intent for one in self.released)

    @cached_property
    def years(self) -> Mapping[int, Year]:
        """Everything, by year."""
        return dict(sorted(self._load().items()))

    @cached_property
    def released(self) -> tuple[Released, ...]:
        """The campaigns that were released or archived."""
        return tuple(one for year in self.years.values() for one in year.released)

    @cached_property
    def sent(self) -> tuple[Sent, ...]:
        """What was sent."""
        return tuple(one for year in self.years.values() for one in year.sent)

    @cached_property
    def _by_digest(self) -> dict[str, Sent]:
        return {one.digest: one for one in self.sent}

    @cached_property
    def _at_once(self) -> dict[str, Sent]:
        return {one.content: one for one in self.sent if one.at_once and one.content}

    @cached_property
    def _by_key(self) -> dict[str, list[Released]]:
        return _grouped((one.key, one) for one in self.released)

    @cached_property
    def _by_body(self) -> dict[str, list[Released]]:
        return _grouped((one.digest, one) for one in self.released)

    @cached_property
    def _by_content(self) -> dict[str, list[Sent | Released]]:
        entries: tuple[Sent | Released, ...] = (*self.released, *self.sent)
        return _grouped((one.content, one) for one in entries if one.content)


def _grouped(pairs: Iterable[tuple[str, _T]]) -> dict[str, list[_T]]:
    found: dict[str, list[_T]] = {}
    for name, one in pairs:
        found.setdefault(name, []).append(one)
    return found


#: That of a state from which nothing was archived.
NO_ARCHIVE = Archive()
