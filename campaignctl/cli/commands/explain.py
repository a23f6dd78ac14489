"""`explain`: the compiled campaign of a key, with the origin of every field."""

from __future__ import annotations

import click

from campaignctl.cli.completion_values import keys
from campaignctl.cli.group import format_option
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import project_directory


@click.command(name="explain")
@click.argument("key", shell_complete=keys)
@format_option
@click.pass_obj
def command(app: App, *, key: str, form: str) -> int:
    """Show a compiled campaign, and where every field came from.

    The body is exactly what a create would send, except for the tool's marker; before it come the settings
    outside the body, such as `lifecycle`. Works offline, without a token.
    """
    from campaignctl.manifest.load import trace
    from campaignctl.render.explain import explain_json, explain_text

    console, settings = app.console, app.settings
    campaign, origins = trace(project_directory(settings), key, **settings.inputs)
    if form == "json":
        console.document(explain_json(campaign, origins))
    else:
        console.say(explain_text(campaign, origins, color=console.colored(console.out)))
    return 0
