"""A project on disk: its files are read, each is compiled, and all of them are linked."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from campaignctl.campaign.keys import is_wild, named
from campaignctl.campaign.problem import KeyPath
from campaignctl.errors import CampaignctlError, Finding, ManifestError
from campaignctl.manifest.discover import left_out
from campaignctl.manifest.files import ProjectFiles
from campaignctl.manifest.link import link, override_doubts
from campaignctl.manifest.model import DesiredCampaign, DesiredState, FileResult
from campaignctl.project.loader import check_project, load_base, load_project
from campaignctl.project.model import Project
from campaignctl.yamlio.findings import in_order, of_run

if TYPE_CHECKING:
    from campaignctl.manifest.origins import Origin


#: What adds findings about campaigns, also about what could be read of those with errors.
Inspect = Callable[[DesiredState], Iterable[Finding]]


def load(
    project_dir: Path,
    *,
    environment: str | None,
    environ: Mapping[str, str],
    tool_version: str,
    variables: Mapping[str, str] | None = None,
    now: datetime | None = None,
    only: Collection[str] = (),
) -> DesiredState:
    """The desired state of the project in a directory; warnings are in its `findings`.

    `variables` (--var) override those of the project file. Overrides that have ended at `now` get a warning;
    without `now` none do. With `only`, errors that concern none of the keys that these patterns name are left
    in `findings`, and the campaigns that have them are left out. Raises ManifestError with every finding of
    the run if another one is an error, and UsageError for an environment that cannot be chosen or a variable
    that is not declared.
    """
    project, before = check_project(project_dir, environment, environ, tool_version, variables)
    if project is None:
        raise ManifestError(before)
    files = ProjectFiles(project, project_dir, environ)
    results = files.results(keep_nodes=False)
    desired, findings = _linked(files, results, before, now)
    desired = desired or (_without_others(files, results, before, only) if only else None)
    if desired is None:
        raise ManifestError(findings)
    return desired


def check(
    project_dir: Path,
    *,
    environment: str | None,
    environ: Mapping[str, str],
    tool_version: str,
    variables: Mapping[str, str] | None = None,
    now: datetime | None = None,
    inspect: Inspect | None = None,
) -> tuple[DesiredState | None, tuple[Finding, ...]]:
    """The desired state, or None if there is an error, and every finding in the order of places.

    `inspect` adds findings, which let no campaign pass or fail.
    `variables` and `now` are those of `load`. Raises UsageError as it does.
    """
    project, findings = check_project(project_dir, environment, environ, tool_version, variables)
    if project is None:
        return None, findings
    files = ProjectFiles(project, project_dir, environ)
    return _linked(files, files.results(), findings, now, inspect)


def trace(
    project_dir: Path,
    key: str,
    *,
    environment: str | None,
    environ: Mapping[str, str],
    tool_version: str,
    variables: Mapping[str, str] | None = None,
) -> tuple[DesiredCampaign, tuple[Origin, ...]]:
    """The campaign of a key, and where every field of its body came from.

    Only files that may declare the key are compiled, unless none does. Raises as `load` does, and UsageError
    for a key that no manifest declares, naming the nearest.
    """
    project = load_project(
        project_dir,
        environment=environment,
        environ=environ,
        tool_version=tool_version,
        variables=variables,
    )
    from campaignctl.manifest.origins import no_such_key

    files = ProjectFiles(project, project_dir, environ)
    results = files.results((key,))
    if not any(one.key == key for result in results for one in result.campaigns):
        files = ProjectFiles(project, project_dir, environ)
        results = files.results()
    desired, findings = _linked(files, results)
    desired = desired or _without_others(files, results, (), (key,))
    if desired is None:
        raise ManifestError(findings)
    if key not in desired.campaigns:
        raise no_such_key(key, desired.campaigns)
    path = next(result.path for result in results if any(one.key == key for one in result.campaigns))
    return desired.campaigns[key], files.origins(path, key)


@dataclass(frozen=True, slots=True)
class Shown:
    """The campaigns of a project that can be shown, although others may have errors.

    `faulty` are the keys that a manifest declares and that cannot be shown, each with its errors; `findings`
    are those of the whole run.
    """

    project: Project
    campaigns: Mapping[str, DesiredCampaign]
    faulty: Mapping[str, tuple[Finding, ...]]
    findings: tuple[Finding, ...]


def load_shown(
    project_dir: Path,
    *,
    environment: str | None,
    environ: Mapping[str, str],
    tool_version: str,
    variables: Mapping[str, str] | None = None,
    only: Collection[str] = (),
) -> Shown:
    """The campaigns without an error of their own, of a project that may have errors elsewhere.

    With `only`, other files than those that may declare these keys are not compiled, unless a key is a
    pattern or not declared. Raises as `load` does, but ManifestError only if the project file cannot be used.
    """
    project, before = check_project(project_dir, environment, environ, tool_version, variables)
    if project is None:
        raise ManifestError(before)
    files = ProjectFiles(project, project_dir, environ)
    results = files.results(only)
    if not {*only} <= {one.key for result in results for one in result.campaigns}:
        files = ProjectFiles(project, project_dir, environ)
        results = files.results()
    desired = link(project, results, files.defaults_findings)
    findings = in_order([*before, *files.findings, *desired.findings])
    by_key: dict[str | None, list[Finding]] = {}
    for found in findings:
        if found.severity == "error":
            by_key.setdefault(found.key, []).append(found)
    faulty: dict[str, tuple[Finding, ...]] = {}
    for result in results:
        of_file = [found for found in result.findings if found.key is None and found.severity == "error"]
        for one in result.campaigns:
            # By itself, with the others of its matrix, or with all of its file.
            own = (*by_key.get(one.key, ()), *by_key.get(_base(one.key), ()), *of_file)
            if own or one.campaign is None:
                faulty[one.key] = own
    campaigns = {key: one for key, one in desired.campaigns.items() if key not in faulty}
    return Shown(project, campaigns, faulty, of_run(findings))


def _base(key: str) -> str:
    """The key before the bracket of a matrix; empty for a key without one."""
    base, bracket, _ = key.partition("[")
    return base if bracket else ""


class Places:
    """Where the fields of campaigns are written; the files of the project are read when it is first asked."""

    def __init__(
        self,
        project_dir: Path,
        *,
        environment: str | None,
        environ: Mapping[str, str],
        tool_version: str,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._directory = project_dir
        self._environ = environ
        self._given = (environment, environ, tool_version, variables)
        self._lock = Lock()
        self._files: ProjectFiles | None = None
        self._paths: dict[str, str] = {}

    def at(self, key: str, path: KeyPath) -> str:
        """Where a field of a campaign's body is written, as FILE:LINE:COLUMN; empty if no manifest tells."""
        with self._lock:
            try:
                return self._at(key, path)
            except CampaignctlError:
                return ""

    def _at(self, key: str, path: KeyPath) -> str:
        if self._files is None:
            environment, environ, tool_version, variables = self._given
            project, _ = check_project(self._directory, environment, environ, tool_version, variables)
            if project is None:
                return ""
            self._files = ProjectFiles(project, self._directory, self._environ)
            for result in self._files.results():
                self._paths.update({one.key: result.path for one in result.campaigns})
        if key not in self._paths:
            return ""
        origins = [
            one for one in self._files.origins(self._paths[key], key) if one.source and not one.outside
        ]
        # What is missing is shown at the field nearest to it.
        near = max(origins, key=lambda one: _shared(one.path, path), default=None)
        return str(near.source) if near and near.path[:1] == path[:1] else ""


