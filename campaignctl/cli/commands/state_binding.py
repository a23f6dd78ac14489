"""`state recover` and `state rebind`: a state that does not fit the account, or belongs elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from campaignctl.cli.question import said_yes
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import need_token, read_desired, read_project, wired
from campaignctl.errors import Command, UsageError

if TYPE_CHECKING:
    from campaignctl.review.reports import Rebinding


@click.command(name="recover")
@click.option("--write", is_flag=True, help="Take them over into the state. Without it nothing is written.")
@click.pass_obj
def recover(app: App, *, write: bool) -> int:
    """Find campaigns that carry the marker of this project and environment and are not in the state.

    The way out of a checkout without a state, or with an old one. Nothing in the account is changed.
    """
    from campaignctl.reconciler import recover as work
    from campaignctl.render.recovery import recovery_text

    token = need_token(app.settings, "Recovering reads the account's campaigns.")
    desired = read_desired(app)
    with wired(app, desired.project, token=token) as run:
        recovery = work.recover(run.wiring, desired, write=write)
    color = app.console.colored(app.console.out)
    text = recovery_text(recovery, color=color, place=app.settings.place(desired.project.environment))
    app.console.say(text)
    return 0


@click.command(name="rebind")
@click.option("--auto-approve", is_flag=True, help="Do not ask. Without a terminal it takes this.")
@click.pass_obj
def rebind(app: App, *, auto_approve: bool) -> int:
    """Give the state the account of OCAMBA_TOKEN and the chosen environment, after you said yes.

    For a state that was made in another environment or account, or whose API has moved. Nothing in the
    account is changed.
    """
    if not auto_approve and not app.console.interactive:
        raise UsageError(
            "There is no terminal, so nobody can be asked",
            hint=Command("state", "rebind", "--auto-approve"),
        )
    from campaignctl.reconciler import recover as work
    from campaignctl.render.recovery import rebinding_text

    token = need_token(app.settings, "Rebinding looks whether the recorded campaigns are in the account.")
    project = read_project(app)
    with wired(app, project, token=token) as run:

        def approve(asked: Rebinding) -> bool:
            run.progress.pause()
            app.console.say(rebinding_text(asked, color=app.console.colored(app.console.out)))
            return auto_approve or said_yes(app, run, "rebind this state")

        changed = work.rebind(run.wiring, project, approve)
    app.console.say("The state is bound anew." if changed else "Nothing was changed.")
    return 0 if changed else 1
