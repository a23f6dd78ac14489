"""A plan is made of what a merge would make now, whenever its run was started."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaignctl.backends.git.command import enclosing
from campaignctl.cli.hosts.gather import prepare
from campaignctl.cli.hosts.gitlab import GitLab
from campaignctl.errors import CampaignctlError
from tests.backends.git_place import git

NOW = datetime(2036, 3, 22, tzinfo=UTC)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A clone on the branch `spring`, one commit ahead of `main`, which has moved on since."""
    work, remote = tmp_path / "work", tmp_path / "remote.git"
    work.mkdir()
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    git(work, "init", "--quiet", "--initial-branch=main")
    git(work, "remote", "add", "origin", f"file://{remote}")
    commit(work, "shared", "one")
    git(work, "branch", "spring")
    commit(work, "summer", "merged since")
    git(work, "push", "--quiet", "origin", "main")
    git(work, "checkout", "--quiet", "spring")
    return work


def commit(work: Path, name: str, text: str) -> None:
    (work / name).write_text(text)
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", name)


def prepared(work: Path, folder: Path, **more: str) -> GitLab:
    head = git(work, "rev-parse", "HEAD").decode().strip()
    environ = {
        "CI_PROJECT_ID": "42",
        "CI_API_V4_URL": "http://127.0.0.1:9",
        "CI_COMMIT_SHA": head,
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        **more,
    }
    host = GitLab(environ)
    prepare(host, enclosing(work, {}), folder, NOW, lambda _: None)
    return host


def test_the_newest_base_is_merged_and_what_is_planned_is_noted(work: Path, tmp_path: Path) -> None:
    commit(work, "spring", "new")
    host = prepared(work, tmp_path / "plan")
    assert (work / "summer").read_text() == "merged since"
    about = json.loads((tmp_path / "plan" / "about.json").read_text())
    tip = git(work, "rev-parse", "main").decode().strip()
    assert (about["number"], about["base"], about["kind"]) == (7, "main", "request")
    assert (about["head"], about["tip"]) == (host.job.head, tip)


def test_a_branch_that_conflicts_is_refused_and_left_as_it_was(work: Path, tmp_path: Path) -> None:
    commit(work, "summer", "mine")
    with pytest.raises(CampaignctlError, match="merge request !7 cannot be merged into main"):
        prepared(work, tmp_path / "plan")
    assert (work / "summer").read_text() == "mine"
    assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize("attribute", ["filter", "merge"])
def test_attributes_of_a_request_run_no_program_of_the_user(
    work: Path, tmp_path: Path, attribute: str
) -> None:
    """A user may have filters and merge drivers, as runners have those of LFS; a request chooses none."""
    commit(work, ".gitattributes", f"summer {attribute}=x\n")
    conflicts = attribute == "merge"
    if conflicts:
        commit(work, "summer", "mine")
    ran = tmp_path / "ran"
    for key in ("filter.x.smudge", "filter.x.clean", "filter.x.process", "merge.x.driver"):
        git(work, "config", key, f"touch {ran}; cat")
    git(work, "config", "filter.x.required", "true")
    with pytest.raises(CampaignctlError, match="cannot be merged") if conflicts else nullcontext():
        prepared(work, tmp_path / "plan")
    assert (work / "summer").read_text() == ("mine" if conflicts else "merged since")
    assert not ran.exists()


def test_a_plan_of_a_train_is_noted_as_one(work: Path, tmp_path: Path) -> None:
    prepared(work, tmp_path / "plan", CI_MERGE_REQUEST_EVENT_TYPE="merge_train")
    assert json.loads((tmp_path / "plan" / "about.json").read_text())["kind"] == "queue"
