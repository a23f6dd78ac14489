"""Who approved the plan of a manual run, as the host says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from campaignctl.cli.hosts.gather import read_requests, save_approval
from campaignctl.cli.hosts.github import GitHub
from campaignctl.cli.hosts.gitlab import GitLab
from campaignctl.errors import CampaignctlError
from campaignctl.state.ledger import ReviewedRequest
from tests.ci.github_api import REPOSITORY, TOKEN, Api, served

RUN = f"https://github.com/{REPOSITORY}/actions/runs/5"


def review(who: str, state: str = "approved", environment: str = "campaigns") -> dict[str, Any]:
    return {"state": state, "user": {"login": who}, "environments": [{"name": environment}]}


def approved(folder: Path, *reviews: dict[str, Any], reviewers: bool = True) -> ReviewedRequest:
    api = Api(folder)
    rules = [{"type": "required_reviewers"}] if reviewers else []
    environments = {"campaigns": {"protection_rules": rules}}
    api.save({"environments": environments, "approvals": {"5": list(reviews)}})
    with served(api) as address:
        environ = {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_RUN_ID": "5"}
        save_approval(folder / "plan", GitHub({**environ, "GITHUB_TOKEN": TOKEN}), "campaigns")
    (found,) = read_requests(folder / "plan")
    return found


def test_the_reviewers_of_this_environment_are_named(tmp_path: Path) -> None:
    others = review("ann", "rejected"), review("bob", environment="production")
    assert approved(tmp_path, *others, review("rita"), review("kim")) == ReviewedRequest(RUN, "rita, kim")


def test_where_the_host_names_no_one_there_is_no_name(tmp_path: Path) -> None:
    assert approved(tmp_path) == ReviewedRequest(RUN, None)


def test_without_required_reviewers_nothing_is_noted(tmp_path: Path) -> None:
    with pytest.raises(CampaignctlError, match="no required reviewers"):
        approved(tmp_path, reviewers=False)
    assert not (tmp_path / "plan").exists()


def test_gitlab_says_who_started_the_job(tmp_path: Path) -> None:
    environ = {
        "CI_API_V4_URL": "http://127.0.0.1:9",
        "CI_PROJECT_ID": "42",
        "CI_COMMIT_SHA": "a1",
        "CI_JOB_URL": "https://gitlab.example/job/7",
        "GITLAB_USER_LOGIN": "kim",
    }
    save_approval(tmp_path, GitLab(environ), "campaigns")
    assert json.loads((tmp_path / "requests.json").read_text()) == [
        {"request": "https://gitlab.example/job/7", "approved_by": "kim"}
    ]


@pytest.mark.parametrize("text", ["[" * 100_000, "[1]", "[{}]", "3", "{"])
def test_a_file_of_requests_that_is_none_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "requests.json").write_text(text)
    with pytest.raises(CampaignctlError, match=r"requests\.json cannot be read"):
        read_requests(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        '[{"request": "o/r#1", "approved_by": 3}]',
        '[{"request": 1, "approved_by": "ann"}]',
        '[{"request": "o/r#1", "approved_by": ["ann"]}]',
        '[{"approved_by": "ann"}]',
        '["o/r#1"]',
        '{"request": "o/r#1"}',
        "3",
    ],
)
def test_requests_that_a_state_cannot_hold_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "requests.json").write_text(text)
    with pytest.raises(CampaignctlError, match=r"requests\.json cannot be read"):
        read_requests(tmp_path)
