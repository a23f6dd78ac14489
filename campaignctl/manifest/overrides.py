"""Overrides that lift nothing: over already, or for keys that no manifest has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from campaignctl.campaign.keys import named
from campaignctl.campaign.problem import Path
from campaignctl.errors import Finding, Source
from campaignctl.manifest.desired import DesiredState, Project
from campaignctl.manifest.nodes import SourceFile, locate
from campaignctl.schedule.times import iso

#: What also speaks of campaigns that no manifest declares any longer.
_BEYOND_MANIFESTS = frozenset({"max_destroy_percent", "unknown_status"})


def override_sources(file: SourceFile, project: Project, path: Path) -> tuple[tuple[Source, ...], ...]:
    """The places of the overrides of a project, as it has them; their list is at `path` of its file."""
    root = file.documents[0]
    found = []
    for index, one in enumerate(project.overrides):
        paths: list[Path] = [("until",), *(("keys", place) for place in range(len(one.keys)))]
        found.append(tuple(file.at(locate(root, (*path, index, *member))) for member in paths))
    return tuple(found)


def doubts(desired: DesiredState, now: datetime | None) -> Iterator[Finding]:
    """A warning for each override that is over at `now`, and for each key that names nothing."""
    known = {*desired.campaigns, *desired.removed}
    known.update(key for one in desired.campaigns.values() for key in one.moved_from)
    project = desired.project
    for one, (until, *places) in zip(project.overrides, project.override_sources, strict=True):
        if now is not None and one.until <= now:
            message = f"the override of {one.guardrail} ended at {iso(one.until)}"
            yield Finding("warning", "override", message, until, "take it away, or have a later end reviewed")
        elif one.guardrail not in _BEYOND_MANIFESTS:
            for key, place in zip(one.keys, places, strict=True):
                if not named(key, known):
                    message = f"the override of {one.guardrail} is for {key}, and no manifest has such a key"
                    yield Finding("warning", "override", message, place, "correct it, or take it away")
