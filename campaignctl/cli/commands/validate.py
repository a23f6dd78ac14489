"""`validate`: check the manifests, offline and without a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from campaignctl import __version__
from campaignctl.cli.group import NearestChoice, format_choice
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import project_directory
from campaignctl.errors import Finding, Severity

Form = Literal["text", "json", "github", "sarif"]


@click.command(name="validate")
@format_choice(
    "text",
    "json",
    "github",
    "sarif",
    help="For people; one JSON document; annotations of GitHub Actions; or a SARIF log for code scanning.",
)
@click.option(
    "--fail-severity",
    type=NearestChoice(["error", "warning"]),
    default="error",
    show_default=True,
    help="The mildest finding that ends with status 1.",
)
@click.pass_obj
def command(app: App, *, form: Form, fail_severity: Severity) -> int:
    """Check the manifests, offline and without a token.

    Every finding of the run is shown, with its file, line and column. Ends with status 1 if there is an
    error (or with --fail-severity warning, anything).
    """
    from campaignctl.manifest.load import check

    settings = app.settings
    directory = project_directory(settings)
    desired, findings = check(
        directory,
        environment=settings.environment,
        environ=settings.environ,
        tool_version=__version__,
        variables=settings.variables,
        now=app.console.now(),
    )
    count = len(desired.campaigns) if desired else None
    if form == "text":
        _show(app, findings, count)
    elif form == "json":
        _document(app, findings, count)
    else:
        _show_to_machine(app, form, _from_root(app, directory, findings), count)
    return int(any(finding.severity in ("error", fail_severity) for finding in findings))


def _show(app: App, findings: Sequence[Finding], count: int | None) -> None:
    console = app.console
    if findings:
        from campaignctl.render.errors import findings_text

        console.say(findings_text(findings, color=console.colored(console.out)))
    elif console.verbosity != "quiet":
        console.say(_nothing_found(count))


def _document(app: App, findings: Sequence[Finding], count: int | None) -> None:
    from campaignctl.render.errors import findings_json

    app.console.document({**findings_json(findings), "campaigns": count})


def _show_to_machine(
    app: App, form: Literal["github", "sarif"], findings: Sequence[Finding], count: int | None
) -> None:
    """Write the findings for GitHub; that there are none is for the log, where a person looks for it."""
    if form == "sarif":
        from campaignctl.render.sarif import findings_sarif

        app.console.document(findings_sarif(findings, tool_version=__version__))
    else:
        from campaignctl.render.errors import findings_github

        app.console.raw(findings_github(findings))
    if not findings:
        app.console.log("info", _nothing_found(count))


def _nothing_found(count: int | None) -> str:
    return f"{count} campaign{'s' if count != 1 else ''}, no findings."


def _from_root(app: App, directory: Path, findings: Sequence[Finding]) -> list[Finding]:
    """Name the files of findings from the root of the repository, as GitHub does."""
    from campaignctl.cli.repository import from_root, root_of

    root = root_of(directory, app.settings.environ)
    names = {file: from_root(file, root) for file in {finding.source.file for finding in findings}}
    return [
        replace(finding, source=replace(finding.source, file=names[finding.source.file]))
        for finding in findings
    ]
