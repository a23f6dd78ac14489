"""GitLab CI: the variables of a job, and the REST API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from campaignctl.cli.hosts.http import Api
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
from campaignctl.errors import CampaignctlError

TOKEN_VARIABLE = "CAMPAIGNS_TOKEN"  # noqa: S105 - the name of the variable, not its value
_KINDS: Mapping[str, Kind] = {"merge_request_event": "request", "push": "merge", "web": "manual"}
_TRAIN = "merge_train"
_APPROVED = "approved this merge request"
_NEED = "the role Reporter and the scope `api`"


class GitLab:
    """A job of GitLab CI."""

    words = Words(
        "GitLab",
        "merge request",
        "!",
        "Run pipeline",
        "show the changes in another merge request, or use Run pipeline",
    )

    # An issue has a million.
    issue_room = 500_000

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._project = int(environ["CI_PROJECT_ID"])
        self.repository = environ.get("CI_PROJECT_PATH", str(self._project))
        token = environ.get(TOKEN_VARIABLE, "")
        self.comments_here = bool(token)
        self._api = Api(
            "GitLab",
            environ["CI_API_V4_URL"],
            {"PRIVATE-TOKEN": token},
            _explain,
            None if token else _no_token(),
        )
        self._here = f"projects/{self._project}"

    @property
    def job(self) -> Job:
        """The job that runs."""
        environ = self._environ
        kind = _KINDS.get(environ.get("CI_PIPELINE_SOURCE", ""), "other")
        if environ.get("CI_MERGE_REQUEST_EVENT_TYPE") == _TRAIN:
            kind = "queue"
        number = environ.get("CI_MERGE_REQUEST_IID")
        return Job(
            kind,
            int(number) if number else None,
            environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environ["CI_COMMIT_SHA"],
            environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME") or environ.get("CI_COMMIT_BRANCH", ""),
            environ.get("CI_JOB_URL", ""),
            environ.get("CAMPAIGNS_NAME", "campaigns"),
            environ.get("CI_COMMIT_BEFORE_SHA", ""),
        )

    def remote(self) -> str | None:
        """The repository of the target, if the pipeline runs in a fork."""
        target = self._environ.get("CI_MERGE_REQUEST_PROJECT_ID", str(self._project))
        return (
            None if target == str(self._project) else f"{self._environ['CI_MERGE_REQUEST_PROJECT_URL']}.git"
        )

    def merged(self, commit: str, base: str) -> list[Request]:
        """The merged merge requests that brought a commit to a branch."""
        found = self._api.pages(f"{self._here}/repository/commits/{commit}/merge_requests", need=_NEED)
        return [
            Request(
                request["iid"],
                request["sha"],
                not request["source_project_id"] == request["target_project_id"] == self._project,
                when(request.get("merged_at")),
            )
            for request in found
            if request["state"] == "merged" and request["target_branch"] == base
        ]

    def plans(self, request: Request) -> list[Made]:
        """The plans of the merge request's pipelines in this project, without those of merge trains."""
        name = f"{self._environ.get('CAMPAIGNS_NAME', 'campaigns')}:plan"
        pipelines = self._api.pages(f"{self._here}/merge_requests/{request.number}/pipelines", need=_NEED)
        return [
            Made(finished, job["web_url"], str(job["id"]))
            for pipeline in pipelines
            if pipeline["project_id"] == self._project and not pipeline["ref"].endswith("/train")
            for job in self._jobs(pipeline["id"])
            if job["name"] == name
            and (finished := when(job["finished_at"]))
            and self._is_at(request.head, pipeline, job)
        ]

    def _is_at(self, head: str, pipeline: Mapping[str, Any], job: Mapping[str, Any]) -> bool:
        """Whether a plan is of a commit. A pipeline for merged results has another one, and its job says."""
        if not pipeline["ref"].endswith("/merge"):
            return bool(pipeline["sha"] == head)
        with suppress(*NOT_JSON, AttributeError):
            about = json.loads(self._artifact(str(job["id"]), ABOUT) or b"{}")
            return bool(about.get("head") == head)
        return False

    def _jobs(self, pipeline: int | str) -> Iterator[Mapping[str, Any]]:
        return self._api.pages(f"{self._here}/pipelines/{pipeline}/jobs?include_retried=true", need=_NEED)

    def read(self, made: Made) -> tuple[dict[str, Any], str] | None:
        """What is in the artifacts of a job."""
        about, plan = (self._artifact(made.place, name) for name in (ABOUT, PLAN))
        with suppress(*NOT_JSON):
            return (dict(json.loads(about)), plan.decode()) if about and plan else None
        return None

    def _artifact(self, job: str, name: str) -> bytes:
        folder = self._environ.get("CAMPAIGNS_FILES", "campaigns-ci")
        path = f"{self._here}/jobs/{job}/artifacts/{folder}/plan/{name}"
        reply = self._api.ask(path, need=_NEED, missing=True)
        return reply.data if reply else b""

    def approvals(self, number: int) -> Approvals:
        """The last approval. An older GitLab says when only in its own notes."""
        place = f"{self._here}/merge_requests/{number}"
        reply = self._api.ask(f"{place}/approvals", need=_NEED, missing=True)
        given = (reply.json() if reply else {}).get("approved_by") or []
        if not given:
            return Approvals()
        times = [(each.get("approved_at"), each["user"]["username"]) for each in given]
        if not all(time for time, _ in times):
            notes = self._api.pages(f"{place}/notes", need=_NEED)
            times = [
                (note["created_at"], note["author"]["username"])
                for note in notes
                if note.get("system") and note["body"] == _APPROVED
            ]
        known: list[tuple[datetime, str]] = [(at, who) for time, who in times if (at := when(time))]
        return Approvals(*max(known)) if known else Approvals(known=False)

    def was_judged(self, commit: str, base: str) -> bool:
        """Whether the apply of a push to a branch ended by itself."""
        place = f"{self._here}/pipelines?source=push&sha={commit}&ref={quote(base, safe='')}"
        name = f"{self._environ.get('CAMPAIGNS_NAME', 'campaigns')}:apply"
        return any(
            job["name"] == name and job["status"] in ("success", "failed")
            for pipeline in self._api.pages(place, need=_NEED)
            if (pipeline["source"], pipeline["sha"], pipeline["ref"]) == ("push", commit, base)
            for job in self._jobs(pipeline["id"])
        )

    def is_rerun(self) -> bool:
        """Whether the pipeline had this job before."""
        name, own = self._environ.get("CI_JOB_NAME"), self._environ.get("CI_JOB_ID")
        pipeline = self._environ.get("CI_PIPELINE_ID")
        return bool(pipeline) and any(
            job["name"] == name and str(job["id"]) != own for job in self._jobs(pipeline or "")
        )

    def asks_reviewers(self, environment: str) -> bool:  # noqa: ARG002 - GitHub needs it
        """True: the job is started by hand."""
        return True

    def approved_by(self, environment: str) -> str:  # noqa: ARG002 - GitHub needs it
        """Who started this job by hand."""
        return self._environ.get("GITLAB_USER_LOGIN", "")

    def head_of(self, number: int) -> str:
        """The last commit of a merge request, as it is now."""
        reply = self._api.ask(f"{self._here}/merge_requests/{number}", need=_NEED)
        return str(reply.json()["sha"]) if reply else ""

    def comments(self, number: int) -> Iterator[Comment]:
        """The notes of this token's user: anyone else can write a marker."""
        return self._notes(f"merge_requests/{number}/notes")

    def _notes(self, place: str) -> Iterator[Comment]:
        me = self._me()
        for note in self._api.pages(f"{self._here}/{place}", need=_NEED):
            if note["author"]["id"] == me:
                yield Comment(note["id"], note["body"])

    def write_comment(self, number: int, comment: int | None, body: str) -> None:
        """Replace a note, or write a new one."""
        place = f"{self._here}/merge_requests/{number}/notes{f'/{comment}' if comment else ''}"
        self._api.ask(place, need=_NEED, method="PUT" if comment else "POST", body={"body": body})

    def show_before(self, count: int, text: str) -> None:
        """Nothing: a job of the pipeline shows it, since a status would need a token that may push."""

    def issues(self) -> Iterator[Comment]:
        """The open issues of this token's user."""
        me = self._me()
        path = f"{self._here}/issues?state=opened&scope=created_by_me&order_by=created_at&sort=asc"
        for issue in self._api.pages(path, need=_NEED):
            if issue["author"]["id"] == me:
                yield Comment(issue["iid"], issue["description"] or "")

    def said(self, issue: int) -> Iterator[Comment]:
        """The notes of this token's user on an issue; GitLab's own order is the newest first."""
        return self._notes(f"issues/{issue}/notes?sort=asc&order_by=created_at")

    def write_issue(
        self, issue: int | None, title: str = "", body: str = "", *, said: str = "", closed: bool = False
    ) -> None:
        """Open an issue, or change it."""
        place = f"{self._here}/issues{f'/{issue}' if issue else ''}"
        if said:
            self._api.ask(f"{place}/notes", need=_NEED, method="POST", body={"body": said})
        text = {"state_event": "close"} if closed else {"title": title, "description": body}
        self._api.ask(place, need=_NEED, method="PUT" if issue else "POST", body=text)

    def _me(self) -> int | None:
        """The user of this token."""
        reply = self._api.ask("user", need=_NEED)
        return reply.json()["id"] if reply else None


def _explain(status: int, need: str, headers: Mapping[str, str]) -> str:  # noqa: ARG001 - GitHub's has limits
    if status == HTTPStatus.UNAUTHORIZED:
        return f"{TOKEN_VARIABLE} has expired or was revoked: make a new project access token with {need}"
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        return f"{TOKEN_VARIABLE} must be a project access token of this project, with {need}"
    return "retry this job"


def _no_token() -> CampaignctlError:
    return CampaignctlError(
        f"{TOKEN_VARIABLE} is not set",
        detail="Without it no merge request can be read: no plan counts as reviewed.",
        hint=f"make a project access token with {_NEED}, and a masked variable of this name",
    )
