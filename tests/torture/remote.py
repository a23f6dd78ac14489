"""Plans with their state on a ref of a bare repository, on runners and laptops."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from campaignctl.state.model import State
from tests.backends.git_place import git_backend
from tests.torture.scenario import Scenario

_REMOTE = "remote.git"
_ON_GIT = "state: {backend: git}\n"
_REF = "refs/campaignctl/default"
_RUNNER = "runner"
_UNLOCK = re.compile(r"the state is locked.*?campaignctl state unlock (\S+)", re.DOTALL)


@dataclass(frozen=True)
class OnGit(Scenario):
    """A plan with its state on git.

    With a `runner` each apply has a fresh checkout, as pipeline jobs have: without the files of an earlier
    job, it cannot tell whether the holder of a lock is still running.
    """

    runner: bool = False

    @classmethod
    def of(cls, plan: Scenario, *, runner: bool = False) -> OnGit:
        """The same plan, with its state on git."""
        values = {field.name: getattr(plan, field.name) for field in fields(plan)}
        kind = "runner" if runner else "git"
        return cls(**{**values, "name": f"{kind} {plan.name}"}, runner=runner)

    def write_project(self, folder: Path) -> None:
        """The project without manifests in its own repository, with an empty remote next to it."""
        super().write_project(folder)
        for words in (("--bare", str(folder.parent / _REMOTE)), (str(folder),)):
            subprocess.run(["git", "init", "--quiet", "--template=", *words], check=True)
        if self.runner:
            (folder.parent / _RUNNER).touch()

    @property
    def more_settings(self) -> str:
        """The state on git."""
        return _ON_GIT


@dataclass(frozen=True)
class Remote:
    """The remote of the project below `root`, as seen from outside of the runs."""

    root: Path

    @classmethod
    def next_to(cls, root: Path) -> Remote | None:
        """The remote, if the project's state is on one; its URL is set again, because trials are copies."""
        remote = root / _REMOTE
        if not remote.is_dir():
            return None
        config = root / "project" / ".git" / "config"
        config.write_text(f'[core]\n\tbare = false\n[remote "origin"]\n\turl = file://{remote}\n', "utf-8")
        return cls(root)

    def state(self) -> State | None:
        """The stored state, if there is one."""
        return git_backend(self.root / "project", name="torture", ref=_REF).read()

    def lock_id(self) -> str | None:
        """The id of the lock, if it is held."""
        holder = git_backend(self.root / "project", name="torture", ref=_REF).holder()
        return holder.id if holder else None

    def fresh_checkout(self) -> None:
        """Delete the traces of earlier runs if every run has its own machine."""
        if (self.root / _RUNNER).exists():
            shutil.rmtree(self.root / "project" / ".campaignctl", ignore_errors=True)

    def unlocking(self, told: str) -> Iterable[str]:
        """The ids of the locks that this message says to break, once the holder is known to be dead."""
        return _UNLOCK.findall(told)
