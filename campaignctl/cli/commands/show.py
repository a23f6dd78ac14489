"""`show`: a saved plan, or the state, without reading anything else."""

from __future__ import annotations

import click

from campaignctl.cli.clock import SystemClock
from campaignctl.cli.completion_values import files
from campaignctl.cli.files import read_text
from campaignctl.cli.options import format_option
from campaignctl.cli.settings import App
from campaignctl.cli.showing import show_plan, show_state
from campaignctl.cli.wiring import backend_of, read_project


@click.command(name="show")
@click.argument("planfile", required=False, shell_complete=files)
@format_option
@click.pass_obj
def command(app: App, *, planfile: str | None, form: str) -> int:
    """Show a saved plan (- is standard input), or without PLANFILE the state."""
    if planfile is not None:
        from campaignctl.plan import codec

        show_plan(app, codec.decode(read_text(planfile), where=planfile), as_json=form == "json")
        return 0
    project = read_project(app)
    backend = backend_of(project, SystemClock())
    show_state(app, backend.read(), project, as_json=form == "json")
    return 0
