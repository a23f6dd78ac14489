"""`status`: live status, next run and drift of every campaign; reads only."""

from __future__ import annotations

import click

from campaignctl.cli.group import format_option
from campaignctl.cli.output import show_status
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import need_token, read_desired, wired
from campaignctl.errors import Command, Sentence


@click.command(name="status")
@format_option
@click.pass_obj
def command(app: App, *, form: str) -> int:
    """Show live status, next run and drift of every recorded campaign."""
    from campaignctl.reconciler.status import status

    desired = read_desired(app)
    why = "The live status is read from the API, which lets in only who has a token."
    token = need_token(app.settings, why, instead=Sentence("or look at what is recorded: ", Command("show")))
    with wired(app, desired.project, token=token) as run:
        rows = status(run.wiring, desired)
    show_status(app, rows, desired.project, as_json=form == "json")
    return 0
