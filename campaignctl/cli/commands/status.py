"""`status`: live status, next run and drift of every campaign; read-only."""

from __future__ import annotations

from dataclasses import asdict

import click

from campaignctl.cli.completion_values import keys
from campaignctl.cli.group import format_option
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import need_token, read_desired, wired
from campaignctl.errors import Command, Sentence, UsageError, at
from campaignctl.render import FORMAT_VERSION


@click.command(name="status")
@click.argument("chosen", metavar="[KEY]...", nargs=-1, shell_complete=keys)
@click.option("--full", is_flag=True, help="Show everything: cut no key or value, leave no campaign out.")
@click.option(
    "--unmanaged",
    is_flag=True,
    help="Show instead the live campaigns of the account that no state of ours knows.",
)
@format_option
@click.pass_obj
def command(app: App, *, chosen: tuple[str, ...], full: bool, unmanaged: bool, form: str) -> int:
    """Show live status, next send and drift of every recorded campaign, or of these keys.

    The soonest is first, and the last line says what needs a decision; with -q it is the only one. On a
    terminal the text fits the screen, and says what is left out. Programs read --format json.

    Exits with status 1 if a campaign is in the account a second time.
    """
    from campaignctl.reconciler.status import status

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
