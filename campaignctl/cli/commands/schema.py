"""`schema`: the JSON Schema of a manifest or project file, for editors."""

from __future__ import annotations

import click

from campaignctl.cli.group import NearestChoice
from campaignctl.cli.settings import App


@click.command(name="schema")
@click.argument(
    "kind", type=NearestChoice(["Campaign", "Project"]), default="Campaign", metavar="[Campaign|Project]"
)
@click.pass_obj
def command(app: App, *, kind: str) -> int:
    """Print the JSON Schema of a manifest (default), or of the project file."""
    from campaignctl.manifest.schema import campaign_schema, project_schema

    app.console.document(project_schema() if kind == "Project" else campaign_schema())
    return 0
