"""Moves of records to other keys: which ones a plan makes, and which are blocked.

A move is made once: the record remembers its previous key. So a chain (a to b while b moves to c) and a swap
are recognized once they are done, and a `moved` that stays in a manifest has no further effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from campaignctl.diff import audience, content, leaves
from campaignctl.errors import Command, Sentence
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.plan.model import Blocked
from campaignctl.plan.records import can_send
from campaignctl.state.model import Record

Spec = Mapping[str, Any]


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
        if not wanted.moved_from:
            continue
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
        found = {key: why for key in left if (why := _problem(known, claims, key, going))}
        if not found:
            return {key: wrong[key] for key in claims if key in wrong}
        wrong.update(found)


def _problem(known: _Keys, claims: _Claims, key: str, going: Mapping[str, str]) -> tuple[str, str] | None:
    """Why one move cannot be made while those that are `going` (old to new) are."""
    source, *_ = sources = claims[key]
    if unsettled := [one for one in (key, *sources) if one in known.unsettled]:
        return f"{unsettled[0]} is not settled, and {key} is moved from {source}", Sentence(Command("apply"))
    if len(sources) > 1:
        return f"moved from {known.ids(*sources)}, which are all recorded", _one_too_many(sources)
    if key in known.recorded and key not in going:
        both = (source, key)
        return f"{known.ids(*both)} are both recorded, and {key} is moved from {source}", _one_too_many(both)
    if rivals := [other for other, theirs in claims.items() if other != key and source in theirs]:
        return f"{rivals[0]} and {key} are both moved from {source}", "keep `moved` in one of them"
    if source in known.campaigns and source not in going.values():
        hint = f"remove {source}, or `moved` from {key}"
        return f"moved from {source}, which is still declared", hint
    return None


def _one_too_many(keys: tuple[str, ...]) -> Sentence:
    ways = (part for key in keys for part in (" or ", Command("state", "rm", key)))
    return Sentence("forget one: ", *list(ways)[1:])


# How much of two specs has to be equal for a rename with an edit, and how much if their names are.
_LIKE, _LIKE_NAMED = 4 / 5, 1 / 2


def renamed(desired: DesiredState, recorded: Mapping[str, Record], moves: Moves) -> dict[str, str]:
    """The new keys that seem to be renamed, each with its recorded old key: one has the same content, or most
    of the spec and the same audience while the old one can still send."""
    claimed = {*moves.heirs, *moves.heirs.values()}
    old = [key for key in recorded if key not in desired.campaigns and key not in claimed]
    new = [
        key
        for key, wanted in desired.campaigns.items()
        if not (key in recorded or key in claimed or wanted.adopt)
    ]
    if not old or not new:
        return {}
    gone = {key: recorded[key].applied for key in old}
    fresh = {key: desired.campaigns[key].spec for key in new}
    olds, news = _by_content(gone), _by_content(fresh)
    both = olds.keys() & news.keys()
    found = {news[one][0]: olds[one][0] for one in both if len(olds[one]) == len(news[one]) == 1}
    same = {key for one in both for key in (*olds[one], *news[one])}
    going = {
        key: spec
        for key, spec in gone.items()
        if key not in same and key not in desired.removed and can_send(recorded[key].status)
    }
    return found | _edited(going, {key: spec for key, spec in fresh.items() if key not in same})


def _edited(gone: Mapping[str, Spec], fresh: Mapping[str, Spec]) -> dict[str, str]:
    """The pairs that are most alike, each key in one."""
    olds, news = ({key: _fields(spec) for key, spec in each.items()} for each in (gone, fresh))
    alike = sorted(
        (-share, one, other)
        for other, old in olds.items()
        for one, new in news.items()
        if (share := len(old & new) / max(len(old), len(new))) >= _LIKE_NAMED
    )
    found: dict[str, str] = {}
    taken: set[str] = set()
    for less, new, old in alike:
        one, other = gone[old], fresh[new]
        enough = _LIKE_NAMED if one.get("name") == other.get("name") else _LIKE
        free = -less >= enough and new not in found and old not in taken
        if free and audience(one) == audience(other):
            found[new] = old
            taken.add(old)
    return found


def _fields(spec: Spec) -> frozenset[tuple[str, str]]:
    return frozenset((path, str(value)) for path, value in leaves(spec).items())


def _by_content(specs: Mapping[str, Spec]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, spec in specs.items():
        found.setdefault(content(spec), []).append(key)
    return found
