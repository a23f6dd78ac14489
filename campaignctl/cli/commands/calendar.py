"""`calendar`: every send of the next days; read-only."""

from __future__ import annotations

import click

from campaignctl.cli.group import format_choice
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import read_desired, wired

_LONGEST = 366


@click.command(name="calendar")
@click.option(
    "--days",
    type=click.IntRange(1, _LONGEST),
    default=30,
    show_default=True,
    metavar="N",
    help="How many days, today among them.",
)
@format_choice(
    "text",
    "json",
    "html",
    "ics",
    help="Text for people, one JSON document, one page, or a file that calendar programs subscribe to.",
)
@click.pass_obj
def command(app: App, *, days: int, form: str) -> int:
    """Show every send of the next days, recurring ones expanded, and what holds sends back or makes them
    collide.

    Campaigns are shown as the manifests declare them; where the account has other times, those are shown too.
    Without a token the account is not read, and the calendar says so. Takes no lock and writes nothing.
    """
    from campaignctl.reconciler.calendar import calendar_of_project

    desired = read_desired(app)
    with wired(app, desired.project, token=app.settings.token, writes=False) as run:
        calendar = calendar_of_project(run.wiring, desired, days)
    console, place = app.console, app.settings.place(desired.project.environment)
    if form == "json":
        from campaignctl.render.calendar import calendar_json

        console.document(calendar_json(calendar))
        return 0
    if form == "ics":
        from campaignctl.render.calendar_ics import calendar_ics

        console.raw(calendar_ics(calendar).decode())
        return 0
    if form == "html":
        from campaignctl.render.calendar_html import calendar_page

        console.raw(console.redacted(calendar_page(calendar, place)))
        return 0
    from campaignctl.render.calendar_text import calendar_text

    colored = console.colored(console.out)
    console.say(calendar_text(calendar, color=colored, width=console.width, place=place))
    return 0
