"""What manifests say about each other's campaigns: moves, adoptions, and keys that are declared no longer."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from campaignctl.campaign.check import model_problems
from campaignctl.campaign.problem import Problem, error
from campaignctl.errors import Finding, Source
from campaignctl.manifest.defaults import Defaults
from campaignctl.manifest.document import CAMPAIGN_KEY, LONGEST_KEY, RemovedDocument
from campaignctl.manifest.model import Removed
from campaignctl.yamlio import nodes
from campaignctl.yamlio.findings import findings_of
from campaignctl.yamlio.nodes import MappingNode, ScalarNode, SourceFile, locate
from campaignctl.yamlio.schema_types import shape_of
from campaignctl.yamlio.values import Builder


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


def is_removed(root: MappingNode) -> bool:
    """Whether a document is one of the kind Removed."""
    kind = root.get("kind")
    return isinstance(kind, ScalarNode) and kind.text.casefold() == "removed"


def removed(
    root: MappingNode, file: SourceFile, defaults: Defaults
) -> tuple[Removed | None, tuple[Finding, ...]]:
    """What a document says, or None with at least one error among the findings.

    Without `on_destroy` that of the folder's defaults counts, as for every manifest of the folder.
    """
    builder = Builder(file, None)
    value = builder.build(root, shape_of(RemovedDocument))
    problems = () if builder.sound else tuple(model_problems(RemovedDocument, value))
    findings = (*builder.findings, *findings_of(problems, root, builder))
    if any(found.severity == "error" for found in findings):
        return None, findings
    place = file.at(locate(root, ("metadata", "key")))
    own = value.get("lifecycle", {}).get("on_destroy")
    return Removed(value["metadata"]["key"], own or _by_default(defaults), place), findings


def _by_default(defaults: Defaults) -> Any:
    """What defaults say of `on_destroy`; anything they may not say has been refused with them."""
    lifecycle = defaults.root.get("lifecycle") if defaults.root else None
    said = lifecycle.get("on_destroy") if isinstance(lifecycle, MappingNode) else None
    return "forget" if isinstance(said, ScalarNode) and said.text == "forget" else "cancel"


_WINNER = ("lifecycle", "winner")


def moved_from(
    value: Mapping[str, Any], root: nodes.MappingNode, key: str, suffix: str
) -> tuple[dict[str, nodes.Node], tuple[Problem, ...]]:
    """The keys that the campaign of `key` may be recorded under, each with its node, and what is wrong.

    `suffix` is the end of the key in a matrix. What has not the form of a key is left to the models.
    """
    found: dict[str, nodes.Node] = {}
    problems: list[Problem] = []
    for index, name in enumerate(value.get("moved", {}).get("from", ())):
        path = ("moved", "from", index)
        node = nodes.locate(root, path)
        whole = name if _says_values(node) else name + suffix
        wrong = _wrong_key(name, whole, key, found)
        if wrong:
            problems.append(error("moved", path, *wrong))
        elif CAMPAIGN_KEY.fullmatch(whole):
            found[whole] = node
    return found, tuple(problems)


def _wrong_key(name: str, whole: str, own: str, found: Collection[str]) -> tuple[str, str] | None:
    """Why a campaign cannot have been recorded under the whole of a key, and what to do."""
    if whole == own:
        return f"{name} is the campaign's own key", "name the key that it had before"
    if whole in found:
        return f"{name} is there twice", "keep one"
    if len(name) <= LONGEST_KEY < len(whole):
        message = f"with the values of the matrix the key has more than {LONGEST_KEY} characters"
        return message, "no campaign can have had it"
    return None


def _says_values(node: nodes.Node) -> bool:
    """Whether a key to be moved from says itself which values of a matrix it means."""
    if not isinstance(node, nodes.ScalarNode):
        return False
    return "[" in node.text or "${" in node.text or isinstance(node.mark, nodes.Elsewhere)


def winner_problems(value: Mapping[str, Any], root: nodes.MappingNode) -> Iterator[Problem]:
    """What is wrong with the winner that a manifest names; that defaults must not is said of them."""
    winner, spec = value.get("lifecycle", {}).get("winner"), value.get("spec")
    if not winner or spec is None or isinstance(nodes.locate(root, _WINNER).mark, nodes.Elsewhere):
        return
    if "ab_test" not in spec:
        yield error("winner", _WINNER, "there is no `ab_test` to be won", "take `winner` away")
        return
    names = [message["name"] for message in spec.get("messages", ()) if "name" in message]
    if names.count(winner) > 1:
        message = f"{names.count(winner)} messages have the name {winner!r}"
        yield error("winner", _WINNER, message, "give each its own name")
    elif winner not in names:
        near = difflib.get_close_matches(winner, names, 1)
        known = ", ".join(names) or "none"
        hint = f"did you mean {near[0]}?" if near else f"its messages with a name are: {known}"
        yield error("winner", _WINNER, f"no message of the campaign has the name {winner[:60]!r}", hint)
