"""From the settings of a state to its backend."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from campaignctl.errors import StateError

if TYPE_CHECKING:
    from campaignctl.backends.at_rest import Accepts, AtRest
    from campaignctl.backends.cas.place import Home
    from campaignctl.cli.clock import SystemClock
    from campaignctl.project.model import Project
    from campaignctl.reconciler.ports import Backend
    from campaignctl.reconciler.recall import Recall

_SOON = 5.0

Tell = Callable[[str], None]


def _on_git(project: Project, clock: SystemClock) -> Home:
    from campaignctl.backends.git.place import git_home

    state = project.state
    return git_home(Path(project.directory), project.name, state.remote, state.ref, now=clock.now)


def _on_http(project: Project, clock: SystemClock) -> Home:
    from campaignctl.backends.http.place import http_home
    from campaignctl.project.http_address import http_address

    address = http_address(project.state)
    return http_home(Path(project.directory), project.name, address, os.environ, now=clock.now)


def _on_object_store(project: Project, _clock: SystemClock) -> Home:
    from campaignctl.backends.object_store.place import object_home

    return object_home(Path(project.directory), project.name, project.state.url)


def _on_postgres(project: Project, _clock: SystemClock) -> Home:
    from campaignctl.backends.postgres.place import postgres_home

    state = project.state
    return postgres_home(Path(project.directory), project.name, state.url_env, state.schema, state.name)


# Every kind of backend but `local`. Making a home opens nothing, and imports no library of an extra.
_HOMES: Mapping[str, Callable[[Project, SystemClock], Home]] = {
    "git": _on_git,
    "http": _on_http,
    "object_store": _on_object_store,
    "postgres": _on_postgres,
}


def at_rest_of(project: Project, accepts: Accepts = "own", *, commands: bool = True) -> AtRest:
    """Return how the project's state and plans are stored; without `commands`, no program gives a key."""
    from campaignctl.backends.at_rest import AtRest, Keys, Owner

    def keys() -> Keys:
        from campaignctl.cli.state_key import state_keys

        return state_keys(os.environ, Path(project.directory), commands=commands)

    return AtRest(
        keys,
        encrypts=project.state.encrypted,
        owner=Owner(project.id or project.name, project.environment, project.name),
        accepts=accepts,
    )


def backend_of(
    project: Project,
    clock: SystemClock,
    recall: Recall | None = None,
    at_rest: AtRest | None = None,
    tell: Tell = lambda _: None,
) -> Backend:
    """Return the backend of the project's state; with `recall`, of one that is only read. It can `tell` for
    whom a run waits."""
    return _backend(project, clock, at_rest or at_rest_of(project), Path(project.directory), recall, tell)


def backend_at(project: Project, clock: SystemClock, place: str) -> Backend:
    """Return the backend of another state of the project: on a ref, at an address, in a bucket, in rows
    (`postgres:NAME`), or in a file of it."""
    from campaignctl.project.places import state_at

    there = replace(project, state=state_at(project.state, place))
    return _backend(there, clock, at_rest_of(there, "elsewhere"))


def other_backends(project: Project, clock: SystemClock, remote: bool) -> dict[str, Backend]:
    """Return the project's other states by place: in files and, if asked, on refs of the remote, and where
    its own is.

    A project whose state is a file looks on the remote too, as that setting may be new; but it needs none.
    """
    from campaignctl.project.model import STATE_FOLDER
    from campaignctl.project.places import name_of

    directory, here = Path(project.directory), project.state
    files = (directory / STATE_FOLDER).glob("*.json")
    places = [path.relative_to(directory).as_posix() for path in files if path.is_file()]
    if remote:
        from campaignctl.backends.git.place import state_refs

        if here.backend == "git":
            places += state_refs(directory, here.remote, now=clock.now)
        else:
            with suppress(StateError):
                places += state_refs(directory, here.remote, now=clock.now, seconds=_SOON)
        places += _beside(project)
    return {place: backend_at(project, clock, place) for place in places if place != name_of(here)}


def _beside(project: Project) -> list[str]:
    """The states in the bucket, in the tables or on the server of the project's own."""
    here = project.state
    if here.backend == "object_store":
        from campaignctl.backends.object_store.place import states_at

        return list(states_at(here.url.removesuffix(f"/{project.environment}")))
    if here.backend == "postgres":
        from campaignctl.backends.postgres.place import state_names
        from campaignctl.project.places import ROWS

        return [f"{ROWS}{name}" for name in state_names(here.url_env, here.schema)]
    return _next_to(here.address, project) if here.backend == "http" else []


def _next_to(address: str, project: Project) -> list[str]:
    """The addresses of a server at which the states of the other environments are, and of the project without
    environments, unless the project file says otherwise: a server lists none."""
    base = address.removesuffix(f"-{project.environment}")
    return [base, *(f"{base}-{name}" for name in project.environment_names)] if base != address else []


def mirrored(project: Project, clock: SystemClock) -> Path | None:
    """The file that shows the state as the last command here saw it; None if the state is a file itself."""
    home = _HOMES.get(project.state.backend)
    return home(project, clock).mirror if home else None


def _backend(
    project: Project,
    clock: SystemClock,
    at_rest: AtRest,
    within: Path | None = None,
    recall: Recall | None = None,
    tell: Tell = lambda _: None,
) -> Backend:
    from campaignctl.backends.cas.backend import CasBackend, Patience
    from campaignctl.backends.local import LocalBackend
    from campaignctl.backends.statefiles import followed
    from campaignctl.state.codec import decode

    decoded = recall.decode if recall else decode
    directory, made = Path(project.directory), _HOMES.get(project.state.backend)
    if made is None:
        return LocalBackend(
            directory / project.state.path,
            now=clock.now,
            new_id=clock.new_id,
            wait=clock.wait,
            interrupted=lambda: clock.interrupted,
            within=within,
            decoded=decoded,
            at_rest=at_rest,
        )
    home = replace(made(project, clock), at_rest=at_rest)
    followed(home.mirror, within=directory, mirrored=True)
    return CasBackend(
        home,
        now=clock.now,
        new_id=clock.new_id,
        wait=clock.wait,
        interrupted=lambda: clock.interrupted,
        patience=Patience(pause=clock.pause, tell=tell),
        decoded=decoded,
    )
