"""Three ways: members that the manifest and somebody in the dashboard changed to different values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from campaignctl.diff import FieldChange, field_changes, lookup, same, split
from campaignctl.plan.model import Conflict


def conflicts(
    applied: Mapping[str, Any], drift: Iterable[FieldChange], live: Mapping[str, Any], spec: Mapping[str, Any]
) -> tuple[Conflict, ...]:
    """The members of which an update overwrites what somebody else set.

    `drift` is what live changed of `applied`, `live` the whole of it as far as known, `spec` what the update
    makes of it. What both changed to the same is no conflict.
    """
    ours = [change.path for change in field_changes(applied, spec)]
    found: dict[str, Conflict] = {}
    for change in drift:
        for path in _shared(change.path, ours):
            values = [_at(source, path) for source in (applied, live, spec)]
            if not same(path, values[1], values[2]):
                found[path] = Conflict(path, *values)
    return tuple(found.values())


def _shared(theirs: str, ours: Iterable[str]) -> Iterator[str]:
    """Where a path of theirs meets some of ours: the one of both that is nearer to the root."""
    parts = split(theirs)
    for path in ours:
        own = split(path)
        shorter = min(len(parts), len(own))
        if parts[:shorter] == own[:shorter]:
            yield theirs if len(parts) <= len(own) else path


def _at(spec: Mapping[str, Any], path: str) -> Any:
    value = lookup(spec, path)
    return value[0] if value else None
