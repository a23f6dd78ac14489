"""The command line: its global options, its commands, and `main`."""

from __future__ import annotations

import gc
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
from campaignctl.cli.clock import end_on_signals
from campaignctl.cli.completion_values import environments
from campaignctl.cli.console import ColorChoice, Console, LogFormat
from campaignctl.cli.group import Lazy, LazyGroup, NearestChoice
from campaignctl.cli.settings import CACHE_VARIABLE, App, Settings
from campaignctl.errors import UsageError

#: Objects made at the same time as others before the next search for garbage; Python's default is 700.
GARBAGE_SEARCH = 500_000
_TAKEN = "\t\n\r"
_NOT_TEXT = frozenset({"Cc", "Cs"})


def assignments(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Read each `NAME=VALUE`; the last one of a name counts."""
    return dict(_assignment(text) for text in given)


def _assignment(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise click.BadParameter(f"{text[:80]!r} is not NAME=VALUE.")
    if any(unicodedata.category(letter) in _NOT_TEXT and letter not in _TAKEN for letter in value):
        raise click.BadParameter(f"The value of {name[:80]!r} is not UTF-8 or has control characters.")
    return name, value


_COMMANDS = "campaignctl.cli.commands"
_COMPLETION = "_CAMPAIGNCTL_COMPLETE"
TABLE = {
    "init": Lazy(f"{_COMMANDS}.init:command", "Create a project, ready to plan."),
    "new": Lazy(f"{_COMMANDS}.new:command", "Create a manifest from a template or a pasted request."),
    "fmt": Lazy(f"{_COMMANDS}.fmt:command", "Rewrite the project's files in the canonical form."),
    "validate": Lazy(f"{_COMMANDS}.validate:command", "Check the manifests, offline."),
    "lint": Lazy(f"{_COMMANDS}.lint:command", "List or explain the rules that `validate` applies."),
    "plan": Lazy(f"{_COMMANDS}.plan:command", "Show what an apply would do; changes nothing."),
    "apply": Lazy(f"{_COMMANDS}.apply:command", "Make the changes of a plan, after you approve them."),
    "destroy": Lazy(f"{_COMMANDS}.apply:destroy", "Cancel every recorded campaign."),
    "show": Lazy(f"{_COMMANDS}.show:command", "Show a saved plan or the state."),
    "status": Lazy(f"{_COMMANDS}.status:command", "Show live status, next send and drift of every campaign."),
    "calendar": Lazy(f"{_COMMANDS}.calendar:command", "Show every send of the next days, and what collides."),
    "diff": Lazy(f"{_COMMANDS}.diff:command", "Show what is on one environment and not on the other."),
    "import": Lazy(f"{_COMMANDS}.import_:command", "Record a live campaign in the state."),
    "pull": Lazy(f"{_COMMANDS}.pull:command", "Write manifests for live campaigns, to be adopted."),
    "proof": Lazy(f"{_COMMANDS}.proof:command", "Send a campaign to seeds before anybody else gets it."),
    "archive": Lazy(f"{_COMMANDS}.archive:command", "Put final campaigns and their manifests away."),
    "halt": Lazy(
        f"{_COMMANDS}.halt:command", "Stop campaigns that have not been sent, until the halt is lifted."
    ),
    "state": Lazy(f"{_COMMANDS}.state:command", "Look at the state and repair it."),
    "ci": Lazy(f"{_COMMANDS}.ci:command", "What the pipelines of GitHub and GitLab call."),
    "doctor": Lazy(f"{_COMMANDS}.doctor:command", "Check token, account, clock, lock, state and versions."),
    "preview": Lazy(f"{_COMMANDS}.preview:command", "Show what recipients see, by device and language."),
    "explain": Lazy(f"{_COMMANDS}.explain:command", "Show where every field of a campaign came from."),
    "schema": Lazy(f"{_COMMANDS}.schema:command", "Print the JSON Schema of a manifest, for editors."),
    "sandbox": Lazy(f"{_COMMANDS}.sandbox:command", "Run a local Ocamba, to try things without sending."),
    "demo": Lazy(f"{_COMMANDS}.demo:command", "See it work with a sandbox and a sample project."),
}


@click.command(
    cls=LazyGroup,
    table=TABLE,
    name="campaignctl",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "-C",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="The project directory; default: CAMPAIGNCTL_PROJECT, the current directory, or ./campaigns.",
)
@click.option(
    "-e",
    "environment",
    metavar="ENV",
    envvar="CAMPAIGNCTL_ENV",
    shell_complete=environments,
    help="The environment; default: CAMPAIGNCTL_ENV, or the project's default.",
)
@click.option(
    "--var",
    "variables",
    multiple=True,
    callback=assignments,
    metavar="NAME=VALUE",
    help="Set a variable of the project. Repeatable.",
)
@click.option(
    "--color",
    type=NearestChoice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="When to use colour; auto: on a terminal, unless NO_COLOR is set.",
)
@click.option(
    "--no-cache", is_flag=True, help="Use no results of earlier runs and keep none; as CAMPAIGNCTL_CACHE=off."
)
@click.option(
    "-q", "quiet", is_flag=True, help="Show the verdict alone, on one line, and questions and errors."
)
@click.option(
    "-v", "verbose", is_flag=True, help="Show more: every change and remark, and a log of every request."
)
@click.option(
    "--log-format",
    type=NearestChoice(["text", "json"]),
    default="text",
    show_default=True,
    help="Progress and errors on standard error: text, or one JSON object per line.",
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
    no_cache: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Campaigns as code for Ocamba.

    Manifests declare your campaigns. A plan shows what would change, an apply changes exactly that, and
    nothing is ever sent twice.

    For completion of commands, options and keys, add this line to ~/.bashrc (for zsh and fish: zsh_source,
    fish_source):

    \b
      eval "$(_CAMPAIGNCTL_COMPLETE=bash_source campaignctl)"
    """  # noqa: D301 - click takes a real backspace for "do not wrap"
    if quiet and verbose:
        raise UsageError("-q and -v cannot be combined", hint="use one of them")
    console = ctx.ensure_object(Console)
    typed = ctx.get_parameter_source("directory") is ParameterSource.COMMANDLINE
    environ = {**os.environ, CACHE_VARIABLE: "off"} if no_cache else os.environ
    settings = Settings(directory, environment, environ, Path.cwd(), variables, typed)
    console.color, console.log_format = color, log_format
    console.verbosity = "quiet" if quiet else "verbose" if verbose else "normal"
    console.secret = settings.token
    ctx.obj = App(settings, console)


def unsupported(system: str) -> str | None:
    """Return why campaignctl does not run on a system (`os.name`), or None if it does."""
    if system == "posix":
        return None
    return "campaignctl runs on Linux and macOS. On Windows, use it inside WSL: https://aka.ms/wsl"


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status."""
    # What start-up and compiling make lives as long as the run: frequent searches only cost time.
    gc.set_threshold(GARBAGE_SEARCH)
    if refusal := unsupported(os.name):
        sys.exit(refusal)
    if os.environ.get(_COMPLETION):
        from campaignctl.cli.completion import complete

        sys.exit(complete(root, os.environ))
    end_on_signals()
    status = run(root, sys.argv[1:] if argv is None else argv)
    # The process ends and frees everything: the interpreter need not search it all for garbage first.
    gc.freeze()
    sys.exit(status)
