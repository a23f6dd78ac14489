"""A team on GitHub: pull requests, merges, and the runs of the workflow.

What GitHub adds to git (pull requests, runs, comments, artifacts) is kept in a folder, from which the
stand-in for `gh` answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.ci.runner import Machine, Ran, Watch, run_workflow
from tests.ci.team import Team

REPOSITORY = "acme/shop"
FORK = "mallory/shop"


@dataclass
class Pull:
    """A pull request: its number, its branch, and the last runs of its jobs."""

    number: int
    branch: str
    jobs: dict[str, Ran] = field(default_factory=dict)


class GitHub(Team):
    """The host, with the team on it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.save({"next": 100, "pulls": {}, "brought": {}, "runs": [], "comments": {}, "environments": {}})

    def push_directly(self, files: Mapping[str, str | None], watch: Watch | None = None) -> dict[str, Ran]:
        """A commit on the applied branch, without a pull request."""
        self.push(files)
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
        """Add a commit. `planned=False`: its run has not begun yet."""
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
        """Merge as GitHub's buttons do; returns the new tip. No workflow runs: see `pushed`."""
        brought = self.merge_branch(pull.branch, how)
        hub = self.load()
        hub["pulls"][str(pull.number)] |= {"state": "closed", "merged_at": "2026-11-26T12:00:00Z"}
        for commit in brought:
            hub["brought"].setdefault(commit, []).append(str(pull.number))
        self.save(hub)
        return self.git("rev-parse", self.main)

    # ------------------------------------------------------------------------------- runs

    def pushed(self, commit: str | None = None, watch: Watch | None = None) -> dict[str, Ran]:
        """The run for a push to the applied branch, by default of its tip."""
        sha = commit or self.git("rev-parse", self.main)
        return self._run("push", sha, self._own(sha), {}, self.secrets, watch=watch)

    def dispatched(self, watch: Watch | None = None) -> dict[str, Ran]:
        """A manual run, whose waiting job was approved."""
        sha = self.git("rev-parse", self.main)
        return self._run("workflow_dispatch", sha, self._own(sha), {}, self.secrets, watch=watch)

    def scheduled(self) -> dict[str, Ran]:
        """The run of the drift alarm."""
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

    # ------------------------------------------------------------------------------- files

    def load(self) -> dict[str, Any]:
        return dict(json.loads((self.hub / "hub.json").read_text()))

    def save(self, hub: Mapping[str, Any]) -> None:
        (self.hub / "hub.json").write_text(json.dumps(hub))

    def comments(self, pull: Pull) -> list[str]:
        return [each["body"] for each in self.load()["comments"].get(str(pull.number), [])]
