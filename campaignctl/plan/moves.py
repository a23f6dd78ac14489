"""Records that change their keys: which moves a plan makes, and which cannot be made.

A move is made once: the record remembers the key that it came from. So a chain (a to b while b goes to c) and
a swap are told from what they were before, and a `moved` that stays in a manifest means nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from campaignctl.errors import Command, Sentence
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan.model import Blocked
from campaignctl.state.model import Record


@dataclass(frozen=True, slots=True)
class Moves:
    """The moves of one plan.

    `origin`: the old key of each key that gets a record. `blocked`: keys that are left alone, because a move
    that concerns them cannot be made. `heirs`: the campaign that claims the record of a key, moved or not.
    """

    origin: Mapping[str, str] = field(default_factory=dict)
    blocked: Mapping[str, Blocked] = field(default_factory=dict)
    heirs: Mapping[str, str] = field(default_factory=dict)

    @property
    def left(self) -> frozenset[str]:
        """The keys whose records go to others."""
        return frozenset(self.origin.values())

    def together(self, keys: Iterable[str]) -> frozenset[str]:
        """These keys, with those that they give a record to or get one from."""
        chosen = set(keys)
        links = [{old, new} for old, new in self.heirs.items()]
        while more := {key for link in links if link & chosen for key in link} - chosen:
            chosen |= more
        return frozenset(chosen)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A campaign that looks for its record under other keys; `sources` are those that have one."""

    key: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """What moves are held against. `unsettled`: keys of which nobody knows what their last write did."""

    campaigns: Mapping[str, DesiredCampaign]
    recorded: Mapping[str, Record]
    unsettled: frozenset[str]

    def claims(self) -> tuple[_Claim, ...]:
        """The moves that are asked for and not made yet."""
        keys = {*self.recorded, *self.unsettled}
        found = (
            _Claim(key, tuple(old for old in wanted.moved_from if old in keys))
            for key, wanted in self.campaigns.items()
            if not _made(wanted, self.recorded.get(key))
        )
        return tuple(claim for claim in found if claim.sources)

    def ids(self, *keys: str) -> str:
        """The keys with the ids of their records."""
        return " and ".join(f"{key} ({self.recorded[key].id})" for key in keys)


def resolve(
    campaigns: Mapping[str, DesiredCampaign], recorded: Mapping[str, Record], unsettled: Iterable[str]
) -> Moves:
    """The moves that these manifests ask for. `unsettled`: keys of which nobody knows what their last write
    did."""
    known = _Known(campaigns, recorded, frozenset(unsettled))
    claims = known.claims()
    wrong = _wrong(known, claims)
    return Moves(
        origin={claim.key: claim.sources[0] for claim in claims if claim.key not in wrong},
        blocked=_blocked(known, claims, wrong),
        heirs={old: claim.key for claim in claims for old in claim.sources},
    )


def _made(wanted: DesiredCampaign, record: Record | None) -> bool:
    """Whether the campaign has been moved already."""
    return record is not None and record.moved_from in wanted.moved_from


def _wrong(known: _Known, claims: tuple[_Claim, ...]) -> dict[str, tuple[str, str]]:
    """Why moves cannot be made, each with what lifts that. One that cannot keeps others from their place."""
    wrong: dict[str, tuple[str, str]] = {}
    while True:
        left = [claim for claim in claims if claim.key not in wrong]
        going = {claim.sources[0]: claim.key for claim in left}
        found = {claim.key: problem for claim in left if (problem := _problem(known, claim, going))}
        if not found:
            return wrong
        wrong.update(found)


def _problem(known: _Known, claim: _Claim, going: Mapping[str, str]) -> tuple[str, str] | None:
    """Why one move cannot be made while those that are `going` (old to new) are."""
    key, source = claim.key, claim.sources[0]
    if unsettled := [one for one in (key, *claim.sources) if one in known.unsettled]:
        return f"{unsettled[0]} is not settled, and {key} is moved from {source}", Sentence(Command("apply"))
    if len(claim.sources) > 1:
        return f"moved from {known.ids(*claim.sources)}, which are all recorded", _one_too_many(claim.sources)
    if key in known.recorded and key not in going:
        both = (source, key)
        return f"{known.ids(*both)} are both recorded, and {key} is moved from {source}", _one_too_many(both)
    if going[source] != key:
        return f"{going[source]} and {key} are both moved from {source}", "keep `moved` in one of them"
    if source in known.campaigns and source not in going.values():
        hint = f"take {source} away, or `moved` out of {key}"
        return f"moved from {source}, which is still declared", hint
    return None


def _one_too_many(keys: tuple[str, ...]) -> Sentence:
    ways = (part for key in keys for part in (" or ", Command("state", "rm", key)))
    return Sentence("forget one: ", *list(ways)[1:])


def _blocked(
    known: _Known, claims: tuple[_Claim, ...], wrong: Mapping[str, tuple[str, str]]
) -> dict[str, Blocked]:
    """The keys that wrong moves concern: what is claimed is not taken for gone."""
    blocked: dict[str, Blocked] = {}
    for claim in claims:
        if claim.key in wrong:
            undeclared = [old for old in claim.sources if old not in known.campaigns]
            for key in (claim.key, *undeclared):
                record = known.recorded.get(key)
                blocked[key] = Blocked(key, record.id if record else None, "not moved", *wrong[claim.key])
    return blocked
