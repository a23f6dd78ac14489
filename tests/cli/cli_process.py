"""The real command line as child processes, with an environment of its own."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import forks

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120


@dataclass(frozen=True)
class Done:
    """A process that has ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, which must be exactly one JSON document."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Cli:
    """Runs `python -m campaignctl` in a directory; the caller's own settings and token stay out."""

    cwd: Path
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        own = ("CAMPAIGNCTL_", "OCAMBA_", "NO_COLOR", "PYTHON", "FORCE_COLOR")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        return kept | {"PYTHONPATH": str(ROOT), "TERM": "xterm"} | dict(self.extra)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-P", "-m", "campaignctl", *words]

    def __call__(self, *words: str, stdin: str = "") -> Done:
        """Run in a fork of a process that has everything imported."""
        ended = forks.run(words, self.environ, self.cwd, stdin, SECONDS)
        return Done(ended.status, ended.out, ended.err)

    def spawned(self, *words: str) -> Done:
        """Run in a new interpreter."""
        process = self.start(*words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=SECONDS)
        return Done(process.returncode, out, err)

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*words), cwd=self.cwd, env=self.environ, text=True, start_new_session=True, **options
        )

    def on_terminal(
        self, *words: str, typed: str = "", interrupt_at: str = "", answer_after: float = 0
    ) -> Done:
        """Run with a terminal for all three streams; `out` is everything that it showed.

        `typed` waits in the terminal from the beginning, or comes so many seconds after the question; SIGINT
        is sent when `interrupt_at` has been shown.
        """
        ours, theirs = pty.openpty()
        process = forks.Started(words, self.environ, self.cwd, theirs)
        os.close(theirs)
        if not answer_after:
            os.write(ours, typed.encode())
        shown, sent = "", False
        while part := _read(ours):
            shown += part.decode(errors="replace")
            if answer_after and "Enter a value:" in shown:
                time.sleep(answer_after)
                os.write(ours, typed.encode())
                answer_after = 0
            if interrupt_at and not sent and interrupt_at in shown:
                sent = True
                process.send_signal(signal.SIGINT)
        os.close(ours)
        return Done(process.wait(SECONDS), shown, "")

    def with_env(self, **extra: str) -> Cli:
        return Cli(self.cwd, {**self.extra, **extra})


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says EIO when the other end of a terminal is closed
        return b""
