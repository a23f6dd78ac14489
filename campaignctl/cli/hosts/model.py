"""A job on a host, and what the host knows about requests, plans and approvals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

Kind = Literal["request", "queue", "merge", "manual", "other"]

#: What reading a document raises if it is no JSON, or not of its form.
NOT_JSON = (ValueError, TypeError, RecursionError)
FORMAT_VERSION = 1
PLAN, COMMENT, ABOUT = "plan.json", "plan.md", "about.json"
#: The plan for a browser, in the artifact of its run.
PAGE = "plan.html"
#: The plan of the alarm that shows what an apply would leave alone.
BLOCKED = "blocked.json"
#: What was blocked before a request, which a job of GitLab shows.
BEFORE = "before.md"


@dataclass(frozen=True, slots=True)
class Words:
    """How a host calls things: itself, a pull request, its number's sign, the way to start a run, and what to
    do about a plan that was made after the approval."""

    host: str
    request: str
    sign: str
    manual: str
    late: str

    def named(self, number: int) -> str:
        """A request by its number."""
        return f"{self.request} {self.sign}{number}"


@dataclass(frozen=True, slots=True)
class Job:
    """The job that runs.

    `kind`: "request" (a pull request), "queue" (a merge queue or train), "merge" (a push to the branch that
    is applied), "manual", or "other". `head` is the last commit of the request's branch, else the job's
    commit; `base` the branch to merge into, else the job's. `run` is the URL of the run, `name` that of the
    pipelines. `before` is the commit that the branch was at before the push, empty if that is not known.
    """

    kind: Kind
    number: int | None
    head: str
    base: str
    run: str
    name: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A merged request: the last commit of its branch, and whether that is in another repository."""

    number: int
    head: str
    fork: bool
    merged_at: datetime | None


@dataclass(frozen=True, slots=True)
class Made:
    """A plan that a run kept: when, and where `Host.read` finds it. `run` names the run for people."""

    at: datetime
    run: str
    place: str
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Approvals:
    """Whether a request was approved, the time of the last approval, and who gave it.

    `at` is None if it was not approved, or if the host does not say when (`known` is false).
    """

    at: datetime | None = None
    who: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment or an issue of ours; `id` is the number of an issue."""

    id: int
    body: str


class Host(Protocol):
    """What a job asks its host. Every method raises CampaignctlError if the host does not answer."""

    words: Words
    repository: str
    # Whether the job has what it takes to comment.
    comments_here: bool
    # How many characters of a plan an issue has room for.
    issue_room: int

    @property
    def job(self) -> Job:
        """The job that runs."""

    def remote(self) -> str | None:
        """The address of the repository that a request is merged into, if the job runs in another one."""

    def merged(self, commit: str, base: str) -> list[Request]:
        """The merged requests that brought a commit to a branch."""

    def plans(self, request: Request) -> list[Made]:
        """The plans that runs for the head of a request made, by runs of this repository."""

    def read(self, made: Made) -> tuple[dict[str, Any], str] | None:
        """What a plan's run says about it, and the plan's text; None if it is gone."""

    def approvals(self, number: int) -> Approvals:
        """Whether and when a request was approved."""

    def was_judged(self, commit: str, base: str) -> bool:
        """Whether the apply for a push to a branch ended by itself: it was not canceled, skipped or lost."""

    def is_rerun(self) -> bool:
        """Whether a person ran this job again."""

    def asks_reviewers(self, environment: str) -> bool:
        """Whether a job for an environment waits for a reviewer."""

    def approved_by(self, environment: str) -> str:
        """Who let this job for an environment begin; empty if the host does not say."""

    def head_of(self, number: int) -> str:
        """The last commit of a request's branch, as it is now."""

    def comments(self, number: int) -> Iterator[Comment]:
        """Our own comments on a request."""

    def write_comment(self, number: int, comment: int | None, body: str) -> None:
        """Replace a comment, or write a new one."""

    def show_before(self, count: int, text: str) -> None:
        """Show as a status of its own how many campaigns were blocked before a request; 0: none now."""

    def issues(self) -> Iterator[Comment]:
        """Our own open issues, the oldest first."""

    def said(self, issue: int) -> Iterator[Comment]:
        """Our own comments on an issue, the oldest first."""

    def write_issue(
        self, issue: int | None, title: str = "", body: str = "", *, said: str = "", closed: bool = False
    ) -> None:
        """Open an issue, or write a new title and text; `said` is added as a comment, `closed` closes it."""


def when(text: str | None) -> datetime | None:
    """The time of an answer, `2026-11-26T12:00:00.000Z`."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
