"""The JSON documents of the command line itself: errors, and an apply that was refused."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

import click

from campaignctl.cli.clock import utc_now
from campaignctl.cli.console import Console
from campaignctl.cli.settings import App
from campaignctl.errors import CampaignctlError, Interrupted, ManifestError, Sentence, UsageError

FORMAT_VERSION = 1
_APPLYING = ("apply", "destroy")


def error_members(error: CampaignctlError) -> dict[str, Any]:
    """Return an error as a JSON object; `findings` is only there for errors in the manifests."""
    members: dict[str, Any] = {
        "summary": error.summary,
        "detail": error.detail,
        "hint": error.hint,
        "key": error.key,
        "source": str(error.source) if error.source else None,
        "trace_id": error.trace_id,
    }
    if isinstance(error, ManifestError):
        from campaignctl.render.errors import findings_json

        members["findings"] = findings_json(error.findings)["findings"]
    return members


def refusal_document(error: CampaignctlError, command: str | None) -> dict[str, Any]:
    """Return the document of a command that ended with an error and has no other document to show.

    An apply answers with an outcome document in which nothing was done.
    """
    document: dict[str, Any] = {"format_version": FORMAT_VERSION}
    if command in _APPLYING:
        result = "interrupted" if isinstance(error, Interrupted) else "refused"
        lineage, serial = error.standing or (None, 0)
        document |= {"lineage": lineage, "serial": serial, "result": result, "changes": []}
        document |= {"blocked": [], "objections": [], "next": []}
    return document | {"error": error_members(error)}


PROGRAM = "campaignctl"
_GLOBAL = ("-C", "-e", "--color", "-q", "-v", "--log-format")
_NO_READER = 1


def run(root: click.Group, argv: Sequence[str]) -> int:
    """Run `root` over the arguments and return the exit status. Nothing is raised but SystemExit."""
    sys.stdin = sys.stdin or _nothing()
    console = Console(out=_stream(sys.stdout), err=_stream(sys.stderr), environ=os.environ, now=utc_now)
    try:
        status = _guarded(root, argv, console)
    except (BrokenPipeError, CampaignctlError):  # nobody is there to be told
        status = _NO_READER
    if not _flushed(console.out):
        _abandon(console.out)
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
    except (Exception, KeyboardInterrupt) as raised:  # noqa: BLE001 - what nobody caught ends here, as a text
        error = _translated(raised, console, ctx.invoked_subcommand if ctx else None)
        if ctx is not None and isinstance(ctx.obj, App):
            error.hint = Sentence(ctx.obj.settings.complete(error.hint, error.environment))
    _report(console, error, wants_json(argv), command=ctx.invoked_subcommand if ctx else None)
    return error.exit_code


def wants_json(argv: Sequence[str]) -> bool:
    """Whether standard output was to hold a document: also known when the command line cannot be parsed."""
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
        return UsageError(summary, hint=f"it goes before the command: {PROGRAM} {raised.option_name} ...")
    return UsageError(summary, hint=f"{path} --help")


def _bug(raised: BaseException, console: Console) -> CampaignctlError:
    if console.verbosity == "verbose":
        import traceback

        console.tell("".join(traceback.format_exception(raised)))
    return CampaignctlError(
        f"Unexpected {type(raised).__name__}: {raised}",
        detail="This is a fault of campaignctl itself.",
        hint="report it with the output of the same command under `campaignctl -v`",
    )


def _report(console: Console, error: CampaignctlError, as_json: bool, command: str | None) -> None:
    if as_json and not console.documented:
        console.document(refusal_document(error, command))
    _complain(console, error)


def _complain(console: Console, error: CampaignctlError) -> None:
    if console.log_format == "json":
        console.log("error", error.summary, error=error_members(error))
        return
    from campaignctl.render.errors import error_text

    console.tell(error_text(error, color=console.colored(console.err)))


def _stream(stream: TextIO | None) -> TextIO:
    """Make a standard stream take every character; a closed one swallows them."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, TextIOWrapper):
        encoding = None if stream.isatty() else "utf-8"
        stream.reconfigure(encoding=encoding, errors="backslashreplace")
    return stream


def _nothing() -> TextIO:
    """What stands in for a closed standard input: nothing comes from it, as from one at its end."""
    return Path(os.devnull).open(encoding="utf-8")


def _flushed(stream: TextIO) -> bool:
    try:
        stream.flush()
    except OSError:
        return False
    return True


def _abandon(stream: TextIO) -> None:
    """Point a stream that cannot be written at nothing, so that the interpreter's last flush cannot fail."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except OSError:
        return
