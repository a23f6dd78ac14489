"""`sandbox`: a local Ocamba that runs until it is interrupted."""

from __future__ import annotations

import errno
import signal
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import click

from campaignctl.cli.commands.preview import project_if_any
from campaignctl.cli.previewed import samples_of
from campaignctl.cli.settings import TOKEN_VARIABLE, URL_VARIABLE, App
from campaignctl.errors import CampaignctlError, Command, Sentence, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from campaignctl.sandbox import Sandbox
    from campaignctl.sandbox.page import Draw

_LISTED = "see docs/internals.md; a running sandbox lists its switches at /_sandbox/switches"
_ENDING = (signal.SIGINT, signal.SIGTERM)


@click.command(name="sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8787,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep all campaigns in this file; without it they are lost at the end.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="RULE",
    help="A fault: '[METHOD] [PATH] KIND [NAME=VALUE]...', such as 'POST /campaigns$ lost_answer times=2'.",
)
@click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another behaviour where the API is not documented, such as 'labels=comma'.",
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
    """Run a local Ocamba until Ctrl-C: the campaign API, and a page that shows its campaigns.

    Nothing leaves this machine, and any token is valid. --fault and --switch are repeatable; both can be
    changed while it runs, see docs/internals.md.
    """
    from campaignctl.project.validators import is_loopback
    from campaignctl.sandbox.faults import BadRule, rule_from_words
    from campaignctl.sandbox.switches import BadSwitch, switches_from

    console = app.console
    try:
        values, rules = switches_from(switches), tuple(rule_from_words(text) for text in faults)
    except (BadSwitch, BadRule) as error:
        raise UsageError(str(error), hint=_LISTED) from error
    if not is_loopback(host):
        console.log("warning", f"Other machines can reach {host}, and the sandbox accepts any token.")
    sandbox = opened(host, port, data, drawing(_samples(app)))
    sandbox.prepare(values, rules)
    with _held_back(), sandbox:
        console.say(_introduction(sandbox.url, data, (*switches, *faults)))
        signal.sigwait(_ENDING)
        console.log("info", "The sandbox has stopped.")
    return 0


def drawing(samples: Mapping[str, str]) -> Draw:
    """What draws the previews of the sandbox's page: the same as those of `preview --format html`."""
    # Pages are asked for in threads of their own, and the libraries keep what they found between two calls.
    alone = Lock()

    def draw(campaign_id: str, body: Mapping[str, Any], nonce: str) -> str:
        from campaignctl.content.previews import previews
        from campaignctl.render.preview_html import part

        with alone:
            return part(previews(campaign_id, body, samples=samples), nonce, options=("--id",))

    return draw


def _samples(app: App) -> Mapping[str, str]:
    """The sample values of macros that the project has, if there is one."""
    try:
        project = project_if_any(app)
    except CampaignctlError:
        project = None
    return samples_of(project, None)


def opened(host: str, port: int, data: Path | None = None, draw: Draw | None = None) -> Sandbox:
    """Bind the address and open the data file. Raises CampaignctlError."""
    from campaignctl.sandbox import Sandbox

    try:
        return Sandbox(data, host, port, draw=draw)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CampaignctlError(
                f"Port {port} of {host} is in use",
                detail="Perhaps another sandbox is running.",
                hint=Sentence("take a free port: ", Command("sandbox", "--port", "0")),
            ) from error
        raise CampaignctlError(
            f"Cannot listen on {host}, port {port}", detail=f"{error.strerror}."
        ) from error
    except sqlite3.Error as error:
        raise CampaignctlError(f"Cannot keep the sandbox in {data}", detail=f"{error}.") from error


@contextmanager
def _held_back() -> Iterator[None]:
    """Block the signals that end the sandbox until it waits for them, in every thread of the block.

    This also works if the shell started us with SIGINT ignored, as it does with a background job.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before)


def _introduction(url: str, data: Path | None, told: tuple[str, ...]) -> str:
    kept = f"kept in {data}" if data else "lost at the end; --data FILE keeps it"
    return "\n".join(
        (
            f"A local Ocamba at {url} ({kept}). Ctrl-C stops it.",
            "That address in a browser shows its campaigns, what was sent, and a clock to move.",
            *(f"With {word}" for word in told),
            "In another terminal:",
            "",
            f"export {URL_VARIABLE}={url}",
            f"export {TOKEN_VARIABLE}=sandbox",
            "",
        )
    )
