"""The one comment of a pull request: whose plan it shows, and what never replaces it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from campaignctl.cli.hosts.comment import comment
from campaignctl.cli.hosts.gather import Found, Gathered
from campaignctl.cli.hosts.github import GitHub
from campaignctl.cli.hosts.report import Page, report_outcome
from campaignctl.errors import CampaignctlError
from tests.ci.github_api import REPOSITORY, TOKEN, Api, served
from tests.ci.runner import ROOT

HEAD, OLD = "a1" * 20, "b2" * 20
NOW = datetime(2036, 3, 22, 12, tzinfo=UTC)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    known = Api(tmp_path)
    pull = {"number": 7, "head": {"sha": HEAD}, "base": {"ref": "main"}}
    known.save({"next": 100, "pulls": {"7": pull}, "comments": {}, "reviews": {}, "checks": []})
    with served(known):
        yield known


def commented(
    api: Api, *, head: str = HEAD, at: str = "2036-03-22T11:00:00Z", base: str = "main", **more: str
) -> list[str]:
    """The comments after a run of the job; `at` is when its plan was made, empty without a plan."""
    folder = api.hub / "plan"
    folder.mkdir(exist_ok=True)
    event = {"pull_request": {"number": 7, "head": {"sha": head}, "base": {"ref": base}}}
    (api.hub / "event.json").write_text(json.dumps(event))
    for name in ("about.json", "plan.md"):
        (folder / name).unlink(missing_ok=True)
    if at:
        about = {"head": head, "base": "main", "tip": OLD, "at": at}
        (folder / "about.json").write_text(json.dumps(about))
        (folder / "plan.md").write_text(f"The plan of {at}\n")
    environ = {
        "GITHUB_API_URL": api.address,
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(api.hub / "event.json"),
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_RUN_ID": "5",
        "GITHUB_TOKEN": TOKEN,
        **more,
    }
    comment(GitHub(environ), folder, NOW, lambda _: None)
    comments: list[dict[str, Any]] = api.load()["comments"].get("7", [])
    return [each["body"] for each in comments]


def approve(api: Api, submitted: str) -> None:
    """An approval at a time of the day."""
    review = {"state": "APPROVED", "author_association": "MEMBER", "user": {"login": "rita"}}
    hub = api.load()
    hub["reviews"]["7"] = [{**review, "submitted_at": f"2036-03-22T{submitted}Z"}]
    api.save(hub)


def test_it_names_the_commit_its_base_and_its_run(api: Api) -> None:
    (body,) = commented(api)
    assert f"Commit `{HEAD[:12]}`, merged into `main` at `{OLD[:12]}`" in body
    assert "/actions/runs/5" in body
    assert body.endswith("The plan of 2036-03-22T11:00:00Z\n")


def test_it_says_where_the_plan_is_as_a_page(api: Api) -> None:
    (body,) = commented(api)
    assert "plan.html" not in body
    (api.hub / "plan" / "plan.html").touch()
    (body,) = commented(api)
    assert (
        "/actions/runs/5), 2036-03-22T11:00:00Z; the plan as a page is `plan.html` in its artifact." in body
    )


def test_a_newer_plan_replaces_it(api: Api) -> None:
    commented(api)
    (body,) = commented(api, at="2036-03-22T11:30:00Z")
    assert "The plan of 2036-03-22T11:30:00Z" in body


def test_an_older_plan_of_the_commit_does_not(api: Api) -> None:
    before = commented(api, at="2036-03-22T11:30:00Z")
    assert commented(api) == before


def test_a_plan_of_an_older_commit_does_not(api: Api) -> None:
    before = commented(api)
    assert commented(api, head=OLD, at="2036-03-22T11:59:00Z") == before


def test_a_run_without_a_plan_says_so_and_gives_way_to_a_plan(api: Api) -> None:
    (body,) = commented(api, at="")
    assert f"**There is no plan for {HEAD}.**" in body
    (body,) = commented(api, at="2036-03-22T12:30:00Z")
    assert "The plan of" in body


def test_a_comment_of_the_version_before_is_replaced(api: Api) -> None:
    hub = api.load()
    hub["comments"]["7"] = [
        {"id": 1, "user": {"login": "github-actions[bot]"}, "body": "<!-- campaigns -->\nOld"}
    ]
    api.save(hub)
    (body,) = commented(api)
    assert "The plan of" in body


def test_the_longest_plan_fits_below_the_longest_head(api: Api) -> None:
    """GitHub refuses a comment of more than 65,536 characters."""
    approve(api, "11:00:00")
    (api.hub / "plan").mkdir()
    (api.hub / "plan" / "plan.html").touch()
    long = {"CAMPAIGNS_NAME": "campaigns-" + "e" * 100, "GITHUB_SERVER_URL": "https://" + "h" * 253}
    (body,) = commented(api, base="b" * 244, **long)
    assert "in the second of the approval" in body
    (limit,) = re.findall(r"--markdown-limit (\d+)", (ROOT / "action.yml").read_text())
    assert len(body) - len("The plan of 2036-03-22T11:00:00Z\n") + int(limit) <= 65_536


def test_pipelines_of_two_environments_have_a_comment_each(api: Api) -> None:
    commented(api, CAMPAIGNS_NAME="campaigns")
    assert len(commented(api, CAMPAIGNS_NAME="campaigns-staging")) == 2


@pytest.mark.parametrize(
    ("submitted", "late"),
    [
        ("10:59:59", "**This plan was made after the approval**"),
        ("11:00:00", "**This plan was made in the second of the approval**"),
        ("11:00:01", ""),
    ],
)
def test_a_plan_made_after_the_approval_says_so(api: Api, submitted: str, late: str) -> None:
    approve(api, submitted)
    (body,) = commented(api)
    assert late in body
    assert ("**This plan was made" in body) is bool(late)


def test_a_token_without_a_permission_names_it(api: Api) -> None:
    with pytest.raises(CampaignctlError) as raised:
        commented(api, GITHUB_TOKEN="other")
    assert "GITHUB_TOKEN: ${{ github.token }}" in raised.value.hint


def checked(api: Api, *before: bool) -> list[dict[str, Any]]:
    """The checks after a plan in which campaigns are blocked: before the request, or by it."""
    folder = api.hub / "plan"
    folder.mkdir(exist_ok=True)
    blocked = [
        {"key": f"push/{number}", "reason": "already sent", "hint": "run apply once", "before": known}
        for number, known in enumerate(before)
    ]
    (folder / "plan.json").write_text(json.dumps({"blocked": blocked}))
    commented(api)
    checks: list[dict[str, Any]] = api.load()["checks"]
    return checks


def test_what_was_blocked_before_is_a_neutral_check_of_its_own(api: Api) -> None:
    assert checked(api) == []
    (check,) = checked(api, True, False)
    assert (check["name"], check["head_sha"]) == ("campaigns: blocked before", HEAD)
    assert (check["status"], check["conclusion"]) == ("completed", "neutral")
    assert check["output"]["title"] == "1 campaign, not by this pull request"
    assert "| `push/0` | `already sent: run apply once` |" in check["output"]["summary"]
    assert "push/1" not in check["output"]["summary"]
    # Once it is lifted, a repeated run says so.
    assert [each["conclusion"] for each in checked(api, False)] == ["neutral", "success"]


def test_a_check_that_may_not_be_written_does_not_fail_the_comment(api: Api) -> None:
    hub = api.load()
    del hub["checks"]
    api.save(hub)
    (body,) = commented(api)
    assert "The plan of" in body


def told(api: Api, result: str, *, token: str = TOKEN) -> tuple[int, list[str], list[str]]:
    """The status, the log and the comments after the outcome of an apply of two requests."""
    folder = api.hub / "reviewed"
    folder.mkdir(exist_ok=True)
    Gathered(None, tuple(Found(number, HEAD, "used", "Reviewed.") for number in (7, 8, 7))).save(folder)
    outcome = {"result": result, "changes": [], "blocked": [], "objections": [], "next": [], "notes": []}
    (folder / "outcome.json").write_text(json.dumps(outcome))
    environ = {
        "GITHUB_API_URL": api.address,
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_RUN_ID": "5",
        "GITHUB_TOKEN": token,
        "GITHUB_ACTIONS": "true",
    }
    log: list[str] = []
    status = report_outcome(GitHub(environ), Page(log.append, environ, log.append), folder)
    return status, log, [each["body"] for number in "78" for each in api.load()["comments"].get(number, [])]


def test_each_merged_request_has_one_comment_with_the_outcome(api: Api) -> None:
    commented(api)
    told(api, "incomplete")
    status, _, (plan, seven, eight) = told(api, "done")
    assert status == 0
    assert "The plan of" in plan
    assert seven == eight
    assert "### Outcome: Done" in seven
    assert f"[Run](https://github.example/{REPOSITORY}/actions/runs/5)" in seven
    # A later plan of the request leaves it alone.
    assert commented(api, at="2036-03-22T11:30:00Z")[1] == seven


def test_an_outcome_that_cannot_be_posted_is_a_warning_and_no_failure(api: Api) -> None:
    status, log, comments = told(api, "done", token="expired")
    assert (status, comments) == (0, [])
    (warning,) = (line for line in log if line.startswith("::"))
    assert warning.startswith("::warning title=Outcome not posted::GitHub answered 401")
