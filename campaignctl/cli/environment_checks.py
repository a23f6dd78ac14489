"""What a run finds around it, as checks: the versions it runs on, the project, the repository."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from campaignctl import __version__
from campaignctl.cli.wiring import project_directory, read_project
from campaignctl.errors import CampaignctlError, Command, ManifestError, Sentence, UsageError
from campaignctl.review.reports import Check, refused

if TYPE_CHECKING:
    from campaignctl.cli.settings import App
    from campaignctl.errors import Finding
    from campaignctl.project.model import Project

_DISTRIBUTION = "campaignctl"
_VALIDATE = Sentence(Command("validate"))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was looked at, and the project if there is one that can be used."""

    checks: tuple[Check, ...]
    project: Project | None


def look_around(app: App) -> Surroundings:
    """Look at everything that needs neither the state nor the account."""
    checks = [versions()]
    try:
        directory = project_directory(app.settings)
    except CampaignctlError as error:
        return Surroundings((*checks, refused("project", error)), None)
    project, environment = _project(app)
    checks += [_manifests(app, directory), *environment, _git(directory)]
    return Surroundings(tuple(checks), project)


def _project(app: App) -> tuple[Project | None, tuple[Check, ...]]:
    """The project as its environment sees it, and which one that is."""
    try:
        project = read_project(app)
    except ManifestError:  # the check of the manifests counts its findings
        return None, ()
    except CampaignctlError as error:
        return None, (refused("environment", error),)
    found = project.environment or "the project declares none, and needs none"
    return project, (Check("environment", "ok", found),)


def versions() -> Check:
    """The tool, what it runs on, and whether its libraries are the versions that it was made for."""
    libraries = list(_libraries())
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    found = f"campaignctl {__version__}, Python {platform.python_version()}, {system}"
    if wrong := [text for text, fits in libraries if not fits]:
        found += f"; not as required: {', '.join(wrong)}"
        return Check("versions", "problem", found, "pip install --upgrade campaignctl")
    return Check("versions", "ok", ", ".join([found, *(text for text, _ in libraries)]))


def _libraries() -> Iterator[tuple[str, bool]]:
    """Each library with its version, and whether it is one that is asked for; none for a bare checkout."""
    from packaging.requirements import Requirement

    try:
        required = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return
    for requirement in map(Requirement, required):
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield f"{requirement.name} is missing", False
        else:
            yield f"{requirement.name} {version}", requirement.specifier.contains(version, prereleases=True)


def _manifests(app: App, directory: Path) -> Check:
    """The project's files, as `validate` judges them."""
    from campaignctl.manifest.load import check

    settings = app.settings
    try:
        desired, findings = check(
            directory,
            environment=settings.environment,
            environ=settings.environ,
            tool_version=__version__,
            variables=settings.variables,
            now=app.console.now(),
        )
    except UsageError:
        return Check("project", "skipped", f"{directory}: its manifests need an environment")
    except CampaignctlError as error:
        return refused("project", error)
    if desired is None:
        errors = _count(len(_of(findings, "error")), "error")
        return Check("project", "problem", f"{directory}: {errors}", _VALIDATE)
    found = f"{directory}: {_count(len(desired.campaigns), 'campaign')}"
    if findings:
        return Check("project", "warning", f"{found}, {_count(len(findings), 'warning')}", _VALIDATE)
    return Check("project", "ok", f"{found}, no findings")


def _of(findings: Sequence[Finding], severity: str) -> list[Finding]:
    return [finding for finding in findings if finding.severity == severity]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"


def _git(directory: Path) -> Check:
    from campaignctl.cli.repository import commit, has_changes

    found = commit(directory)
    if found is None:
        return Check("git", "ok", "no commit: plans will name none")
    changed = ", with changes that are not committed" if has_changes(directory) else ""
    return Check("git", "ok", f"commit {found[:12]}{changed}")
