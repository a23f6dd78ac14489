"""`validate`: check the manifests, offline and without a token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from campaignctl import __version__
from campaignctl.cli.completion_values import files
from campaignctl.cli.group import NearestChoice, format_choice
from campaignctl.cli.narrowed import chosen_by
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import check_manifests, project_directory
from campaignctl.errors import Finding, Severity, at_least, counted, number
from campaignctl.project.find import PROJECT_FILE

if TYPE_CHECKING:
    from campaignctl.manifest.model import DesiredState

Form = Literal["text", "json", "github", "sarif"]


@click.command(name="validate")
@click.argument("paths", metavar="[PATH]...", nargs=-1, shell_complete=files)
@format_choice(
    "text",
    "json",
    "github",
    "sarif",
    help="Text for people, one JSON document, GitHub Actions annotations, or a SARIF log for code scanning.",
)
@click.option(
    "--fail-severity",
    type=NearestChoice(["error", "warning", "info"]),
    default="error",
    show_default=True,
    help="The lowest severity that exits with status 1.",
)
@click.pass_obj
def command(app: App, *, paths: tuple[str, ...], form: Form, fail_severity: Severity) -> int:
    """Check the manifests, offline and without a token.

    With PATH, only what is found in these files and folders is reported, and errors of the project file.
    Shows every finding with its file, line and column, those of lint included. Remarks (info) are counted,
    and shown with -v; -q shows the numbers alone. Exits with status 1 if there is an error, or a finding of
    --fail-severity or worse.
    """
    desired, findings = check_manifests(app)
    chosen = chosen_by(paths, project_directory(app.settings))
    findings = tuple(one for one in findings if chosen(one.source.file) or _of_project(one))
    _show(app, form, findings, _count(desired, chosen))
    return int(at_least(findings, fail_severity))


def _of_project(found: Finding) -> bool:
    """Whether a finding keeps the manifests from being checked at all."""
    return found.severity == "error" and Path(found.source.file).name == PROJECT_FILE


def _count(desired: DesiredState | None, chosen: Callable[[str], bool]) -> int | None:
    """How many campaigns the chosen files declare; None if there are errors somewhere."""
    return sum(chosen(one.source.file) for one in desired.campaigns.values()) if desired else None


def _show(app: App, form: Form, findings: Sequence[Finding], count: int | None) -> None:
    """Write the findings in a form; in one for GitHub, the log says if there are none."""
    console = app.console
    verbose = console.verbosity == "verbose"
    if form in {"github", "sarif"} and not verbose:
        findings = [finding for finding in findings if finding.severity != "info"]
    remarks = number(findings, "info")
    nothing = not at_least(findings, "info" if verbose else "warning")
    checked = "Errors elsewhere" if count is None else counted(count, "campaign")
    said = f"{checked}, no findings{' here' if count is None else ''}."
    if remarks:
        from campaignctl.render.errors import hidden_text

        said += f"\n{hidden_text(remarks)}"
    quiet = console.verbosity == "quiet"
    if form == "text" and nothing:
        console.say(said.split("\n")[0] if quiet else said)
        return
    from campaignctl.render import errors  # not loaded for a project without findings

    if form == "json":
        console.document({**errors.findings_json(findings), "campaigns": count})
    elif form == "text" and quiet:
        console.say(errors.findings_verdict(findings))
    elif form == "text":
        console.say(errors.findings_text(findings, color=console.colored(console.out), info=verbose))
    else:
        if form == "sarif":
            from campaignctl.render.sarif import findings_sarif

            console.document(findings_sarif(_from_root(app, findings), tool_version=__version__))
        else:
            console.raw(errors.findings_github(_from_root(app, findings)))
        if nothing:
            console.log("info", said)


def _from_root(app: App, findings: Sequence[Finding]) -> list[Finding]:
    """Findings with file names relative to the root of the repository, as GitHub wants them."""
    from campaignctl.cli.repository import from_root, root_of

    root = root_of(project_directory(app.settings), app.settings.environ)
    names = {file: from_root(file, root) for file in {finding.source.file for finding in findings}}
    return [
        replace(finding, source=replace(finding.source, file=names[finding.source.file]))
        for finding in findings
    ]
