"""`halt`: stop campaigns that have not been sent, whoever holds the lock, until the halt is lifted."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import click

from campaignctl.cli.completion_values import keys
from campaignctl.cli.group import format_option
from campaignctl.cli.options import parallelism_option
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import read_project, wired
from campaignctl.errors import CampaignctlError, Command, UsageError

if TYPE_CHECKING:
    from campaignctl.project.model import Project


@click.command(name="halt")
@click.argument("keys", nargs=-1, metavar="[KEY]...", shell_complete=keys)
@click.option("--all", "everything", is_flag=True, help="Every campaign of this project and environment.")
@click.option("--lift", is_flag=True, help="Lift the halt of these keys or, without KEY, of everything.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; shown wherever the halt stops something.")
@parallelism_option
@format_option
@click.pass_obj
def command(
    app: App,
    *,
    keys: tuple[str, ...],
    everything: bool,
    lift: bool,
    reason: str,
    parallelism: int,
    form: str,
) -> int:
    """Stop campaigns that have not been sent, at once and until the halt is lifted.

    KEY may contain the wildcards * and ?. The command neither asks nor waits for a lock. First it sets a stop
    mark: no apply, not even a running one, creates, arms or resumes a campaign that the mark names. Then it
    pauses every campaign, the soonest first, or cancels it if it cannot be paused.

    Exits with status 0 only if every named campaign is proven to be stopped.
    """
    reason = reason.strip()
    if not reason:
        raise UsageError("--reason is empty", hint="say why: it is shown to everyone that the halt stops")
    if keys and everything:
        raise UsageError("--all and KEY cannot be combined", hint="use one of them")
    project = read_project(app)
    if lift:
        return _lift(app, project, keys or None, reason, form)
    if not keys and not everything:
        raise UsageError("Name what to stop: one or more KEYs, or --all", hint=Command("halt", "--help"))
    return _halt(app, project, keys or None, reason, parallelism, form)


def _halt(
    app: App, project: Project, keys: tuple[str, ...] | None, reason: str, parallelism: int, form: str
) -> int:
    from campaignctl.reconciler.halt import halt
    from campaignctl.render.halt import halt_json, halt_text

    with wired(app, project, token=app.settings.token, parallelism=parallelism) as run:
        outcome = halt(run.wiring, keys, reason, lambda: _declared(app))
    place = app.settings.place(project.environment)
    if form == "json":
        app.console.document(halt_json(outcome, place))
    else:
        app.console.say(halt_text(outcome, color=app.console.colored(app.console.out), place=place))
    return 0 if outcome.stopped else 1


def _lift(app: App, project: Project, keys: tuple[str, ...] | None, reason: str, form: str) -> int:
    from campaignctl.reconciler.halt import lift
    from campaignctl.render.halt import lift_json, lift_text

    with wired(app, project, token=None) as run:
        outcome = lift(run.wiring, keys, reason)
    if form == "json":
        app.console.document(lift_json(outcome))
    else:
        app.console.say(lift_text(outcome))
    return 0


def _declared(app: App) -> Collection[str] | None:
    """The declared keys; None if the manifests cannot be read, which must not stop a halt."""
    from campaignctl.cli.wiring import read_desired

    try:
        return read_desired(app).campaigns.keys()
    except CampaignctlError:
        return None
