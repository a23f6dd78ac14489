"""What manifests say about each other's campaigns: moves, adoptions, and keys that are declared no longer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from campaignctl.errors import Finding, Source
from campaignctl.manifest.desired import Removed


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that the campaign of `key` is moved from, or an id that it adopts, and where that is written."""

    name: str
    key: str
    place: Source


@dataclass(slots=True)
class Refactoring:
    """Everything of a project that moves, adopts or takes away, to be held against each other."""

    moves: list[Claim] = field(default_factory=list)
    adoptions: list[Claim] = field(default_factory=list)
    removed: dict[str, Removed] = field(default_factory=dict)

    def remove(self, one: Removed) -> Iterator[Finding]:
        """Take in a campaign that is declared no longer."""
        other = self.removed.setdefault(one.key, one)
        if other is not one:
            message = f"the key {one.key} is declared Removed also at {other.source}"
            yield Finding("error", "duplicate-campaign", message, one.source, "keep one", one.key)

    def findings(self, declared: Mapping[str, Source]) -> Iterator[Finding]:
        """What contradicts each other. `declared` has every key of a manifest, and where it comes from."""
        yield from _twice(self.moves, "moved from", "`from: old[country=${matrix.country}]`", code="moved")
        yield from _twice(self.adoptions, "adopting", "`adopt: ${matrix.id}`", code="adopt")
        for key, one in self.removed.items():
            if key in declared:
                message = f"the key {key} is declared Removed, and as a campaign at {declared[key]}"
                hint = "keep one of the two; for a campaign that shall not send write `lifecycle.phase`"
                yield Finding("error", "removed", message, one.source, hint, key)
        moved_away = {move.key for move in self.moves}
        for move in self.moves:
            yield from self._source(move, declared, moved_away)

    def _source(self, move: Claim, declared: Mapping[str, Source], moved: set[str]) -> Iterator[Finding]:
        """What is wrong with the key that a campaign is moved from."""
        if move.name in self.removed:
            message = f"moved from {move.name}, which is declared Removed at {self.removed[move.name].source}"
            hint = "the move is enough: take the Removed document away"
            yield Finding("error", "moved", message, move.place, hint, move.key)
        if move.name in declared and move.name not in moved:
            message = f"moved from {move.name}, which is still declared at {declared[move.name]}"
            hint = f"take {move.name} away, or say by `moved` where its own record is"
            yield Finding("error", "moved", message, move.place, hint, move.key)


def _twice(claims: list[Claim], doing: str, by_value: str, *, code: str) -> Iterator[Finding]:
    """Refuse what several campaigns claim."""
    first: dict[str, Claim] = {}
    for claim in claims:
        other = first.setdefault(claim.name, claim)
        if other is claim:
            continue
        if other.place == claim.place:
            message = f"several campaigns of one matrix are {doing} {claim.name}"
            yield Finding("error", code, message, claim.place, f"tell them apart, as in {by_value}")
        else:
            message = f"{claim.key} is {doing} {claim.name}, and {other.key} is at {other.place}"
            yield Finding("error", code, message, claim.place, "keep one of the two", claim.key)
