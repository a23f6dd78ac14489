"""The drift alarm: one issue that is found again, kept up to date, and closed when nothing is found."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from campaignctl.cli.hosts.alarm import report_alarm
from campaignctl.cli.hosts.github import GitHub
from campaignctl.cli.hosts.gitlab import GitLab
from campaignctl.cli.hosts.report import Page
from tests.ci import github_api, gitlab_api

DRIFT = {"key": "push/spring", "id": "1", "diff": [], "at": "2036-03-22T10:00:00Z", "reason": "renamed"}
BLOCKED = {
    "key": "sms/flash",
    "id": None,
    "status": "sent",
    "reason": "already sent",
    "hint": "run apply once",
}


class Alarm:
    """An alarm on a host with a stand-in for its API; `issues` are ours, with their comments."""

    def __init__(
        self,
        folder: Path,
        api: github_api.Api | gitlab_api.Api,
        host: type[GitHub | GitLab],
        environ: dict[str, str],
        issues: Callable[[], list[dict[str, Any]]],
    ) -> None:
        self.folder, self.api, self.issues = folder / "found", api, issues
        self._host, self.environ = host, environ
        self.log: list[str] = []

    def rings(self, *drift: dict[str, Any], blocked: tuple[dict[str, Any], ...] = (), **environ: str) -> int:
        self.finds(*drift, blocked=blocked)
        return self.again(**environ)

    def finds(self, *drift: dict[str, Any], blocked: tuple[dict[str, Any], ...] = ()) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "plan.json").write_text(json.dumps({"drift": drift, "blocked": []}))
        (self.folder / "plan.md").write_text("The drift\n")
        (self.folder / "blocked.json").write_text(json.dumps({"blocked": blocked}))

    def again(self, **environ: str) -> int:
        self.log = []
        host = self._host({**self.environ, **environ})
        return report_alarm(host, Page(self.log.append, {}, self.log.append), self.folder)

    def dies(self, asked: str) -> None:
        """A run of what the last one found, killed before a request arrives."""
        words = [sys.executable, "-P", "-m", "campaignctl", "ci", "report", str(self.folder), "--alarm"]
        environ = {**os.environ, **self.environ}
        with subprocess.Popen(words, env=environ, stdout=subprocess.DEVNULL) as process:

            def kills(said: str) -> bool:
                if found := bool(re.match(asked, said)):
                    process.kill()
                return found

            self.api.loses = kills
        self.api.loses = lambda said: False
        assert process.returncode == -signal.SIGKILL


@contextmanager
def on_github(folder: Path) -> Iterator[Alarm]:
    api = github_api.Api(folder)
    pull = {
        "number": 3,
        "user": github_api.BOT,
        "body": "<!-- campaigns alarm x -->",
        "state": "open",
        "pull_request": {},
    }
    # Someone else's issue with our mark is not ours.
    other = {"number": 4, "user": {"login": "mallory"}, "body": "<!-- campaigns alarm x -->", "state": "open"}
    api.save({"next": 100, "issues": [pull, other], "comments": {}})

    def issues() -> list[dict[str, Any]]:
        hub = api.load()
        return [
            {**each, "comments": [one["body"] for one in hub["comments"].get(str(each["number"]), [])]}
            for each in hub["issues"][2:]
        ]

    with github_api.served(api) as address:
        environ = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": address,
            "GITHUB_REPOSITORY": github_api.REPOSITORY,
            "GITHUB_RUN_ID": "5",
            "GITHUB_TOKEN": github_api.TOKEN,
        }
        yield Alarm(folder, api, GitHub, environ, issues)


@contextmanager
def on_gitlab(folder: Path) -> Iterator[Alarm]:
    other = {
        "iid": 4,
        "author": {"id": 1},
        "title": "",
        "description": "<!-- campaigns alarm x -->",
        "state": "opened",
    }
    api = gitlab_api.Api(folder, issues=[other])

    def issues() -> list[dict[str, Any]]:
        states = {"opened": "open", "closed": "closed"}
        return [
            {
                **each,
                "body": each["description"],
                "state": states[each["state"]],
                "comments": [note["body"] for note in each["notes"]],
            }
            for each in api.issues[1:]
        ]

    with gitlab_api.served(api) as address:
        environ = {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": address,
            "CI_PROJECT_ID": str(gitlab_api.PROJECT),
            "CI_COMMIT_SHA": "a1",
            "CI_JOB_URL": "https://gitlab.example/job",
            "CAMPAIGNS_TOKEN": gitlab_api.TOKEN,
        }
        yield Alarm(folder, api, GitLab, environ, issues)


@pytest.fixture(params=[on_github, on_gitlab], ids=["github", "gitlab"])
def alarm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Alarm]:
    with request.param(tmp_path) as known:
        yield known


def test_drift_opens_one_issue_that_later_runs_keep_up_to_date(alarm: Alarm) -> None:
    assert alarm.rings(DRIFT) == 1
    assert any("The account differs from what was applied: push/spring." in line for line in alarm.log)
    (issue,) = alarm.issues()
    assert issue["title"] == "campaigns: 1 campaign not as applied"
    assert "The drift" in issue["body"]
    # The same again is no news; the time of the last change is not what was found.
    assert alarm.rings({**DRIFT, "at": None}) == 1
    (issue,) = alarm.issues()
    assert issue["comments"] == []
    assert alarm.rings(DRIFT, {**DRIFT, "key": "push/summer"}) == 1
    (issue,) = alarm.issues()
    assert issue["title"] == "campaigns: 2 campaigns not as applied"
    assert issue["state"] == "open"
    (said,) = issue["comments"]
    assert "\nWhat differs has changed: 2 campaigns not as applied." in said


def test_the_issue_is_closed_when_the_account_agrees_again(alarm: Alarm) -> None:
    alarm.rings(DRIFT)
    assert alarm.rings() == 0
    (issue,) = alarm.issues()
    assert issue["state"] == "closed"
    assert "\nThe account agrees with what was applied" in issue["comments"][-1]
    assert alarm.rings() == 0
    assert len(alarm.issues()[0]["comments"]) == 1
    alarm.rings(DRIFT)
    assert [each["state"] for each in alarm.issues()] == ["closed", "open"]


def test_what_is_blocked_rings_too_and_says_what_lifts_it(alarm: Alarm) -> None:
    assert alarm.rings(blocked=(BLOCKED,)) == 1
    (issue,) = alarm.issues()
    assert issue["title"] == "campaigns: 1 campaign blocked"
    assert "| `sms/flash` | `already sent: run apply once` |" in issue["body"]
    assert "The drift" not in issue["body"]
    assert not any("The account differs" in line for line in alarm.log)


def test_a_table_is_cut_to_what_an_issue_holds(alarm: Alarm) -> None:
    many = tuple({**BLOCKED, "key": f"sms/{number:03}", "reason": "x " * 200} for number in range(100))
    alarm.rings(blocked=many)
    (issue,) = alarm.issues()
    assert len(issue["body"]) < 16_000
    assert " more (cut: " in issue["body"][-80:]


def test_two_environments_have_an_issue_each(alarm: Alarm) -> None:
    alarm.rings(DRIFT)
    alarm.rings(DRIFT, CAMPAIGNS_NAME="campaigns-staging")
    assert [each["title"].partition(":")[0] for each in alarm.issues()] == ["campaigns", "campaigns-staging"]
    alarm.rings()
    assert [each["state"] for each in alarm.issues()] == ["closed", "open"]


def test_without_a_token_for_the_account_there_is_no_alarm(alarm: Alarm) -> None:
    assert alarm.again() == 0
    assert (alarm.issues(), alarm.log) == ([], [])


def test_gitlab_without_its_token_says_so_only_where_there_is_something_to_say(tmp_path: Path) -> None:
    with on_gitlab(tmp_path) as alarm:
        assert alarm.rings(CAMPAIGNS_TOKEN="") == 0
        assert not any("No issue" in line for line in alarm.log)
        assert alarm.rings(DRIFT, CAMPAIGNS_TOKEN="") == 1
        assert any("CAMPAIGNS_TOKEN is not set" in line for line in alarm.log)


def test_an_issue_that_cannot_be_written_is_a_warning_and_the_job_stays_red(alarm: Alarm) -> None:
    alarm.environ |= {"GITHUB_TOKEN": "expired", "CAMPAIGNS_TOKEN": "expired"}
    assert alarm.rings(DRIFT) == 1
    assert any("No issue: " in line and "answered 401" in line for line in alarm.log)
    assert alarm.rings() == 0


_CHANGES = r"(PATCH|PUT) .*/issues/\d+$"


def test_a_run_that_dies_before_it_closes_the_issue_is_finished_by_the_next(alarm: Alarm) -> None:
    alarm.rings(DRIFT)
    alarm.finds()
    alarm.dies(_CHANGES)
    (issue,) = alarm.issues()
    assert issue["state"] == "open"
    assert "\nThe account agrees" in issue["comments"][-1]
    alarm.again()
    (issue,) = alarm.issues()
    assert (issue["state"], len(issue["comments"])) == ("closed", 1)


def test_a_run_that_dies_before_it_closes_the_issue_is_corrected_by_the_next_drift(alarm: Alarm) -> None:
    alarm.rings(DRIFT)
    alarm.finds()
    alarm.dies(_CHANGES)
    alarm.rings(DRIFT)
    (issue,) = alarm.issues()
    assert issue["state"] == "open"
    assert "\nWhat differs has changed: 1 campaign not as applied." in issue["comments"][-1]


def test_a_run_that_dies_before_it_writes_what_changed_is_finished_by_the_next(alarm: Alarm) -> None:
    alarm.rings(DRIFT)
    alarm.finds(DRIFT, {**DRIFT, "key": "push/summer"})
    alarm.dies(_CHANGES)
    assert alarm.issues()[0]["title"] == "campaigns: 1 campaign not as applied"
    alarm.again()
    (issue,) = alarm.issues()
    assert issue["title"] == "campaigns: 2 campaigns not as applied"
    assert len(issue["comments"]) == 1
