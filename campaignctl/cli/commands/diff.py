"""`diff`: what is on one environment and not on another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from campaignctl.cli.backends import backend_of
from campaignctl.cli.clock import SystemClock
from campaignctl.cli.completion_values import environments
from campaignctl.cli.group import format_option
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import read_desired
from campaignctl.errors import Command, UsageError

if TYPE_CHECKING:
    from campaignctl.review.between import Side

_DIFFERENT = 2


@click.command(name="diff")
@click.option(
    "--between",
    "names",
    nargs=2,
    default=None,
    metavar="ENV ENV",
    shell_complete=environments,
    help="The two environments.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with status 2 if there are differences.")
@format_option
@click.pass_obj
def command(app: App, *, names: tuple[str, str] | None, detailed_exitcode: bool, form: str) -> int:
    """Show what was applied to one environment and not to the other.

    Compares their states, without a token. Fields that differ because the environments have other variables
    are left out. To bring a campaign to the second one, let its manifest declare it there, and apply it.
    """
    if names is None:
        why = "It compares two environments. What differs between manifests and account, a plan shows."
        raise UsageError("Missing option '--between'", detail=why, hint=Command("plan"))
    first, second = names
    if first == second:
        raise UsageError("--between needs two different environments")
    from campaignctl.render.between import between_json, between_text
    from campaignctl.review.between import between

    found = between(_side(app, first), _side(app, second))
    console = app.console
    if form == "json":
        console.document(between_json(names, found))
    else:
        color = console.colored(console.out)
        console.say(between_text(names, found, color=color, width=console.width))
    return _DIFFERENT if detailed_exitcode and found else 0


def _side(app: App, environment: str) -> Side:
    """One environment: its manifests and its state, without a lock."""
    from campaignctl.review.between import Side

    desired = read_desired(App(replace(app.settings, environment=environment), app.console))
    state = backend_of(desired.project, SystemClock()).read()
    return Side(environment, state, {key: wanted.spec for key, wanted in desired.campaigns.items()})
