"""`status`: live status, next run and drift of every campaign; read-only."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from campaignctl.cli.completion_values import keys
from campaignctl.cli.group import format_choice
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import need_token, read_desired, wired
from campaignctl.errors import Command, Sentence, UsageError, at
from campaignctl.render import FORMAT_VERSION

if TYPE_CHECKING:
    from datetime import datetime


@click.command(name="status")
@click.argument("chosen", metavar="[KEY]...", nargs=-1, shell_complete=keys)
@click.option("--full", is_flag=True, help="Show everything: cut no key or value, leave no campaign out.")
@click.option(
    "--unmanaged",
    is_flag=True,
    help="Show instead the live campaigns of the account that no state of ours knows.",
)
@click.option(
    "--since",
    metavar="TIME",
    help="Report what was sent since a day (2036-11-01, in the project's zone), a time, or for that long"
    " (7d), what is next for as long, and drift.",
)
@format_choice("text", "json", "markdown", help="Text for people, one JSON document, or Markdown (--since).")
@click.pass_obj
def command(
    app: App, *, chosen: tuple[str, ...], full: bool, unmanaged: bool, since: str | None, form: str
) -> int:
    """Show live status, next send and drift of every recorded campaign, or of these keys.

    The soonest is first, and the last line says what needs a decision; with -q it is the only one. On a
    terminal the text fits the screen, and says what is left out. Programs read --format json.

    Exits with status 1 if a campaign is in the account a second time.
    """
    from campaignctl.reconciler.status import status

    if since is not None:
        return _since(app, since, form, _given(KEY=chosen, **{"--full": full, "--unmanaged": unmanaged}))
    if form == "markdown":
        raise UsageError("--format markdown needs --since", hint=Command("status", "--since", "7d"))
    if unmanaged:
        return _unmanaged(app, chosen, form)
    desired = read_desired(app, chosen)
    why = "The live status is read from the API, which requires a token."
    token = need_token(app.settings, why, instead=Sentence("show what is recorded: ", Command("show")))
    with wired(app, desired.project, token=token, writes=False) as run:
        report = status(run.wiring, desired, chosen)
    console, project = app.console, desired.project
    place = app.settings.place(project.environment)
    if form == "json":
        rows, notes = [asdict(row) for row in report.rows], [at(note, place) for note in report.notes]
        console.document({"format_version": FORMAT_VERSION, "campaigns": rows, "notes": notes})
        return int(report.second_copies)
    from campaignctl.render.overview import status_text, status_verdict

    color, zone = console.colored(console.out), project.time_zone
    if console.verbosity == "quiet":
        console.say(status_verdict(report, color=color))
        return int(report.second_copies)
    console.say(
        status_text(
            report,
            color=color,
            zone=zone,
            place=place,
            screen=console.screen,
            chosen=bool(chosen),
            full=full,
        )
    )
    return int(report.second_copies)


def _given(**options: object) -> list[str]:
    return [name for name, value in options.items() if value]


def _since(app: App, text: str, form: str, clashing: list[str]) -> int:
    """Report a period."""
    from campaignctl.reconciler.status import since
    from campaignctl.render.period import period_json, period_markdown, period_text, period_verdict

    if clashing:
        raise UsageError(
            f"--since and {clashing[0]} cannot be combined", hint=Command("status", "--since", text)
        )
    desired = read_desired(app)
    project = desired.project
    begin = _begin(text, project.time_zone, app.console.now())
    token = need_token(app.settings, "The live status is read from the API, which requires a token.")
    with wired(app, project, token=token, writes=False) as run:
        report = since(run.wiring, desired, begin)
    console, zone = app.console, project.time_zone
    place = app.settings.place(project.environment)
    if form == "json":
        console.document(period_json(report, place))
    elif form == "markdown":
        console.say(period_markdown(report, zone=zone, place=place))
    elif console.verbosity == "quiet":
        console.say(period_verdict(report))
    else:
        console.say(period_text(report, color=console.colored(console.out), zone=zone, place=place))
    return int(report.status.second_copies)


def _begin(text: str, zone: str, now: datetime) -> datetime:
    """The beginning of a period. Raises UsageError."""
    from campaignctl.project.validators import long_duration
    from campaignctl.schedule.times import TimeError, begin

    hint = "write a day as in 2036-11-01, a time, or how long, as in 7d"
    try:
        found = now - long_duration(text)
    except (ValueError, OverflowError):
        try:
            found = begin(text, zone, zone)
        except TimeError:
            raise UsageError(f"--since {text[:40]!r}: neither a time nor a duration", hint=hint) from None
    if found > now:
        raise UsageError(f"--since {text[:40]}: that is still to come", hint=hint)
    return found


def _unmanaged(app: App, chosen: tuple[str, ...], form: str) -> int:
    """Show what is live and in no state."""
    from campaignctl.reconciler.status import unmanaged
    from campaignctl.render.status import unmanaged_text

    if chosen:
        raise UsageError("--unmanaged takes no KEY", hint=Command("status", "--unmanaged"))
    desired = read_desired(app)
    token = need_token(app.settings, "The campaigns of the account are read from the API.")
    with wired(app, desired.project, token=token, writes=False) as run:
        report = unmanaged(run.wiring, desired)
    if form == "json":
        rows = [asdict(row) for row in report.rows]
        app.console.document(
            {"format_version": FORMAT_VERSION, "unmanaged": rows, "elsewhere": report.elsewhere}
        )
        return 0
    place = app.settings.place(desired.project.environment)
    color, zone = app.console.colored(app.console.out), desired.project.time_zone
    quiet = app.console.verbosity == "quiet"
    app.console.say(unmanaged_text(report, color=color, zone=zone, place=place, verdict_only=quiet))
    return 0
