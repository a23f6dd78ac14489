"""A team on GitLab: merge requests, merges, and the pipelines of `.gitlab-ci.yml` with its includes.

As in a runner, `before_script` and `script` share one bash; `after_script` has another.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.ci.github_api import stamp
from tests.ci.gitlab_api import PROJECT, Api
from tests.ci.runner import ROOT, SECONDS, Ran, Watch
from tests.ci.team import Team

FORK = 43


@dataclass
class Request:
    """A merge request: its number, its branch, and the last runs of its jobs."""

    iid: int
    branch: str
    base: str
    jobs: dict[str, Ran] = field(default_factory=dict)


class GitLab(Team):
    """The host, with the team on it. `api` is its API, and `address` where that is served."""

    api: Api
    address: str

    def open(self, branch: str, files: Mapping[str, str | None], *, fork: bool = False) -> Request:
        """A merge request with one commit, and its pipeline."""
        request = Request(len(self.api.requests) + 1, branch, self.git("rev-parse", self.main))
        self.git("checkout", "--quiet", "-B", branch, self.main)
        self.api.requests[request.iid] = {
            "iid": request.iid,
            "state": "opened",
            "merged_at": None,
            "sha": "",
            "target_branch": self.main,
            "source_project_id": FORK if fork else PROJECT,
            "target_project_id": PROJECT,
        }
        self.api.pipelines[request.iid] = []
        self.update(request, files)
        return request

    def update(self, request: Request, files: Mapping[str, str | None], *, planned: bool = True) -> None:
        """Add a commit, and run its pipeline; `planned=False`: it has not begun yet."""
        self.git("checkout", "--quiet", request.branch)
        head = self.commit(files, request.branch)
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/merge-requests/{request.iid}/head")
        self.api.requests[request.iid]["sha"] = head
        if planned:
            self.plan(request)
        self.git("checkout", "--quiet", self.main)

    def rebase(self, request: Request) -> bool:
        """Put a merge request on top of the default branch, as a fast-forward merge needs it, and run its
        pipeline; False if it was there already."""
        before = self.api.requests[request.iid]["sha"]
        self.git("rebase", "--quiet", self.main, request.branch)
        head = self.git("rev-parse", "HEAD")
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/merge-requests/{request.iid}/head")
        self.api.requests[request.iid]["sha"] = head
        self.git("checkout", "--quiet", self.main)
        if head != before:
            self.plan(request)
        return bool(head != before)

    def plan(self, request: Request, *, train: bool = False, merged: bool = False) -> None:
        """The pipeline for the last commit of a merge request, for its merged result, or for its train."""
        data = self.api.requests[request.iid]
        project, head = data["source_project_id"], data["sha"]
        secrets = {name: text for name, text in self.secrets.items() if name != "OCAMBA_TOKEN"}
        variables = {
            "CI_MERGE_REQUEST_IID": str(request.iid),
            "CI_MERGE_REQUEST_PROJECT_ID": str(PROJECT),
            "CI_MERGE_REQUEST_PROJECT_URL": f"file://{self.remote}".removesuffix(".git"),
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": self.main,
            "CI_MERGE_REQUEST_EVENT_TYPE": "merge_train" if train else "detached",
            "CI_PROJECT_ID": str(project),
        }
        sha, ref = head, f"refs/merge-requests/{request.iid}/head"
        if train or merged:
            self.git("checkout", "--quiet", "--detach", self.main)
            self.git("merge", "--quiet", "--no-ff", "-m", "Merged result", head)
            kind = "train" if train else "merge"
            sha, ref = self.git("rev-parse", "HEAD"), f"refs/merge-requests/{request.iid}/{kind}"
            self.git("push", "--quiet", "--force", "origin", f"HEAD:{ref}")
            self.git("checkout", "--quiet", self.main)
            variables["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"] = head
        number = 1000 + len(self.api.jobs)
        pipeline = {
            "id": number,
            "sha": sha,
            "ref": ref,
            "project_id": project,
            "source": "merge_request_event",
        }
        self.api.pipelines[request.iid].insert(0, pipeline)
        request.jobs = self._run(
            "merge_request_event", sha, variables, secrets if project == PROJECT else {}, request.base
        )

    def approve(self, request: Request, *, ago: float = 0, says_when: bool = True) -> None:
        """An approval, some seconds ago."""
        at = self.read_at(ago)
        given: dict[str, Any] = {"user": {"id": 3, "username": "rita"}}
        self.api.approvals.setdefault(request.iid, []).append(
            given | ({"approved_at": at} if says_when else {})
        )

    def note_of_approval(self, request: Request) -> None:
        """The note that GitLab itself writes at an approval."""
        note = {"id": 1, "system": True, "created_at": self.read_at(), "body": "approved this merge request"}
        author = {"id": 3, "username": "rita"}
        self.api.notes.setdefault(request.iid, []).append({**note, "author": author})

    def merge(self, request: Request, how: str = "merge") -> str:
        """Merge as the button does; returns the new tip. No pipeline runs: see `pushed`."""
        for commit in self.merge_branch(request.branch, how):
            self.api.brought.setdefault(commit, []).append(request.iid)
        self.api.requests[request.iid] |= {"state": "merged", "merged_at": self.read_at()}
        return self.git("rev-parse", self.main)

    def pushed(self, commit: str | None = None, watch: Watch | None = None) -> dict[str, Ran]:
        """The pipeline for a push to the default branch; `watch` is told of each job that has begun."""
        self._watch = watch
        try:
            return self._on_main("push", commit)
        finally:
            self._watch = None

    def by_hand(self) -> dict[str, Ran]:
        """`Run pipeline`, with its manual job started."""
        return self._on_main("web")

    def scheduled(self) -> dict[str, Ran]:
        """The pipeline of a schedule."""
        return self._on_main("schedule")

    def notes(self, request: Request) -> list[str]:
        return [each["body"] for each in self.api.notes.get(request.iid, [])]

    # Jobs of other tests have folders of the same form.
    _jobs = time.time_ns() // 1000 % 10**12
    _numbers: dict[str, int]
    _watch: Watch | None = None

    def _on_main(self, source: str, commit: str | None = None) -> dict[str, Ran]:
        sha = commit or self.git("rev-parse", self.main)
        given = {
            "CI_COMMIT_BRANCH": self.main,
            "CI_COMMIT_BEFORE_SHA": self.before.get(sha, "0" * 40),
            "CI_PROJECT_ID": str(PROJECT),
        }
        return self._run(source, sha, given, self.secrets)

    def _run(
        self,
        source: str,
        sha: str,
        more: Mapping[str, str],
        secrets: Mapping[str, str],
        since: str = "",
    ) -> dict[str, Ran]:
        jobs = self._included(sha, ".gitlab-ci.yml")
        changed = self._changed(sha, since or self.before.get(sha, ""))
        number = 1000 + len(self.api.jobs)
        self.api.jobs[number] = [{"id": 7, "name": "lint", "web_url": "", "finished_at": stamp()}]
        if source != "merge_request_event":
            self.api.of_branches.append({"id": number, "sha": sha, "ref": self.main, "source": source})
        given = {
            "CI": "true",
            "GITLAB_CI": "true",
            "CI_PIPELINE_ID": str(number),
            "CI_API_V4_URL": self.address,
            "CI_COMMIT_SHA": sha,
            "CI_DEFAULT_BRANCH": self.main,
            "CI_JOB_URL": "https://gitlab.example/job",
            "CI_PIPELINE_SOURCE": source,
            "GITLAB_USER_LOGIN": "mira",
            **more,
            **secrets,
        }
        selected = {
            name: _extended(jobs, job)
            for name, job in jobs.items()
            if not name.startswith(".") and any(_asked(rule, given, changed) for rule in job["rules"])
        }

        def again(watch: Watch | None) -> dict[str, Ran]:
            self._watch, self._numbers = watch, {}
            done: dict[str, Ran] = {}
            for name, job in selected.items():
                if all(done[needed].result == "success" for needed in job.get("needs", [])):
                    done[name] = self._run_job(name, job, given)
                    ended = {"id": self._numbers[name], "name": name, "web_url": "https://gitlab.example/job"}
                    status = "failed" if done[name].result == "failure" else "success"
                    self.api.jobs[number].append({**ended, "status": status, "finished_at": stamp()})
            return done

        self.again = again
        return again(self._watch)

    # Runs the jobs of the last pipeline again: it keeps its id and its commit.
    again: Callable[[Watch | None], dict[str, Ran]]

    def _included(self, sha: str, path: str) -> dict[str, Any]:
        found = YAML(typ="safe").load(self.git("show", f"{sha}:{path}"))
        for other in found.pop("include", []):
            if "project" in other:
                jobs = _filled(other["file"], other["inputs"])
            else:
                jobs = self._included(sha, other["local"].removeprefix("/"))
            found = {**jobs, **found}
        return dict(found)

    def _changed(self, sha: str, since: str) -> list[str]:
        """The files that differ from a branch or an earlier tip; without one, all."""
        words = (
            ("diff", "--name-only", f"{since}...{sha}") if since else ("ls-tree", "-r", "--name-only", sha)
        )
        return self.git(*words).splitlines()

    def _run_job(self, name: str, job: Mapping[str, Any], given: Mapping[str, str]) -> Ran:
        self._jobs += 1
        self._numbers[name] = self._jobs
        folder = self.folder / "builds" / str(self._jobs)
        # A clone at the commit of the pipeline, as deep as GIT_DEPTH says.
        self.git("clone", "--quiet", "--no-checkout", f"file://{self.remote}", str(folder), cwd=self.folder)
        self.git("fetch", "--quiet", "origin", given["CI_COMMIT_SHA"], cwd=folder)
        self.git("checkout", "--quiet", "--detach", given["CI_COMMIT_SHA"], cwd=folder)
        own = {"CI_PROJECT_DIR": str(folder), "CI_JOB_NAME": name, "CI_JOB_ID": str(self._jobs)}
        environ = {**self.environ, **given, **own}
        for variable, text in job["variables"].items():
            environ[variable] = re.sub(r"\$(\w+)", lambda found: environ[found[1]], str(text))
        for needed in job.get("needs", []):
            artifacts = self.hub / "artifacts" / str(self._numbers[needed])
            shutil.copytree(artifacts, folder, dirs_exist_ok=True)
        ran = Ran()
        status = self._run_script([*job["before_script"], *job["script"]], folder, environ, ran, name)
        if status:
            allowed = job.get("allow_failure", {}).get("exit_codes", [])
            ran.result = "warning" if status in allowed else "failure"
        self._run_script(job.get("after_script", []), folder, environ, ran)
        shutil.rmtree(f"/tmp/campaignctl-{self._jobs}", ignore_errors=True)
        for path in job.get("artifacts", {}).get("paths", []):
            kept = Path(path.replace("$CAMPAIGNS_FILES", environ["CAMPAIGNS_FILES"]))
            shutil.copytree(folder / kept, self.hub / "artifacts" / str(self._jobs) / kept)
        return ran

    def _run_script(
        self, lines: Sequence[str], folder: Path, environ: Mapping[str, str], ran: Ran, watched: str = ""
    ) -> int:
        process = subprocess.Popen(
            ["bash", "-e", "-o", "pipefail", "-c", "\n".join(lines)],
            cwd=folder,
            env={**environ, **({"REAL_PROCESS": "1"} if self._watch else {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if watched and self._watch:
            self._watch(watched, process)
        said, _ = process.communicate(timeout=SECONDS)
        ran.log += said
        return process.returncode


def _filled(file: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A template of this repository, filled with its inputs."""
    head, _, text = (ROOT / file.removeprefix("/")).read_text().partition("\n---\n")
    declared = YAML(typ="safe").load(head)["spec"]["inputs"]
    assert inputs.keys() <= declared.keys()
    values = {name: inputs.get(name, each.get("default")) for name, each in declared.items()}
    return dict(
        YAML(typ="safe").load(
            re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: _written(values[found[1]]), text)
        )
    )


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _extended(jobs: Mapping[str, Any], job: Mapping[str, Any]) -> dict[str, Any]:
    base = jobs[job["extends"]]
    return {**base, **job, "variables": {**base["variables"], **job.get("variables", {})}}


def _asked(rule: Mapping[str, Any], given: Mapping[str, str], changed: Sequence[str]) -> bool:
    """Whether a rule selects its job, by its condition and the changed files."""
    patterns = [
        re.escape(each).replace(r"\*\*/\*", ".*").replace(r"\*", "[^/]*") for each in rule.get("changes", [])
    ]
    touched = any(re.fullmatch(pattern, path) for pattern in patterns for path in changed)
    return _holds(rule["if"], given) and (touched or not patterns)


def _holds(condition: str, given: Mapping[str, str]) -> bool:
    """Whether `$A == "b" && $C == $D` holds; no other form occurs."""

    def value(word: str) -> str:
        return given.get(word[1:], "") if word.startswith("$") else word.strip('"')

    sides = (each.split(" == ") for each in condition.split(" && "))
    return all(value(left) == value(right) for left, right in sides)
