"""The commit that an apply is compared with: what is blocked there was said by a run before this one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from campaignctl.backends.git.command import enclosing
from campaignctl.cli.hosts.gather import Gathering
from campaignctl.cli.hosts.github import GitHub
from campaignctl.cli.hosts.gitlab import GitLab
from campaignctl.state.ledger import HistoryEntry
from tests.backends.git_place import git
from tests.ci import github_api, gitlab_api
from tests.ci.github_api import REPOSITORY

APPLY = "campaigns:apply"


def run(conclusion: str | None, **other: Any) -> dict[str, Any]:
    """A run of GitHub for the push of a commit."""
    path = ".github/workflows/campaigns.yml"
    known = {"event": "push", "path": path, "head_sha": "a1", "head_branch": "main", "conclusion": conclusion}
    return {**known, **other}


@pytest.mark.parametrize(
    ("runs", "judged"),
    [
        ([], False),
        ([run("success")], True),
        ([run("failure")], True),
        ([run("cancelled"), run("failure")], True),
        ([run("cancelled")], False),
        ([run("skipped")], False),
        ([run(None)], False),
        ([run("success", head_branch="other")], False),
        ([run("success", event="schedule")], False),
    ],
)
def test_github_says_whether_the_run_of_a_push_has_ended(
    tmp_path: Path, runs: list[dict[str, Any]], judged: bool
) -> None:
    api = github_api.Api(tmp_path)
    api.save({"runs": runs})
    with github_api.served(api) as address:
        host = GitHub(
            {
                "GITHUB_API_URL": address,
                "GITHUB_REPOSITORY": REPOSITORY,
                "GITHUB_TOKEN": github_api.TOKEN,
                "GITHUB_WORKFLOW_REF": f"{REPOSITORY}/.github/workflows/campaigns.yml@refs/heads/main",
            }
        )
        assert host.was_judged("a1", "main") is judged


@pytest.mark.parametrize(
    ("job", "pipeline", "judged"),
    [
        ({"name": APPLY, "status": "success"}, {}, True),
        ({"name": APPLY, "status": "failed"}, {}, True),
        ({"name": APPLY, "status": "canceled"}, {}, False),
        ({"name": APPLY, "status": "skipped"}, {}, False),
        ({"name": APPLY, "status": "running"}, {}, False),
        ({"name": "lint", "status": "success"}, {}, False),
        ({"name": APPLY, "status": "success"}, {"ref": "other"}, False),
        ({"name": APPLY, "status": "success"}, {"source": "web"}, False),
        ({"name": APPLY, "status": "success"}, {"sha": "b2"}, False),
    ],
)
def test_gitlab_says_whether_the_apply_of_a_push_has_ended(
    tmp_path: Path, job: dict[str, Any], pipeline: dict[str, Any], judged: bool
) -> None:
    api = gitlab_api.Api(tmp_path)
    api.of_branches = [{"id": 5, "sha": "a1", "ref": "main", "source": "push", **pipeline}]
    api.jobs[5] = [job]
    with gitlab_api.served(api) as address:
        assert gitlab(address, "a1").was_judged("a1", "main") is judged


def gitlab(address: str, commit: str, before: str = "") -> GitLab:
    return GitLab(
        {
            "CI_API_V4_URL": address,
            "CI_PROJECT_ID": str(gitlab_api.PROJECT),
            "CI_COMMIT_SHA": commit,
            "CI_COMMIT_BRANCH": "main",
            "CI_COMMIT_BEFORE_SHA": before,
            "CI_PIPELINE_SOURCE": "push",
            "CAMPAIGNS_TOKEN": gitlab_api.TOKEN,
        }
    )


@pytest.mark.parametrize(
    ("applied", "ran", "expected"),
    [
        # Five commits, 0 to 4; the push brought the last one.
        ((), (), None),
        ((), (3,), 3),
        ((), (1, 2), 2),
        ((1,), (), 1),
        ((1,), (0,), 1),
        ((1,), (2,), 2),
        ((3,), (2,), 3),
        ((1, 4), (), 1),
    ],
)
def test_an_apply_is_compared_with_the_last_commit_that_one_has_judged(
    tmp_path: Path, applied: tuple[int, ...], ran: tuple[int, ...], expected: int | None
) -> None:
    work, remote = tmp_path / "work", tmp_path / "remote.git"
    work.mkdir()
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    git(work, "init", "--quiet", "--initial-branch=main")
    git(work, "remote", "add", "origin", f"file://{remote}")
    commits = []
    for number in range(5):
        git(work, "commit", "--quiet", "--allow-empty", "-m", str(number))
        commits.append(git(work, "rev-parse", "HEAD").decode().strip())
    git(work, "push", "--quiet", "origin", "main")
    api = gitlab_api.Api(tmp_path)
    for number in ran:
        api.of_branches.append({"id": number, "sha": commits[number], "ref": "main", "source": "push"})
        api.jobs[number] = [{"name": APPLY, "status": "failed"}]
    history = [
        HistoryEntry(
            str(number), "2036-03-22T00:00:00Z", "apply", "kim", "host", commits[number], "1", "p", {}
        )
        for number in applied
    ]
    with gitlab_api.served(api) as address:
        host = gitlab(address, commits[4], commits[3])
        Gathering(host, enclosing(work, {"PATH": "/usr/bin:/bin"}), ".", tmp_path / "found", print).run(
            history
        )
    against = (tmp_path / "found" / "against").read_text()
    assert against == ("" if expected is None else commits[expected])
