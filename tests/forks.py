"""The command line as forks of one process that has everything imported.

A fork is a process like any other, with files, environment, signals and exit status of its own, and it
starts in milliseconds where an interpreter takes half a second. That the command line starts by itself,
whatever it imports first, is the matter of `tests/cli/test_startup.py`, which spawns interpreters.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import pkgutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

import campaignctl


@dataclass(frozen=True)
class Ended:
    """A process that is over: its exit status (negative: the signal that ended it) and what it said."""

    status: int
    out: str
    err: str


def run(
    words: Sequence[str], environ: Mapping[str, str], directory: Path, stdin: str = "", seconds: float = 120
) -> Ended:
    """Run `campaignctl` with these words in a fork. Raises TimeoutError after so many seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").write_text(stdin, encoding="utf-8")
        process = _server().Process(target=_command, args=(tuple(words), dict(environ), folder, directory))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"campaignctl {' '.join(words)}: not over after {seconds} s")
        return Ended(process.exitcode, *((folder / stream).read_text("utf-8") for stream in ("out", "err")))


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    found = pkgutil.walk_packages(campaignctl.__path__, "campaignctl.")
    modules = [module.name for module in found if not module.name.endswith("__main__")]
    context.set_forkserver_preload([*modules, __name__, "tests.warmed"])
    return context


def _command(words: tuple[str, ...], environ: Mapping[str, str], folder: Path, directory: Path) -> None:
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    for number, (stream, flags) in enumerate(
        (("in", os.O_RDONLY), ("out", os.O_WRONLY | os.O_CREAT), ("err", os.O_WRONLY | os.O_CREAT))
    ):
        os.dup2(os.open(folder / stream, flags, 0o600), number)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), "utf-8")
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8")
    sys.stderr = io.TextIOWrapper(
        io.FileIO(2, "w", closefd=False), "utf-8", errors="backslashreplace", line_buffering=True
    )

    from campaignctl.cli.main import main

    main(words)
