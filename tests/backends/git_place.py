"""A bare repository on this machine's disk as the remote, and a clone of it as the project."""

from __future__ import annotations

import fcntl
import os
import subprocess
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from campaignctl.backends.at_rest import IN_CLEAR, AtRest
from campaignctl.backends.cas.backend import CasBackend
from campaignctl.backends.git.place import git_home
from tests.backends.cas_places import NONE, PAUSE, at_most, cas_backend, utc_now

REF = "refs/campaignctl/production"
# The calls that start a git, and that wait for its end.
_RUNS = frozenset({"fork_exec", "waitpid"})


def git(directory: Path, *words: str, given: bytes = b"", check: bool = True) -> bytes:
    """Plain git, for a test; this machine's configuration does not count."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
    }
    for role in ("AUTHOR", "COMMITTER"):
        environ |= {f"GIT_{role}_NAME": "Mira", f"GIT_{role}_EMAIL": "mira@example.com"}
    done = subprocess.run(
        ["git", *words], cwd=directory, input=given, env=environ, capture_output=True, check=False
    )
    if check and done.returncode:
        raise AssertionError(f"git {words}: {done.stderr.decode()}")
    return done.stdout


def git_backend(
    project: Path,
    *,
    name: str = "acme-crm",
    ref: str = REF,
    **how: Any,
) -> CasBackend:
    """A backend of the project in this directory; `how` it waits and stores: arguments of `cas_backend`."""
    return cas_backend(git_home(project, name, "origin", ref, now=utc_now), **how)


@dataclass(frozen=True)
class GitPlace:
    """A state at a remote below `root`, which is made at its first use.

    What a push of a killed process began goes on without it, as it would in a network; a lock that each
    `receive-pack` holds lets `settled` wait for its end.
    """

    root: Path
    changes: frozenset[str] = _RUNS | {"flock", "unlink"}
    looks: frozenset[str] = frozenset({"fork_exec"})
    trust: timedelta = NONE
    longest_wait: timedelta = PAUSE

    @property
    def remote(self) -> Path:
        return self.root / "remote.git"

    @property
    def project(self) -> Path:
        return self.root / "clone" / "project"

    @property
    def address(self) -> str:
        return f"file://{self.remote}"

    def made(self) -> GitPlace:
        if self.project.exists():
            return self
        self.root.mkdir(parents=True, exist_ok=True)
        draft = self.root / "draft"
        git(self.root, "init", "--quiet", "--bare", str(self.remote))
        git(self.root, "init", "--quiet", str(draft))
        git(draft, "remote", "add", "origin", self.address)
        receive = f"f() {{ exec flock -s '{self._busy}' git-receive-pack \"$@\"; }}; f"
        git(draft, "config", "remote.origin.receivepack", receive)
        (draft / "project").mkdir()
        draft.rename(self.root / "clone")
        return self

    def backend(self) -> CasBackend:
        return git_backend(
            self.made().project, trust=self.trust, wait=at_most(self.longest_wait), at_rest=self.at_rest()
        )

    def at_rest(self) -> AtRest:
        """How its files are stored."""
        return IN_CLEAR

    def settled(self) -> None:
        with self._busy.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)

    def file(self, path: str) -> bytes | None:
        """A file of the ref as it is at the remote."""
        self.made()
        if not git(self.remote, "ls-tree", REF, path, check=False):
            return None
        return git(self.remote, "cat-file", "blob", f"{REF}:{path}")

    def document(self) -> bytes | None:
        return self.file("state.json")

    def journal(self) -> bytes | None:
        names = git(self.made().remote, "ls-tree", "--name-only", "-r", REF, "journal/", check=False)
        pieces = [git(self.remote, "cat-file", "blob", f"{REF}:{name}") for name in names.decode().split()]
        return b"".join(pieces) if pieces else None

    def put_document(self, data: bytes) -> None:
        self.put({"state.json": data})

    def put_journal(self, data: bytes) -> None:
        self.put({"journal/00000": data})

    def put(self, files: dict[str, bytes | None], ref: str = REF) -> None:
        """Change files of a ref without the lock."""
        tip = git(self.made().remote, "rev-parse", "--verify", ref, check=False).decode().strip()
        parts = [b"commit %s\ncommitter Mira <mira@example.com> 0 +0000\ndata 1\n\n\n" % ref.encode()]
        parts += [f"from {tip}\n".encode()] if tip else []
        for path, data in files.items():
            if data is None:
                parts += [f"D {path}\n".encode()]
            else:
                parts += [b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)]
        git(self.remote, "fast-import", "--quiet", "--force", given=b"".join(parts))

    def hook(self, name: str, script: str) -> None:
        """A hook of the remote."""
        path = self.made().remote / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def another(self, name: str) -> GitPlace:
        return replace(self, root=self.root / name)

    @property
    def _busy(self) -> Path:
        return self.root / "busy"
