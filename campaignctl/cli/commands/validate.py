"""`validate`: check the manifests, offline and without a token."""

from __future__ import annotations

from typing import Literal

import click

from campaignctl import __version__
from campaignctl.cli.group import NearestChoice
from campaignctl.cli.options import format_option
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import project_directory
from campaignctl.errors import Finding, Severity


@click.command(name="validate")
@format_option
@click.option(
    "--fail-severity",
    type=NearestChoice(["error", "warning"]),
    default="error",
    show_default=True,
    help="The mildest finding that ends with status 1.",
)
@click.pass_obj
def command(app: App, *, form: Literal["text", "json"], fail_severity: Severity) -> int:
    """Check the manifests, offline and without a token.

    Every finding of the run is shown, with its file, line and column. Ends with status 1 if there is an
    error (or with --fail-severity warning, anything).
    """
    from campaignctl.manifest.load import check

    settings = app.settings
    directory = project_directory(settings)
    desired, findings = check(
        directory, environment=settings.environment, environ=settings.environ, tool_version=__version__
    )
    failed = any(finding.severity in ("error", fail_severity) for finding in findings)
    count = len(desired.campaigns) if desired else None
    if form == "json":
        from campaignctl.render.errors import findings_json

        app.console.document({**findings_json(findings), "campaigns": count})
    else:
        _show(app, findings, count)
    return int(failed)


def _show(app: App, findings: tuple[Finding, ...], count: int | None) -> None:
    from campaignctl.render.errors import findings_text

    console = app.console
    if findings:
        console.say(findings_text(findings, color=console.colored(console.out)))
    elif console.verbosity != "quiet":
        console.say(f"{count} campaign{'s' if count != 1 else ''}, no findings.")
