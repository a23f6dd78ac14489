"""Where the project is: the directory of its `campaignctl.yaml`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from campaignctl.errors import CampaignctlError, Command, Sentence, UsageError

PROJECT_FILE = "campaignctl.yaml"
DIRECTORY_VARIABLE = "CAMPAIGNCTL_PROJECT"


def find_project(directory: Path | str | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """The project's directory: `directory` (-C), else CAMPAIGNCTL_PROJECT, else `cwd`, else its campaigns.

    Raises UsageError that names the places searched, and CampaignctlError for a directory that git could
    take for a repository.
    """
    named = directory or environ.get(DIRECTORY_VARIABLE)
    places = [cwd / named] if named else [cwd, cwd / "campaigns"]
    for place in places:
        if (place / PROJECT_FILE).is_file():
            refuse_repository(place)
            return place
    looked = " or ".join(str(place) for place in places)
    raise UsageError(f"no {PROJECT_FILE} in {looked}", hint=_instead(places, None if named else cwd))


def refuse_repository(directory: Path) -> None:
    """Raise CampaignctlError for a directory that git could take for a repository without a `.git`.

    Files like these can be committed, with a configuration that names programs.
    """
    there = {name for name in ("HEAD", "commondir", "objects", "refs") if os.path.lexists(directory / name)}
    if {"HEAD", "commondir"} <= there or {"HEAD", "objects", "refs"} <= there:
        raise CampaignctlError(
            f"the project folder looks like a bare git repository: {directory}",
            detail=f"It contains {', '.join(sorted(there))}. Such a folder can make git run programs.",
            hint="check where these files come from; then delete them, or move the project to another folder",
        )


def _instead(places: Iterable[Path], inside: Path | None) -> str:
    """The hint where no project was found; `inside` is a directory that may be part of one."""
    for place in places:
        if (other := place / "campaignctl.yml").is_file():
            return f"rename {other} to {PROJECT_FILE}"
    if inside and (around := project_around(inside)):
        return (
            f"this folder belongs to the project in {around}: campaignctl -C {shlex.quote(str(around))} ..."
        )
    return Sentence("", Command("init"), " creates a project; -C DIR points to one")


def project_around(directory: Path) -> Path | None:
    """The nearest directory above this one that is a project."""
    above = directory.resolve().parents
    return next((place for place in above if (place / PROJECT_FILE).is_file()), None)
