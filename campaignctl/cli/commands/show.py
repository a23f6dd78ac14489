"""`show`: a saved plan, or the state, without reading anything else."""

from __future__ import annotations

import click

from campaignctl.cli.clock import SystemClock
from campaignctl.cli.completion_values import files
from campaignctl.cli.files import read_text
from campaignctl.cli.options import Showing, plan_format
from campaignctl.cli.output import show_plan_as, show_state
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import backend_of, read_project
from campaignctl.errors import (
    Command,
    Sentence,
    UsageError,
)


@click.command(name="show")
@click.argument("planfile", required=False, shell_complete=files)
@plan_format
@click.pass_obj
def command(app: App, *, planfile: str | None, showing: Showing) -> int:
    """Show a saved plan (- is standard input), or without PLANFILE the state."""
    if planfile is not None:
        from campaignctl.plan import codec

        show_plan_as(app, codec.decode(read_text(planfile), where=planfile), showing)
        return 0
    if showing.form == "markdown":
        raise UsageError(
            "Only a saved plan is shown as Markdown, not the state",
            hint=Sentence("name the file: ", Command("show", "PLANFILE", "--format", "markdown")),
        )
    project = read_project(app)
    backend = backend_of(project, SystemClock())
    show_state(app, backend.read(), project, as_json=showing.form == "json")
    return 0
