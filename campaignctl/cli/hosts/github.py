"""GitHub Actions: the variables of a job, and the REST API."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from campaignctl.cli.hosts.http import LARGEST, Api, too_large
from campaignctl.cli.hosts.model import (
    ABOUT,
    NOT_JSON,
    PLAN,
    Approvals,
    Comment,
    Job,
    Kind,
    Made,
    Request,
    Words,
    when,
)
from campaignctl.errors import CampaignctlError, counted

ARTIFACT = "campaigns-plan"
_BOT = "github-actions[bot]"
_KINDS: Mapping[str, Kind] = {
    "pull_request": "request",
    "merge_group": "queue",
    "push": "merge",
    "workflow_dispatch": "manual",
}
# Whose approval can count; anyone may review in a public repository.
_TRUSTED = ("OWNER", "MEMBER", "COLLABORATOR")
_HEADS = "refs/heads/"
# What a zip raises that is none, lacks a file, is cut, encrypted or packed in an unknown way.
_NO_ZIP = (zipfile.BadZipFile, zlib.error, KeyError, EOFError, RuntimeError)


class GitHub:
    """A job of GitHub Actions."""

    words = Words(
        "GitHub",
        "pull request",
        "#",
        "Run workflow",
        "read it, approve the pull request again (a merged one too), then run this job again",
    )
    comments_here = True
    # An issue has 65,536 characters, and what is blocked needs some.
    issue_room = 48_000

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.repository = environ["GITHUB_REPOSITORY"]
        token = environ.get("GITHUB_TOKEN", "")
        self._api = Api(
            "GitHub",
            environ.get("GITHUB_API_URL", "https://api.github.com"),
            {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
            _explain,
            None if token else _no_token(),
        )
        self._here = f"repos/{self.repository}"

    @property
    def job(self) -> Job:
        """The job that runs."""
        environ, event = self._environ, self._event()
        kind = _KINDS.get(environ.get("GITHUB_EVENT_NAME", ""), "other")
        pull, group = event.get("pull_request") or {}, event.get("merge_group") or {}
        base = pull["base"]["ref"] if pull else environ.get("GITHUB_REF_NAME", "")
        if group:
            base = str(group["base_ref"]).removeprefix(_HEADS)
        head = pull["head"]["sha"] if pull else environ.get("GITHUB_SHA", "")
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        run = f"{server}/{self.repository}/actions/runs/{environ.get('GITHUB_RUN_ID', '')}"
        number = pull.get("number")
        name, before = environ.get("CAMPAIGNS_NAME", "campaigns"), str(event.get("before") or "")
        return Job(kind, number, head, base, run, name, before)

    def _event(self) -> dict[str, Any]:
        path = self._environ.get("GITHUB_EVENT_PATH")
        return dict(json.loads(Path(path).read_text("utf-8"))) if path else {}

    def remote(self) -> str | None:
        """None: a pull request is planned in the repository that it is merged into."""
        return None

    def merged(self, commit: str, base: str) -> list[Request]:
        """The merged pull requests that brought a commit to a branch."""
        found = self._api.pages(f"{self._here}/commits/{commit}/pulls", need="pull-requests: read")
        return [
            Request(
                pull["number"],
                pull["head"]["sha"],
                (pull["head"]["repo"] or {}).get("full_name") != self.repository,
                when(pull["merged_at"]),
            )
            for pull in found
            if pull["merged_at"]
            and pull["base"]["ref"] == base
            and pull["base"]["repo"]["full_name"] == self.repository
        ]

    def plans(self, request: Request) -> list[Made]:
        """The plans of runs of this workflow for the head of a pull request."""
        return [
            Made(_time(artifact["created_at"]), run["html_url"], str(artifact["id"]), artifact["expired"])
            for run in self._runs("pull_request", request.head)
            if self._is_ours(run)
            for artifact in self._api.pages(
                f"{self._here}/actions/runs/{run['id']}/artifacts", need="actions: read", member="artifacts"
            )
            if artifact["name"].startswith(ARTIFACT)
        ]

    def _runs(self, event: str, commit: str) -> list[Mapping[str, Any]]:
        """The runs of this workflow for an event, at a commit."""
        workflow = self._environ["GITHUB_WORKFLOW_REF"].partition("@")[0].rpartition("/")[2]
        runs = self._api.pages(
            f"{self._here}/actions/workflows/{workflow}/runs?event={event}&head_sha={commit}",
            need="actions: read",
            member="workflow_runs",
        )
        return [run for run in runs if run["event"] == event]

    def was_judged(self, commit: str, base: str) -> bool:
        """Whether the run for a push to a branch ended by itself."""
        return any(
            run["head_branch"] == base and run["conclusion"] in ("success", "failure")
            for run in self._runs("push", commit)
        )

    def _is_ours(self, run: Mapping[str, Any]) -> bool:
        names = [(run[name] or {}).get("full_name") for name in ("repository", "head_repository")]
        return names == [self.repository] * 2

    def read(self, made: Made) -> tuple[dict[str, Any], str] | None:
        """What is in the artifact of a run."""
        path = f"{self._here}/actions/artifacts/{made.place}/zip"
        reply = self._api.ask(path, need="actions: read", missing=True)
        if reply is None:
            return None
        with (
            suppress(*NOT_JSON, *_NO_ZIP),
            zipfile.ZipFile(io.BytesIO(reply.data)) as kept,
        ):
            if sum(each.file_size for each in kept.infolist()) > LARGEST:
                raise too_large(made.run)
            return dict(json.loads(kept.read(ABOUT))), kept.read(PLAN).decode()
        return None

    def approvals(self, number: int) -> Approvals:
        """The last approval by someone who belongs to the repository."""
        reviews = self._api.pages(f"{self._here}/pulls/{number}/reviews", need="pull-requests: read")
        given = [
            (_time(review["submitted_at"]), (review["user"] or {}).get("login", "ghost"))
            for review in reviews
            if review["state"] == "APPROVED" and review["author_association"] in _TRUSTED
        ]
        return Approvals(*max(given)) if given else Approvals()

    def is_rerun(self) -> bool:
        """Whether this is not the first attempt of the run."""
        return self._environ.get("GITHUB_RUN_ATTEMPT", "1") != "1"

    def asks_reviewers(self, environment: str) -> bool:
        """Whether an environment has required reviewers."""
        reply = self._api.ask(f"{self._here}/environments/{environment}", need="actions: read", missing=True)
        rules = (reply.json() if reply else {}).get("protection_rules") or []
        return any(rule["type"] == "required_reviewers" for rule in rules)

    def approved_by(self, environment: str) -> str:
        """The reviewers who approved a deployment of this run to an environment."""
        path = f"{self._here}/actions/runs/{self._environ.get('GITHUB_RUN_ID', '')}/approvals"
        names = [
            review["user"]["login"]
            for review in self._api.pages(path, need="actions: read")
            if review["state"] == "approved" and review["user"]
            if environment in [each["name"] for each in review["environments"]]
        ]
        return ", ".join(dict.fromkeys(names))

    def head_of(self, number: int) -> str:
        """The last commit of a pull request, as it is now."""
        reply = self._api.ask(f"{self._here}/pulls/{number}", need="pull-requests: write")
        return str(reply.json()["head"]["sha"]) if reply else ""

    def comments(self, number: int) -> Iterator[Comment]:
        """The comments of this workflow's token: anyone else can write a marker."""
        return self._comments(number, "pull-requests: write")

    def _comments(self, number: int, need: str) -> Iterator[Comment]:
        for each in self._api.pages(f"{self._here}/issues/{number}/comments", need=need):
            if (each["user"] or {}).get("login") == _BOT:
                yield Comment(each["id"], each["body"])

    def write_comment(self, number: int, comment: int | None, body: str) -> None:
        """Replace a comment, or write a new one."""
        place = f"comments/{comment}" if comment else f"{number}/comments"
        method = "PATCH" if comment else "POST"
        self._api.ask(
            f"{self._here}/issues/{place}", need="pull-requests: write", method=method, body={"body": body}
        )

    def show_before(self, count: int, text: str) -> None:
        """A check that is neutral: it is no failure of the pull request. A newer one replaces it."""
        job, need = self.job, "checks: write"
        name = f"{job.name}: blocked before"
        if not count:
            query = urlencode({"check_name": name})
            known = self._api.pages(
                f"{self._here}/commits/{job.head}/check-runs?{query}", need=need, member="check_runs"
            )
            if not any(known):
                return
        body = {
            "name": name,
            "head_sha": job.head,
            "details_url": job.run,
            "status": "completed",
            "conclusion": "neutral" if count else "success",
            "output": {
                "title": f"{counted(count, 'campaign')}, not by this pull request",
                "summary": text or "Nothing is blocked now.",
            },
        }
        self._api.ask(f"{self._here}/check-runs", need=need, method="POST", body=body)

    def issues(self) -> Iterator[Comment]:
        """The open issues of this workflow's token; the list has pull requests too."""
        path = f"{self._here}/issues?state=open&sort=created&direction=asc"
        for each in self._api.pages(path, need="issues: write"):
            if "pull_request" not in each and (each["user"] or {}).get("login") == _BOT:
                yield Comment(each["number"], each["body"] or "")

    def said(self, issue: int) -> Iterator[Comment]:
        """The comments of this workflow's token on an issue, by their numbers."""
        return self._comments(issue, "issues: write")

    def write_issue(
        self, issue: int | None, title: str = "", body: str = "", *, said: str = "", closed: bool = False
    ) -> None:
        """Open an issue, or change it."""
        place = f"{self._here}/issues{f'/{issue}' if issue else ''}"
        if said:
            self._api.ask(f"{place}/comments", need="issues: write", method="POST", body={"body": said})
        text = {"state": "closed"} if closed else {"title": title, "body": body}
        self._api.ask(place, need="issues: write", method="PATCH" if issue else "POST", body=text)


def _no_token() -> CampaignctlError:
    return CampaignctlError(
        "GITHUB_TOKEN is not set",
        detail="GitHub gives a step the job's token only if the step asks for it.",
        hint="give the step `GITHUB_TOKEN: ${{ github.token }}` under `env:`",
    )


def _time(text: str) -> datetime:
    return when(text) or datetime.min.replace(tzinfo=UTC)


def _explain(status: int, need: str, headers: Mapping[str, str]) -> str:
    if headers.get("X-RateLimit-Remaining") == "0":
        return "the hourly limit of GitHub's API for this repository is used up; run this job again later"
    if status == HTTPStatus.UNAUTHORIZED:
        return "give the step `GITHUB_TOKEN: ${{ github.token }}` under `env:`"
    if status == HTTPStatus.GONE:
        return "turn on the issues of the repository: Settings > General > Features"
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        return f"the job's token may not do this: give the job `{need}` under `permissions:`"
    return "run this job again"
