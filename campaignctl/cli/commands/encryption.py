"""`state encrypt` and `state decrypt`: all that is stored of a state, in the form that the project says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from campaignctl.cli.backends import at_rest_of, backend_of
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import read_project, wired
from campaignctl.errors import UsageError, counted

if TYPE_CHECKING:
    from campaignctl.project.model import Project
    from campaignctl.reconciler.ports import Backend

_SETTING = "state: {encryption: {method: aes_gcm}}"


@click.command(name="encrypt")
@click.pass_obj
def encrypt(app: App) -> int:
    """Encrypt everything that is stored of the state with the key in CAMPAIGNCTL_STATE_KEY.

    For a state in clear, once campaignctl.yaml says `state: {encryption: {method: aes_gcm}}`; and to change
    the key: put the old one into CAMPAIGNCTL_STATE_KEY_FALLBACK, run this, then remove it. State, archive,
    stop mark and backup are written, under the lock. What is encrypted already is left as it is.
    """
    project = read_project(app)
    if not project.state.encrypted:
        raise UsageError(
            "campaignctl.yaml does not say that this state is encrypted", hint=f"write there: {_SETTING}"
        )
    return _rewritten(app, project, "state encrypt", "is encrypted")


@click.command(name="decrypt")
@click.pass_obj
def decrypt(app: App) -> int:
    """Write everything that is stored of an encrypted state in clear, once campaignctl.yaml says so.

    Remove `encryption` there first; the key is still needed. Until this is run, no command works on the
    state: removing a line of the project file decrypts nothing.
    """
    project = read_project(app)
    if project.state.encrypted:
        raise UsageError(
            "campaignctl.yaml says that this state is encrypted",
            hint="remove `encryption` below `state` there, or set its method to off",
        )
    return _rewritten(app, project, "state decrypt", "is stored in clear")


def _rewritten(app: App, project: Project, operation: str, now: str) -> int:
    from campaignctl.reconciler import state_ops

    with wired(app, project, token=None) as run:
        whole = backend_of(project, run.clock, at_rest=at_rest_of(project, "all"))
        state = state_ops.rewrite(replace(run.wiring, backend=whole), operation)
        left = _left(project, whole)
    what = f"serial {state.serial}, {counted(len(state.campaigns), 'campaign')}" if state else "none yet"
    app.console.say(f"The state in {whole.location} ({what}) {now}, with its archive and its stop mark.")
    if left:
        app.console.log("warning", f"What was stored before is still as it was in {left}.")
    return 0


def _left(project: Project, backend: Backend) -> str:
    """Where earlier versions of a state are that no command opens again; empty if nowhere."""
    if project.state.backend != "local":
        return backend.keeping().backup or ""
    path = Path(backend.location)
    damaged = (path.with_name(f"{path.name}.{end}") for end in ("damaged", "damaged.journal"))
    return " and ".join(str(each) for each in damaged if each.exists())
