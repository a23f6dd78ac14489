"""From settings to the parts of a run: the project, the backend of its state and the account's API."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from campaignctl import __version__
from campaignctl.cli.backends import backend_of, other_backends
from campaignctl.cli.clock import SystemClock
from campaignctl.cli.progress import Progress, progress_on
from campaignctl.cli.settings import TOKEN_VARIABLE, URL_VARIABLE, App, Settings
from campaignctl.errors import (
    CampaignctlError,
    Command,
    Interrupted,
    Sentence,
    Shell,
    counted,
    listed,
    number,
)

if TYPE_CHECKING:
    from campaignctl.api.client import OcambaApi
    from campaignctl.backends.at_rest import AtRest
    from campaignctl.campaign.problem import KeyPath
    from campaignctl.errors import Finding
    from campaignctl.manifest.load import Places
    from campaignctl.manifest.model import DesiredState
    from campaignctl.project.model import Project
    from campaignctl.reconciler.newest import Newest
    from campaignctl.reconciler.ports import Backend
    from campaignctl.reconciler.recall import Recall
    from campaignctl.reconciler.run import Wiring


_FEW_FILES = 3
# How many answers one question takes, and which of them end it.
_ANSWERS = 3
_NO = ("", "n", "no")


@dataclass(frozen=True, slots=True)
class Wired:
    """The parts of a run for the reconciler, and those that a question needs."""

    wiring: Wiring
    clock: SystemClock
    progress: Progress

    def said_yes(self, app: App, what: str, not_shown: str = "") -> bool:
        """Ask for approval on standard error. Raises Interrupted.

        Only `yes` is an approval, and `no` or nothing ends the question; after another answer it asks again,
        a few times. `not_shown`: lines about changes that are not shown in full.
        """
        tell = app.console.tell
        tell(
            f"\nDo you want campaignctl to {what}?\n  It will make the changes shown above, and no others.\n"
            f"{not_shown}  Only 'yes' will be accepted to approve.\n\n  Enter a value: "
        )
        for left in reversed(range(_ANSWERS)):
            answer = self._answer().strip()
            tell("\n")
            if answer == "yes" or answer.lower() in _NO:
                return answer == "yes"
            tell("  Only 'yes' counts, in small letters. Nothing was approved.\n")
            if left:
                tell("\n  Enter a value: ")
        return False

    def _answer(self) -> str:
        """A line of standard input, empty at its end. Raises Interrupted."""
        try:
            with self.clock.breakable():
                return sys.stdin.readline()
        except KeyboardInterrupt:
            raise Interrupted("Interrupted", detail="Nothing was changed.") from None


def project_directory(settings: Settings) -> Path:
    """Find the project. Raises CampaignctlError naming where it looked, or a link that is not followed."""
    from campaignctl.project.find import find_project

    directory = find_project(settings.directory, settings.environ, settings.cwd)
    place = directory.absolute()
    if links := [each for each in (place, *place.parents) if each.is_symlink()]:
        from campaignctl.cli.repository import refuse_links

        refuse_links(links, settings.environ)
    return directory


def read_project(app: App) -> Project:
    """Read the project file alone. Raises ManifestError."""
    from campaignctl.project.loader import load_project

    return load_project(project_directory(app.settings), **app.settings.inputs)


def any_at_rest(app: App) -> AtRest:
    """Open documents of any project and form, to show them."""
    from campaignctl.cli.backends import at_rest_of
    from campaignctl.project.model import Project

    try:
        directory = project_directory(app.settings)
    except CampaignctlError:
        directory = app.settings.cwd
    return at_rest_of(Project("", str(directory)), "all")


def check_manifests(app: App) -> tuple[DesiredState | None, tuple[Finding, ...]]:
    """Read, compile and lint the manifests: the desired state, and every finding.

    The state is None if there are errors, those of lint not counted: they stop no plan.
    """
    from campaignctl.lint.inspect import inspect
    from campaignctl.manifest.load import check

    now = app.console.now()
    settings = app.settings
    return check(
        project_directory(settings), **settings.inputs, now=now, inspect=lambda state: inspect(state, now)
    )


def read_desired(app: App, only: tuple[str, ...] = ()) -> DesiredState:
    """Read and compile the manifests; the log counts the warnings. Raises ManifestError.

    With `only`, manifests that are wrong may be left out if they concern none of these keys; the log says so.
    """
    from campaignctl.manifest.load import load

    directory, now = project_directory(app.settings), app.console.now()
    desired = load(directory, **app.settings.inputs, now=now, only=only)
    if wrong := [found for found in desired.findings if found.severity == "error"]:
        files = listed(tuple(dict.fromkeys(found.source.file for found in wrong)), _FEW_FILES)
        validate = Command("validate").at(app.settings.place())
        said = f"{counted(number(wrong, 'error'), 'error')} in other manifests, which are left out: {files}"
        app.console.log("warning", f"{said}\n  {validate}")
    elif desired.findings:
        warnings = counted(number(desired.findings, "warning"), "warning")
        validate = Command("validate").at(app.settings.place())
        app.console.log("warning", f"{warnings} in the manifests; to see them:\n  {validate}")
    return desired


def need_token(settings: Settings, why: str, instead: Sentence | None = None) -> str:
    """Return the token. Raises CampaignctlError naming the variable, and what works without it."""
    if token := settings.token:
        return token
    from campaignctl.cli.hosts.hints import to_get_token

    there = to_get_token(settings.environ)
    own = (
        Shell(f"export {TOKEN_VARIABLE}=..."),
        " with a token of the account (Ocamba: profile menu, API Tokens)",
    )
    hint = Sentence(*([there] if there else own), *(("; or ", instead) if instead else ()))
    raise CampaignctlError(f"{TOKEN_VARIABLE} is not set", detail=why, hint=hint)


def _written_at(app: App, directory: Path) -> Callable[[str, KeyPath], str]:
    """Return where fields are written in the manifests, which are read only if an answer names a field."""
    places: list[Places] = []

    def at(key: str, path: KeyPath) -> str:
        from campaignctl.manifest.load import Places

        if not places:
            places.append(Places(directory, **app.settings.inputs))
        return places[0].at(key, path)

    return at


@contextmanager
def wired(
    app: App,
    project: Project,
    *,
    token: str | None,
    parallelism: int = 8,
    lock_timeout: timedelta = timedelta(seconds=30),
    writes: bool = True,
    recalls: bool = False,
) -> Iterator[Wired]:
    """Put the adapters together for one run; without a token the API is not asked. If it `recalls`, it uses
    what earlier plans kept.

    Inside the block, signals ask the run to stop, and end one that does not write. At its end the bar and
    the connections are closed.
    """
    from campaignctl.cli.repository import commit, stands_to, who
    from campaignctl.reconciler.run import Wiring

    clock = SystemClock()
    progress = progress_on(app.console)
    with _environment_named(project), ExitStack() as ends:
        ends.enter_context(clock.listening(breakable=not writes))
        ends.callback(progress.pause)
        if app.console.verbosity == "verbose":
            ends.enter_context(_requests_logged(partial(app.console.log, "debug")))
        recall = ends.enter_context(_recalled(app, project)) if recalls else None
        api = _api(app, project, token, clock) if token else None
        if api is not None:
            ends.callback(api.close)
        backend = backend_of(project, clock, recall, tell=partial(app.console.log, "info"))
        wiring = Wiring(
            project=project,
            backend=backend,
            recall=recall,
            newest=_newest(app, backend) if project.state.encrypted else None,
            api=api,
            clock=clock,
            on_event=progress,
            tool_version=__version__,
            commit=commit(Path(project.directory)),
            stands_to=partial(stands_to, Path(project.directory)),
            elsewhere=partial(other_backends, project, clock),
            parallelism=parallelism,
            lock_timeout=lock_timeout,
            who=who(app.settings.environ),
            host=os.uname().nodename,
            written_at=_written_at(app, Path(project.directory)),
        )
        yield Wired(wiring, clock, progress)


@contextmanager
def _environment_named(project: Project) -> Iterator[None]:
    """Errors tell the environment, for the commands in their hints."""
    try:
        yield
    except CampaignctlError as error:
        error.environment = project.environment
        raise


def _newest(app: App, backend: Backend) -> Newest:
    from campaignctl.cli.machine import Remembered
    from campaignctl.reconciler.newest import Newest

    return Newest(Remembered(app.settings.environ), lambda: backend.location)


@contextmanager
def _recalled(app: App, project: Project) -> Iterator[Recall | None]:
    """What earlier plans kept in the user's cache directory, if that may be used."""
    from campaignctl.manifest.store import Store
    from campaignctl.reconciler.recall import Recall

    with Store(app.settings.environ, Path(project.directory)) as memory:
        yield Recall(memory, project) if memory.usable else None


@contextmanager
def _requests_logged(write: Callable[[str], None]) -> Iterator[None]:
    """Hand method, address and status of every request to `write`, from any thread; no headers, no bodies."""
    import logging

    from campaignctl.render.escape import escape

    class Lines(logging.Handler):
        """The line that httpx logs for each answer; its reason phrase is text from outside."""

        def emit(self, record: logging.LogRecord) -> None:
            write(escape(record.getMessage()))

    source, lines = logging.getLogger("httpx"), Lines(logging.INFO)
    before = source.level
    source.setLevel(logging.INFO)
    source.addHandler(lines)
    try:
        yield
    finally:
        source.removeHandler(lines)
        source.setLevel(before)


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
