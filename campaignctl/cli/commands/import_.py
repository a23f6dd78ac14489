"""`import`: take a live campaign over into the state."""

from __future__ import annotations

import click

from campaignctl.cli.completion_values import keys
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import need_token, read_desired, wired


@click.command(name="import")
@click.argument("key", shell_complete=keys)
@click.argument("campaign_id", metavar="ID")
@click.pass_obj
def command(app: App, *, key: str, campaign_id: str) -> int:
    """Put the live campaign ID on record under KEY; nothing in the account is changed.

    The next plan shows every difference to the manifest of KEY. To have a take-over reviewed like any
    change, write `adopt: "ID"` in the manifest instead.
    """
    from campaignctl.reconciler.state_ops import import_campaign

    token = need_token(app.settings, "Importing reads the campaign from the API.")
    desired = read_desired(app)
    with wired(app, desired.project, token=token) as run:
        line = import_campaign(run.wiring, desired, key, campaign_id)
    app.console.say(app.settings.complete(line, desired.project.environment))
    return 0
