"""`preview`: what recipients see, of manifests, of a saved plan or of a live campaign."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from campaignctl.cli.completion_values import files, keys
from campaignctl.cli.files import read_bytes, read_text
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
@format_choice("text", "json", help="Boxes for people, or one JSON list.")
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
@click.pass_obj
def command(
    app: App,
    *,
    patterns: tuple[str, ...],
    langs: tuple[str, ...],
    form: str,
    sample: str | None,
    planfile: str | None,
    campaign_id: str | None,
) -> int:
    """Show what recipients see: by message, language and device.

    KEY may have * and ? as wildcards; without one, every campaign is shown. Works offline, without a token
    (except --id), and while other manifests have errors. Texts are cut where devices cut them; colours and
    fonts are not those of any device. Exits with status 1 if a campaign that was asked for cannot be shown.
    """
    if planfile and campaign_id:
        raise UsageError("--plan and --id cannot be combined", hint="use one of them")
    if campaign_id and patterns:
        raise UsageError("--id shows one live campaign, and takes no KEY", hint="use one of them")
    if planfile:
        return _of_plan(app, planfile, patterns, langs, form, _samples(_project(app), sample))
    if campaign_id:
        return _of_live(app, campaign_id, langs, form, sample)
    return _of_manifests(app, patterns, langs, form, sample)


# ---------------------------------------------------------------------------------------- manifests


def _of_manifests(
    app: App, patterns: Sequence[str], langs: Sequence[str], form: str, sample: str | None
) -> int:
    from campaignctl.content.previews import previews
    from campaignctl.manifest.load import load_shown

    shown = load_shown(project_directory(app.settings), **app.settings.inputs)
    asked = _asked(shown, patterns)
    samples = _samples(shown.project, sample)
    found = [
        preview
        for key in asked
        if key in shown.campaigns
        for preview in previews(key, shown.campaigns[key].spec, samples=samples, langs=langs)
    ]
    _check_languages(langs, (shown.campaigns[key].spec for key in asked if key in shown.campaigns))
    faulty = [key for key in asked if key in shown.faulty]
    bare = set(asked) - set(faulty) - {preview.key for preview in found}
    if found or not asked:
        _show(app, found, form)
    _tell_rest(app, shown, faulty, sorted(bare))
    if faulty:
        raise ManifestError(_findings(shown, faulty))
    if asked and not found:
        raise CampaignctlError(
            "there is nothing to preview",
            detail="Only messages of push, email and sms have a preview.",
            hint=Sentence("to see the campaign: ", Command("explain", asked[0])),
        )
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


def _tell_rest(app: App, shown: Shown, faulty: Sequence[str], bare: Sequence[str]) -> None:
    """Say on standard error what is not shown, and that other manifests have errors."""
    if bare:
        app.console.log("info", f"no message of push, email or sms: {listed(bare, _NAMED)}")
    own = {found for key in faulty for found in shown.faulty[key]}
    others = [found for found in shown.findings if found not in own]
    if errors := number(others, "error"):
        validate = Command("validate").at(app.settings.place())
        app.console.log(
            "warning", f"{counted(errors, 'error')} in other manifests; to see them:\n  {validate}"
        )


# ----------------------------------------------------------------------------------- plans and live


def _of_plan(
    app: App,
    planfile: str,
    patterns: Sequence[str],
    langs: Sequence[str],
    form: str,
    samples: Mapping[str, str],
) -> int:
    from campaignctl.plan import codec
    from campaignctl.review.preview import compared

    plan = codec.decode(read_text(planfile), where=planfile)
    chosen = _of_keys(plan, patterns)
    found = [one for one in compared(plan, samples=samples, langs=langs or None) if one.key in chosen]
    if form == "json":
        from campaignctl.render.preview import compared_json

        app.console.document([compared_json(one) for one in found])
    elif found:
        from campaignctl.render.preview import compared_text

        app.console.say(compared_text(found, look=_look(app), color=app.console.colored(app.console.out)))
    if rest := len(chosen - {one.key for one in found}):
        app.console.log("info", f"{counted(rest, 'campaign')} of the plan: no change in what recipients see")
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


def _of_live(app: App, campaign_id: str, langs: Sequence[str], form: str, sample: str | None) -> int:
    from campaignctl.content.previews import previews

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
    _show(app, found, form)
    return 0


# ------------------------------------------------------------------------------------------- shared


def _show(app: App, found: Sequence[Preview], form: str) -> None:
    from campaignctl.render.preview import preview_json, previews_text

    console = app.console
    if form == "json":
        console.document([preview_json(preview) for preview in found])
    elif found:
        console.say(previews_text(found, look=_look(app), color=console.colored(console.out)))
    else:
        console.say("There are no campaigns.")


def _look(app: App) -> Any:
    from campaignctl.render.preview import Look

    encoding = getattr(app.console.out, "encoding", None) or "utf-8"
    return Look(app.console.columns, boxes=encoding.lower().replace("-", "") == "utf8")


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
