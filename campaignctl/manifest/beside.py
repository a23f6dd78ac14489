"""What a manifest says beside the body of its campaign: where it is recorded, what it adopts, who wins."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from campaignctl.campaign.problem import Problem, error
from campaignctl.manifest import nodes
from campaignctl.manifest.document import CAMPAIGN_KEY, LONGEST_KEY

_WINNER = ("lifecycle", "winner")


def moved_from(
    value: Mapping[str, Any], root: nodes.Mapping, key: str, suffix: str
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
    if not isinstance(node, nodes.Scalar):
        return False
    return "[" in node.text or "${" in node.text or isinstance(node.mark, nodes.Elsewhere)


def winner_problems(value: Mapping[str, Any], root: nodes.Mapping) -> Iterator[Problem]:
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
