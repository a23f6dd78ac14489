"""The order of members: that of the models, which is that of the API contract's tables (section 2).

Members that no model knows keep their order, behind all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations

from campaignctl.manifest import shape as shapes
from campaignctl.manifest.commented import Block, Entry
from campaignctl.manifest.defaults import DEFAULTS_FILE
from campaignctl.manifest.defaults_document import DefaultsDocument
from campaignctl.manifest.document import Document
from campaignctl.manifest.project import PROJECT_FILE
from campaignctl.manifest.project_file import EnvironmentMembers, ProjectFile
from campaignctl.manifest.shape import Members, Shape, bare, shape_of

#: The members of a project file: first what it is, then whom it talks to, then what its manifests share.
_PROJECT = (
    "apiVersion",
    "kind",
    "metadata",
    "required_version",
    "manifests",
    "ignore",
    "allow_env",
    "account",
    "time_zone",
    "api",
    "state",
    "variables",
    "guardrails",
    "overrides",
    "default_environment",
    "environments",
)


def order_of(path: str) -> Members:
    """The shape that tells the order of members in a file of a project; `path` is relative to it."""
    if path == PROJECT_FILE:
        return _project()
    name = path.rpartition("/")[2]
    return shape_of(DefaultsDocument if name == DEFAULTS_FILE else Document)


@cache
def _project() -> Members:
    project = _sorted(shape_of(ProjectFile))
    environment = _sorted(shape_of(EnvironmentMembers))
    return replace(project, known={**project.known, "environments": shapes.Table(environment)})


def _sorted(shape: Members) -> Members:
    known = sorted(shape.known, key=lambda name: _PROJECT.index(name) if name in _PROJECT else len(_PROJECT))
    return replace(shape, known={name: shape.known[name] for name in known})


def _ranks(names: Iterable[str]) -> dict[str, int]:
    return {name: rank for rank, name in enumerate(names)}


def in_order(block: Block, shape: Shape | None) -> Block:
    """A block with its members, and theirs, in the order of a shape."""
    shape = bare(shape)
    entries = [_entry(entry, _inner(shape, entry)) for entry in block.entries]
    if isinstance(shape, Members):
        ranks = _ranks(shape.known)
        moved = sorted(entries, key=lambda entry: ranks.get(_name(entry), len(ranks)))
        if _same_names(entries, moved):
            entries = moved
    return replace(block, entries=tuple(entries))


def _entry(entry: Entry, shape: Shape | None) -> Entry:
    if isinstance(entry.value, Block):
        return replace(entry, value=in_order(entry.value, shape))
    return entry


def _inner(shape: Shape | None, entry: Entry) -> Shape | None:
    """The shape of an entry's value."""
    if isinstance(shape, Members) and entry.key:
        return shape.known.get(_name(entry), shape.rest)
    if isinstance(shape, shapes.Table) and entry.key:
        return shape.value
    if isinstance(shape, shapes.Items) and not entry.key:
        return shape.item
    return None


def _name(entry: Entry) -> str:
    return entry.key.name if entry.key else ""


def _same_names(before: Sequence[Entry], after: Sequence[Entry]) -> bool:
    """Whether every alias still stands behind the anchor that it means."""
    named = [entry for entry in before if entry.names.set or entry.names.used]
    places = {id(entry): place for place, entry in enumerate(after)}
    return not any(
        places[id(first)] > places[id(second)] and _tied(first, second)
        for first, second in combinations(named, 2)
    )


def _tied(first: Entry, second: Entry) -> bool:
    one, other = first.names, second.names
    sets = set(one.set)
    return bool(sets & other.used or sets & set(other.set) or set(other.set) & one.used)
