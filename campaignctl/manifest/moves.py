"""Removed documents, and the rules for `moved` and `winner`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, get_args

from campaignctl.campaign.check import model_problems
from campaignctl.campaign.lifecycle import OnDestroy
from campaignctl.campaign.problem import Problem, error
from campaignctl.errors import Finding, did_you_mean, first_of
from campaignctl.manifest.defaults import Defaults
from campaignctl.manifest.document import CAMPAIGN_KEY, LONGEST_KEY, RemovedDocument
from campaignctl.manifest.model import Removed
from campaignctl.yamlio.findings import findings_of
from campaignctl.yamlio.nodes import Elsewhere, MappingNode, Node, ScalarNode, SourceFile, locate
from campaignctl.yamlio.schema_types import shape_of
from campaignctl.yamlio.values import Builder

_NAMES_SHOWN = 20


def is_removed(root: MappingNode) -> bool:
    """Whether a document has the kind Removed."""
    kind = root.get("kind")
    return isinstance(kind, ScalarNode) and kind.text.casefold() == "removed"


def removed(
    root: MappingNode, file: SourceFile, defaults: Defaults
) -> tuple[Removed | None, tuple[Finding, ...]]:
    """The value of a Removed document, or None with at least one error among the findings.

    Without `on_destroy` that of the folder's defaults applies, as for every manifest of the folder.
    """
    builder = Builder(file, None)
    value = builder.build(root, shape_of(RemovedDocument))
    problems = () if builder.sound else tuple(model_problems(RemovedDocument, value))
    findings = (*builder.findings, *findings_of(problems, root, builder))
    if any(found.severity == "error" for found in findings):
        return None, findings
    place = file.at(locate(root, ("metadata", "key")))
    said = value.get("lifecycle", {}).get("on_destroy") or _by_default(defaults)
    return Removed(value["metadata"]["key"], said or "cancel", place, said is not None), findings


def _by_default(defaults: Defaults) -> Any:
    """The `on_destroy` of the defaults, None without one; an invalid value has been refused there."""
    lifecycle = defaults.root.get("lifecycle") if defaults.root else None
    said = lifecycle.get("on_destroy") if isinstance(lifecycle, MappingNode) else None
    return said.text if isinstance(said, ScalarNode) and said.text in get_args(OnDestroy) else None


_WINNER = ("lifecycle", "winner")


def moved_from(
    value: Mapping[str, Any], root: MappingNode, key: str, suffix: str
) -> tuple[dict[str, Node], tuple[Problem, ...]]:
    """The keys that the campaign of `key` may be recorded under, each with its node, and the problems.

    `suffix` is the end of the key in a matrix. Texts that are not keys are left to the models.
    """
    found: dict[str, Node] = {}
    problems: list[Problem] = []
    for index, name in enumerate(value.get("moved", {}).get("from", ())):
        path = ("moved", "from", index)
        node = locate(root, path)
        whole = name if _says_values(node) else name + suffix
        wrong = _wrong_key(name, whole, key, found)
        if wrong:
            problems.append(error("moved", path, *wrong))
        elif CAMPAIGN_KEY.fullmatch(whole):
            found[whole] = node
    return found, tuple(problems)


def _wrong_key(name: str, whole: str, own: str, found: Collection[str]) -> tuple[str, str] | None:
    """Why a campaign cannot have been recorded under a key, `whole` with its suffix, and what to do."""
    if whole == own:
        return f"{name} is the campaign's own key", "name the key that it had before"
    if whole in found:
        return f"{name} appears twice", "keep one"
    if len(name) <= LONGEST_KEY < len(whole):
        message = f"with the values of the matrix the key has more than {LONGEST_KEY} characters"
        return message, "no campaign can have had this key"
    return None


def _says_values(node: Node) -> bool:
    """Whether a key in `moved` itself names the values of a matrix."""
    if not isinstance(node, ScalarNode):
        return False
    return "[" in node.text or "${" in node.text or isinstance(node.mark, Elsewhere)


def winner_problems(value: Mapping[str, Any], root: MappingNode) -> Iterator[Problem]:
    """Problems with the winner that a manifest names; one in defaults is refused there."""
    named, spec = value.get("lifecycle", {}).get("winner"), value.get("spec")
    if not named or spec is None or isinstance(locate(root, _WINNER).mark, Elsewhere):
        return
    if "ab_test" not in spec:
        yield error("winner", _WINNER, "there is no `ab_test` to win", "remove `winner`")
        return
    if named.get("run", 1) > 1 and "recurrence" not in spec:
        once = "the campaign has no `recurrence`, so that it runs once"
        yield error("winner", (*_WINNER, "run"), once, "remove `run`")
    if winner := named.get("message"):
        yield from _message_problems(winner, spec.get("messages", ()))


def _message_problems(winner: str, messages: Iterable[Mapping[str, Any]]) -> Iterator[Problem]:
    place = (*_WINNER, "message")
    names = [message["name"] for message in messages if "name" in message]
    if names.count(winner) > 1:
        message = f"{names.count(winner)} messages have the name {winner!r}"
        yield error("winner", place, message, "give each message its own name")
    elif winner not in names:
        known = first_of(names, _NAMES_SHOWN) or "none"
        hint = did_you_mean(winner, names, f"its messages with a name are: {known}")
        yield error("winner", place, f"no message of the campaign has the name {winner[:60]!r}", hint)
