"""`sandbox`: a local Ocamba that runs until it is interrupted."""

from __future__ import annotations

import errno
import signal
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from campaignctl.cli.settings import TOKEN_VARIABLE, URL_VARIABLE, App
from campaignctl.errors import CampaignctlError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaignctl.sandbox import Sandbox

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
@click.pass_obj
def command(app: App, *, host: str, port: int, data: Path | None) -> int:
    """Run a local Ocamba until Ctrl-C: its campaign API, and a page that shows what is there.

    Nothing leaves this machine. Any token is good.
    """
    console = app.console
    if host not in _LOOPBACK:
        console.log(
            "warning", f"{host} can be reached from other machines, and the sandbox trusts everybody."
        )
    with _held_back(), opened(host, port, data) as sandbox:
        console.say(_introduction(sandbox.url, data))
        signal.sigwait(_ENDING)
        console.log("info", "The sandbox has stopped.")
    return 0


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
                hint="campaignctl sandbox --port 0 takes a free one",
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


def _introduction(url: str, data: Path | None) -> str:
    kept = f"kept in {data}" if data else "forgotten at the end; --data FILE keeps it"
    return "\n".join(
        (
            f"A local Ocamba at {url} ({kept}). Ctrl-C ends it.",
            "In another terminal:",
            "",
            f"export {URL_VARIABLE}={url}",
            f"export {TOKEN_VARIABLE}=sandbox",
            "",
        )
    )
