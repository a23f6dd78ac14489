"""`doctor`: check that everything is ready for an apply; it takes no lock and writes nothing."""

from __future__ import annotations

import platform
from collections.abc import Container, Iterator
from dataclasses import replace
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from campaignctl import __version__
from campaignctl.cli.group import format_option
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import check_manifests, need_token, project_directory, read_project, wired
from campaignctl.errors import (
    CampaignctlError,
    Command,
    Interrupted,
    ManifestError,
    Refused,
    Sentence,
    Severity,
    Shell,
    TokenRejected,
    UsageError,
    counted,
    number,
)

if TYPE_CHECKING:
    from campaignctl.project.model import Project
    from campaignctl.review.reports import Check

# Doctor should answer soon, although failed reads are repeated.
_PATIENCE = timedelta(seconds=5)
_WHY = "the API requires a token"
_VALIDATE = Sentence(Command("validate"))


@click.command(name="doctor")
@format_option
@click.pass_obj
def command(app: App, *, form: str) -> int:
    """Check versions, project, state, lock, token, account, clock and rate limit.

    Each check is ok, a warning or a problem, with its fix. Nothing is locked or changed. Exits with status 1
    if there is a problem.
    """
    from campaignctl.render.doctor import doctor_json, doctor_text, worst

    project, checks = _local_checks(app)
    checks += _account_checks(app, project) if project else _token_check(app)
    place = app.settings.place(project.environment if project else None)
    if form == "json":
        app.console.document(doctor_json(checks, place))
    else:
        app.console.say(doctor_text(checks, color=app.console.colored(app.console.out), place=place))
    return int(worst(checks) == "problem")


def _local_checks(app: App) -> tuple[Project | None, tuple[Check, ...]]:
    """The project, if it can be used, and every check that needs neither the state nor the account."""
    from campaignctl.review.reports import Check, refused

    try:
        directory = project_directory(app.settings)
    except CampaignctlError as error:
        return None, (_versions(), refused("project", error))
    project: Project | None = None
    environment: tuple[Check, ...] = ()
    try:
        project = read_project(app)
    except ManifestError:  # the check of the manifests counts its findings
        pass
    except CampaignctlError as error:
        environment = (refused("environment", error),)
    else:
        environment = (Check("environment", "ok", project.environment or "the project declares none"),)
    return project, (_versions(project), _manifests(app, directory), *environment, _git(directory))


def _versions(project: Project | None = None) -> Check:
    """The tool, its platform, and whether each library has a version that the tool accepts.

    Those of an extra are named where they are installed, or where the state needs them.
    """
    from campaignctl.review.reports import Check

    libraries = list(_libraries(_extras(project) if project else frozenset()))
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    found = f"campaignctl {__version__}, Python {platform.python_version()}, {system}"
    if wrong := [each for each in libraries if not each.fits]:
        found += f"; not as required: {', '.join(each.found for each in wrong)}"
        extras = ",".join(sorted({each.extra for each in wrong if each.extra}))
        fix = f"pip install 'campaignctl[{extras}]'" if extras else "pip install --upgrade campaignctl"
        return Check("versions", "problem", found, Sentence(Shell(fix)))
    return Check("versions", "ok", ", ".join([found, *(each.found for each in libraries)]))


def _extras(project: Project) -> frozenset[str]:
    """The extras that the project's state needs."""
    state = project.state
    wanted = {"object_store": "object-store", "postgres": "postgres"}.get(state.backend, "")
    return frozenset(filter(None, (wanted, "encryption" if state.encrypted else "")))


class _Library(NamedTuple):
    """A library: its version, whether that is accepted, and the extra that brings it."""

    found: str
    fits: bool
    extra: str


def _libraries(needed: Container[str]) -> Iterator[_Library]:
    """Each required library, and those of the `needed` extras; none without an installation."""
    from packaging.requirements import Requirement

    try:
        about = metadata.metadata("campaignctl")
    except metadata.PackageNotFoundError:
        return
    extras = about.get_all("Provides-Extra") or []
    for requirement in map(Requirement, about.get_all("Requires-Dist") or []):
        marker = requirement.marker
        brings = (each for each in ("", *extras) if marker is None or marker.evaluate({"extra": each}))
        if (extra := next(brings, None)) is None:
            continue
        wanted = not extra or extra in needed
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            if wanted:
                yield _Library(f"{requirement.name} is missing", False, extra)
        else:
            accepted = requirement.specifier.contains(version, prereleases=True)
            yield _Library(f"{requirement.name} {version}", accepted or not wanted, extra)


def _manifests(app: App, directory: Path) -> Check:
    """The project's files, as `validate` judges them."""
    from campaignctl.review.reports import Check, refused

    try:
        desired, findings = check_manifests(app)
    except UsageError:
        return Check("project", "skipped", f"{directory}: its manifests need an environment")
    except CampaignctlError as error:
        return refused("project", error)
    if desired is None:
        errors = sum(finding.severity == "error" for finding in findings)
        return Check("project", "problem", f"{directory}: {counted(errors, 'error')}", _VALIDATE)
    found = f"{directory}: {counted(len(desired.campaigns), 'campaign')}"
    severities: tuple[Severity, ...] = ("error", "warning")
    counts = [counted(count, each) for each in severities if (count := number(findings, each))]
    if counts:
        return Check("project", "warning", f"{found}, {', '.join(counts)}", _VALIDATE)
    return Check("project", "ok", f"{found}, no findings")


def _git(directory: Path) -> Check:
    from campaignctl.cli.repository import commit, has_changes, is_unreadable
    from campaignctl.review.reports import Check

    if is_unreadable(directory):
        unread = "git cannot read this checkout: plans end no campaign that has no manifest here"
        return Check("git", "warning", unread, "see what `git log` says and fix that, or clone again")
    found = commit(directory)
    if found is None:
        return Check("git", "ok", "no commit: plans will name none")
    changed = ", with uncommitted changes" if has_changes(directory) else ""
    return Check("git", "ok", f"commit {found[:12]}{changed}")


def _account_checks(app: App, project: Project) -> tuple[Check, ...]:
    """Check state, lock and account; without the API if it cannot be asked."""
    from campaignctl.reconciler.doctor import examine
    from campaignctl.review.reports import refused

    brisk = replace(project, api=replace(project.api, timeout=min(project.api.timeout, _PATIENCE)))
    try:
        token = need_token(app.settings, _WHY)
        with wired(app, brisk, token=token, writes=False) as run:
            return examine(run.wiring)
    except Interrupted:
        raise
    except CampaignctlError as error:
        about_address = isinstance(error, Refused) and not isinstance(error, TokenRejected)
        missing = refused("api" if about_address else "token", error)
    with wired(app, brisk, token=None, writes=False) as run:
        return examine(run.wiring, missing)


def _token_check(app: App) -> tuple[Check, ...]:
    """Whether there is a token; only the project knows which API it is for."""
    from campaignctl.review.reports import Check, refused

    try:
        need_token(app.settings, _WHY)
    except CampaignctlError as error:
        return (refused("token", error),)
    return (Check("token", "skipped", "set; not checked, as the project names its API"),)
