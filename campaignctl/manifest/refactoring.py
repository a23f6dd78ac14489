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
        by_value = "as in `from: old[country=${matrix.country}]`"
        yield from _twice(self.moves, ("is moved from", "are moved from", "so is"), by_value, code="moved")
        by_value = "as in `adopt: ${matrix.id}`"
        yield from _twice(self.adoptions, ("adopts", "adopt", "so does"), by_value, code="adopt")
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


def _twice(
    claims: list[Claim], words: tuple[str, str, str], by_value: str, *, code: str
) -> Iterator[Finding]:
    """Refuse what several campaigns claim; `words` are what one does, what several do, and `so does`."""
    one_does, several_do, so_does = words
    first: dict[str, Claim] = {}
    for claim in claims:
        other = first.setdefault(claim.name, claim)
        if other is claim:
            continue
        if other.place == claim.place:
            message = f"several campaigns of one matrix {several_do} {claim.name}"
            yield Finding("error", code, message, claim.place, f"tell them apart, {by_value}")
        else:
            message = f"{claim.key} {one_does} {claim.name}, and {so_does} {other.key} at {other.place}"
            yield Finding("error", code, message, claim.place, "keep one of the two", claim.key)
