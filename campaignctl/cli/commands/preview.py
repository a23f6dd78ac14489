"""`preview`: what recipients see, of manifests, of a saved plan or of a live campaign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from campaignctl.cli.completion_values import files, keys
from campaignctl.cli.files import check_page, read_plan
from campaignctl.cli.group import format_choice
from campaignctl.cli.preview_output import Show
from campaignctl.cli.previewed import ReadManifests, check_languages, chosen, read_manifests, samples_of
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import any_at_rest, need_token, project_directory, read_project, wired
from campaignctl.errors import (
    CampaignctlError,
    Command,
    ManifestError,
    Sentence,
    UsageError,
    counted,
    did_you_mean,
    first_of,
    listed,
    number,
)

if TYPE_CHECKING:
    from campaignctl.errors import Finding
    from campaignctl.manifest.load import Shown
    from campaignctl.plan.model import Plan
    from campaignctl.project.model import Project

_NAMED = 5


@click.command(name="preview")
@click.argument("patterns", metavar="[KEY]...", nargs=-1, shell_complete=keys)
@click.option(
    "--lang",
    "langs",
    multiple=True,
    metavar="LANG",
    help="Only this language, also one without a text of its own. Repeatable.",
)
@format_choice("text", "json", "html", help="Boxes for people, one JSON list, or one page for a browser.")
@click.option(
    "-o",
    "output",
    metavar="FILE",
    shell_complete=files,
    help="Write the page of --format html to a file; default: standard output.",
)
@click.option(
    "--sample",
    metavar="FILE",
    shell_complete=files,
    help="Sample values of macros, as in FIRST_NAME: Ana; they win over `preview.samples` of the project.",
)
@click.option(
    "--plan",
    "planfile",
    metavar="FILE",
    shell_complete=files,
    help="What a saved plan changes, before and after.",
)
@click.option("--id", "campaign_id", metavar="ID", help="A live campaign; reads the API.")
@click.option(
    "--serve", "served", is_flag=True, help="Show the page in a browser, and again whenever a file changes."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="The port of --serve; default: a free one.",
)
@click.pass_obj
def command(  # noqa: PLR0913 - click hands over each option by its name
    app: App,
    *,
    patterns: tuple[str, ...],
    langs: tuple[str, ...],
    form: str,
    output: str | None,
    sample: str | None,
    planfile: str | None,
    campaign_id: str | None,
    served: bool,
    port: int | None,
) -> int:
    """Show what recipients see: by message, language and device.

    KEY may have * and ? as wildcards; without one, every campaign is shown. Works offline, without a token
    (except --id), and while other manifests have errors. Texts are cut where devices cut them; colours and
    fonts are not those of any device. Exits with status 1 if a campaign that was asked for cannot be shown.

    The page of --format html asks for nothing on a network. --serve shows it at an address of this machine
    until Ctrl-C.
    """
    if planfile and campaign_id:
        raise UsageError("--plan and --id cannot be combined", hint="use one of them")
    if campaign_id and patterns:
        raise UsageError("--id shows one live campaign, and takes no KEY", hint="use one of them")
    if port is not None and not served:
        raise UsageError("--port is the port of --serve", hint="add --serve")
    if served:
        if planfile or campaign_id or output or form == "json":
            raise UsageError(
                "--serve shows manifests as a page", hint="leave out --plan, --id, --format and -o"
            )
        return _serve(app, patterns, langs, sample, port or 0)
    if output is not None:
        if form != "html":
            raise UsageError("-o is the file of --format html", hint="add --format html")
        check_page(output)
    show = Show(app, form, output)
    if planfile:
        return _of_plan(show, planfile, patterns, langs, samples_of(project_if_any(app), sample))
    if campaign_id:
        return _of_live(show, campaign_id, langs, sample)
    return _of_manifests(show, patterns, langs, sample)


# ---------------------------------------------------------------------------------------- manifests


def _of_manifests(show: Show, patterns: Sequence[str], langs: Sequence[str], sample: str | None) -> int:
    read = read_manifests(show.app, patterns, langs, sample)
    findings = _findings(read.shown, read.faulty) if read.faulty else ()
    if read.found or not read.asked:
        show.previews(read.found, read.shown.project.name, findings)
    _tell_rest(show.app, read)
    if findings:
        raise ManifestError(findings)
    if read.asked and not read.found:
        raise CampaignctlError(
            "there is nothing to preview",
            detail="Only messages of push, email and sms have a preview.",
            hint=Sentence("to see the campaign: ", Command("explain", read.asked[0])),
        )
    return 0


def _serve(app: App, patterns: Sequence[str], langs: Sequence[str], sample: str | None, port: int) -> int:
    from campaignctl.cli.preview_server import fingerprint, serve
    from campaignctl.render.errors import error_text, findings_text
    from campaignctl.render.preview_html import Served, page

    def draw(version: str) -> str:
        served = Served(version)
        try:
            read = read_manifests(app, patterns, langs, sample)
        except CampaignctlError as error:
            said = error_text(error, color=False, place=app.settings.place())
            return page([], problems=app.console.redacted(said), served=served)
        errors = [found for found in read.shown.findings if found.severity == "error"]
        said = findings_text(errors, color=False) if errors else ""
        return app.console.redacted(
            page(read.found, title=read.shown.project.name, problems=said, served=served)
        )

    directory = project_directory(app.settings)
    others = [Path(sample)] if sample else []
    serve(
        draw,
        port,
        lambda: fingerprint(directory, others),
        lambda url: app.console.say(f"The preview is at {url}\nIt follows the files. Ctrl-C ends it."),
    )
    app.console.log("info", "The preview has ended.")
    return 0


def _findings(shown: Shown, faulty: Iterable[str]) -> tuple[Finding, ...]:
    """The errors of campaigns; where they have none of their own, those that concern no single campaign."""
    own = dict.fromkeys(found for key in faulty for found in shown.faulty[key])
    errors = [found for found in shown.findings if found.severity == "error"]
    return tuple(own) or tuple(found for found in errors if found.key is None)


def _tell_rest(app: App, read: ReadManifests) -> None:
    """Say on standard error what is not shown, and that other manifests have errors."""
    if read.bare:
        app.console.log("info", f"no message of push, email or sms: {listed(read.bare, _NAMED)}")
    own = {found for key in read.faulty for found in read.shown.faulty[key]}
    others = [found for found in read.shown.findings if found not in own]
    if errors := number(others, "error"):
        validate = Command("validate").at(app.settings.place())
        app.console.log(
            "warning", f"{counted(errors, 'error')} in other manifests; to see them:\n  {validate}"
        )


# ----------------------------------------------------------------------------------- plans and live


def _of_plan(
    show: Show,
    planfile: str,
    patterns: Sequence[str],
    langs: Sequence[str],
    samples: Mapping[str, str],
) -> int:
    from campaignctl.review.preview import compared

    plan = read_plan(planfile, any_at_rest(show.app))
    keyed = _of_keys(plan, patterns)
    found = [
        one
        for change in plan.changes
        if change.key in keyed
        for one in compared(change, samples=samples, langs=langs or None)
    ]
    show.changes(found, planfile)
    if rest := len(keyed - {one.key for one in found}):
        show.app.console.log(
            "info", f"{counted(rest, 'campaign')} of the plan: no change in what recipients see"
        )
    return 0


def _of_keys(plan: Plan, patterns: Sequence[str]) -> set[str]:
    known = sorted({change.key for change in plan.changes})
    it_changes = f"it changes {first_of(known, _NAMED) or 'nothing'}"
    return chosen(
        patterns,
        known,
        lambda pattern: UsageError(
            f"the plan does not change {pattern}", hint=did_you_mean(pattern, known, it_changes)
        ),
    )


def _of_live(show: Show, campaign_id: str, langs: Sequence[str], sample: str | None) -> int:
    from campaignctl.content.previews import previews

    app = show.app
    token = need_token(app.settings, "A live campaign is read from the API, which requires a token.")
    project = read_project(app)
    samples = samples_of(project, sample)
    with wired(app, project, token=token, writes=False) as run:
        live = run.wiring.need_api().read(campaign_id)
    if live is None:
        raise CampaignctlError(
            f"no campaign has the id {campaign_id} in this account",
            hint=Sentence("to see which account the token belongs to: ", Command("doctor")),
        )
    check_languages(langs, [live.fields])
    found = previews(campaign_id, live.fields, samples=samples, langs=langs)
    if not found:
        raise CampaignctlError(
            f"the answer for {campaign_id} has no message of push, email or sms",
            hint=Sentence("to see the campaigns of the project: ", Command("status")),
        )
    show.previews(found, project.name)
    return 0


def project_if_any(app: App) -> Project | None:
    """The project, if there is one: a saved plan can be looked at without it."""
    try:
        directory = project_directory(app.settings)
    except UsageError:
        if app.settings.directory is not None:
            raise
        return None
    from campaignctl.project.loader import check_project

    inputs = app.settings.inputs
    try:
        project, _ = check_project(
            directory, inputs["environment"], inputs["environ"], inputs["tool_version"], inputs["variables"]
        )
    except UsageError:
        return None
    return project
