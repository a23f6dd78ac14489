"""`show`: a saved plan or the state; nothing else is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from campaignctl.cli.backends import backend_of
from campaignctl.cli.clock import SystemClock
from campaignctl.cli.commands.plan import show_plan_as, without_token
from campaignctl.cli.completion_values import files
from campaignctl.cli.files import read_plan
from campaignctl.cli.options import PlanForm, plan_format
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import any_at_rest, read_project
from campaignctl.errors import Command, Sentence, UsageError

if TYPE_CHECKING:
    from campaignctl.project.model import Project
    from campaignctl.state.model import State

_PLANS_ONLY = {"markdown": "Markdown", "html": "a page"}


@click.command(name="show")
@click.argument("planfile", required=False, shell_complete=files)
@plan_format
@click.pass_obj
def command(app: App, *, planfile: str | None, form: PlanForm) -> int:
    """Show a saved plan (- is standard input) or, without PLANFILE, the state."""
    if planfile is not None:
        whole = Command("show", planfile, "--full")
        plan = without_token(app, read_plan(planfile, any_at_rest(app)))
        show_plan_as(app, plan, form, whole, app.console.now(), samples={})
        return 0
    for option, given in (("--full", form.full), ("--summary", form.summary)):
        if given:
            raise UsageError(
                f"{option} is for a saved plan, not for the state",
                hint=Sentence("name the plan file: ", Command("show", "PLANFILE", option)),
            )
    if form.name in _PLANS_ONLY:
        raise UsageError(
            f"The state cannot be shown as {_PLANS_ONLY[form.name]}, only a saved plan",
            hint=Sentence("name the plan file: ", Command("show", "PLANFILE", "--format", form.name)),
        )
    project = read_project(app)
    backend = backend_of(project, SystemClock())
    state, console = backend.read(), app.console
    if form.name == "json":
        console.document(_document(state, project))
    elif state is None:
        console.say("There is no state yet: nothing has been applied.")
    else:
        from campaignctl.render.status import state_text

        color = console.colored(console.out)
        console.say(state_text(state, color=color, now=console.now(), zone=project.time_zone))
    return 0


def _document(state: State | None, project: Project) -> Any:
    """Return the state document; without a state, one with every field and no content."""
    from campaignctl.state import codec
    from campaignctl.state.model import Account, State

    if state is not None:
        return json.loads(codec.encode(state))
    empty = State("", 0, project.environment, Account(project.api.url, project.company_id), "")
    return json.loads(codec.encode(empty)) | {"lineage": None, "tool_version": None}
