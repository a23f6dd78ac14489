"""A team on GitHub, on this machine: a bare repository, pull requests, merges, and the runs of the workflow.

The repository and what happens in it are git's own doing. What GitHub adds to git (pull requests, runs, comments,
artifacts) is kept in a folder, from which the stand-in for `gh` answers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaignctl.sandbox.control import Control
from tests.ci.runner import Machine, Ran, Watch, bare_environ, run_workflow

REPOSITORY = "acme/shop"
FORK = "mallory/shop"
ROOT = Path(__file__).parents[2]


@dataclass
class Pull:
    """A pull request: its number, its branch, and the last runs of its jobs."""

    number: int
    branch: str
    jobs: dict[str, Ran] = field(default_factory=dict)


@dataclass
class GitHub:
    """The host, with one clone in which people work. `secrets` are those of the repository."""

    folder: Path
    control: Control
    url: str
    secrets: dict[str, str] = field(
        default_factory=lambda: {"OCAMBA_TOKEN": "token-that-may-send", "OCAMBA_READ_TOKEN": "token-that-reads"}
    )
    main: str = "main"

    def __post_init__(self) -> None:
        self.work, self.remote, self.hub = (self.folder / name for name in ("work", "remote.git", "hub"))
        for each in (self.folder / "home", self.hub / "artifacts", self.work):
            each.mkdir(parents=True)
        self.environ = bare_environ(
            self.folder / "home",
            f"{tools(self.folder / 'bin')}{os.pathsep}{os.environ['PATH']}",
            GH_HUB=str(self.hub),
            OCAMBA_API_URL=self.url,
            PYTHONPATH=str(ROOT),
        )
        self.save({"next": 100, "pulls": {}, "brought": {}, "runs": [], "comments": {}, "environments": {}})
        self.git("init", "--quiet", "--bare", f"--initial-branch={self.main}", str(self.remote), cwd=self.folder)
        self.git("init", "--quiet", f"--initial-branch={self.main}", ".")
        self.git("config", "--global", "user.name", "Mira")
        self.git("config", "--global", "user.email", "mira@example.com")
        self.git("config", "--global", "uploadpack.allowAnySHA1InWant", "true")
        self.git("remote", "add", "origin", f"file://{self.remote}")

    # ------------------------------------------------------------------------------- people at work

    def git(self, *words: str, cwd: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *words], cwd=cwd or self.work, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"git {' '.join(words)}\n{done.stderr}"
        return done.stdout.strip()

    def campaignctl(self, *words: str, status: int = 0, **environ: str) -> str:
        """The tool on somebody's laptop, in the clone."""
        done = subprocess.run(
            ["campaignctl", *words],
            cwd=self.work,
            env={**self.environ, "OCAMBA_TOKEN": self.secrets["OCAMBA_TOKEN"], **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

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

    def push_directly(self, files: Mapping[str, str | None], watch: Watch | None = None) -> dict[str, Ran]:
        """A commit on the branch that is applied, without a pull request."""
        self.git("checkout", "--quiet", self.main)
        self.commit(files, "Directly")
        self.git("push", "--quiet", "origin", self.main)
        return self.pushed(watch=watch)

    # ------------------------------------------------------------------------------- pull requests

    def open(self, branch: str, files: Mapping[str, str | None], *, fork: bool = False) -> Pull:
        """A pull request with one commit, and the run of the workflow for it."""
        hub = self.load()
        pull = Pull(len(hub["pulls"]) + 1, branch)
        self.git("checkout", "--quiet", "-B", branch, self.main)
        hub["pulls"][str(pull.number)] = {
            "number": pull.number,
            "state": "open",
            "merged_at": None,
            "base": {"ref": self.main, "repo": {"full_name": REPOSITORY}},
            "head": {"ref": branch, "sha": "", "repo": {"full_name": FORK if fork else REPOSITORY}},
        }
        self.save(hub)
        self.update(pull, files)
        return pull

    def update(self, pull: Pull, files: Mapping[str, str | None], *, planned: bool = True) -> None:
        """One commit more. `planned=False`: its run has not begun yet."""
        self.git("checkout", "--quiet", pull.branch)
        head = self.commit(files, f"{pull.branch}: {', '.join(files)}")
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/pull/{pull.number}/head")
        hub = self.load()
        hub["pulls"][str(pull.number)]["head"]["sha"] = head
        self.save(hub)
        if planned:
            self.plan(pull)

    def plan(self, pull: Pull) -> None:
        """The run of the workflow for the last commit of a pull request."""
        data = self.load()["pulls"][str(pull.number)]
        self.git("checkout", "--quiet", "--detach", self.main)
        self.git("merge", "--quiet", "--no-ff", "-m", "What the merge would make", data["head"]["sha"])
        merged = self.git("rev-parse", "HEAD")
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/pull/{pull.number}/merge")
        self.git("checkout", "--quiet", self.main)
        trusted = data["head"]["repo"]["full_name"] == REPOSITORY
        event = {"pull_request": data}
        pull.jobs = self._run(
            "pull_request", merged, data["head"], event, self.secrets if trusted else {}, ref_name="1/merge"
        )

    def merge(self, pull: Pull, how: str = "merge") -> str:
        """Merge as the buttons of the page do; the new tip. No workflow runs: see `pushed`."""
        before = self.git("rev-parse", self.main)
        self.git("checkout", "--quiet", self.main)
        if how == "merge":
            self.git("merge", "--quiet", "--no-ff", "-m", f"Merge pull request #{pull.number}", pull.branch)
        elif how == "squash":
            self.git("merge", "--quiet", "--squash", pull.branch)
            self.git("commit", "--quiet", "-m", f"{pull.branch} (#{pull.number})")
        else:
            base = self.git("merge-base", before, pull.branch)
            self.git("cherry-pick", "--allow-empty", f"{base}..{pull.branch}")
        self.git("push", "--quiet", "origin", self.main)
        hub = self.load()
        hub["pulls"][str(pull.number)] |= {"state": "closed", "merged_at": "2026-11-26T12:00:00Z"}
        for commit in self.git("rev-list", "--first-parent", f"{before}..{self.main}").split():
            hub["brought"].setdefault(commit, []).append(str(pull.number))
        self.save(hub)
        return self.git("rev-parse", self.main)

    # ------------------------------------------------------------------------------- runs

    def pushed(self, commit: str | None = None, watch: Watch | None = None) -> dict[str, Ran]:
        """The run for a push to the branch that is applied; its tip unless said otherwise."""
        sha = commit or self.git("rev-parse", self.main)
        return self._run("push", sha, self._own(sha), {}, self.secrets, watch=watch)

    def dispatched(self, watch: Watch | None = None) -> dict[str, Ran]:
        """A run by hand, whose waiting job somebody let go on."""
        sha = self.git("rev-parse", self.main)
        return self._run("workflow_dispatch", sha, self._own(sha), {}, self.secrets, watch=watch)

    def scheduled(self) -> dict[str, Ran]:
        """The run of the alarm."""
        sha = self.git("rev-parse", self.main)
        return self._run("schedule", sha, self._own(sha), {}, self.secrets, file="campaigns-drift.yml")

    def _own(self, sha: str) -> Mapping[str, Any]:
        return {"sha": sha, "repo": {"full_name": REPOSITORY}}

    def _run(
        self,
        event: str,
        sha: str,
        head: Mapping[str, Any],
        payload: Mapping[str, Any],
        secrets: Mapping[str, str],
        *,
        ref_name: str | None = None,
        file: str = "campaigns.yml",
        watch: Watch | None = None,
    ) -> dict[str, Ran]:
        path = f".github/workflows/{file}"
        hub = self.load()
        number = hub["next"]
        hub["next"] += 1
        hub["runs"].append(
            {
                "id": number,
                "event": event,
                "path": path,
                "head_sha": head["sha"],
                "head_repository": {"full_name": head["repo"]["full_name"]},
                "run_started_at": f"2026-11-26T12:00:00.{number}Z",
            }
        )
        self.save(hub)
        context = {
            "event_name": event,
            "event": {"repository": {"default_branch": self.main}, **payload},
            "repository": REPOSITORY,
            "ref_name": ref_name or self.main,
            "sha": sha,
            "run_id": number,
            "server_url": "https://github.example",
            "token": "token-of-the-job",
            "actor": "mira",
        }
        machine = Machine(self.folder / "runners", self.remote, self.environ, self.hub / "artifacts")
        return run_workflow(self.git("show", f"{sha}:{path}"), machine, context, secrets, watch)

    # ------------------------------------------------------------------------------- what there is

    def load(self) -> dict[str, Any]:
        return dict(json.loads((self.hub / "hub.json").read_text()))

    def save(self, hub: Mapping[str, Any]) -> None:
        (self.hub / "hub.json").write_text(json.dumps(hub))

    def comments(self, pull: Pull) -> list[str]:
        return [each["body"] for each in self.load()["comments"].get(str(pull.number), [])]

    def names(self) -> list[str]:
        """The names of the campaigns that are live, as often as there are some."""
        return sorted(
            each["live"]["name"] for each in self.control.campaigns() if each["live"]["status"] != "canceled"
        )


def tools(folder: Path) -> Path:
    """A folder with `campaignctl`, `python`, `python3` and the stand-in for `gh`.

    What the step `Install` would install is there already, so pip is only run where REAL_PIP says so: it needs
    longer than all the rest.
    """
    folder.mkdir(parents=True)
    commands = {
        "campaignctl": [sys.executable, "-P", "-m", "campaignctl"],
        "python": [sys.executable],
        "python3": [sys.executable],
        "gh": [sys.executable, str(ROOT / "tests" / "ci" / "gh.py")],
    }
    for name, words in commands.items():
        program = folder / name
        skip = 'if [ -z "$REAL_PIP" ] && [ "$1 $2" = "-m pip" ]; then exit 0; fi\n' if name == "python" else ""
        program.write_text(f"#!/bin/sh\n{skip}exec " + " ".join(f"'{word}'" for word in words) + ' "$@"\n')
        program.chmod(0o755)
    return folder
