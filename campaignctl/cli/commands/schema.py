"""`schema`: the JSON Schema of a manifest, the defaults or the project file, for editors."""

from __future__ import annotations

import click

from campaignctl.cli.group import NearestChoice
from campaignctl.cli.settings import App
from campaignctl.manifest.schema import KINDS, Kind


@click.command(name="schema")
@click.argument("kind", type=NearestChoice(KINDS), default="Campaign", metavar=f"[{'|'.join(KINDS)}]")
@click.pass_obj
def command(app: App, *, kind: Kind) -> int:
    """Print the JSON Schema of a manifest (default), the project, `_defaults.yaml` or a Removed document.

    `init` writes them into the folder schemas/ of a new project, where editors find them. After an upgrade,
    write each of them again:

    \b
      campaignctl schema Campaign > schemas/Campaign.json
    """  # noqa: D301 - click takes a real backspace for "do not wrap"
    from campaignctl.lint.registry import NAMES
    from campaignctl.manifest.schema import schema

    app.console.document(schema(kind, NAMES))
    return 0
