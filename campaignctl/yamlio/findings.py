"""From problems in a JSON value to findings at places of a file; and the check of a partly known tree."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from campaignctl.campaign.check import model_problems
from campaignctl.campaign.problem import KeyPath, Problem
from campaignctl.errors import Finding
from campaignctl.yamlio.interpolate import Values, places
from campaignctl.yamlio.nodes import Node, ScalarNode, SourceFile, is_file, locate, path_of
from campaignctl.yamlio.schema_types import Shape, shape_of
from campaignctl.yamlio.substitution import BAD
from campaignctl.yamlio.values import Builder

# Findings that an unreadable field may cause elsewhere in its object: not reported again.
_CONSEQUENCES = frozenset({"empty", "freeze", "primary-lang", "recurrence"})


def findings_of(problems: Iterable[Problem], root: Node, builder: Builder) -> Iterator[Finding]:
    """The findings for problems in a document, except those that an unreadable field explains."""
    unread: list[KeyPath] | None = None
    for problem in problems:
        if unread is None:
            unread = [path for node in builder.bad if (path := path_of(root, node)) is not None]
        if not _explained(problem, unread, builder.meant):
            yield _finding(problem, locate(root, problem.path), builder)


def _finding(problem: Problem, place: Node, builder: Builder) -> Finding:
    """One problem at its place."""
    hint = builder.with_place(problem.hint, place)
    if isinstance(place, ScalarNode) and place.text == "$file":
        # The file of one language: the path names them all.
        hint = f"{hint}; " * bool(hint) + f"this is the text for `{problem.path[-1]}`"
    return Finding(problem.severity, problem.code, problem.message, builder.at(place), hint)


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


def partial_findings(
    root: Node, file: SourceFile, values: Values, model: type[BaseModel]
) -> Iterator[Finding]:
    """Findings about the fields and types of a part of a document of that model.

    For defaults, which are checked even if no manifest uses them, and for a manifest whose matrix cannot be
    used. Values from a matrix or a file are not checked, and no field is required.
    """
    builder = _PartialBuilder(file, replace(values, later=True))
    value = builder.build(root, shape_of(model))
    yield from builder.findings
    if value is not BAD:
        problems = (one for one in model_problems(model, value) if one.code != "missing-member")
        yield from findings_of(problems, root, builder)


class _PartialBuilder(Builder):
    """A builder that leaves out values that are not known yet."""

    def build(self, node: Node, shape: Shape) -> Any:
        """The value of a node, or `BAD`, also if it is not known yet."""
        if is_file(node):
            self.bad.append(node)
            return BAD
        if isinstance(node, ScalarNode) and any(space == "matrix" for space, _ in places(node.text)):
            self.filled(node.text, self.file, node)
            self.bad.append(node)
            return BAD
        return super().build(node, shape)
