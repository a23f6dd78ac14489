"""`explain`: the compiled campaign of a key, with the origin of every member."""

from __future__ import annotations

import click

from campaignctl import __version__
from campaignctl.cli.completion_values import keys
from campaignctl.cli.group import format_option
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import project_directory


@click.command(name="explain")
@click.argument("key", shell_complete=keys)
@format_option
@click.pass_obj
def command(app: App, *, key: str, form: str) -> int:
    """Show what a campaign is compiled to, and where every member of it came from.

    The body is exactly what a create would send, but for the tool's own marker; before it stands what is said
    beside the body. Offline and without a token.
    """
    from campaignctl.manifest.load import trace
    from campaignctl.render.explain import explain_json, explain_text

    settings = app.settings
    campaign, origins = trace(
        project_directory(settings),
        key,
        environment=settings.environment,
        environ=settings.environ,
        tool_version=__version__,
        variables=settings.variables,
    )
    console = app.console
    if form == "json":
        console.document(explain_json(campaign, origins))
    else:
        text = explain_text(campaign, origins, color=console.colored(console.out))
        console.say(text)
    return 0
