"""Approval: when `apply` asks, which answers count as yes, and the documents for scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from campaignctl.sandbox import Sandbox
from tests.cli.cli_process import Cli
from tests.e2e.harness import sms
from tests.golden import Golden

TOKEN = "a-token-that-is-never-shown"


@pytest.fixture
def account() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def shop(project: Cli, account: Sandbox) -> Cli:
    """A project with one draft, and an account to apply it to."""
    return project.with_env(OCAMBA_API_URL=account.url, OCAMBA_TOKEN=TOKEN)


def _recorded(shop: Cli) -> list[str]:
    return shop("state", "list").out.split()


def test_yes_approves(shop: Cli) -> None:
    done = shop.on_terminal("apply", typed="yes\n")
    assert done.status == 0, done.out
    assert "Enter a value:" in done.out
    assert "At the rate limit of the account it takes about 1 s." in done.out
    assert _recorded(shop) == ["push/welcome"]


@pytest.mark.parametrize("answer", ["no\n", "N\n", "\n", "\x04"])
def test_no_or_nothing_ends_the_question_at_once(shop: Cli, answer: str) -> None:
    done = shop.on_terminal("apply", typed=answer)
    assert done.status == 1, done.out
    assert (done.out.count("Enter a value:"), done.out.count("Only 'yes' counts")) == (1, 0)
    assert _recorded(shop) == []


def test_another_answer_is_told_what_counts_and_is_asked_again(shop: Cli) -> None:
    done = shop.on_terminal("apply", typed="JA\nyes\n")
    assert done.status == 0, done.out
    assert (done.out.count("Enter a value:"), done.out.count("Only 'yes' counts")) == (2, 1)
    assert _recorded(shop) == ["push/welcome"]


def test_a_question_takes_three_answers(shop: Cli) -> None:
    done = shop.on_terminal("apply", typed="y\nYes\nYES\nyes\n")
    assert done.status == 1, done.out
    assert (done.out.count("Enter a value:"), done.out.count("Only 'yes' counts")) == (3, 3)
    assert _recorded(shop) == []


def test_an_approval_after_the_plan_expired_does_nothing(shop: Cli) -> None:
    project = shop.cwd / "campaignctl.yaml"
    project.write_text(re.sub(r"max_plan_age: \S+", "max_plan_age: 2s", project.read_text()))
    (shop.cwd / "now.yaml").write_text(sms("Now", run_immediately=True))
    done = shop.on_terminal("apply", typed="yes\n", answer_after=3)
    assert done.status == 1, done.out
    assert "and the answer came later" in done.out
    assert _recorded(shop) == []


def test_a_signal_during_the_question_changes_nothing(shop: Cli) -> None:
    done = shop.on_terminal("apply", interrupt_at="Enter a value:")
    assert done.status == 130, done.out
    assert _recorded(shop) == []
    assert shop("apply", "--auto-approve").status == 0


def test_an_empty_plan_needs_no_answer(shop: Cli) -> None:
    assert shop("apply", "--auto-approve").status == 0
    done = shop.on_terminal("apply")
    assert done.status == 0
    assert "Enter a value:" not in done.out


def test_a_script_reads_one_outcome_document(shop: Cli) -> None:
    done = shop("apply", "--auto-approve", "--format", "json")
    assert done.status == 0, done.err
    document = done.document
    assert document["result"] == "done"
    assert [(change["key"], change["outcome"]) for change in document["changes"]] == [
        ("push/welcome", "done")
    ]
    assert "push/welcome" in done.err


def test_a_saved_plan_is_applied_without_a_question(shop: Cli) -> None:
    assert shop("plan", "-o", "plan.json", "--detailed-exitcode").status == 2
    assert shop("apply", "plan.json").status == 0
    assert shop("plan", "--detailed-exitcode").status == 0
    again = shop("apply", "plan.json", "--format", "json")
    assert (again.status, again.document["result"]) == (1, "refused")


def test_a_plan_comes_through_a_pipe(shop: Cli) -> None:
    planned = shop("plan", "-o", "-")
    assert shop("apply", "-", stdin=planned.out).status == 0


def test_destroy_asks_for_approval_too(shop: Cli) -> None:
    assert shop("apply", "--auto-approve").status == 0
    assert shop.on_terminal("destroy", typed="no\n").status == 1
    assert shop.on_terminal("destroy", typed="yes\n").status == 0
    assert _recorded(shop) == []


def test_status_and_state_show_what_was_created(shop: Cli, golden: Golden) -> None:
    assert shop("apply", "--auto-approve").status == 0
    assert "push/welcome" in shop("status").out
    rows: list[dict[str, Any]] = shop("status", "--format", "json").document["campaigns"]
    assert [(row["key"], row["status"], row["drift"]) for row in rows] == [("push/welcome", "draft", [])]
    assert "push/welcome" in shop("show").out
    assert shop("show", "--format", "json").document["serial"] > 0
    assert '"id"' in shop("state", "show", "push/welcome").out
    golden("similar key", shop("state", "show", "push/welcom").err)


def test_the_state_can_be_repaired(shop: Cli) -> None:
    assert shop("apply", "--auto-approve").status == 0
    saved = shop("state", "pull")
    assert shop("state", "mv", "push/welcome", "push/hello").status == 0
    assert _recorded(shop) == ["push/hello"]
    assert shop("state", "push", "-", stdin=saved.out).status == 1
    assert shop("state", "push", "-", "--force", stdin=saved.out).status == 0
    assert _recorded(shop) == ["push/welcome"]
    assert shop("state", "rm", "push/welcome").status == 0
    assert _recorded(shop) == []
    assert shop("state", "unlock", "nobody").status == 1


def test_the_log_names_requests_and_never_the_token(shop: Cli) -> None:
    assert "HTTP" not in shop("plan").err
    done = shop("-v", "apply", "--auto-approve")
    assert done.status == 0, done.err
    requests = [line for line in done.err.splitlines() if "HTTP Request" in line]
    assert [line.split()[2] for line in requests].count("POST") == 1
    assert all("/v1/hood/campaigns" in line for line in requests)
    assert TOKEN not in done.out + done.err
    files = [path for path in shop.cwd.rglob("*") if path.is_file()]
    assert all(TOKEN not in path.read_text() for path in files)


def test_the_question_says_what_was_not_shown_and_the_command_that_shows_it(shop: Cli) -> None:
    long = "\n".join(map(str, range(60)))
    (shop.cwd / "long.yaml").write_text(sms("Long", description=long))
    done = shop.on_terminal("apply", "--target", "l*", typed="no\n")
    assert done.status == 1, done.out
    question = done.out.split("Do you want", 1)[1].replace("\r", "")
    assert "  1 value above is not shown in full." in question
    assert "\n    campaignctl plan --target 'l*' --full\n" in question
    assert "| 59\n" in shop("plan", "--target", "l*", "--full").out
    assert "not shown in full" not in shop.on_terminal("apply", "--target", "push/*", typed="no\n").out
