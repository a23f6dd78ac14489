"""Finds the manifests and defaults of a project."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from campaignctl.errors import Finding, Source
from campaignctl.manifest.defaults import DEFAULTS_FILE
from campaignctl.project.loader import PROJECT_FILE
from campaignctl.project.model import Project
from campaignctl.yamlio.files import kept_out

#: Names that were probably meant to be the defaults file's.
_ALMOST_DEFAULTS = re.compile(r"_defaults?\.ya?ml", re.IGNORECASE)


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    """A glob over paths with `/`: `**/` is any folders or none, `*` and `?` stay in one part."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    tokens = re.split(r"(\*\*/|\*\*|\*|\?)", glob.removeprefix("./"))
    return re.compile("".join(parts.get(token, re.escape(token)) for token in tokens) + r"\Z")


def left_out(ignore: Iterable[str], folder: str) -> bool:
    """Whether a project with these `ignore` patterns skips a folder, or one above it."""
    parts = folder.split("/")
    if any(part.startswith((".", "_")) for part in parts):
        return True
    ignored = tuple(map(_pattern, ignore))
    return any(_any(ignored, "/".join([*parts[:end], "*"])) for end in range(1, len(parts) + 1))


@dataclass(frozen=True, slots=True)
class Discovered:
    """The paths of manifests and of files of defaults, relative to the project and sorted, and findings."""

    manifests: tuple[str, ...]
    defaults: tuple[str, ...]
    findings: tuple[Finding, ...]


def discover(project: Project, root: Path, shown: str) -> Discovered:
    """Find the manifests of a project; `shown` is the prefix of paths in findings.

    Names that begin with a dot or an underscore are never manifests, nor are the project file and the files
    in the folder of the state: YAML files there are refused.
    """
    walk = _Walk(project, root, shown)
    found = sorted(walk.manifests())
    hint = "correct it, or remove it; files that match no pattern are not declared"
    unused = (
        Finding("warning", "pattern", "no file matches this pattern", source, hint)
        for source in walk.unused.values()
    )
    return Discovered(tuple(found), tuple(sorted(walk.defaults)), (*walk.findings, *unused))


class _Walk:
    """One walk through the folders of a project."""

    def __init__(self, project: Project, root: Path, shown: str) -> None:
        self._root = root
        self._shown = shown
        self._wanted = tuple(_pattern(glob) for glob in project.manifests)
        self._ignored = tuple(_pattern(glob) for glob in project.ignore)
        self._private = project.private
        self._state = project.state.path
        self._state_folder = f"{folder}/" if (folder := self._state.rpartition("/")[0]) else None
        self.unused = dict(zip(self._wanted, project.manifest_sources, strict=False))
        self.defaults: list[str] = []
        self.findings: list[Finding] = []

    def manifests(self) -> Iterator[str]:
        """The paths of manifests, relative to the project, with `/`."""
        return self._walk("", (os.path.realpath(self._root),))

    def _walk(self, folder: str, above: tuple[str, ...]) -> Iterator[str]:
        try:
            with os.scandir(self._root / folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as wrong:
            self._refuse(folder or ".", f"the folder cannot be read: {wrong.strerror}")
            return
        if folder and any(entry.name == PROJECT_FILE for entry in found):
            message = "a project inside this project: its manifests would belong to both"
            self._refuse(f"{folder}{PROJECT_FILE}", message, f'move it, or add "{folder}**" to `ignore`')
            return
        for entry in found:
            yield from self._entry(entry, folder + entry.name, above)

    def _entry(self, entry: os.DirEntry[str], path: str, above: tuple[str, ...]) -> Iterator[str]:
        if _ALMOST_DEFAULTS.fullmatch(entry.name) and not _any(self._ignored, path):
            if entry.name == DEFAULTS_FILE:
                self.defaults += [path] if self._stays_inside(entry, path) else []
            else:
                message = f"defaults must be named {DEFAULTS_FILE}; this file is {entry.name}"
                self._refuse(path, message, f"rename it to {DEFAULTS_FILE}, or add it to `ignore`")
        if entry.name.startswith((".", "_")):
            return
        if entry.is_dir():
            yield from self._folder(entry, f"{path}/", above)
        elif self._is_manifest(path) and self._stays_inside(entry, path):
            yield path

    def _is_manifest(self, path: str) -> bool:
        fitting = [pattern for pattern in self._wanted if pattern.match(path)]
        for pattern in fitting:
            self.unused.pop(pattern, None)
        if not fitting or path in {PROJECT_FILE, self._state} or _any(self._ignored, path):
            return False
        if self._state_folder is None or not path.startswith(self._state_folder):
            return True
        if path.endswith((".yaml", ".yml")):
            message = "manifests in the folder of the state are not read"
            self._refuse(path, message, "move it, or give the state its own folder with `state.path`")
        return False

    def _folder(self, entry: os.DirEntry[str], path: str, above: tuple[str, ...]) -> Iterator[str]:
        # A pattern that takes any file of a folder takes the folder.
        if _any(self._ignored, f"{path}*") or not self._stays_inside(entry, path, f"{path}**"):
            return
        real = os.path.realpath(entry.path) if entry.is_symlink() else f"{above[-1]}{os.sep}{entry.name}"
        if real in above:
            self._refuse(path, "this link leads to a folder above it and would be followed forever")
            return
        yield from self._walk(path, (*above, real))

    def _stays_inside(self, entry: os.DirEntry[str], path: str, pattern: str = "") -> bool:
        """Whether a link leads to what may be read; a finding if it does not."""
        if not entry.is_symlink() or not (reason := kept_out(self._root, path, self._private)):
            return True
        self._refuse(path, f"this link {reason}", f'remove it, or add "{pattern or path}" to `ignore`')
        return False

    def _refuse(self, path: str, message: str, hint: str = "") -> None:
        self.findings.append(Finding("error", "project", message, Source(self._shown + path, 1, 1), hint))


def _any(patterns: Iterable[re.Pattern[str]], path: str) -> bool:
    return any(pattern.match(path) for pattern in patterns)
