"""A team on GitHub: pull requests, merges, and the runs of the workflow.

What GitHub adds to git (pull requests, runs, comments, artifacts) is kept in a folder, from which the
stand-in for its API answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.ci.github_api import REPOSITORY, TOKEN, Api
from tests.ci.runner import Machine, Ran, Watch, run_workflow
from tests.ci.team import Team

_SERVER = "https://github.example"

FORK = "mallory/shop"


@dataclass
class Pull:
    """A pull request: its number, its branch, and the last runs of its jobs."""

    number: int
    branch: str
    jobs: dict[str, Ran] = field(default_factory=dict)


class GitHub(Team):
    """The host, with the team on it. `api` is its API, and `address` where that is served."""

    api: Api
    address: str
    #: The workflow that plans and applies.
    workflow = "campaigns.yml"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.api, self._again = Api(self.hub), {}
        hub: dict[str, Any] = {
            name: {} for name in ("pulls", "brought", "comments", "environments", "reviews", "approvals")
        }
        self.save({"next": 100, "runs": [], "expired": [], "issues": [], "checks": [], **hub})

    def push_directly(self, files: Mapping[str, str | None], watch: Watch | None = None) -> dict[str, Ran]:
        """A commit on the applied branch, without a pull request."""
        self.push(files)
        return self.pushed(watch=watch)

    # ------------------------------------------------------------------------------- pull requests

    def open(
        self, branch: str, files: Mapping[str, str | None], *, fork: bool = False, base: str | None = None
    ) -> Pull:
        """A pull request with one commit, and the run of the workflow for it."""
        hub = self.load()
        pull = Pull(len(hub["pulls"]) + 1, branch)
        self.git("checkout", "--quiet", "-B", branch, self.main)
        hub["pulls"][str(pull.number)] = {
            "number": pull.number,
            "state": "open",
            "merged_at": None,
            "base": {"ref": base or self.main, "repo": {"full_name": REPOSITORY}},
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
            "pull_request",
            merged,
            data["head"],
            event,
            self.secrets if trusted else {},
            ref_name=f"{pull.number}/merge",
        )

    def approve(self, pull: Pull, *, ago: float = 0, **more: str) -> None:
        """An approval of the last commit, some seconds ago."""
        hub = self.load()
        hub["reviews"].setdefault(str(pull.number), []).append(
            {
                "id": 80,
                "user": {"login": "rita"},
                "state": "APPROVED",
                "commit_id": hub["pulls"][str(pull.number)]["head"]["sha"],
                "author_association": "MEMBER",
                "submitted_at": self.read_at(ago),
                **more,
            }
        )
        self.save(hub)

    def queue(self, *pulls: Pull) -> dict[str, Ran]:
        """The run for a merge queue's group of pull requests."""
        self.git("checkout", "--quiet", "--detach", self.main)
        base = self.git("rev-parse", "HEAD")
        for pull in pulls:
            self.git("merge", "--quiet", "--no-ff", "-m", "In the queue", pull.branch)
        sha = self.git("rev-parse", "HEAD")
        ref = f"gh-readonly-queue/{self.main}/pr-{pulls[0].number}-{base}"
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{ref}")
        self.git("checkout", "--quiet", self.main)
        group = {"head_sha": sha, "head_ref": f"refs/heads/{ref}", "base_sha": base}
        event = {"merge_group": {**group, "base_ref": f"refs/heads/{self.main}"}}
        self.queued = sha, pulls
        return self._run("merge_group", sha, self._own(sha), event, self.secrets, ref_name=ref)

    # The group in the merge queue: its last commit, and its pull requests.
    queued: tuple[str, tuple[Pull, ...]]

    def merge_queued(self) -> str:
        """Merge the commits that ran in the merge queue; returns the new tip. No workflow runs."""
        sha, pulls = self.queued
        brought = self.merge_branch(sha, "fast-forward")
        for commit, pull in zip(reversed(brought), pulls, strict=True):
            self._merged(pull, [commit])
        return sha

    def rerun(self, number: int | None = None, watch: Watch | None = None) -> dict[str, Ran]:
        """Run a run again (by default the last one): it keeps its id, its commit and its event."""
        number = number or self.load()["runs"][-1]["id"]
        return self._again[number](watch)

    def merge(self, pull: Pull, how: str = "merge") -> str:
        """Merge as GitHub's buttons do; returns the new tip. No workflow runs: see `pushed`."""
        self._merged(pull, self.merge_branch(pull.branch, how))
        return self.git("rev-parse", self.main)

    def _merged(self, pull: Pull, brought: Sequence[str]) -> None:
        hub = self.load()
        hub["pulls"][str(pull.number)] |= {"state": "closed", "merged_at": self.read_at()}
        for commit in brought:
            hub["brought"].setdefault(commit, []).append(str(pull.number))
        self.save(hub)

    # ------------------------------------------------------------------------------- runs

    def pushed(self, commit: str | None = None, watch: Watch | None = None) -> dict[str, Ran]:
        """The run for a push to the applied branch, by default of its tip."""
        sha = commit or self.git("rev-parse", self.main)
        payload = {"before": self.before.get(sha, "0" * 40)}
        return self._run("push", sha, self._own(sha), payload, self.secrets, watch=watch)

    def dispatched(self, watch: Watch | None = None) -> dict[str, Ran]:
        """A manual run, whose waiting job was approved by rita."""
        sha = self.git("rev-parse", self.main)
        hub = self.load()
        review = {"state": "approved", "user": {"login": "rita"}, "environments": [{"name": "campaigns"}]}
        hub["approvals"][str(hub["next"])] = [review]
        self.save(hub)
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
        file: str = "",
        watch: Watch | None = None,
    ) -> dict[str, Ran]:
        path, branch = f".github/workflows/{file or self.workflow}", ref_name or self.main
        number = self._begun(event, path, head, branch)
        context: dict[str, Any] = {
            "event_name": event,
            "event": {"repository": {"default_branch": self.main}, **payload},
            "repository": REPOSITORY,
            "ref_name": branch,
            "sha": sha,
            "run_id": number,
            "run_attempt": 0,
            "server_url": _SERVER,
            "api_url": self.address,
            "workflow_ref": f"{REPOSITORY}/{path}@refs/heads/{branch}",
            "token": TOKEN,
            "actor": "mira",
        }
        machine = Machine(self.folder / "runners", self.remote, self.environ, self.hub / "artifacts")
        text = self.git("show", f"{sha}:{path}")

        def again(watch: Watch | None) -> dict[str, Ran]:
            context["run_attempt"] += 1
            done = run_workflow(text, machine, dict(context), secrets, watch)
            failed = any(ran.result == "failure" for ran in done.values())
            hub = self.load()
            (run,) = (each for each in hub["runs"] if each["id"] == number)
            run |= {"status": "completed", "conclusion": "failure" if failed else "success"}
            self.save(hub)
            return done

        self._again[number] = again
        return again(watch)

    def _begun(self, event: str, path: str, head: Mapping[str, Any], branch: str) -> int:
        """The number of a new run, which the API shows from now on."""
        hub = self.load()
        number = int(hub["next"])
        hub["next"] += 1
        hub["runs"].append(
            {
                "id": number,
                "event": event,
                "path": path,
                "head_sha": head["sha"],
                "head_branch": branch,
                "status": "in_progress",
                "conclusion": None,
                "repository": {"full_name": REPOSITORY},
                "head_repository": {"full_name": head["repo"]["full_name"]},
                "html_url": f"{_SERVER}/{REPOSITORY}/actions/runs/{number}",
            }
        )
        self.save(hub)
        return number

    _again: dict[int, Callable[[Watch | None], dict[str, Ran]]]

    # ------------------------------------------------------------------------------- files

    def load(self) -> dict[str, Any]:
        return self.api.load()

    def save(self, hub: dict[str, Any]) -> None:
        self.api.save(hub)

    def comments(self, pull: Pull) -> list[str]:
        return [each["body"] for each in self.load()["comments"].get(str(pull.number), [])]
