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
    from types import FrameType

    from campaignctl.sandbox import Sandbox

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
    with _interruptible(), opened(host, port, data) as sandbox:
        console.say(_introduction(sandbox.url, data))
        try:
            signal.pause()
        except KeyboardInterrupt:
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
def _interruptible() -> Iterator[None]:
    """Take SIGTERM like Ctrl-C, also where the shell started us with SIGINT ignored (a job with `&`)."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signals = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, interrupt) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


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
