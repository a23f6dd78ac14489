"""`--var NAME=VALUE`: values of variables on the command line."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import click
from click.core import ParameterSource

from campaignctl import __version__
from campaignctl.cli.boundary import run
from campaignctl.cli.completion_values import environments
from campaignctl.cli.console import ColorChoice, Console, LogFormat
from campaignctl.cli.group import Lazy, LazyGroup, NearestChoice
from campaignctl.cli.settings import App, Settings
from campaignctl.errors import UsageError

_TAKEN = "\t\n\r"
_NOT_TEXT = frozenset({"Cc", "Cs"})


def assignments(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Read each `NAME=VALUE`; of a name that is there twice the last one stands."""
    return dict(_assignment(text) for text in given)


def _assignment(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise click.BadParameter(f"{text[:80]!r} is not of the form NAME=VALUE.")
    if any(unicodedata.category(letter) in _NOT_TEXT and letter not in _TAKEN for letter in value):
        raise click.BadParameter(f"The value of {name[:80]!r} has control characters, or is not UTF-8.")
    return name, value


_COMMANDS = "campaignctl.cli.commands"
_COMPLETION = "_CAMPAIGNCTL_COMPLETE"
TABLE = {
    "init": Lazy(f"{_COMMANDS}.init:command", "Make a new project, ready to plan."),
    "new": Lazy(f"{_COMMANDS}.new:command", "Make a manifest: from a template, or a pasted request."),
    "fmt": Lazy(f"{_COMMANDS}.fmt:command", "Write the project's files in their canonical form."),
    "validate": Lazy(f"{_COMMANDS}.validate:command", "Check the manifests, offline."),
    "plan": Lazy(f"{_COMMANDS}.plan:command", "Show what an apply would do, and change nothing."),
    "apply": Lazy(f"{_COMMANDS}.apply:command", "Do what a plan shows, after you said yes."),
    "destroy": Lazy(f"{_COMMANDS}.apply:destroy", "Take away every recorded campaign."),
    "show": Lazy(f"{_COMMANDS}.show:command", "Show a saved plan, or the state."),
    "status": Lazy(f"{_COMMANDS}.status:command", "Show live status, next run and drift of every campaign."),
    "import": Lazy(f"{_COMMANDS}.import_:command", "Take a live campaign over into the state."),
    "halt": Lazy(
        f"{_COMMANDS}.halt:command", "Stop what has not been sent, past any lock, until it is lifted."
    ),
    "state": Lazy(f"{_COMMANDS}.state:command", "Look at the record of what was created, and repair it."),
    "doctor": Lazy(f"{_COMMANDS}.doctor:command", "Check token, account, clock, lock, state and versions."),
    "explain": Lazy(f"{_COMMANDS}.explain:command", "Show where every member of a campaign came from."),
    "schema": Lazy(f"{_COMMANDS}.schema:command", "Print the JSON Schema of a manifest, for editors."),
    "sandbox": Lazy(f"{_COMMANDS}.sandbox:command", "Run a local Ocamba, to try things without sending."),
    "demo": Lazy(f"{_COMMANDS}.demo:command", "See it work: a sandbox and a sample project, in seconds."),
}


@click.command(cls=LazyGroup, table=TABLE, name="campaignctl", no_args_is_help=True)
@click.option(
    "-C",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="The project's directory; else CAMPAIGNCTL_PROJECT, the current one, or ./campaigns.",
)
@click.option(
    "-e",
    "environment",
    metavar="ENV",
    envvar="CAMPAIGNCTL_ENV",
    shell_complete=environments,
    help="The environment, or CAMPAIGNCTL_ENV.",
)
@click.option(
    "--var",
    "variables",
    multiple=True,
    callback=assignments,
    metavar="NAME=VALUE",
    help="Another value for a variable of the project. May be repeated.",
)
@click.option(
    "--color",
    type=NearestChoice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour; auto colours terminals and respects NO_COLOR.",
)
@click.option("-q", "quiet", is_flag=True, help="Only results, questions and errors.")
@click.option("-v", "verbose", is_flag=True, help="Each request as well, on standard error.")
@click.option(
    "--log-format",
    type=NearestChoice(["text", "json"]),
    default="text",
    show_default=True,
    help="Progress, logs and errors on standard error: text, or an object a line.",
)
@click.version_option(__version__, message="%(prog)s %(version)s", prog_name="campaignctl")
@click.pass_context
def root(  # noqa: PLR0913 - click hands over each option by its name
    ctx: click.Context,
    *,
    directory: Path | None,
    environment: str | None,
    variables: Mapping[str, str],
    color: ColorChoice,
    log_format: LogFormat,
    quiet: bool,
    verbose: bool,
) -> None:
    """Campaigns as code for Ocamba.

    Manifests declare what shall be sent. A plan shows what would change, an apply does exactly that, and
    nothing is ever sent twice.

    Your shell completes commands, options and keys after this line in ~/.bashrc (zsh_source, fish_source
    for zsh and fish):

    \b
      eval "$(_CAMPAIGNCTL_COMPLETE=bash_source campaignctl)"
    """  # noqa: D301 - click takes a real backspace for "do not wrap"
    if quiet and verbose:
        raise UsageError("-q and -v do not go together", hint="leave one of them out")
    console = ctx.ensure_object(Console)
    typed = ctx.get_parameter_source("directory") is ParameterSource.COMMANDLINE
    settings = Settings(directory, environment, os.environ, Path.cwd(), variables, typed)
    console.color, console.log_format = color, log_format
    console.verbosity = "quiet" if quiet else "verbose" if verbose else "normal"
    console.secret = settings.token
    ctx.obj = App(settings, console)


def unsupported(system: str) -> str | None:
    """Say why campaignctl does not run on a system (`os.name`), or None where it does."""
    if system == "posix":
        return None
    return "campaignctl runs on Linux and macOS. On Windows, use it inside WSL: https://aka.ms/wsl"


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit status."""
    if refusal := unsupported(os.name):
        sys.exit(refusal)
    if os.environ.get(_COMPLETION):
        from campaignctl.cli.completion import complete

        sys.exit(complete(root, os.environ))
    sys.exit(run(root, sys.argv[1:] if argv is None else argv))
