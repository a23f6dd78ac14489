"""Where a comment's links lead, by what the host says of its job."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from campaignctl.cli.hosts.links import manifest_links

_HEAD = "c0ffee" * 6 + "c0ff"


@pytest.fixture
def github(tmp_path: Path) -> dict[str, str]:
    event = tmp_path / "event.json"
    event.write_text(
        json.dumps({"pull_request": {"number": 7, "head": {"sha": _HEAD}, "base": {"ref": "main"}}})
    )
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "acme/crm",
        "GITHUB_SERVER_URL": "https://git.example",
        "GITHUB_SHA": "0" * 40,
        "GITHUB_WORKSPACE": str(tmp_path / "work"),
        "GITHUB_TOKEN": "t",
        "GITHUB_API_URL": "https://git.example/api",
    }


def test_on_github_a_line_of_the_head_commit(github: dict[str, str], tmp_path: Path) -> None:
    link = manifest_links(github, tmp_path)
    assert link("work/a b/x#y.yaml:3:7") == f"https://git.example/acme/crm/blob/{_HEAD}/a%20b/x%23y.yaml#L3"
    assert link(f"{tmp_path}/work/a.yaml") == f"https://git.example/acme/crm/blob/{_HEAD}/a.yaml#L1"


def test_on_gitlab_a_line_of_the_source_branch(tmp_path: Path) -> None:
    environ = {
        "GITLAB_CI": "true",
        "CI_PROJECT_DIR": str(tmp_path),
        "CI_PROJECT_URL": "https://git.example/acme/crm",
        "CI_PROJECT_ID": "1",
        "CI_PROJECT_PATH": "acme/crm",
        "CI_API_V4_URL": "https://git.example/api/v4",
        "CI_COMMIT_SHA": _HEAD,
    }
    assert (
        manifest_links(environ, tmp_path)("a.yaml:1:1")
        == f"https://git.example/acme/crm/-/blob/{_HEAD}/a.yaml#L1"
    )


def test_elsewhere_and_outside_of_the_repository_there_is_none(
    github: dict[str, str], tmp_path: Path
) -> None:
    assert manifest_links({}, tmp_path)("work/a.yaml:1:1") == ""
    assert manifest_links({"GITHUB_WORKSPACE": str(tmp_path)}, tmp_path)("work/a.yaml:1:1") == ""
    for outside in ("a.yaml:1:1", "work/../a.yaml:1:1", "/etc/passwd", ""):
        assert manifest_links(github, tmp_path)(outside) == ""


def test_a_name_of_a_file_cannot_end_the_address(github: dict[str, str], tmp_path: Path) -> None:
    link, at = manifest_links(github, tmp_path), f"https://git.example/acme/crm/blob/{_HEAD}"
    assert link("work/a:3) [x](https://evil.example).yaml:4:1") == (
        f"{at}/a%3A3%29%20%5Bx%5D%28https%3A/evil.example%29.yaml#L4"
    )
    assert link("work/a:5:4:1") == f"{at}/a%3A5#L4"
    assert link("work/a:x") == f"{at}/a%3Ax#L1"
    assert link("work/\udc80:4:1") == f"{at}/%3F#L4"
    assert link("work/\ud800:4:1") == ""
    assert link("work/\0:4:1") == ""


def test_the_workspace_may_be_a_link(github: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "short").symlink_to("work")
    github["GITHUB_WORKSPACE"] = str(tmp_path / "short")
    assert manifest_links(github, tmp_path / "short")("a.yaml:3:7").endswith("/a.yaml#L3")
