"""`state`: look at the record of what was created, and repair it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click

from campaignctl.cli.clock import SystemClock
from campaignctl.cli.completion_values import files, pending_keys, recorded_keys
from campaignctl.cli.files import read_text
from campaignctl.cli.group import Lazy, LazyGroup, format_option
from campaignctl.cli.output import show_history, show_record
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import backend_of, need_token, read_project, wired
from campaignctl.errors import CampaignctlError, Command, Sentence, UsageError

if TYPE_CHECKING:
    from campaignctl.state.model import State

_HERE = "campaignctl.cli.commands.state"
TABLE = {
    "list": Lazy(f"{_HERE}:list_", "Name every recorded campaign, one a line."),
    "show": Lazy(f"{_HERE}:show", "Show the record of one campaign."),
    "mv": Lazy(f"{_HERE}:mv", "Give a record another key; the live campaign stays."),
    "rm": Lazy(f"{_HERE}:rm", "Forget a record; the live campaign stays."),
    "pull": Lazy(f"{_HERE}:pull", "Write the state document to standard output."),
    "push": Lazy(f"{_HERE}:push", "Replace the state by a document."),
    "unlock": Lazy(f"{_HERE}:unlock", "Break the lock with exactly this id."),
    "resolve": Lazy(f"{_HERE}:resolve", "Say what became of a create whose outcome nobody knows."),
    "recover": Lazy(f"{_HERE}_binding:recover", "Find campaigns of ours that the state does not know."),
    "rebind": Lazy(f"{_HERE}_binding:rebind", "Give the state this account and environment."),
    "history": Lazy(f"{_HERE}:history", "List the applies: when, who, what, and how they ended."),
    "migrate": Lazy(f"{_HERE}_migrate:migrate", "Take the state to another backend."),
}


@click.command(cls=LazyGroup, table=TABLE, name="state", no_args_is_help=True)
def command() -> None:
    """Look at the record of what was created, and repair it."""


@click.command(name="list")
@click.pass_obj
def list_(app: App) -> int:
    """Name every recorded campaign, one a line."""
    state = _read(app)
    keys = sorted(state.campaigns) if state else []
    if keys:
        app.console.say("\n".join(keys))
    else:
        app.console.log("info", "Nothing is recorded yet.")
    return 0


@click.command(name="show")
@click.argument("key", shell_complete=recorded_keys)
@click.pass_obj
def show(app: App, *, key: str) -> int:
    """Show the record of the campaign KEY."""
    state = _existing(app)
    if key not in state.campaigns:
        near = difflib.get_close_matches(key, state.campaigns, n=1)
        raise CampaignctlError(
            f"Nothing is recorded under {key}",
            hint=f"did you mean {near[0]}?" if near else Sentence(Command("state", "list"), " names what is"),
        )
    show_record(app, key, state)
    return 0


@click.command(name="mv")
@click.argument("old", shell_complete=recorded_keys)
@click.argument("new")
@click.pass_obj
def mv(app: App, *, old: str, new: str) -> int:
    """Give the record OLD the key NEW; the live campaign stays as it is."""
    from campaignctl.reconciler import state_ops

    project = read_project(app)
    with wired(app, project, token=None) as run:
        line = state_ops.move(run.wiring, project, old, new)
    app.console.say(line)
    return 0


@click.command(name="rm")
@click.argument("key", shell_complete=recorded_keys)
@click.pass_obj
def rm(app: App, *, key: str) -> int:
    """Forget the record KEY; the live campaign stays, and still sends if it would have."""
    from campaignctl.reconciler import state_ops

    project = read_project(app)
    with wired(app, project, token=None) as run:
        line = state_ops.remove(run.wiring, project, key)
    app.console.say(line)
    return 0


@click.command(name="pull")
@click.pass_obj
def pull(app: App) -> int:
    """Write the state document to standard output."""
    import json

    from campaignctl.state import codec

    # In ASCII: the same document, and nothing in it can take a terminal over.
    app.console.raw(json.dumps(json.loads(codec.encode(_existing(app))), indent=1) + "\n")
    return 0


@click.command(name="push")
@click.argument("file", shell_complete=files)
@click.option("--force", is_flag=True, help="Also one of another lineage, or with an older serial.")
@click.pass_obj
def push(app: App, *, file: str, force: bool) -> int:
    """Replace the state by the document in FILE (- is standard input)."""
    from campaignctl.reconciler import state_ops
    from campaignctl.state import codec

    state = codec.decode(read_text(file), where=file)
    project = read_project(app)
    with wired(app, project, token=None) as run:
        line = state_ops.push(run.wiring, project, state, force)
    app.console.say(line)
    return 0


@click.command(name="unlock")
@click.argument("lock_id")
@click.pass_obj
def unlock(app: App, *, lock_id: str) -> int:
    """Break the lock LOCK_ID, when its holder is surely gone."""
    lock = backend_of(read_project(app), SystemClock()).unlock(lock_id)
    app.console.say(
        f"Broke the lock {lock.id} of {lock.holder} on {lock.host} ({lock.operation}, since {lock.since})."
    )
    return 0


@click.command(name="resolve")
@click.argument("key", shell_complete=pending_keys)
@click.option("--adopt", metavar="ID", help="It became this campaign.")
@click.option("--retry", is_flag=True, help="It did not happen: the next apply may create it.")
@click.option("--force", is_flag=True, help="Adopt an id that does not show our marker.")
@click.pass_obj
def resolve(app: App, *, key: str, adopt: str | None, retry: bool, force: bool) -> int:
    """Say what became of the create of KEY, whose outcome nobody knows."""
    if (adopt is None) is not retry:
        raise UsageError("Say either --adopt ID or --retry", hint=Command("state", "resolve", "--help"))
    from campaignctl.reconciler import state_ops

    token = need_token(
        app.settings, "Resolving reads the campaign, and the API lets in only who has a token."
    )
    project = read_project(app)
    with wired(app, project, token=token) as run:
        line = state_ops.resolve(run.wiring, project, key, adopt=adopt, retry=retry, force=force)
    app.console.say(line)
    return 0


@click.command(name="history")
@format_option
@click.pass_obj
def history(app: App, *, form: str) -> int:
    """List the applies that had something to do, the newest first."""
    project = read_project(app)
    state = backend_of(project, SystemClock()).read()
    show_history(app, state.history if state else (), project, as_json=form == "json")
    return 0


def _read(app: App) -> State | None:
    return backend_of(read_project(app), SystemClock()).read()


def _existing(app: App) -> State:
    state = _read(app)
    if state is None:
        raise CampaignctlError("There is no state yet", hint="the first apply makes it")
    return state
