"""Finds the manifests and defaults of a project."""

from __future__ import annotations

import os
import posixpath
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from campaignctl.campaign.keys import Pattern, of_paths
from campaignctl.errors import Finding, Source
from campaignctl.manifest.defaults import DEFAULTS_FILE
from campaignctl.project.find import PROJECT_FILE
from campaignctl.project.model import Project
from campaignctl.yamlio.files import kept_out

_SUFFIXES = (".yaml", ".yml")
#: Names that were probably meant to be the defaults file's.
_ALMOST_DEFAULTS = re.compile(r"_defaults?\.ya?ml", re.IGNORECASE)


def left_out(ignore: Iterable[str], folder: str) -> bool:
    """Whether a project with these `ignore` patterns skips a folder, or one above it."""
    parts = folder.split("/")
    if any(part.startswith((".", "_")) for part in parts):
        return True
    ignored = tuple(map(of_paths, ignore))
    return any(_any(ignored, "/".join([*parts[:end], "*"])) for end in range(1, len(parts) + 1))


@dataclass(frozen=True, slots=True)
class Discovered:
    """The paths of manifests and of files of defaults, relative to the project and sorted, and findings.

    `folders` are the real paths of all that was searched.
    """

    manifests: tuple[str, ...]
    defaults: tuple[str, ...]
    findings: tuple[Finding, ...]
    folders: tuple[str, ...] = ()


def discover(project: Project, root: Path, shown: str) -> Discovered:
    """Find the manifests of a project; `shown` is the prefix of paths in findings.

    Names that begin with a dot or an underscore are never manifests, nor are the project file and the files
    in the folder of the state: YAML files there are refused, as are files with a suffix like `.YAML`.
    """
    walk = _Walk(project, root, shown)
    found = sorted(walk.manifests())
    hint = "correct it, or remove it; files that match no pattern are not declared"
    unused = (
        Finding("warning", "pattern", "no file matches this pattern", source, hint)
        for source in walk.unused.values()
    )
    defaults, findings = tuple(sorted(walk.defaults)), (*walk.findings, *unused)
    return Discovered(tuple(found), defaults, findings, walk.folders)


class _Walk:
    """One walk through the folders of a project."""

    def __init__(self, project: Project, root: Path, shown: str) -> None:
        self._root = root
        self._shown = shown
        self._wanted = tuple(of_paths(glob) for glob in project.manifests)
        self._ignored = tuple(of_paths(glob) for glob in project.ignore)
        self._private = project.private
        self._state = project.state.path
        self._state_folder = f"{folder}/" if (folder := self._state.rpartition("/")[0]) else None
        self.unused = dict(zip(self._wanted, project.manifest_sources, strict=False))
        self.defaults: list[str] = []
        self.findings: list[Finding] = []
        #: The path under which each real folder was read; links to folders that still wait.
        self._read: dict[str, str] = {}
        self._links: deque[tuple[str, str]] = deque()

    def manifests(self) -> Iterator[str]:
        """The paths of manifests, relative to the project, with `/`.

        Each real folder is read once: links to folders wait until all real ones are read.
        """
        waiting = [("", os.path.realpath(self._root))]
        while waiting or self._links:
            path, real = waiting.pop() if waiting else self._links.popleft()
            if real in self._read:
                self._refuse(path, *_twice(path, self._read[real]))
                continue
            self._read[real] = path
            for entry in self._entries(path):
                below = path + entry.name
                if entry.name.startswith((".", "_")):
                    continue
                if not _is_folder(entry):
                    if self._is_read(entry, below):
                        yield below
                # A pattern that takes any file of a folder takes the folder.
                elif not _any(self._ignored, f"{below}/*") and self._stays_inside(
                    entry, f"{below}/", f"{below}/**"
                ):
                    if entry.is_symlink():
                        self._links.append((f"{below}/", os.path.realpath(entry.path)))
                    else:
                        waiting.append((f"{below}/", f"{real}{os.sep}{entry.name}"))

    @property
    def folders(self) -> tuple[str, ...]:
        """The real paths of the folders that were read."""
        return tuple(self._read)

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        """What is in a folder, unless it is another project or cannot be read."""
        try:
            with os.scandir(self._root / folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as wrong:
            self._refuse(folder or ".", f"the folder cannot be read: {wrong.strerror}")
            return []
        if folder and any(entry.name == PROJECT_FILE for entry in found):
            message = "a project inside this project: its manifests would belong to both"
            self._refuse(f"{folder}{PROJECT_FILE}", message, f'move it, or add "{folder}**" to `ignore`')
            return []
        for entry in found:
            self._note_defaults(entry, folder + entry.name)
        return found

    def _note_defaults(self, entry: os.DirEntry[str], path: str) -> None:
        name = entry.name
        if not _ALMOST_DEFAULTS.fullmatch(name) or _any(self._ignored, path):
            return
        if name == DEFAULTS_FILE:
            self.defaults += [path] if self._stays_inside(entry, path) else []
        else:
            message = f"defaults must be named {DEFAULTS_FILE}; this file is {name}"
            self._refuse(path, message, f"rename it to {DEFAULTS_FILE}, or add it to `ignore`")

    def _is_read(self, entry: os.DirEntry[str], path: str) -> bool:
        if self._is_manifest(path):
            return self._stays_inside(entry, path)
        self._note_capitals(path)
        return False

    def _is_manifest(self, path: str, found: str = "") -> bool:
        """Whether a file is a manifest; one of another name would be, if `found` had this path."""
        fitting = [pattern for pattern in self._wanted if pattern.matches(path)]
        for pattern in fitting:
            self.unused.pop(pattern, None)
        if not fitting or path in {PROJECT_FILE, self._state} or _any(self._ignored, path):
            return False
        if self._state_folder is None or not path.startswith(self._state_folder):
            return True
        if path.endswith(_SUFFIXES):
            message = "manifests in the folder of the state are not read"
            self._refuse(
                found or path, message, "move it, or give the state its own folder with `state.path`"
            )
        return False

    def _note_capitals(self, path: str) -> None:
        """Refuse a file that would be a manifest if its suffix had no capitals."""
        stem, suffix = posixpath.splitext(path)
        renamed = stem + suffix.lower()
        if renamed == path or not renamed.endswith(_SUFFIXES) or _any(self._ignored, path):
            return
        if self._is_manifest(renamed, path):
            name = posixpath.basename(renamed)
            message = f"not read as a manifest, because its name ends in {suffix}"
            self._refuse(path, message, f'rename it to {name}, or add "{path}" to `ignore`')

    def _stays_inside(self, entry: os.DirEntry[str], path: str, pattern: str = "") -> bool:
        """Whether a link leads to what may be read; a finding if it does not."""
        if not entry.is_symlink() or not (reason := kept_out(self._root, path, self._private)):
            return True
        self._refuse(path, f"this link {reason}", f'remove it, or add "{pattern or path}" to `ignore`')
        return False

    def _refuse(self, path: str, message: str, hint: str = "") -> None:
        self.findings.append(Finding("error", "project", message, Source(self._shown + path, 1, 1), hint))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one; a link that cannot be followed is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _any(patterns: Iterable[Pattern], path: str) -> bool:
    return any(pattern.matches(path) for pattern in patterns)


def _twice(path: str, known: str) -> tuple[str, str]:
    """The message and the hint for a folder that was read already, under a path that is `known`."""
    if path.startswith(known):
        return "this link leads to a folder above it and would be followed forever", ""
    message = f"this folder was read as {known}: its manifests would be declared twice"
    return message, f'remove the link, or add "{path}**" to `ignore`'
