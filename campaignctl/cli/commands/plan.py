"""`plan`: what an apply would do, shown and perhaps saved; changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from campaignctl.cli.completion_values import files
from campaignctl.cli.files import STANDARD, check_replaceable, write_private
from campaignctl.cli.options import Showing, plan_format, selecting
from campaignctl.cli.output import show_plan, show_plan_as
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import need_token, read_desired, wired
from campaignctl.errors import Command, UsageError
from campaignctl.plan.model import Options

if TYPE_CHECKING:
    from campaignctl.plan.model import Plan

_CHANGES = 2


@click.command(name="plan")
@click.option(
    "-o",
    "out",
    metavar="FILE",
    shell_complete=files,
    help="Save the plan, to be applied exactly as it was reviewed.",
)
@selecting
@click.option("--detailed-exitcode", is_flag=True, help="End with 2 if there are changes.")
@plan_format
@click.pass_obj
def command(app: App, *, options: Options, out: str | None, detailed_exitcode: bool, showing: Showing) -> int:
    """Show what an apply would do, and change nothing.

    Ends with status 1 if a guardrail objects or a change is blocked.
    """
    if out == STANDARD and showing.form != "text":
        raise UsageError(
            f"-o - and --format {showing.form} both write the plan to standard output", hint="leave one out"
        )
    if out is not None:
        check_replaceable(out, "manifests_digest")
    plan = _made(app, options)
    if out == STANDARD:
        show_plan(app, plan, aside=True)
    else:
        show_plan_as(app, plan, showing)
    if out is not None:
        _save(app, plan, out)
    if plan.refused:
        return 1
    return _CHANGES if detailed_exitcode and _changes(plan, options) else 0


def _made(app: App, options: Options) -> Plan:
    from campaignctl.reconciler import plan

    desired = read_desired(app)  # what is wrong with the files needs no token to be told
    token = None
    if options.refresh:
        why = "Planning reads the live campaigns first, and the API lets in only who has a token."
        token = need_token(app.settings, why, instead="or plan from the state alone: --no-refresh")
    with wired(app, desired.project, token=token) as run:
        return plan.plan(run.wiring, desired, options)


def _changes(plan: Plan, options: Options) -> bool:
    return not plan.empty or (options.refresh_only and bool(plan.drift))


def _save(app: App, plan: Plan, out: str) -> None:
    from campaignctl.plan import codec

    if out == STANDARD:
        app.console.raw(codec.dumps(plan))
        return
    write_private(out, codec.dumps(plan))
    then = (
        "It cannot be applied while a guardrail objects."
        if plan.objections
        else f"Apply exactly this: {Command('apply', out).at(app.settings.place(plan.environment))}"
    )
    app.console.log("info", f"Saved the plan to {out}. {then}")
