"""The one error boundary: every exception ends here, as text or a JSON document, and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

import click

from campaignctl.cli.clock import utc_now
from campaignctl.cli.console import Console
from campaignctl.cli.settings import App
from campaignctl.errors import (
    NOWHERE,
    CampaignctlError,
    Command,
    Interrupted,
    ManifestError,
    ProjectPlace,
    UsageError,
    at,
)
from campaignctl.render import FORMAT_VERSION

PROGRAM = "campaignctl"
_GLOBAL = ("-C", "-e", "--color", "-q", "-v", "--log-format")
_NO_READER = 1
_APPLYING = ("apply", "destroy")


def error_fields(error: CampaignctlError, place: ProjectPlace) -> dict[str, Any]:
    """Return an error as a JSON object; only errors in the manifests have `findings`."""
    fields: dict[str, Any] = {
        "summary": error.summary,
        "detail": error.detail,
        "hint": at(error.hint, place),
        "key": error.key,
        "source": str(error.source) if error.source else None,
        "trace_id": error.trace_id,
    }
    if isinstance(error, ManifestError):
        from campaignctl.render.errors import findings_json

        fields["findings"] = findings_json(error.findings)["findings"]
    return fields


def refusal_document(error: CampaignctlError, command: str | None, place: ProjectPlace) -> dict[str, Any]:
    """Return the document of a command that failed before it wrote its own.

    For an apply it is an outcome document in which nothing was done.
    """
    document: dict[str, Any] = {"format_version": FORMAT_VERSION}
    if command in _APPLYING:
        result = "interrupted" if isinstance(error, Interrupted) else "refused"
        lineage, serial = error.standing or (None, 0)
        document |= {"lineage": lineage, "serial": serial, "result": result, "changes": []}
        document |= {"blocked": [], "objections": [], "next": [], "requests": []}
    return document | {"error": error_fields(error, place)}


def run(root: click.Group, argv: Sequence[str]) -> int:
    """Run `root` over the arguments and return the exit status. Nothing is raised but SystemExit."""
    sys.stdin = sys.stdin or _nothing()
    console = Console(out=_stream(sys.stdout), err=_stream(sys.stderr), environ=os.environ, now=utc_now)
    try:
        status = _guarded(root, argv, console)
    except (BrokenPipeError, CampaignctlError):  # the reader has closed the stream
        status = _NO_READER
    try:
        console.out.flush()
    except OSError:
        # The interpreter's last flush must not fail as well.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), console.out.fileno())
        return status or _NO_READER
    return status


def _guarded(root: click.Group, argv: Sequence[str], console: Console) -> int:
    ctx: click.Context | None = None
    try:
        with root.make_context(PROGRAM, list(argv), obj=console) as ctx:
            return int(root.invoke(ctx) or 0)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as bare:
        console.tell(bare.format_message() + "\n")
        return UsageError.exit_code
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as raised:  # noqa: BLE001 - every exception ends here, as text
        command = ctx.invoked_subcommand if ctx else None
        error = _translated(raised, console, command)
    app = ctx.obj if ctx else None
    place = app.settings.place(error.environment) if isinstance(app, App) else NOWHERE
    if wants_json(argv) and not console.documented:
        console.document(refusal_document(error, command, place))
    if console.log_format == "json":
        console.log("error", error.summary, error=error_fields(error, place))
    else:
        from campaignctl.render.errors import error_text

        console.tell(error_text(error, color=console.colored(console.err), place=place))
    return error.exit_code


def wants_json(argv: Sequence[str]) -> bool:
    """Whether a JSON document was asked for, even if the command line cannot be parsed."""
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    return "--format=json" in words or ("--format", "json") in pairwise(words)


def _translated(raised: BaseException, console: Console, command: str | None) -> CampaignctlError:
    if isinstance(raised, CampaignctlError):
        return raised
    if isinstance(raised, KeyboardInterrupt | click.Abort):
        return Interrupted("Interrupted")
    if isinstance(raised, click.ClickException):
        return _usage(raised, command)
    if isinstance(raised, OSError):
        where = f"{raised.filename}: " if raised.filename else ""
        return CampaignctlError(f"{where}{raised.strerror or raised}")
    return _bug(raised, console)


def _usage(raised: click.ClickException, command: str | None) -> UsageError:
    summary = " ".join(raised.format_message().split()).rstrip(".")
    ctx = raised.ctx if isinstance(raised, click.UsageError) else None
    # The parser does not say in which command an argument is missing.
    path = ctx.command_path if ctx else " ".join(filter(None, (PROGRAM, command)))
    if isinstance(raised, click.NoSuchOption) and raised.option_name in _GLOBAL:
        return UsageError(summary, hint=f"put it before the command: {PROGRAM} {raised.option_name} ...")
    return UsageError(summary, hint=Command(*path.split()[1:], "--help"))


def _bug(raised: BaseException, console: Console) -> CampaignctlError:
    if console.verbosity == "verbose":
        import traceback

        console.tell("".join(traceback.format_exception(raised)))
    return CampaignctlError(
        f"Unexpected {type(raised).__name__}: {raised}",
        detail="This is a bug in campaignctl.",
        hint="report it with the output of the same command run with `campaignctl -v`",
    )


def _nothing() -> TextIO:
    """An empty stream that discards all writes."""
    return Path(os.devnull).open("r+", encoding="utf-8")


def _stream(stream: TextIO | None) -> TextIO:
    """Make a standard stream accept every character; a closed one discards them."""
    if stream is None:
        return _nothing()
    if isinstance(stream, TextIOWrapper):
        encoding = None if stream.isatty() else "utf-8"
        stream.reconfigure(encoding=encoding, errors="backslashreplace")
    return stream
