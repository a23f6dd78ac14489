"""`import`: record a live campaign in the state."""

from __future__ import annotations

import click

from campaignctl.cli.completion_values import keys
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import need_token, read_desired, wired
from campaignctl.errors import at


@click.command(name="import")
@click.argument("key", shell_complete=keys)
@click.argument("campaign_id", metavar="ID")
@click.option(
    "--forget-on-destroy",
    "forget",
    is_flag=True,
    help="Allow a KEY that no manifest declares; the next apply forgets it, and never cancels it.",
)
@click.pass_obj
def command(app: App, *, key: str, campaign_id: str, forget: bool) -> int:
    """Record the live campaign ID under KEY, and put our marker into its metadata.

    Nothing else changes in the account. The next plan shows every difference from the manifest of KEY. To
    have an adoption reviewed like any other change, write `adopt: "ID"` in the manifest instead.
    """
    from campaignctl.reconciler.adopt import import_campaign

    token = need_token(app.settings, "An import reads the campaign from the API.")
    desired = read_desired(app)
    with wired(app, desired.project, token=token) as run:
        line = import_campaign(run.wiring, desired, key, campaign_id, forget=forget)
    app.console.say(at(line, app.settings.place(desired.project.environment)))
    return 0
