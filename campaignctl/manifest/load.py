"""Which files a manifest names with `{$file: PATH}`, before anything of it is compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from campaignctl.campaign.keys import named
from campaignctl.errors import Finding, ManifestError, Source
from campaignctl.manifest.compile import Compiler
from campaignctl.manifest.defaults import NO_DEFAULTS, Defaults
from campaignctl.manifest.discover import Discovery, left_out
from campaignctl.manifest.matrix import expand
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.manifest.origins import Origin, no_such_key, origins_of
from campaignctl.project.loader import check_project, load_base, load_project
from campaignctl.project.model import Project
from campaignctl.schedule.times import iso
from campaignctl.yamlio.files import TextFiles, content, shown
from campaignctl.yamlio.findings import in_order
from campaignctl.yamlio.interpolate import filled_path
from campaignctl.yamlio.nodes import MappingNode, SourceFile
from campaignctl.yamlio.reader import read
from campaignctl.yamlio.substitution import Reference


def named_by(file: SourceFile, defaults: Defaults) -> frozenset[Reference]:
    """The files that a manifest and its defaults name, for every combination of its matrices."""
    named = [(one.folder, path.text) for one in (file, *defaults.files) for path in one.references]
    if all("${" not in path for _, path in named):
        return frozenset(named)
    filled = {
        (folder, filled_path(path, values)) for values in ({}, *_combinations(file)) for folder, path in named
    }
    return frozenset((folder, path) for folder, path in filled if path is not None)


def _combinations(file: SourceFile) -> Iterator[dict[str, str]]:
    for root in file.documents:
        matrix = root.get("matrix") if isinstance(root, MappingNode) else None
        if matrix is not None:
            yield from (one.values for one in expand(matrix, file).combinations)


#: What also speaks of campaigns that no manifest declares any longer.
_BEYOND_MANIFESTS = frozenset({"max_destroy_percent", "unknown_status"})


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


def load(
    project_dir: Path,
    *,
    environment: str | None,
    environ: Mapping[str, str],
    tool_version: str,
    variables: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> DesiredState:
    """The desired state of the project in a directory; warnings are in its `findings`.

    `variables` (--var) stand above those of the project file. At `now` overrides that are over are warned of;
    without it none are. Raises ManifestError with every finding of
    the run if one of them is an error, and UsageError for an environment that cannot be chosen or a
    variable that is not declared.
    """
    desired, findings = check(
        project_dir,
        environment=environment,
        environ=environ,
        tool_version=tool_version,
        variables=variables,
        now=now,
    )
    if desired is None:
        raise ManifestError(findings)
    return desired


def hides(project_dir: Path, folder: str, *, tool_version: str) -> bool:
    """Whether a project never looks into a folder below it."""
    try:
        ignore = load_base(project_dir, tool_version).ignore
    except ManifestError:
        ignore = ()
    return left_out(ignore, folder)


def check(
    project_dir: Path,
    *,
    environment: str | None,
    environ: Mapping[str, str],
    tool_version: str,
    variables: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> tuple[DesiredState | None, tuple[Finding, ...]]:
    """The desired state, or None if something is wrong with it, and every finding in the order of places.

    `variables` and `now` are those of `load`. Raises UsageError as it does.
    """
    project, findings = check_project(project_dir, environment, environ, tool_version, variables)
    if project is None:
        return None, findings
    return _Run(project, project_dir, environ, now=now).outcome(findings)


def trace(
    project_dir: Path,
    key: str,
    *,
    environment: str | None,
    environ: Mapping[str, str],
    tool_version: str,
    variables: Mapping[str, str] | None = None,
) -> tuple[DesiredCampaign, tuple[Origin, ...]]:
    """The campaign of a key, and where every member of its body came from.

    Raises as `load` does, and UsageError for a key that no manifest makes, naming the nearest.
    """
    project = load_project(
        project_dir,
        environment=environment,
        environ=environ,
        tool_version=tool_version,
        variables=variables,
    )
    run = _Run(project, project_dir, environ, traced=key)
    desired, findings = run.outcome(())
    if desired is None:
        raise ManifestError(findings)
    if run.compiler.trace is None:
        raise no_such_key(key, desired.campaigns)
    return desired.campaigns[key], origins_of(run.compiler.trace)


class _Run:
    """One reading of all manifests. A file's nodes are dropped once it is compiled."""

    def __init__(
        self,
        project: Project,
        directory: Path,
        environ: Mapping[str, str],
        traced: str | None = None,
        now: datetime | None = None,
    ) -> None:
        self._project = project
        self._root = directory
        self._shown = shown(directory)
        self._texts = TextFiles(directory, self._shown)
        self._now = now
        self._defaults: dict[str, Defaults] = {}
        self.compiler = Compiler(project, environ, traced)
        self.findings: list[Finding] = []

    def outcome(self, before: tuple[Finding, ...]) -> tuple[DesiredState | None, tuple[Finding, ...]]:
        """The desired state, or None if there is an error, and every finding with those from before."""
        desired = self._compiled()
        findings = in_order([*before, *self.findings, *desired.findings])
        if any(found.severity == "error" for found in findings):
            return None, findings
        findings = in_order([*findings, *doubts(desired, self._now)])
        return replace(desired, findings=findings), findings

    def _compiled(self) -> DesiredState:
        """Read and compile every manifest of the project."""
        discovery = Discovery(self._project, self._root, self._shown)
        manifests = discovery.manifests()
        for path in sorted(discovery.defaults, key=lambda path: path.count("/")):
            self._add_defaults(path)
        for path in manifests:
            file = self._file(path)
            if file is not None:
                defaults = self._in_force(file.folder)
                texts = self._texts.read(named_by(file, defaults))
                self.compiler.add(file, texts, defaults)
        self.findings += discovery.findings
        return self.compiler.finish()

    def _add_defaults(self, path: str) -> None:
        folder, slash, _ = path.rpartition("/")
        around = self._in_force(folder.rpartition("/")[0]) if slash else NO_DEFAULTS
        file = self._file(path)
        self._defaults[folder] = (
            self.compiler.add_defaults(file, around) if file else replace(around, complete=False)
        )

    def _in_force(self, folder: str) -> Defaults:
        """The defaults for a folder: its own, else those of the nearest folder around it."""
        if not self._defaults:
            return NO_DEFAULTS
        while folder not in self._defaults and folder:
            folder = folder.rpartition("/")[0]
        return self._defaults.get(folder, NO_DEFAULTS)

    def _file(self, path: str) -> SourceFile | None:
        # A name that is not UTF-8 must not break the output that shows it.
        name = (self._shown + path).encode("utf-8", "backslashreplace").decode()
        data = content(self._root / path)
        if isinstance(data, str):
            self.findings.append(Finding("error", "file", data, Source(name, 1, 1)))
            return None
        file, findings = read(name, path, data)
        self.findings += findings
        return file
