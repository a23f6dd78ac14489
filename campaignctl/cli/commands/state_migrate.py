"""`state migrate`: take the state to another backend, and say what to write in the project file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from campaignctl.cli.settings import App
from campaignctl.cli.wiring import backend_of, read_project, wired
from campaignctl.errors import UsageError

if TYPE_CHECKING:
    from campaignctl.project.model import StateSettings

_BACKENDS = ("local", "git")


@click.command(name="migrate")
@click.option("--to", "to", type=click.Choice(_BACKENDS), required=True, help="Where it is to live.")
@click.option("--remote", metavar="NAME", help="git: the remote, instead of origin.")
@click.option("--ref", metavar="REF", help="git: instead of refs/campaignctl/ENVIRONMENT.")
@click.option("--path", metavar="FILE", help="local: instead of .campaignctl/state.json or ENVIRONMENT.json.")
@click.pass_obj
def migrate(app: App, *, to: str, remote: str | None, ref: str | None, path: str | None) -> int:
    """Take the state to another backend, under both locks.

    In its old place only a note is left, so that nobody goes on there. The lines to write in
    campaignctl.yaml are printed; until they stand there, no command works on the state.
    """
    from campaignctl.reconciler.state_ops import migrate as take

    project = read_project(app)
    if project.state.backend == to:
        raise UsageError(f"The state of this project is on {to} already")
    given = {"backend": to, "remote": remote, "ref": ref, "path": path}
    members = {name: value for name, value in given.items() if value is not None}
    settings = _settings(members, project.environment)
    with wired(app, project, token=None) as run:
        line = take(run.wiring, project, backend_of(replace(project, state=settings), run.clock))
    app.console.say(f"{line}\n\nNow write this in campaignctl.yaml, in place of the `state` that is there:\n")
    app.console.say("\n".join(_lines(members, project.environment)))
    return 0


def _settings(members: Mapping[str, str], environment: str | None) -> StateSettings:
    """The settings that these members make. Raises UsageError as the project file would be refused."""
    from campaignctl.project.rules import state_problems, state_settings

    value: dict[str, Any] = {"state": members}
    if environment is not None:
        value = {"environments": {environment: value}}
    for problem in state_problems(value, environment):
        raise UsageError(problem.message, hint=problem.hint)
    return state_settings(value, environment)


def _lines(members: Mapping[str, str], environment: str | None) -> list[str]:
    """The members as a part of the project file."""
    above = ["state"] if environment is None else ["environments", environment, "state"]
    lines = [f"{'  ' * depth}{name}:" for depth, name in enumerate(above)]
    return [*lines, *(f"{'  ' * len(above)}{name}: {value}" for name, value in members.items())]
