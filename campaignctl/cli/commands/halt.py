"""`halt`: stop campaigns that have not been sent, whoever holds the lock, until the halt is lifted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import click

from campaignctl.cli.completion_values import keys
from campaignctl.cli.group import format_option
from campaignctl.cli.notify import notify
from campaignctl.cli.options import parallelism_option
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import read_project, wired
from campaignctl.errors import CampaignctlError, Command, UsageError

if TYPE_CHECKING:
    from campaignctl.manifest.model import DesiredCampaign
    from campaignctl.project.model import Project
    from campaignctl.reconciler.halt_targets import Order


@click.command(name="halt")
@click.argument("keys", nargs=-1, metavar="[KEY]...", shell_complete=keys)
@click.option("--all", "everything", is_flag=True, help="Every campaign of this project and environment.")
@click.option("--account", is_flag=True, help="Every campaign of the account, also of other projects.")
@click.option("--cancel", is_flag=True, help="Cancel what cannot be paused. This is final.")
@click.option("--lift", is_flag=True, help="Lift the halt of these keys or, without KEY, of everything.")
@click.option("--reason", default="", metavar="TEXT", help="Required: why; shown where it stops something.")
@parallelism_option
@format_option
@click.pass_obj
def command(app: App, /, *, lift: bool, parallelism: int, form: str, **asked: Any) -> int:
    """Stop campaigns that have not been sent, at once and until the halt is lifted.

    KEY may contain the wildcards * and ?. The command neither asks nor waits for a lock. First it sets a stop
    mark: no apply, not even a running one, creates, arms or resumes a campaign that the mark names. Then it
    pauses every campaign, the soonest first. When every request that was on its way has arrived, it looks and
    pauses once more.

    Exits with status 0 only if every named campaign is proven to be stopped.
    """
    from campaignctl.reconciler.halt_targets import Order

    everything = asked.pop("everything")
    order = Order(**{**asked, "keys": asked["keys"] or None, "reason": asked["reason"].strip()})
    _check(order, everything=everything, lift=lift)
    project = read_project(app)
    return _lift(app, project, order, form) if lift else _halt(app, project, order, parallelism, form)


def _check(order: Order, *, everything: bool, lift: bool) -> None:
    """Raise UsageError for options that contradict each other, or that name nothing."""
    scopes = {"--all": everything, "--account": order.account, "KEY": order.keys}
    given = [name for name, value in scopes.items() if value]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} cannot be combined", hint="use one of them")
    if lift and (order.account or order.cancel):
        raise UsageError("--lift takes KEYs or nothing", hint=Command("halt", "--help"))
    if not lift and not given:
        raise UsageError(
            "Name what to stop: one or more KEYs, --all or --account",
            hint=Command("halt", "KEY", "--reason", order.reason or "TEXT"),
        )
    if not order.reason:
        options = {"--lift": lift, "--all": everything, "--account": order.account, "--cancel": order.cancel}
        words = [name for name, is_given in options.items() if is_given]
        raise UsageError(
            "Say why with --reason: it is shown wherever the halt stops something",
            hint=Command("halt", *words, *(order.keys or ()), "--reason", "TEXT"),
        )


def _halt(app: App, project: Project, order: Order, parallelism: int, form: str) -> int:
    from campaignctl.reconciler.halt import halt
    from campaignctl.render.halt import halt_json, halt_text, halt_verdict

    with wired(app, project, token=app.settings.token, parallelism=parallelism) as run:
        outcome = halt(run.wiring, order, cache(partial(_declared, app)))
    place = app.settings.place(project.environment)
    document = halt_json(outcome, place)
    color, verbosity = app.console.colored(app.console.out), app.console.verbosity
    if form == "json":
        app.console.document(document)
    elif verbosity == "quiet":
        app.console.say(halt_verdict(outcome, color=color))
    else:
        app.console.say(halt_text(outcome, color=color, place=place, every=verbosity == "verbose"))
    notify(app, project, "halt", document, failed=True)
    return 0 if outcome.stopped else 1


def _lift(app: App, project: Project, order: Order, form: str) -> int:
    from campaignctl.reconciler.lift import lift
    from campaignctl.render.halt import lift_json, lift_text, lift_verdict

    with wired(app, project, token=None) as run:
        outcome = lift(run.wiring, order.keys, order.reason, cache(partial(_declared, app)))
    document = lift_json(outcome)
    if form == "json":
        app.console.document(document)
    else:
        quiet = app.console.verbosity == "quiet"
        app.console.say(lift_verdict(outcome) if quiet else lift_text(outcome))
    notify(app, project, "lift", document, failed=True)
    return 0


def _declared(app: App) -> Mapping[str, DesiredCampaign] | None:
    """The declared campaigns; None if the manifests cannot be read, which must not stop a halt."""
    from campaignctl.cli.wiring import read_desired

    try:
        return read_desired(app).campaigns
    except CampaignctlError:
        return None
