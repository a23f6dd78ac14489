"""The one entry to a project on disk: reads the project file, the manifests and the files they name."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from pathlib import Path

from campaignctl.errors import Finding, ManifestError, Source
from campaignctl.manifest.build import FileText
from campaignctl.manifest.compile import Compiler
from campaignctl.manifest.desired import DesiredState, Project
from campaignctl.manifest.discover import Discovery
from campaignctl.manifest.findings import in_order
from campaignctl.manifest.nodes import SourceFile
from campaignctl.manifest.project import PROJECT_FILE, read_project_file, resolve
from campaignctl.manifest.reader import LARGEST, read


def load(
    project_dir: Path, *, environment: str | None, environ: Mapping[str, str], tool_version: str
) -> DesiredState:
    """The desired state of the project in a directory; warnings are in its `findings`.

    Raises ManifestError with every finding of the run if one of them is an error, and UsageError for an
    environment that cannot be chosen.
    """
    desired, findings = check(
        project_dir, environment=environment, environ=environ, tool_version=tool_version
    )
    if desired is None:
        raise ManifestError(findings)
    return desired


def load_project(
    project_dir: Path, *, environment: str | None, environ: Mapping[str, str], tool_version: str
) -> Project:
    """The project alone, without its manifests. Raises as `load` does."""
    project, findings = _project(project_dir, environment, environ, tool_version)
    if project is None:
        raise ManifestError(findings)
    return project


def check(
    project_dir: Path, *, environment: str | None, environ: Mapping[str, str], tool_version: str
) -> tuple[DesiredState | None, tuple[Finding, ...]]:
    """The desired state, or None if something is wrong with it, and every finding in the order of places.

    Raises UsageError for an environment that cannot be chosen.
    """
    project, findings = _project(project_dir, environment, environ, tool_version)
    if project is None:
        return None, findings
    run = _Run(project, project_dir, environ)
    desired = run.compiled()
    findings = in_order([*findings, *run.findings, *desired.findings])
    if any(found.severity == "error" for found in findings):
        return None, findings
    return DesiredState(project, desired.campaigns, desired.digest, findings), findings


def _project(
    directory: Path, environment: str | None, environ: Mapping[str, str], tool_version: str
) -> tuple[Project | None, tuple[Finding, ...]]:
    name = _shown(directory) + PROJECT_FILE
    data = _bytes(directory / PROJECT_FILE)
    if isinstance(data, str):
        return None, (Finding("error", "project", data, Source(name, 1, 1)),)
    file, findings = read(name, PROJECT_FILE, data)
    if findings:
        return None, findings
    value, findings = read_project_file(file, tool_version)
    if value is None:
        return None, findings
    return resolve(value, str(directory.resolve()), environment, environ), findings


class _Run:
    """One reading of all manifests. A file's nodes are dropped once it is compiled."""

    def __init__(self, project: Project, directory: Path, environ: Mapping[str, str]) -> None:
        self._project = project
        self._root = directory
        self._shown = _shown(directory)
        self._compiler = Compiler(project, environ)
        self._texts = _Texts(directory, self._shown)
        self.findings: list[Finding] = []

    def compiled(self) -> DesiredState:
        """Read and compile every manifest of the project."""
        discovery = Discovery(self._project, self._root, self._shown)
        for path in discovery.manifests():
            self._add(path)
        self.findings += discovery.findings
        return self._compiler.finish()

    def _add(self, path: str) -> None:
        # A name that is not UTF-8 must not break the output that shows it.
        name = (self._shown + path).encode("utf-8", "backslashreplace").decode()
        data = _bytes(self._root / path)
        if isinstance(data, str):
            self.findings.append(Finding("error", "file", data, Source(name, 1, 1)))
            return
        file, findings = read(name, path, data)
        self.findings += findings
        self._compiler.add(file, self._texts.named_by(file))


class _Texts:
    """The texts of `{$file: PATH}`, each read once."""

    def __init__(self, root: Path, shown: str) -> None:
        self._root = root
        self._real = root.resolve()
        self._shown = shown
        self._known: dict[str, FileText] = {}

    def named_by(self, file: SourceFile) -> dict[str, FileText]:
        """The files that a manifest names, by the path as it stands there."""
        folder = file.path.rpartition("/")[0]
        return {reference.text: self._text(folder, reference.text) for reference in file.references}

    def _text(self, folder: str, path: str) -> FileText:
        relative = posixpath.normpath(posixpath.join(folder, path))
        if relative not in self._known:
            self._known[relative] = self._read(relative)
        return self._known[relative]

    def _read(self, relative: str) -> FileText:
        name = self._shown + relative
        if "\0" in relative or relative in {"", "."}:
            return FileText(name, error="not the path of a file")
        real = (self._real / relative).resolve()
        if relative.startswith("/") or not real.is_relative_to(self._real):
            hint = "copy the file into the project"
            return FileText(name, error="the path leaves the directory of the project", hint=hint)
        data = _bytes(real)
        if isinstance(data, str):
            return FileText(name, error=f"{name}: {data}")
        if len(data) > LARGEST:
            return FileText(name, error=f"{name} has {len(data):,} bytes, and at most 1 MiB is read")
        return _decoded(name, data)


def _decoded(name: str, data: bytes) -> FileText:
    try:
        text = data.decode()
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        return FileText(name, error=f"{name} is not UTF-8 (line {line})", hint="save it as UTF-8")
    if text.startswith("\ufeff"):
        hint = "save it as UTF-8 without a mark"
        return FileText(name, error=f"{name} begins with a byte order mark, which would be sent", hint=hint)
    return FileText(name, text)


def _bytes(path: Path) -> bytes | str:
    """The content of a file, a little more than the largest at most; or why there is none."""
    try:
        # Anything but a file (a pipe, a device) could be read without end.
        if not path.is_file():
            return "there is no such file" if not path.exists() else "not a file"
        with path.open("rb", buffering=0) as stream:
            return stream.read(LARGEST + 1) or b""
    except (OSError, ValueError) as wrong:
        return f"cannot be read: {getattr(wrong, 'strerror', None) or wrong}"


def _shown(directory: Path) -> str:
    """What stands before a path of the project to name it for people: relative if that is shorter."""
    absolute = str(directory.absolute())
    relative = os.path.relpath(absolute)
    if relative == ".":
        return ""
    return (absolute if relative.startswith("..") else relative) + os.sep
