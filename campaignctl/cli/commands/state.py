"""`state`: look at the state and repair it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from campaignctl.backends.at_rest import STATE
from campaignctl.campaign.keys import key_hint
from campaignctl.cli.backends import at_rest_of, backend_at, backend_of
from campaignctl.cli.clock import SystemClock
from campaignctl.cli.completion_values import files, pending_keys, recorded_keys
from campaignctl.cli.files import read_bytes
from campaignctl.cli.group import Lazy, LazyGroup, format_option
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import need_token, read_desired, read_project, wired
from campaignctl.errors import CampaignctlError, Command, Sentence, UsageError
from campaignctl.state.model import FORMAT_VERSION

if TYPE_CHECKING:
    from campaignctl.project.model import StateSettings
    from campaignctl.reconciler.run import Wiring
    from campaignctl.review.reports import Rebinding
    from campaignctl.state.model import State

_HERE = "campaignctl.cli.commands.state"
_ENCRYPTION = "campaignctl.cli.commands.encryption"
TABLE = {
    "list": Lazy(f"{_HERE}:list_", "List the keys of all recorded campaigns."),
    "show": Lazy(f"{_HERE}:show", "Show the record of one campaign."),
    "mv": Lazy(f"{_HERE}:mv", "Rename a record; the live campaign stays as it is."),
    "rm": Lazy(f"{_HERE}:rm", "Remove a record; the live campaign stays as it is."),
    "pull": Lazy(f"{_HERE}:pull", "Write the state to standard output, in clear."),
    "push": Lazy(f"{_HERE}:push", "Replace the state with a file."),
    "unlock": Lazy(f"{_HERE}:unlock", "Break the lock that has this id."),
    "resolve": Lazy(f"{_HERE}:resolve", "Settle a write whose outcome is unknown."),
    "recover": Lazy(f"{_HERE}:recover", "Find our campaigns that are missing from the state."),
    "rebind": Lazy(f"{_HERE}:rebind", "Bind the state to this account and environment."),
    "init": Lazy(f"{_HERE}:init", "Declare that this environment has no state yet."),
    "archive": Lazy("campaignctl.cli.commands.archive:of_state", "Move final campaigns out of the state."),
    "history": Lazy(f"{_HERE}:history", "List past applies: when, who, what, and the outcome."),
    "encrypt": Lazy(f"{_ENCRYPTION}:encrypt", "Encrypt the state, or change its key."),
    "decrypt": Lazy(f"{_ENCRYPTION}:decrypt", "Write the encrypted state in clear."),
    "migrate": Lazy(f"{_HERE}:migrate", "Move the state to another backend."),
}
_BACKENDS = ("local", "git", "http", "object_store", "postgres")


@click.command(cls=LazyGroup, table=TABLE, name="state", no_args_is_help=True)
def command() -> None:
    """Look at the state, the record of what was created, and repair it."""


@click.command(name="list")
@click.pass_obj
def list_(app: App) -> int:
    """List the keys of all recorded campaigns, one per line."""
    state = _read(app)
    if state and state.campaigns:
        app.console.say("\n".join(sorted(state.campaigns)))
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
        listing = Sentence("see what is recorded: ", Command("state", "list"))
        hint = key_hint(key, state.campaigns) or listing
        raise CampaignctlError(f"Nothing is recorded under {key}", hint=hint)
    app.console.say(json.dumps(_document(state)["campaigns"][key], indent=2))
    return 0


@click.command(name="mv")
@click.argument("old", shell_complete=recorded_keys)
@click.argument("new")
@click.pass_obj
def mv(app: App, *, old: str, new: str) -> int:
    """Rename the record OLD to NEW; the live campaign stays as it is."""
    from campaignctl.reconciler import state_ops

    return _locally(app, lambda wiring: state_ops.move(wiring, old, new))


@click.command(name="rm")
@click.argument("key", shell_complete=recorded_keys)
@click.pass_obj
def rm(app: App, *, key: str) -> int:
    """Remove the record KEY; the live campaign stays as it is and may still send."""
    from campaignctl.reconciler import state_ops

    return _locally(app, lambda wiring: state_ops.remove(wiring, key))


@click.command(name="pull")
@click.pass_obj
def pull(app: App) -> int:
    """Write the state to standard output, in clear."""
    # In ASCII: the same document, and safe on a terminal.
    app.console.raw(json.dumps(_document(_existing(app)), indent=1) + "\n")
    return 0


@click.command(name="push")
@click.argument("file", shell_complete=files)
@click.option("--force", is_flag=True, help="Accept a state of another lineage, or with an older serial.")
@click.pass_obj
def push(app: App, *, file: str, force: bool) -> int:
    """Replace the state with FILE (- is standard input)."""
    from campaignctl.reconciler import state_ops
    from campaignctl.state import codec

    at_rest = at_rest_of(read_project(app), "all")
    state = codec.decode(at_rest.open(STATE, read_bytes(file), file), where=file)
    return _locally(app, lambda wiring: state_ops.push(wiring, state, force))


@click.command(name="unlock")
@click.argument("lock_id")
@click.pass_obj
def unlock(app: App, *, lock_id: str) -> int:
    """Break the lock LOCK_ID. First confirm that the process that holds it has exited."""
    lock = backend_of(read_project(app), SystemClock()).unlock(lock_id)
    app.console.say(
        f"Broke the lock {lock.id} of {lock.holder} on {lock.host} ({lock.operation}, since {lock.since})."
    )
    return 0


@click.command(name="resolve")
@click.argument("key", shell_complete=pending_keys)
@click.option("--adopt", metavar="ID", help="The create succeeded: this is the campaign.")
@click.option("--done", is_flag=True, help="The write happened: record it as applied, and as sent.")
@click.option("--retry", is_flag=True, help="The write did not happen: the next plan may show it again.")
@click.option("--force", is_flag=True, help="Even if the campaign has no marker of ours, or shows the write.")
@click.pass_obj
def resolve(app: App, *, key: str, adopt: str | None, done: bool, retry: bool, force: bool) -> int:
    """Settle a write to KEY whose outcome is unknown: a create, or one that sends at once."""
    if [adopt is not None, done, retry].count(True) != 1:
        raise UsageError(
            "Use one of --adopt ID, --done and --retry", hint=Command("state", "resolve", "--help")
        )
    from campaignctl.reconciler import state_ops

    token = need_token(app.settings, "Resolving reads the campaign, and the API requires a token.")
    project = read_project(app)
    answer: state_ops.Answer = "done" if done else "retry" if retry else "adopt"
    with wired(app, project, token=token) as run:
        line = state_ops.resolve(run.wiring, key, answer, adopt or "", force=force)
    app.console.say(line)
    return 0


@click.command(name="recover")
@click.option("--write", is_flag=True, help="Record them in the state. Without it nothing is written.")
@click.pass_obj
def recover(app: App, *, write: bool) -> int:
    """Find campaigns with the marker of this project and environment that are missing from the state.

    For a checkout without a state, or with an old one. Nothing in the account changes.
    """
    from campaignctl.reconciler import recover as work
    from campaignctl.render.status import recovery_text

    token = need_token(app.settings, "Recovering reads the account's campaigns.")
    desired = read_desired(app)
    with wired(app, desired.project, token=token) as run:
        recovery = work.recover(run.wiring, desired, write=write)
    color, place = app.console.colored(app.console.out), app.settings.place(desired.project.environment)
    app.console.say(recovery_text(recovery, color=color, place=place))
    return 0


@click.command(name="init")
@click.pass_obj
def init(app: App) -> int:
    """Write an empty state for a new environment: none of its campaigns was created yet.

    Needed if this project was applied in other environments before. Not for an environment that was renamed
    or whose state was lost: every campaign would be created a second time.
    """
    from campaignctl.reconciler import rebind as work

    return _locally(app, work.init)


@click.command(name="rebind")
@click.option(
    "--from",
    "place",
    metavar="PLACE",
    help="Move the state here from PLACE, the file, ref, address or postgres:NAME of the earlier name.",
)
@click.option("--auto-approve", is_flag=True, help="Do not ask. Required without a terminal.")
@click.pass_obj
def rebind(app: App, *, place: str | None, auto_approve: bool) -> int:
    """Bind the state to the account of OCAMBA_TOKEN and the chosen environment, after you approve.

    For a state that was made in another environment, project or account, or after the API has moved. Nothing
    in the account changes.
    """
    if not auto_approve and not app.console.interactive:
        raise UsageError(
            "There is no terminal to ask for approval on",
            hint=Command("state", "rebind", *(("--from", place) if place else ()), "--auto-approve"),
        )
    from campaignctl.reconciler import rebind as work
    from campaignctl.reconciler import state_ops
    from campaignctl.render.status import rebinding_text

    token = need_token(app.settings, "Rebinding checks that the recorded campaigns are in the account.")
    project = read_project(app)
    with wired(app, project, token=token) as run:

        def approve(asked: Rebinding) -> bool:
            run.progress.pause()
            app.console.say(rebinding_text(asked, color=app.console.colored(app.console.out)))
            return auto_approve or run.said_yes(app, "rebind this state")

        source = backend_at(project, run.clock, place) if place else None
        own = backend_of(project, run.clock, at_rest=at_rest_of(project, "moved"))
        changed = work.rebind(replace(run.wiring, backend=own), approve, source)
        if changed and project.state.encrypted:
            whole = backend_of(project, run.clock, at_rest=at_rest_of(project, "all"))
            state_ops.rewrite(replace(run.wiring, backend=whole), "state rebind")
    app.console.say("The state is rebound." if changed else "Nothing was changed.")
    return 0 if changed else 1


@click.command(name="history")
@format_option
@click.pass_obj
def history(app: App, *, form: str) -> int:
    """List the applies that had changes to make, newest first."""
    project = read_project(app)
    state = backend_of(project, SystemClock()).read()
    from campaignctl.render.status import history_json, history_text

    console, entries = app.console, state.history if state else ()
    if form == "json":
        console.document(history_json(entries))
    elif entries:
        console.say(history_text(entries, color=console.colored(console.out), zone=project.time_zone))
    else:
        console.log("info", "Nothing has been applied yet.")
    return 0


@click.command(name="migrate")
@click.option("--to", "to", type=click.Choice(_BACKENDS), help="The new backend.")
@click.option("--format", "version", type=click.IntRange(1, FORMAT_VERSION), help="The new format.")
@click.option(
    "--allow-loss", is_flag=True, help="Go back to an older format without the protections it cannot hold."
)
@click.option("--remote", metavar="NAME", help="git: the remote; default: origin.")
@click.option("--ref", metavar="REF", help="git: the ref; default: refs/campaignctl/ENVIRONMENT.")
@click.option("--url", metavar="URL", help="object_store: the bucket and prefix, as in s3://BUCKET/PREFIX.")
@click.option(
    "--path", metavar="FILE", help="local: the file; default: .campaignctl/state.json, or ENVIRONMENT.json."
)
@click.option(
    "--address",
    metavar="URL",
    help="http: the address of the state; its password comes from the environment.",
)
@click.option(
    "--lock-address",
    metavar="URL",
    help="http: where it is locked; default: --address, on GitLab with /lock.",
)
@click.option("--unlock-address", metavar="URL", help="http: where it is unlocked; default: --lock-address.")
@click.option("--lock-method", metavar="NAME", help="http: default: LOCK, on GitLab POST.")
@click.option("--unlock-method", metavar="NAME", help="http: default: UNLOCK, on GitLab DELETE.")
@click.option(
    "--url-env",
    metavar="VARIABLE",
    help="postgres: the variable with the address; default: CAMPAIGNCTL_POSTGRES_URL.",
)
@click.option("--schema", metavar="NAME", help="postgres: the schema; default: campaignctl.")
@click.option(
    "--name", metavar="NAME", help="postgres: the name of the rows; default: ENVIRONMENT, or default."
)
@click.pass_obj
def migrate(
    app: App, /, *, to: str | None, version: int | None, allow_loss: bool, **given: str | None
) -> int:
    """Move the state to another backend under both locks, or write it in another format.

    The old place keeps only a note that it moved, so that no run continues there. The command prints the
    lines to write in campaignctl.yaml; until they are there, no command works on the state. With --format the
    state stays in its place; older versions of campaignctl cannot read a newer format. The way back to the
    format before says what it cannot hold, and goes on only with --allow-loss if that protects.
    """
    from campaignctl.reconciler import formats, state_ops

    if (to is None) == (version is None):
        raise UsageError(
            f"Give either --to {'|'.join(_BACKENDS)} or --format {FORMAT_VERSION}",
            hint=Command("state", "migrate", "--help"),
        )
    if allow_loss and version is None:
        raise UsageError("--allow-loss needs --format", hint=Command("state", "migrate", "--help"))
    if version is not None:
        return _locally(app, lambda wiring: formats.migrate_format(wiring, version, allow_loss=allow_loss))
    project = read_project(app)
    if project.state.backend == to and (to != "http" or project.state.address == given["address"]):
        raise UsageError(f"The state of this project is already on {to}")
    fields = {name: value for name, value in {"backend": to, **given}.items() if value is not None}
    settings = replace(_settings(fields, project.environment), encryption=project.state.encryption)
    with wired(app, project, token=None) as run:
        line = state_ops.migrate(run.wiring, backend_of(replace(project, state=settings), run.clock))
    above = ["state"] if project.environment is None else ["environments", project.environment, "state"]
    lines = [f"{'  ' * depth}{name}:" for depth, name in enumerate(above)]
    if project.state.encrypted:
        fields["encryption"] = f"{{method: {project.state.encryption.method}}}"
    lines += [f"{'  ' * len(above)}{name}: {value}" for name, value in fields.items()]
    app.console.say(f"{line}\n\nNow replace `state` in campaignctl.yaml with:\n")
    app.console.say("\n".join(lines))
    return 0


def _settings(fields: Mapping[str, str], environment: str | None) -> StateSettings:
    """The settings of these fields. Raises UsageError for fields that the project file must not have."""
    from campaignctl.project.places import state_problems, state_settings

    value: dict[str, Any] = {"state": fields}
    if environment is not None:
        value = {"environments": {environment: value}}
    for problem in state_problems(value, environment):
        raise UsageError(problem.message, hint=problem.hint)
    return state_settings(value, environment)


def _locally(app: App, work: Callable[[Wiring], str]) -> int:
    """Run an operation that needs the lock and no API, and print its result."""
    with wired(app, read_project(app), token=None) as run:
        line = work(run.wiring)
    app.console.say(line)
    return 0


def _read(app: App) -> State | None:
    return backend_of(read_project(app), SystemClock()).read()


def _document(state: State) -> Any:
    from campaignctl.state import codec

    return json.loads(codec.encode(state))


def _existing(app: App) -> State:
    state = _read(app)
    if state is None:
        raise CampaignctlError("There is no state yet", hint="the first apply creates it")
    return state
