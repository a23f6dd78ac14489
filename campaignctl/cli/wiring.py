"""From settings to what a run works with: the project, the keeper of its state, and the account's API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from campaignctl import __version__
from campaignctl.cli.clock import SystemClock
from campaignctl.cli.progress import Progress, progress_on
from campaignctl.cli.settings import TOKEN_VARIABLE, URL_VARIABLE, App, Settings
from campaignctl.errors import CampaignctlError, Command, Sentence

if TYPE_CHECKING:
    from campaignctl.api.client import OcambaApi
    from campaignctl.backends.cas.backend import CasBackend
    from campaignctl.backends.local import LocalBackend
    from campaignctl.manifest.model import DesiredState
    from campaignctl.project.model import Project
    from campaignctl.reconciler.ports import Backend
    from campaignctl.reconciler.run import Wiring


@dataclass(frozen=True, slots=True)
class Wired:
    """A wired run: what the reconciler is given, and what a question has to know of."""

    wiring: Wiring
    clock: SystemClock
    progress: Progress


def project_directory(settings: Settings) -> Path:
    """Find the project. Raises CampaignctlError saying where was looked."""
    from campaignctl.project.loader import find_project

    return find_project(settings.directory, settings.environ, settings.cwd)


def read_project(app: App) -> Project:
    """Read the project file alone. Raises ManifestError."""
    from campaignctl.project.loader import load_project

    settings = app.settings
    return load_project(
        project_directory(settings),
        environment=settings.environment,
        environ=settings.environ,
        tool_version=__version__,
        variables=settings.variables,
    )


def read_desired(app: App) -> DesiredState:
    """Read and compile the manifests; warnings are counted in the log. Raises ManifestError."""
    from campaignctl.manifest.load import load

    settings = app.settings
    desired = load(
        project_directory(settings),
        environment=settings.environment,
        environ=settings.environ,
        tool_version=__version__,
        variables=settings.variables,
        now=app.console.now(),
    )
    if count := len(desired.findings):
        plural = "s" if count > 1 else ""
        app.console.log(
            "warning", f"{count} warning{plural} in the manifests: {Command('validate').at(settings.place())}"
        )
    return desired


def need_token(settings: Settings, why: str, instead: str = "") -> str:
    """Return the token. Raises CampaignctlError saying what to set, and what works without it."""
    if token := settings.token:
        return token
    hint = f"export {TOKEN_VARIABLE}=... (Ocamba: profile menu, API Tokens)"
    if instead:
        hint = Sentence(hint, "; ", instead)
    raise CampaignctlError(f"{TOKEN_VARIABLE} is not set", detail=why, hint=hint)


def backend_of(project: Project, clock: SystemClock) -> Backend:
    """Return the keeper of the project's state."""
    return _git_backend(project, clock) if project.state.backend == "git" else _local_backend(project, clock)


def _local_backend(project: Project, clock: SystemClock) -> LocalBackend:
    from campaignctl.backends.local import LocalBackend

    return LocalBackend(
        Path(project.directory) / project.state.path,
        now=clock.now,
        new_id=clock.new_id,
        wait=clock.wait,
        interrupted=lambda: clock.interrupted,
    )


def _git_backend(project: Project, clock: SystemClock) -> CasBackend:
    import time

    from campaignctl.backends.cas.backend import CasBackend, Patience
    from campaignctl.backends.git.place import git_home

    settings = project.state
    return CasBackend(
        git_home(Path(project.directory), project.name, settings.remote, settings.ref, now=clock.now),
        now=clock.now,
        new_id=clock.new_id,
        wait=clock.wait,
        interrupted=lambda: clock.interrupted,
        patience=Patience(pause=lambda pause: time.sleep(pause.total_seconds())),
    )


@contextmanager
def wired(
    app: App,
    project: Project,
    *,
    token: str | None,
    parallelism: int = 8,
    lock_timeout: timedelta = timedelta(seconds=30),
) -> Iterator[Wired]:
    """Put the adapters together for one run; without a token nothing is read or sent.

    While the block runs, signals ask to stop. At its end the terminal and the connections are given back.
    """
    import socket

    from campaignctl.cli.repository import commit, lacks, who
    from campaignctl.reconciler.run import Wiring

    clock = SystemClock()
    progress = progress_on(app.console)
    with ExitStack() as ends:
        ends.enter_context(clock.listening())
        ends.callback(progress.pause)
        if app.console.verbosity == "verbose":
            from campaignctl.cli.requestlog import requests_logged

            ends.enter_context(requests_logged(partial(app.console.log, "debug")))
        api = _api(app, project, token, clock) if token else None
        if api is not None:
            ends.callback(api.close)
        wiring = Wiring(
            backend=backend_of(project, clock),
            api=api,
            clock=clock,
            on_event=progress,
            tool_version=__version__,
            commit=commit(Path(project.directory)),
            lacks=partial(lacks, Path(project.directory)),
            parallelism=parallelism,
            lock_timeout=lock_timeout,
            who=who(app.settings.environ),
            host=socket.gethostname(),
        )
        try:
            yield Wired(wiring, clock, progress)
        except CampaignctlError as error:
            error.environment = project.environment
            raise


def _api(app: App, project: Project, token: str, clock: SystemClock) -> OcambaApi:
    import random
    import time

    from campaignctl.api.client import OcambaApi

    settings = project.api
    return OcambaApi(
        settings.url,
        token,
        trusted_url=app.settings.environ.get(URL_VARIABLE),
        timeout=settings.timeout,
        per_second=settings.rate_limit.per_second,
        per_minute=settings.rate_limit.per_minute,
        reserve_per_minute=settings.rate_limit.reserve_per_minute,
        tool_version=__version__,
        now=clock.now,
        monotonic=time.monotonic,
        sleep=lambda seconds: clock.wait(timedelta(seconds=seconds)),
        random=random.random,
        on_event=partial(app.console.log, "info"),
        interrupted=lambda: clock.interrupted,
    )
