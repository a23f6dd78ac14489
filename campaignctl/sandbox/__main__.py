"""Runs a sandbox as a process: `python -m campaignctl.sandbox --port 8787 --data FILE`."""

import argparse
import json
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from campaignctl.sandbox.server import Sandbox
from campaignctl.sandbox.switches import BadSwitch, Switches

_LAST_PORT = 65535
_LOOPBACK = ("127.0.0.1", "localhost")


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the first line of output is the URL."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        switches = Switches().changed(_values(options.switch))
        sandbox = Sandbox(options.data, options.host, options.port, switches)
    except sqlite3.Error as error:
        _log(f"campaignctl.sandbox: {options.data}: {error}")
        return 1
    except (BadSwitch, OSError) as error:
        _log(f"campaignctl.sandbox: {error}")
        return 1
    with sandbox:
        _announce(sandbox.url, options.host, options.ready_file)
        stop.wait()
    return 0


def _announce(url: str, host: str, ready_file: Path | None) -> None:
    sys.stdout.write(url + "\n")
    sys.stdout.flush()
    if host not in _LOOPBACK:
        _log(f"warning: other machines can reach {host}; the sandbox needs no password")
    if ready_file is not None:
        ready_file.write_text(url + "\n", encoding="utf-8")


def _log(text: str) -> None:
    sys.stderr.write(text + "\n")


def _values(pairs: list[str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m campaignctl.sandbox", description="A local Ocamba account.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8787, help="0 picks a free one (default: %(default)s)")
    parser.add_argument("--data", type=Path, help="file that keeps everything (default: in memory)")
    parser.add_argument("--ready-file", type=Path, help="file that gets the URL once requests are answered")
    parser.add_argument(
        "--switch", action="append", default=[], metavar="NAME=VALUE", help="set a switch; may be repeated"
    )
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _LAST_PORT:
        message = "must be a number from 0 to 65535"
        raise argparse.ArgumentTypeError(message)
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
