"""New and changed files of a project: what it would compile to with them, their patch, and their writing."""

from __future__ import annotations

import difflib
import os
import posixpath
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

from campaignctl.errors import CampaignctlError, Finding
from campaignctl.manifest.load import Shown, load_shown
from campaignctl.yamlio.files import content, create_file, kept_out, replace_file, shown
from campaignctl.yamlio.reader import LARGEST

#: Folders in which no manifest and no text of one is.
_LEFT_OUT = (".git", ".campaignctl", ".venv", "node_modules", "__pycache__")


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file at a path of the project, with `/`: its text, and its content before; None for a new file."""

    path: str
    after: str
    before: bytes | None = None


def shown_with(
    directory: Path,
    changes: Iterable[FileChange],
    *,
    environment: str | None,
    environ: Mapping[str, str],
    tool_version: str,
    variables: Mapping[str, str] | None = None,
) -> Shown:
    """The campaigns of a project with these files, in a copy of it. Raises as `load_shown` does."""
    with _copied(directory, changes) as copy:
        found = load_shown(
            copy, environment=environment, environ=environ, tool_version=tool_version, variables=variables
        )
        faulty = {key: _of_project(errors, copy) for key, errors in found.faulty.items()}
        return replace(found, faulty=faulty, findings=_of_project(found.findings, copy))


def _of_project(findings: Iterable[Finding], copy: Path) -> tuple[Finding, ...]:
    """Findings about a copy with the paths of the project in their messages."""
    return tuple(replace(found, message=found.message.replace(shown(copy), "")) for found in findings)


@contextmanager
def _copied(directory: Path, changes: Iterable[FileChange]) -> Iterator[Path]:
    with TemporaryDirectory(prefix="campaignctl-") as parent:
        copy = Path(parent) / "project"
        try:
            shutil.copytree(directory, copy, symlinks=True, ignore=_left_out)
            _free(copy, directory)
            for change in changes:
                place = copy / change.path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(change.after.encode())
        except OSError as wrong:
            raise CampaignctlError(
                "Cannot copy the project to check new files", detail=f"{wrong}."
            ) from wrong
        yield copy


def _free(copy: Path, directory: Path) -> None:
    """Let a copy be written, and nothing but the copy: links inside the project are links inside the copy."""
    real = directory.resolve()
    for folder, folders, files in os.walk(copy):
        here = Path(folder)
        here.chmod(0o700)
        for name in (*folders, *files):
            path = here / name
            if not path.is_symlink():
                path.chmod(0o700)
                continue
            target = Path(os.path.realpath(directory / path.relative_to(copy)))
            if target.is_relative_to(real):
                path.unlink()
                path.symlink_to(os.path.relpath(copy / target.relative_to(real), here))


def _left_out(folder: str, names: list[str]) -> set[str]:
    def skipped(name: str) -> bool:
        path = Path(folder) / name
        if path.is_symlink() or path.is_dir():
            return name in _LEFT_OUT
        return not path.is_file() or path.stat().st_size > LARGEST

    return set(filter(skipped, names))


def in_the_way(directory: Path, change: FileChange, private: tuple[str, ...] = ()) -> str:
    """Why a file is not written: something else is in its place; empty if it may be."""
    if reason := kept_out(directory, change.path, private):
        return f"{change.path} {reason}"
    *above, _ = accumulate(change.path.split("/"), posixpath.join)
    for folder in above:
        if os.path.lexists(directory / folder) and not (directory / folder).is_dir():
            return f"{folder} is not a folder"
    place = directory / change.path
    if place.is_dir():
        return f"{change.path} is a folder"
    there, found = os.path.lexists(place), content(place)
    if change.before is None:
        same = found == change.after.encode()
        return f"{change.path} exists already, with other content" if there and not same else ""
    return "" if found == change.before else f"{change.path} has changed meanwhile"


def write(directory: Path, change: FileChange) -> str:
    """Write a file whole and durably; a new one never replaces another.

    Returns why it cannot be written; empty if it is.
    """
    if reason := in_the_way(directory, change):
        return reason
    place, data = directory / change.path, change.after.encode()
    try:
        if change.before is not None:
            place = place.resolve()
            replace_file(place, data, stat.S_IMODE(place.stat().st_mode))
        elif not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            create_file(place, data)
    except OSError as wrong:
        return f"{change.path} cannot be written: {wrong.strerror or wrong}"
    return ""


def patch(change: FileChange) -> Iterator[str]:
    """The lines of a patch that makes a change, as `git apply` takes it."""
    before = "" if change.before is None else change.before.decode("utf-8", "replace")
    name = "/dev/null" if change.before is None else f"a/{change.path}"
    # Not at the other line breaks of Unicode, at which git does not break lines either.
    old, new = (re.findall(r"[^\n]*\n|[^\n]+", text) for text in (before, change.after))
    for line in difflib.unified_diff(old, new, name, f"b/{change.path}"):
        yield line.removesuffix("\n")
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"
