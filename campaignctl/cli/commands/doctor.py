"""`doctor`: is everything in order that an apply needs? Locks nothing, writes nothing, stops at nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from campaignctl.cli.group import format_option
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import need_token, wired
from campaignctl.errors import CampaignctlError, Interrupted, Refused, TokenRejected

if TYPE_CHECKING:
    from campaignctl.project.model import Project
    from campaignctl.review.reports import Check

# Who runs this wants to know soon, and a read that fails is repeated.
_PATIENCE = timedelta(seconds=5)
_WHY = "the API lets in only who has a token"


@click.command(name="doctor")
@format_option
@click.pass_obj
def command(app: App, *, form: str) -> int:
    """Check versions, project, state, lock, token, account, clock and rate limit.

    Each is ok, a warning or a problem, with what mends it. Nothing is locked or changed. Ends with status
    1 if there is a problem.
    """
    from campaignctl.cli.environment_checks import look_around
    from campaignctl.render.doctor import doctor_json, doctor_text, worst

    around = look_around(app)
    beyond = _examined(app, around.project) if around.project else _without_project(app)
    environment = around.project.environment if around.project else None
    checks = tuple(
        replace(check, mend=app.settings.complete(check.mend, environment))
        for check in (*around.checks, *beyond)
    )
    if form == "json":
        app.console.document(doctor_json(checks))
    else:
        app.console.say(doctor_text(checks, color=app.console.colored(app.console.out)))
    return int(worst(checks) == "problem")


def _examined(app: App, project: Project) -> tuple[Check, ...]:
    """Examine with the API, or without where it cannot even be asked."""
    from campaignctl.reconciler.doctor import examine
    from campaignctl.review.reports import refused

    brisk = replace(project, api=replace(project.api, timeout=min(project.api.timeout, _PATIENCE)))
    try:
        token = need_token(app.settings, _WHY)
        with wired(app, brisk, token=token) as run:
            return examine(run.wiring, brisk)
    except Interrupted:
        raise
    except CampaignctlError as error:
        about_address = isinstance(error, Refused) and not isinstance(error, TokenRejected)
        missing = refused("api" if about_address else "token", error)
    with wired(app, brisk, token=None) as run:
        return examine(run.wiring, brisk, missing)


def _without_project(app: App) -> tuple[Check, ...]:
    """Say whether there is a token; which API it is for, only the project knows."""
    from campaignctl.review.reports import Check, refused

    try:
        need_token(app.settings, _WHY)
    except CampaignctlError as error:
        return (refused("token", error),)
    return (Check("token", "skipped", "set; without the project nobody knows which API it is for"),)
