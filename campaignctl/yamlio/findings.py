"""From problems in a JSON value to findings at places of a file; and the check of a partly known tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from pydantic import BaseModel

from campaignctl.campaign.check import model_problems
from campaignctl.campaign.problem import KeyPath, Problem
from campaignctl.errors import SEVERITIES, Finding, Severity, Source, counted, number
from campaignctl.yamlio.interpolate import Values, places
from campaignctl.yamlio.nodes import Node, ScalarNode, SourceFile, is_file, locate, paths_of
from campaignctl.yamlio.schema_types import Shape, shape_of
from campaignctl.yamlio.substitution import BAD
from campaignctl.yamlio.values import Builder

# Findings that an unreadable field may cause elsewhere in its object: not reported again.
_CONSEQUENCES = frozenset({"empty", "freeze", "primary-lang", "recurrence"})


def findings_of(problems: Iterable[Problem], root: Node, builder: Builder) -> Iterator[Finding]:
    """The findings for problems in a document, except those that an unreadable field explains."""
    unread: _Unread | None = None
    for problem in problems:
        if unread is None:
            unread = _Unread(paths_of(root, builder.bad))
        if not unread.explains(problem, builder.meant):
            yield _finding(problem, locate(root, problem.path), builder)


def _finding(problem: Problem, place: Node, builder: Builder) -> Finding:
    """One problem at its place."""
    hint = builder.with_place(problem.hint, place)
    if isinstance(place, ScalarNode) and place.text == "$file":
        # The file of one language: the path names them all.
        hint = f"{hint}; " * bool(hint) + f"this is the text for `{problem.path[-1]}`"
    return Finding(problem.severity, problem.code, problem.message, builder.at(place), hint)


class _Unread:
    """The paths of fields without a value."""

    def __init__(self, paths: set[KeyPath]) -> None:
        self._paths = paths
        self._around = {path[:end] for path in paths for end in range(len(path) + 1)}

    def explains(self, problem: Problem, meant: Collection[str]) -> bool:
        """Whether a problem is only that a field of it, or close to it, could not be read."""
        path = problem.path
        if path and path[-1] in meant:
            return True
        vague = problem.severity == "warning" or problem.code in _CONSEQUENCES
        if vague and len(path) > 1 and path[:-1] in self._around:
            return True
        return any(path[:end] in self._paths for end in range(len(path) + 1))


MOST_IN_FILE = 100
"""How many findings of one file are kept; the number of the rest is."""

MOST_IN_RUN = 1_000
LONGEST_MESSAGE = 800
_MORE = "more-findings"
_FEW_KEYS = 20


class Collected:
    """The findings of a file that are kept while it is compiled, and how many more there are.

    Each is kept once for each key, but once for many campaigns of a matrix.
    """

    def __init__(self) -> None:
        self._keys: dict[Finding, dict[str | None, None]] = {}
        self._kept: Counter[tuple[str, Severity]] = Counter()
        self._more: dict[tuple[str, Severity], dict[int, Source]] = {}

    def add(self, findings: Iterable[Finding], key: str | None = None) -> None:
        """Take over findings, which are about a campaign of that key."""
        for found in findings:
            group = (found.source.file, found.severity)
            if found in self._keys:
                self._keys[found][key] = None
            elif self._kept[group] < MOST_IN_FILE:
                self._kept[group] += 1
                self._keys[found] = {key: None}
            else:
                place = found.source
                mark = hash((place.line, place.column, found.code, found.message))
                self._more.setdefault(group, {}).setdefault(mark, place)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, and one for the rest of each severity."""
        kept = (replace(found, key=key) for found, keys in self._keys.items() for key in _few(keys))
        more = (
            _rest(severity, len(places), next(iter(places.values())))
            for (_, severity), places in self._more.items()
        )
        return (*kept, *more)


def _few(keys: Collection[str | None]) -> Collection[str | None]:
    """These keys; of many the one before the bracket, if it is the same in all."""
    if len(keys) <= _FEW_KEYS:
        return keys
    bases = {key and key.partition("[")[0] for key in keys}
    return bases if len(bases) == 1 else (None,)


def _rest(severity: Severity, count: int, place: Source, where: str = "this file") -> Finding:
    message = f"{counted(count, f'more {severity}')} in {where}"
    return Finding(severity, "more-findings", message, place, "correct the others first", count=count)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in the order of their places, each once; of a file at most 100, errors before warnings.

    A refused field is not also reported as unknown.
    """
    once = dict.fromkeys(findings)
    refused = {found.source for found in once if found.code == "refused-member"}
    files: dict[str, list[Finding]] = {}
    for found in once:
        if found.code != "unknown-member" or found.source not in refused:
            files.setdefault(found.source.file, []).append(found)
    return tuple(sorted(chain.from_iterable(map(_of_file, files.values())), key=_place))


def _rank(found: Finding) -> int:
    return SEVERITIES.index(found.severity)


def _place(found: Finding) -> tuple[Source, int, str]:
    return found.source, _rank(found), found.code


def _of_file(findings: Sequence[Finding]) -> Iterator[Finding]:
    known = [found for found in findings if found.code != _MORE]
    known.sort(key=lambda found: (_rank(found), _place(found)))
    yield from map(_cut, known[:MOST_IN_FILE])
    for severity in SEVERITIES:
        # Several manifests report the same rest of their defaults.
        rests = [found for found in findings if found.code == _MORE and found.severity == severity]
        left = [found for found in known[MOST_IN_FILE:] if found.severity == severity]
        count = len(left) + max((found.count for found in rests), default=0)
        if count:
            yield _rest(severity, count, min(found.source for found in (*left, *rests)))


def of_run(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """At most 1,000 findings in their order, errors before warnings, and the number of the rest."""
    if len(findings) <= MOST_IN_RUN:
        return tuple(findings)
    chosen = sorted(findings, key=_rank)  # errors come first, and keep their order
    kept, left = set(chosen[:MOST_IN_RUN]), chosen[MOST_IN_RUN:]
    rests = []
    for severity in SEVERITIES:
        if of_it := [found for found in left if found.severity == severity]:
            files = counted(len({found.source.file for found in of_it}), "file")
            rests.append(_rest(severity, number(of_it, severity), of_it[0].source, files))
    return (*(found for found in findings if found in kept), *rests)


def _cut(found: Finding) -> Finding:
    """A finding whose words are short: a name may have a million letters."""
    if len(found.message) <= LONGEST_MESSAGE and len(found.hint) <= LONGEST_MESSAGE:
        return found
    return replace(found, message=_shortened(found.message), hint=_shortened(found.hint))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 3]}..."


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