def _shared(one: KeyPath, other: KeyPath) -> int:
    """How many steps from the top two paths have in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def hides(project_dir: Path, folder: str, *, tool_version: str) -> bool:
    """Whether a project skips one of its folders."""
    try:
        ignore = load_base(project_dir, tool_version).ignore
    except ManifestError:
        ignore = ()
    return left_out(ignore, folder)


#: Findings that concern several campaigns at once: moves, and keys that are declared twice.
_ACROSS = frozenset({"adopt", "duplicate-campaign", "moved", "removed"})


def _without_others(
    files: ProjectFiles, results: Sequence[FileResult], before: Iterable[Finding], only: Collection[str]
) -> DesiredState | None:
    """The campaigns without errors, if no error concerns a key that `only` names or what it depends on."""
    desired = link(files.project, results, files.defaults_findings)
    declared = [(one, result) for result in results for one in result.campaigns]
    keys = {one.key for one, _ in declared}
    wanted = {key for pattern in only for key in named(pattern, keys)}
    if not all(named(pattern, keys) for pattern in only):
        return None
    around = [files.name(result.path) for one, result in declared if one.key in wanted]
    errors = [found for result in results for found in result.findings if found.severity == "error"]
    errors += [found for found in desired.findings if found.severity == "error" and found.code in _ACROSS]
    of_files = [
        found for found in (*before, *files.findings, *files.defaults_findings) if found.severity == "error"
    ]
    shared = any(_governs(found.source.file, path) for found in of_files for path in around)
    if not wanted or shared or any(found.code in _ACROSS for found in errors):
        return None
    wild = any(map(is_wild, only))
    for result in results:
        mine = any(one.key in wanted for one in result.campaigns)
        for found in _errors(result.findings):
            # What was not understood may declare any key that a pattern names.
            unknown = found.key is None and (wild or mine or files.mentions(result.path, wanted))
            if unknown or any(key == found.key or key.startswith(f"{found.key}[") for key in wanted):
                return None
    faulty = {one.key for one, _ in declared if one.campaign is None}
    if faulty & wanted:
        return None
    sound = {key: one for key, one in desired.campaigns.items() if key not in faulty}
    findings = of_run(in_order([*of_files, *desired.findings]))
    return replace(desired, campaigns=sound, findings=findings)


def _errors(findings: Iterable[Finding]) -> list[Finding]:
    return [found for found in findings if found.severity == "error"]


def _governs(name: str, path: str) -> bool:
    """Whether a file with an error may decide about a manifest: it is in its folder, or in one around it."""
    folder = posixpath.dirname(name)
    return not folder or path.startswith(f"{folder}/")


def _linked(
    files: ProjectFiles,
    results: list[FileResult],
    before: tuple[Finding, ...] = (),
    now: datetime | None = None,
    inspect: Inspect | None = None,
) -> tuple[DesiredState | None, tuple[Finding, ...]]:
    """The desired state, or None if there is an error, and every finding with those of `before`."""
    desired = link(files.project, results, files.defaults_findings)
    findings = in_order([*before, *files.findings, *desired.findings])
    rest = {one.key: one.rest for result in results for one in result.campaigns if one.rest}
    every = replace(desired, campaigns={**rest, **desired.campaigns}, findings=tuple(findings))
    more = inspect(every) if inspect else ()
    if any(found.severity == "error" for found in findings):
        return None, of_run(in_order([*findings, *more]))
    findings = in_order([*findings, *override_doubts(desired, now)])
    return replace(desired, findings=of_run(findings)), of_run(in_order([*findings, *more]))
