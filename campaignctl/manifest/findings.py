"""From problems in a JSON value to findings at places of a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from campaignctl.campaign.problem import Path, Problem
from campaignctl.errors import Finding
from campaignctl.manifest.build import Builder
from campaignctl.manifest.nodes import Node, SourceFile, locate, path_of

# What a member that could not be read may cause elsewhere in its object: not said a second time.
_CONSEQUENCES = frozenset({"empty", "primary-lang", "recurrence"})


def findings_of(problems: Iterable[Problem], root: Node, builder: Builder) -> Iterator[Finding]:
    """The findings for problems in a document, without those that an unreadable member explains."""
    unread: list[Path] | None = None
    for problem in problems:
        if unread is None:
            unread = list(_unread(root, builder))
        if not _explained(problem, unread, builder.meant):
            yield finding(problem, root, builder.file)


def finding(problem: Problem, root: Node, file: SourceFile) -> Finding:
    """One problem at its place."""
    source = file.at(locate(root, problem.path))
    return Finding(problem.severity, problem.code, problem.message, source, problem.hint)


def _unread(root: Node, builder: Builder) -> Iterator[Path]:
    for node in builder.bad:
        path = path_of(root, node)
        if path is not None:
            yield path


def _explained(problem: Problem, unread: Iterable[Path], meant: Collection[str]) -> bool:
    path = problem.path
    if path and path[-1] in meant:
        return True
    vague = problem.severity == "warning" or problem.code in _CONSEQUENCES
    return any(
        path[: len(bad)] == bad or (vague and len(path) > 1 and bad[: len(path) - 1] == path[:-1])
        for bad in unread
    )


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by their place, each once."""
    return tuple(
        sorted(dict.fromkeys(findings), key=lambda found: (found.source, found.severity, found.code))
    )
