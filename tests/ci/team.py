"""A team with one repository: a clone in which people work, and a bare one as the remote.

All git operations are real, and the account is a real sandbox.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from campaignctl.sandbox.control import Control
from tests import forks
from tests.ci.github_api import stamp
from tests.ci.runner import ROOT, bare_environ
from tests.e2e.harness import sms

PACKAGE = "campaignctl==0.1.0 --hash=sha256:" + "0" * 64


def _secrets() -> dict[str, str]:
    return {"OCAMBA_TOKEN": "token-that-may-send", "OCAMBA_READ_TOKEN": "token-that-reads"}


@dataclass
class Team:
    """The people, their clone `work`, and the host's secrets for its jobs."""

    folder: Path
    control: Control
    url: str
    secrets: dict[str, str] = field(default_factory=_secrets)
    main: str = "main"
    #: What the branch was at before each push, by its new tip.
    before: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.work, self.remote, self.hub = (self.folder / name for name in ("work", "remote.git", "hub"))
        for each in (self.folder / "home", self.hub / "artifacts", self.work):
            each.mkdir(parents=True)
        self.environ = bare_environ(
            self.folder / "home",
            f"{tools(self.folder / 'bin')}{os.pathsep}{os.environ['PATH']}",
            OCAMBA_API_URL=self.url,
            PYTHONPATH=str(ROOT),
        )
        self.git(
            "init", "--quiet", "--bare", f"--initial-branch={self.main}", str(self.remote), cwd=self.folder
        )
        self.git("init", "--quiet", f"--initial-branch={self.main}", ".")
        self.git("config", "--global", "user.name", "Mira")
        self.git("config", "--global", "user.email", "mira@example.com")
        self.git("config", "--global", "uploadpack.allowAnySHA1InWant", "true")
        self.git("remote", "add", "origin", f"file://{self.remote}")

    def git(self, *words: str, cwd: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=cwd or self.work,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"git {' '.join(words)}\n{done.stderr}"
        return done.stdout.strip()

    def campaignctl(self, *words: str, status: int | None = 0, **environ: str) -> str:
        """The tool on a laptop, in the clone; `status` None: any."""
        given = {**self.environ, "OCAMBA_TOKEN": self.secrets["OCAMBA_TOKEN"], **environ}
        done = forks.run(words, given, self.work)
        assert status in (None, done.status), f"{done.status}\n{done.out}\n{done.err}"
        return done.out

    def edit(self, files: Mapping[str, str | None]) -> None:
        """Write or remove files of the clone."""
        for name, text in files.items():
            path = self.work / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

    def commit(self, files: Mapping[str, str | None], message: str = "Edit") -> str:
        self.edit(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def push(self, files: Mapping[str, str | None], message: str = "Directly") -> None:
        """A commit on the applied branch, without a review."""
        self.git("checkout", "--quiet", self.main)
        before = self.git("rev-parse", self.main)
        self.before[self.commit(files, message)] = before
        self.git("push", "--quiet", "origin", self.main)

    def merge_branch(self, branch: str, how: str) -> list[str]:
        """Merge as the host's buttons do; returns the new commits of the applied branch."""
        before = self.git("rev-parse", self.main)
        self.git("checkout", "--quiet", self.main)
        if how == "merge":
            self.git("merge", "--quiet", "--no-ff", "-m", f"Merge {branch}", branch)
        elif how == "squash":
            self.git("merge", "--quiet", "--squash", branch)
            self.git("commit", "--quiet", "-m", f"{branch}, squashed")
        elif how == "fast-forward":
            self.git("merge", "--quiet", "--ff-only", branch)
        else:
            self.git("cherry-pick", "--allow-empty", f"{self.git('merge-base', before, branch)}..{branch}")
        self.git("push", "--quiet", "origin", self.main)
        self.before[self.git("rev-parse", self.main)] = before
        # A person needs more than the second of the last plan.
        time.sleep(1 - time.time() % 1)
        return self.git("rev-list", "--first-parent", f"{before}..{self.main}").split()

    def read_at(self, ago: float = 0) -> str:
        """When someone has read what is there now: a second later, as hosts tell times by the second."""
        return stamp(time.time() + 1 - ago)

    def names(self) -> list[str]:
        """The names of the live campaigns, with repetitions."""
        return sorted(
            each["live"]["name"] for each in self.control.campaigns() if each["live"]["status"] != "canceled"
        )


def moved(old: str, new: str) -> dict[str, str | None]:
    """The files of a request that gives a campaign another key, and a description."""
    text = json.loads(sms(old, scheduled_time="2036-03-22 10:00:00", description="moved"))
    return {
        f"campaigns/{old}.yaml": None,
        f"campaigns/{new}.yaml": json.dumps({**text, "moved": {"from": old}}),
    }


_INSTALLED = """\
if [ -z "$REAL_PIP" ]; then
  case "$1 $2 $3" in
    "-I -m venv") mkdir -p "$4/bin" && exec ln -s "$0" "$4/bin/python" ;;
    "-I -m pip") exit 0 ;;
    "-I -m campaignctl") shift 3 && exec '{0}' "$@" ;;
  esac
fi
"""
_CAMPAIGNCTL = """\
if [ -n "$REAL_PROCESS" ]; then exec '{0}' -P -m campaignctl "$@"; fi
exec '{1}' "$@"
"""


def tools(folder: Path) -> Path:
    """A folder with `campaignctl`, `python` and `python3`.

    What the step `Install` would install is there already, so venv and pip are only run where REAL_PIP says
    so: they need longer than all the rest. `campaignctl` is a fork; with REAL_PROCESS it is an interpreter,
    which takes signals.
    """
    folder.mkdir(parents=True)
    python = f"exec '{sys.executable}' \"$@\"\n"
    scripts = {
        "campaignctl": _CAMPAIGNCTL.format(sys.executable, forks.program()),
        "python": f"{_INSTALLED.format(folder / 'campaignctl')}{python}",
        "python3": python,
    }
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}")
        (folder / name).chmod(0o755)
    return folder
