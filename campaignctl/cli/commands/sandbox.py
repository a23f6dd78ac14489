"""`sandbox`: a local Ocamba that runs until it is interrupted."""

from __future__ import annotations

import errno
import signal
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campaignctl.cli.settings import TOKEN_VARIABLE, URL_VARIABLE, App
from campaignctl.errors import CampaignctlError, Command, Sentence, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaignctl.sandbox import Sandbox
    from campaignctl.sandbox.faults import Rule

_LISTED = "docs/internals.md tells of both; a running sandbox lists its switches at /_sandbox/switches"
_ENDING = (signal.SIGINT, signal.SIGTERM)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@click.command(name="sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8787, show_default=True, help="0 takes a free one."
)
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep everything in this file; without it all is forgotten at the end.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="RULE",
    help="Trouble: '[METHOD] [PATH] KIND [MEMBER=VALUE]...', as in 'POST /campaigns$ lost_answer times=2'.",
)
@click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="NAME=VALUE",
    help="Where the documents are silent: another answer, as in 'labels=comma'.",
)
@click.pass_obj
def command(
    app: App,
    *,
    host: str,
    port: int,
    data: Path | None,
    faults: tuple[str, ...],
    switches: tuple[str, ...],
) -> int:
    """Run a local Ocamba until Ctrl-C: its campaign API, and a page that shows what is there.

    Nothing leaves this machine. Any token is good. Faults and switches may be given several times; both are
    explained in docs/internals.md, and can be changed while it runs.
    """
    console = app.console
    values, rules = _said(switches, faults)
    if host not in _LOOPBACK:
        console.log(
            "warning", f"{host} can be reached from other machines, and the sandbox trusts everybody."
        )
    sandbox = opened(host, port, data)
    sandbox.prepare(values, rules)
    with _held_back(), sandbox:
        console.say(_introduction(sandbox.url, data, (*switches, *faults)))
        signal.sigwait(_ENDING)
        console.log("info", "The sandbox has stopped.")
    return 0


def _said(switches: tuple[str, ...], faults: tuple[str, ...]) -> tuple[dict[str, Any], tuple[Rule, ...]]:
    """What the options ask for. Raises UsageError."""
    from campaignctl.sandbox.faults import BadRule, rule_from_words
    from campaignctl.sandbox.switches import BadSwitch, switches_from

    try:
        return switches_from(switches), tuple(rule_from_words(text) for text in faults)
    except (BadSwitch, BadRule) as error:
        raise UsageError(str(error), hint=_LISTED) from error


def opened(host: str, port: int, data: Path | None = None) -> Sandbox:
    """Take the address and open the memory. Raises CampaignctlError."""
    from campaignctl.sandbox import Sandbox

    try:
        return Sandbox(data, host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CampaignctlError(
                f"Port {port} of {host} is in use",
                detail="Perhaps another sandbox is running.",
                hint=Sentence(Command("sandbox", "--port", "0"), " takes a free one"),
            ) from error
        raise CampaignctlError(
            f"Cannot listen on {host}, port {port}", detail=f"{error.strerror}."
        ) from error
    except sqlite3.Error as error:
        raise CampaignctlError(f"Cannot keep the sandbox in {data}", detail=f"{error}.") from error


@contextmanager
def _held_back() -> Iterator[None]:
    """Keep the signals that end us until they are waited for, in every thread that begins in the block.

    Also where the shell started us with SIGINT ignored, as it does with a job in the background.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before)


def _introduction(url: str, data: Path | None, told: tuple[str, ...]) -> str:
    kept = f"kept in {data}" if data else "forgotten at the end; --data FILE keeps it"
    return "\n".join(
        (
            f"A local Ocamba at {url} ({kept}). Ctrl-C ends it.",
            *(f"As you asked: {word}" for word in told),
            "In another terminal:",
            "",
            f"export {URL_VARIABLE}={url}",
            f"export {TOKEN_VARIABLE}=sandbox",
            "",
        )
    )
