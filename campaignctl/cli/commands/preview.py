"""`preview`: what recipients see, of manifests, of a saved plan or of a live campaign."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campaignctl.cli.completion_values import files, keys
from campaignctl.cli.files import STANDARD, check_page, read_bytes, read_text, write_private
from campaignctl.cli.group import format_choice
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import need_token, project_directory, read_project, wired
from campaignctl.errors import (
    CampaignctlError,
    Command,
    ManifestError,
    Sentence,
    UsageError,
    counted,
    did_you_mean,
    listed,
    number,
)

if TYPE_CHECKING:
    from campaignctl.content.model import Preview
    from campaignctl.errors import Finding
    from campaignctl.manifest.load import Shown
    from campaignctl.plan.model import Plan
    from campaignctl.project.model import Project
    from campaignctl.render.preview import Look
    from campaignctl.review.preview import Compared

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
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
    show = _Show(app, form, output)
    if planfile:
        return _of_plan(show, planfile, patterns, langs, _samples(_project(app), sample))
    if campaign_id:
        return _of_live(show, campaign_id, langs, sample)
    return _of_manifests(show, patterns, langs, sample)


# ---------------------------------------------------------------------------------------- manifests


@dataclass(frozen=True, slots=True)
class _Read:
    """The manifests as they are now: what was asked for, and the previews of what has no errors."""

    shown: Shown
    asked: list[str]
    found: list[Preview]

    @property
    def faulty(self) -> list[str]:
        return [key for key in self.asked if key in self.shown.faulty]

    @property
    def bare(self) -> list[str]:
        """What has no message that is shown."""
        return sorted(set(self.asked) - set(self.faulty) - {preview.key for preview in self.found})


def _read(app: App, patterns: Sequence[str], langs: Sequence[str], sample: str | None) -> _Read:
    from campaignctl.content.previews import previews
    from campaignctl.manifest.load import load_shown

    shown = load_shown(project_directory(app.settings), **app.settings.inputs)
    asked = _asked(shown, patterns)
    samples = _samples(shown.project, sample)
    specs = {key: shown.campaigns[key].spec for key in asked if key in shown.campaigns}
    _check_languages(langs, specs.values())
    found = [
        preview
        for key, spec in specs.items()
        for preview in previews(key, spec, samples=samples, langs=langs)
    ]
    return _Read(shown, asked, found)


def _of_manifests(show: _Show, patterns: Sequence[str], langs: Sequence[str], sample: str | None) -> int:
    read = _read(show.app, patterns, langs, sample)
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
            read = _read(app, patterns, langs, sample)
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


def _asked(shown: Shown, patterns: Sequence[str]) -> list[str]:
    """The declared keys that were asked for, in their order. Raises UsageError for a pattern without one."""
    from campaignctl.campaign.keys import named
    from campaignctl.manifest.origins import no_such_key

    known = sorted({*shown.campaigns, *shown.faulty})
    for pattern in patterns:
        if not named(pattern, known):
            raise no_such_key(pattern, known)
    chosen = {key for pattern in patterns for key in named(pattern, known)}
    return [key for key in known if key in chosen] if patterns else known


def _findings(shown: Shown, faulty: Iterable[str]) -> tuple[Finding, ...]:
    """The errors of campaigns; where they have none of their own, those that concern no single campaign."""
    own = dict.fromkeys(found for key in faulty for found in shown.faulty[key])
    errors = [found for found in shown.findings if found.severity == "error"]
    return tuple(own) or tuple(found for found in errors if found.key is None)


def _tell_rest(app: App, read: _Read) -> None:
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
    show: _Show,
    planfile: str,
    patterns: Sequence[str],
    langs: Sequence[str],
    samples: Mapping[str, str],
) -> int:
    from campaignctl.plan import codec
    from campaignctl.review.preview import compared

    plan = codec.decode(read_text(planfile), where=planfile)
    chosen = _of_keys(plan, patterns)
    found = [one for one in compared(plan, samples=samples, langs=langs or None) if one.key in chosen]
    show.changes(found, planfile)
    if rest := len(chosen - {one.key for one in found}):
        show.app.console.log(
            "info", f"{counted(rest, 'campaign')} of the plan: no change in what recipients see"
        )
    return 0


def _of_keys(plan: Plan, patterns: Sequence[str]) -> set[str]:
    from campaignctl.campaign.keys import named

    known = {change.key for change in plan.changes}
    for pattern in patterns:
        if not named(pattern, known):
            raise UsageError(
                f"the plan does not change {pattern}",
                hint=did_you_mean(
                    pattern, sorted(known), f"it changes {listed(sorted(known), _NAMED) or 'nothing'}"
                ),
            )
    return {key for pattern in patterns for key in named(pattern, known)} if patterns else known


def _of_live(show: _Show, campaign_id: str, langs: Sequence[str], sample: str | None) -> int:
    from campaignctl.content.previews import previews

    app = show.app
    token = need_token(app.settings, "A live campaign is read from the API, which requires a token.")
    project = read_project(app)
    samples = _samples(project, sample)
    with wired(app, project, token=token, writes=False) as run:
        live = run.wiring.need_api().read(campaign_id)
    if live is None:
        raise CampaignctlError(
            f"no campaign has the id {campaign_id} in this account",
            hint=Sentence("to see which account the token belongs to: ", Command("doctor")),
        )
    _check_languages(langs, [live.members])
    found = previews(campaign_id, live.members, samples=samples, langs=langs)
    if not found:
        raise CampaignctlError(
            f"the answer for {campaign_id} has no message of push, email or sms",
            hint=Sentence("to see the campaigns of the project: ", Command("status")),
        )
    show.previews(found, project.name)
    return 0


# ------------------------------------------------------------------------------------------- shared


@dataclass(frozen=True, slots=True)
class _Show:
    """Writes previews in the form that was asked for, a page perhaps to a file."""

    app: App
    form: str
    output: str | None = None

    def previews(self, found: Sequence[Preview], title: str, findings: Sequence[Finding] = ()) -> None:
        """Write previews; a page also says what is wrong with others."""
        console = self.app.console
        if self.form == "html":
            from campaignctl.render.errors import findings_text

            problems = findings_text(findings, color=False) if findings else ""
            self._page(found, title=title, problems=problems)
        elif self.form == "json":
            from campaignctl.render.preview import preview_json

            console.document([preview_json(preview) for preview in found])
        elif found:
            from campaignctl.render.preview import previews_text

            console.say(previews_text(found, look=self._look, color=console.colored(console.out)))
        else:
            console.say("There are no campaigns.")

    def changes(self, found: Sequence[Compared], planfile: str) -> None:
        """Write what a plan changes; text only if it changes something."""
        console = self.app.console
        if self.form == "html":
            self._page(found, title=Path(planfile).name, plan=True, options=("--plan", planfile))
        elif self.form == "json":
            from campaignctl.render.preview import compared_json

            console.document([compared_json(one) for one in found])
        elif found:
            from campaignctl.render.preview import compared_text

            console.say(compared_text(found, look=self._look, color=console.colored(console.out)))

    def _page(self, found: Sequence[Preview] | Sequence[Compared], **more: Any) -> None:
        from campaignctl.render.preview_html import page

        text = self.app.console.redacted(page(found, **more))
        if self.output is None or self.output == STANDARD:
            self.app.console.raw(text)
            return
        write_private(self.output, text)
        self.app.console.log("info", f"The page is in {self.output}")

    @property
    def _look(self) -> Look:
        from campaignctl.render.preview import Look

        encoding = getattr(self.app.console.out, "encoding", None) or "utf-8"
        return Look(self.app.console.columns, boxes=encoding.lower().replace("-", "") == "utf8")


def _project(app: App) -> Project | None:
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


def _samples(project: Project | None, sample: str | None) -> dict[str, str]:
    """The sample values of the project, and over them those of a file."""
    own = dict((project.preview.samples if project else None) or {})
    if sample is None:
        return own
    from campaignctl.project.loader import read_samples

    return own | read_samples(sample, read_bytes(sample))


def _check_languages(langs: Sequence[str], bodies: Iterable[Mapping[str, Any]]) -> None:
    """Raise UsageError for what can be no language, and is none of the texts."""
    unlike = [lang for lang in langs if not _LANGUAGE.fullmatch(lang)]
    if not unlike:
        return
    from campaignctl.content.previews import previews

    known = {preview.lang for body in bodies for preview in previews("", body, samples={})}
    for lang in unlike:
        if lang not in known:
            raise UsageError(
                f"--lang {lang}: no text has this language",
                hint=did_you_mean(lang, sorted(known), f"there are {', '.join(sorted(known)) or 'none'}"),
            )
