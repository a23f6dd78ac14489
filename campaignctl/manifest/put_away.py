"""Manifests that are done with: moved to a folder that no pattern reads, or deleted, with their own texts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from campaignctl.errors import CampaignctlError

#: Next to the manifest; names that begin with an underscore are never read.
FOLDER = "_archive"


@dataclass(frozen=True, slots=True)
class FileMove:
    """A file that goes `to` another path, or is deleted (None): the manifest at `of`, or a text of it."""

    path: str
    to: str | None
    of: str


def moves_of(texts: Mapping[str, Iterable[str]], *, delete: bool) -> list[FileMove]:
    """The moves of manifests with these texts of their own, by path. A text that is not below the folder of
    its manifest stays where it is."""
    found = []
    for path, own in texts.items():
        folder = path.rpartition("/")[0]
        before = f"{folder}/" if folder else ""
        # The manifest first: without it nothing names its texts.
        for each in (path, *(name for name in own if name.startswith(before))):
            to = None if delete else f"{before}{FOLDER}/{each.removeprefix(before)}"
            found.append(FileMove(each, to, path))
    return found


def why_not(root: Path, move: FileMove) -> str:
    """Why a file is not put away; empty if it may be."""
    place = root / move.path
    if place.resolve() != root.resolve() / move.path:
        return f"{move.path} is a link, or in a folder that is one"
    if move.to is not None and os.path.lexists(root / move.to):
        return f"{move.to} exists already"
    return ""


def put_away(root: Path, moves: Iterable[FileMove]) -> None:
    """Move or delete files, in their order; what is moved is never half of a file.

    Raises CampaignctlError: those before are put away, and the same call can be made for the rest.
    """
    for move in moves:
        place = root / move.path
        try:
            if move.to is None:
                place.unlink(missing_ok=True)
                continue
            to = root / move.to
            to.parent.mkdir(parents=True, exist_ok=True)
            place.rename(to)
        except OSError as wrong:
            raise CampaignctlError(
                f"{move.path} cannot be put away",
                detail=f"{wrong.strerror or wrong}",
                hint="nothing is forgotten yet; make its folder writable, then run the command again",
            ) from wrong
