"""Moves of records to other keys: which ones a plan makes, and which are blocked.

A move is made once: the record remembers its previous key. So a chain (a to b while b moves to c) and a swap
are recognized once they are done, and a `moved` that stays in a manifest has no further effect.
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

    `origin`: the old key of each key that gets a record. `blocked`: keys that are not changed, because a move
    of theirs cannot be made. `heirs`: the campaign that claims the record of a key, moved or not.
    """

    origin: Mapping[str, str] = field(default_factory=dict)
    blocked: Mapping[str, Blocked] = field(default_factory=dict)
    heirs: Mapping[str, str] = field(default_factory=dict)

    @property
    def left(self) -> frozenset[str]:
        """The keys whose records move to other keys."""
        return frozenset(self.origin.values())

    def together(self, keys: Iterable[str]) -> frozenset[str]:
        """These keys, with the keys that they give a record to or get one from."""
        chosen = set(keys)
        links = [{old, new} for old, new in self.heirs.items()]
        while more := {key for link in links if link & chosen for key in link} - chosen:
            chosen |= more
        return frozenset(chosen)


@dataclass(frozen=True, slots=True)
class _Keys:
    """The declared and recorded keys. `unsettled`: keys whose last write has an unknown outcome."""

    campaigns: Mapping[str, DesiredCampaign]
    recorded: Mapping[str, Record]
    unsettled: frozenset[str]

    def ids(self, *keys: str) -> str:
        """The keys with the ids of their records."""
        return " and ".join(f"{key} ({self.recorded[key].id})" for key in keys)


# The old keys in `moved` that have a record, by the campaign that claims them.
_Claims = Mapping[str, tuple[str, ...]]


def resolve(
    campaigns: Mapping[str, DesiredCampaign], recorded: Mapping[str, Record], unsettled: Iterable[str]
) -> Moves:
    """The moves that the manifests declare. `unsettled`: keys whose last write has an unknown outcome."""
    known = _Keys(campaigns, recorded, frozenset(unsettled))
    claims = _claims(known)
    wrong = _wrong(known, claims)
    blocked: dict[str, Blocked] = {}
    for key, problem in wrong.items():
        # A claimed record is not treated as no longer declared.
        for other in (key, *(old for old in claims[key] if old not in campaigns)):
            record = recorded.get(other)
            blocked[other] = Blocked(other, record.id if record else None, "not moved", *problem)
    return Moves(
        origin={key: sources[0] for key, sources in claims.items() if key not in wrong},
        blocked=blocked,
        heirs={old: key for key, sources in claims.items() for old in sources},
    )


def _claims(known: _Keys) -> _Claims:
    """The moves that are declared and not made yet."""
    keys = {*known.recorded, *known.unsettled}
    found: dict[str, tuple[str, ...]] = {}
    for key, wanted in known.campaigns.items():
        record = known.recorded.get(key)
        made = record is not None and record.moved_from in wanted.moved_from
        if not made and (sources := tuple(old for old in wanted.moved_from if old in keys)):
            found[key] = sources
    return found


def _wrong(known: _Keys, claims: _Claims) -> dict[str, tuple[str, str]]:
    """Why moves cannot be made, each with a hint. One that cannot be made may block others."""
    wrong: dict[str, tuple[str, str]] = {}
    while True:
        left = {key: sources for key, sources in claims.items() if key not in wrong}
        going = {sources[0]: key for key, sources in left.items()}
        found = {key: why for key, sources in left.items() if (why := _problem(known, key, sources, going))}
        if not found:
            return {key: wrong[key] for key in claims if key in wrong}
        wrong.update(found)


def _problem(
    known: _Keys, key: str, sources: tuple[str, ...], going: Mapping[str, str]
) -> tuple[str, str] | None:
    """Why one move cannot be made while those that are `going` (old to new) are."""
    source = sources[0]
    if unsettled := [one for one in (key, *sources) if one in known.unsettled]:
        return f"{unsettled[0]} is not settled, and {key} is moved from {source}", Sentence(Command("apply"))
    if len(sources) > 1:
        return f"moved from {known.ids(*sources)}, which are all recorded", _one_too_many(sources)
    if key in known.recorded and key not in going:
        both = (source, key)
        return f"{known.ids(*both)} are both recorded, and {key} is moved from {source}", _one_too_many(both)
    if going[source] != key:
        return f"{going[source]} and {key} are both moved from {source}", "keep `moved` in one of them"
    if source in known.campaigns and source not in going.values():
        hint = f"remove {source}, or `moved` from {key}"
        return f"moved from {source}, which is still declared", hint
    return None


def _one_too_many(keys: tuple[str, ...]) -> Sentence:
    ways = (part for key in keys for part in (" or ", Command("state", "rm", key)))
    return Sentence("forget one: ", *list(ways)[1:])
