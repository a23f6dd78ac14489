"""What a job shows of a plan or an outcome, and the status of its check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from campaignctl.cli.hosts.gather import Found, Gathered
from campaignctl.cli.hosts.github import GitHub
from campaignctl.cli.hosts.report import Page, report_outcome, report_plan
from campaignctl.errors import CampaignctlError


class Silent(GitHub):
    """Without a token to comment with."""

    comments_here = False


def host(event: str) -> GitHub:
    return Silent({"GITHUB_REPOSITORY": "acme/shop", "GITHUB_EVENT_NAME": event})


HOST = host("pull_request")
NO_PLAN = Found(1, "a1", "no plan", "Pull request #1 has no plan for a1.")
USED = Found(2, "b2", "used", "Pull request #2 was reviewed at b2.")


def blocked(status: str = "not reviewed", *, before: bool = False, reason: str = "why") -> dict[str, Any]:
    return {
        "key": "push/spring",
        "id": None,
        "status": status,
        "reason": reason,
        "hint": "do",
        "before": before,
    }


def page(folder: Path, log: list[str]) -> Page:
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "GITHUB_OUTPUT": str(folder / "output"),
    }
    return Page(log.append, environ, log.append)


def outcome(
    folder: Path, *requests: Found, result: str = "incomplete", left: tuple[dict[str, Any], ...] = ()
) -> tuple[int, str, str]:
    """The status, the log and the summary for an outcome."""
    done = {"key": "push/summer", "action": "create", "id": "1", "outcome": "done", "error": None}
    document = {"result": result, "changes": [done], "blocked": list(left), "objections": [], "next": []}
    (folder / "outcome.json").write_text(json.dumps({**document, "notes": []}))
    Gathered(None, requests).save(folder)
    log: list[str] = []
    status = report_outcome(HOST, page(folder, log), folder)
    return status, "\n".join(log), (folder / "summary").read_text()


def test_an_outcome_is_a_table(tmp_path: Path) -> None:
    status, log, summary = outcome(tmp_path, USED, result="done")
    assert (status, log) == (0, "")
    assert "### Outcome: Done" in summary
    assert "| `push/summer` | create | done |" in summary
    assert "- Pull request #2 was reviewed at b2." in summary


def test_no_request_is_said_only_where_there_is_none(tmp_path: Path) -> None:
    status, log, _ = outcome(tmp_path, left=(blocked(),))
    assert status == 1
    assert "::error title=Not reviewed::1 campaign left alone: push/spring. No pull request showed" in log
    _, log, _ = outcome(tmp_path, NO_PLAN, left=(blocked(),))
    assert "No pull request showed" not in log
    assert "::warning title=Plan not used::Pull request #1 has no plan for a1." in log
    _, log, _ = outcome(tmp_path, USED, left=(blocked(reason="it differs"),))
    assert "push/spring (it differs)" in log
    assert "Run workflow" in log


def test_what_was_blocked_before_is_a_warning(tmp_path: Path) -> None:
    status, log, _ = outcome(tmp_path, USED, result="done", left=(blocked(before=True),))
    assert status == 0
    assert "::warning title=Not reviewed::" in log
    assert "::error" not in log
    status, log, _ = outcome(tmp_path, USED, result="done", left=(blocked("sent", before=True),))
    assert (status, log) == (0, "::warning title=Blocked before::push/spring: left alone, as before.\n")


def test_an_apply_that_did_not_end_is_an_error(tmp_path: Path) -> None:
    log: list[str] = []
    assert report_outcome(HOST, page(tmp_path, log), tmp_path) == 1
    assert "::error title=Not applied::" in log[0]


def test_a_newer_commit_leaves_nothing_to_do(tmp_path: Path) -> None:
    Gathered(newer="c3").save(tmp_path)
    assert (tmp_path / "newer").read_text() == "c3"
    assert report_outcome(HOST, page(tmp_path, []), tmp_path) == 0


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("pull_request", "not by this pull request"),
        ("merge_group", "not by this pull request"),
        ("workflow_dispatch", "left alone, as before"),
    ],
)
def test_a_plan_says_whose_matter_it_is_not(tmp_path: Path, event: str, said: str) -> None:
    document = {"changes": [], "settings_changed": [], "objections": [], "blocked": [blocked(before=True)]}
    (tmp_path / "plan.json").write_text(json.dumps(document))
    log: list[str] = []
    assert report_plan(host(event), page(tmp_path, log), tmp_path, 0) == 0
    assert log == [f"::warning title=Blocked before::push/spring: {said}.\n"]


@pytest.mark.parametrize(
    ("plan", "status", "check", "changes"),
    [
        ({"changes": [1]}, 2, 0, True),
        ({"changes": [1]}, 1, 1, True),
        ({"changes": [1], "objections": [1]}, 1, 1, False),
        ({"changes": [], "settings_changed": [1]}, 2, 0, True),
        ({"changes": []}, 0, 0, False),
        (None, 1, 1, False),
    ],
)
def test_the_check_of_a_plan(
    tmp_path: Path, plan: dict[str, Any] | None, status: int, check: int, changes: bool
) -> None:
    if plan is not None:
        document = {"objections": [], "settings_changed": [], "blocked": [blocked(before=True)], **plan}
        (tmp_path / "plan.json").write_text(json.dumps(document))
        (tmp_path / "plan.md").write_text("The plan\n")
    log: list[str] = []
    assert report_plan(HOST, page(tmp_path, log), tmp_path, status) == check
    assert (tmp_path / "output").exists() is changes
    assert any("title=Blocked before::push/spring: not by this pull request." in line for line in log) is (
        plan is not None
    )


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"newer": null, "requests": [{"who": "kim"}], "without": []}']
)
def test_a_list_of_what_was_gathered_that_is_damaged_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "outcome.json").write_text("{}")
    (tmp_path / "gathered.json").write_text(text)
    with pytest.raises(CampaignctlError, match=r"gathered\.json cannot be read"):
        report_outcome(HOST, page(tmp_path, []), tmp_path)
