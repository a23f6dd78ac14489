"""From problems in a JSON value to findings at places of a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from campaignctl.campaign.problem import KeyPath, Problem
from campaignctl.errors import Finding
from campaignctl.yamlio.nodes import Node, ScalarNode, locate, path_of
from campaignctl.yamlio.values import Builder

# Findings that an unreadable field may cause elsewhere in its object: not reported again.
_CONSEQUENCES = frozenset({"empty", "freeze", "primary-lang", "recurrence"})


def findings_of(problems: Iterable[Problem], root: Node, builder: Builder) -> Iterator[Finding]:
    """The findings for problems in a document, except those that an unreadable field explains."""
    unread: list[KeyPath] | None = None
    for problem in problems:
        if unread is None:
            unread = list(_unread(root, builder))
        if not _explained(problem, unread, builder.meant):
            yield _finding(problem, locate(root, problem.path), builder)


def _finding(problem: Problem, place: Node, builder: Builder) -> Finding:
    """One problem at its place."""
    hint = builder.with_place(problem.hint, place)
    if isinstance(place, ScalarNode) and place.text == "$file":
        # The file of one language: the path names them all.
        hint = f"{hint}; " * bool(hint) + f"this is the text for `{problem.path[-1]}`"
    return Finding(problem.severity, problem.code, problem.message, builder.at(place), hint)


def _unread(root: Node, builder: Builder) -> Iterator[KeyPath]:
    for node in builder.bad:
        path = path_of(root, node)
        if path is not None:
            yield path


def _explained(problem: Problem, unread: Iterable[KeyPath], meant: Collection[str]) -> bool:
    path = problem.path
    if path and path[-1] in meant:
        return True
    vague = problem.severity == "warning" or problem.code in _CONSEQUENCES
    return any(
        path[: len(bad)] == bad or (vague and len(path) > 1 and bad[: len(path) - 1] == path[:-1])
        for bad in unread
    )


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in the order of their places, each once. A refused field is not also reported as unknown."""
    once = dict.fromkeys(findings)
    refused = {found.source for found in once if found.code == "refused-member"}
    told = (found for found in once if found.code != "unknown-member" or found.source not in refused)
    return tuple(sorted(told, key=lambda found: (found.source, found.severity, found.code)))
