"""The command line and the sandbox as processes, forked from one that has everything loaded.

A fork starts in milliseconds. Only single-threaded processes may use this.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import campaignctl
from campaignctl.cli.main import main
from campaignctl.sandbox import Sandbox, Switches
from tests.torture.tap import Stop, Tap
from tests.warm import warm

LONGEST = 90.0
_POLL = 0.005


def load_everything() -> None:
    """Import all of campaignctl once and run it, so that forks have it and start warm."""
    for module in pkgutil.walk_packages(campaignctl.__path__, "campaignctl."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    warm()


@dataclass(frozen=True)
class Ended:
    """A process that has ended: its exit status (None after a signal) and its output."""

    status: int | None
    signal: int | None
    text: str


@dataclass(frozen=True)
class Child:
    """A started process; `output` is the file of its standard output and error."""

    pid: int
    output: Path

    def wait(self) -> Ended:
        """Wait for its end; a child that hangs is killed with SIGABRT."""
        give_up = time.monotonic() + LONGEST
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > give_up:
                os.kill(self.pid, signal.SIGABRT)
            time.sleep(_POLL)
        text = self.output.read_text(encoding="utf-8", errors="replace")
        if os.WIFSIGNALED(status):
            return Ended(None, os.WTERMSIG(status), text)
        return Ended(os.WEXITSTATUS(status), None, text)

    def stopped(self) -> bool:
        """Wait until the child has stopped itself; False if it ended instead, and was reaped."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        return os.WIFSTOPPED(status)

    def go_on(self) -> None:
        """Continue a stopped child."""
        os.kill(self.pid, signal.SIGCONT)


@dataclass(frozen=True)
class Command:
    """One run of the command line: its arguments, and what happens to it.

    `stop` ends it at a boundary, `calls` is the file for the boundaries that it crosses, `directory` that of
    its state.
    """

    words: tuple[str, ...]
    environ: Mapping[str, str]
    directory: Path
    stop: Stop | None = None
    calls: Path | None = None

    def start(self, output: Path) -> Child:
        """Start a process that runs it."""
        return fork(self._run, output)

    def _run(self) -> None:
        os.environ.clear()
        os.environ.update(self.environ)
        tempfile.tempdir = None  # which the parent has chosen for itself
        if self.stop is None and self.calls is None:
            main(self.words)
        tap = Tap(self.stop, self.directory)
        tap.install()
        try:
            main(self.words)
        finally:
            if self.calls is not None:
                tap.write_to(self.calls)


def fork(work: Callable[[], None], output: Path) -> Child:
    """Start a process that does `work` and ends."""
    pid = os.fork()
    if pid == 0:
        _do(work, output)
    return Child(pid, output)


def _do(work: Callable[[], None], output: Path) -> NoReturn:
    status = 70
    try:
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        work()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the process ends here, and its parent shows the text
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


class Account:
    """A sandbox in its own process, with a data file.

    It ends with `close`, and with its parent process.
    """

    def __init__(self, data: Path, output: Path) -> None:
        self._lifeline, told = self._started(data, output)
        with os.fdopen(told, "r", encoding="utf-8") as line:
            self.url = line.readline().strip()
        if not self.url:
            raise AssertionError(f"the sandbox did not start: {output.read_text(encoding='utf-8')}")

    def _started(self, data: Path, output: Path) -> tuple[int, int]:
        life, lifeline = os.pipe()
        told, tell = os.pipe()

        def serve() -> None:
            os.close(lifeline)
            os.close(told)
            with Sandbox(data, switches=Switches(rate_per_second=0, rate_per_minute=0)) as sandbox:
                os.write(tell, f"{sandbox.url}\n".encode())
                os.close(tell)
                os.read(life, 1)

        self._child = fork(serve, output)
        os.close(life)
        os.close(tell)
        return lifeline, told

    def close(self) -> None:
        """End it; its data stays in the file."""
        os.close(self._lifeline)
        self._child.wait()
