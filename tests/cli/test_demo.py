"""`demo`: from the first plan to the last, without a terminal, a token or an account."""

from __future__ import annotations

import re

import pytest

from campaignctl.cli.commands import demo
from tests.cli.cli_process import Cli

COLUMNS = 80


@pytest.fixture
def told(cli: Cli) -> Cli:
    return cli.with_env(
        TMPDIR=str(cli.cwd),
        OCAMBA_TOKEN="the-users-own-token",
        OCAMBA_API_URL="https://api.invalid",
        CAMPAIGNCTL_ENV="staging",
        CAMPAIGNCTL_PROJECT="/nowhere",
    )


def test_it_plans_applies_changes_applies_again_and_leaves_nothing_behind(told: Cli) -> None:
    done = told.with_env(COLUMNS=str(COLUMNS))("demo")
    assert done.status == 0, done.err
    for shown in (
        "$ campaignctl preview push/spring-launch\n",
        "more lines, not shown here ...\n",
        "$ campaignctl plan -o plan.json\n",
        "Plan: 11 to create.",
        "$ campaignctl apply plan.json\n",
        "$ campaignctl plan\n",
        "$ campaignctl apply --auto-approve\n",
        "campaignctl init",
    ):
        assert shown in done.out
    assert done.out.index("No changes") > done.out.index("apply plan.json")
    preview = done.out[done.out.index("$ campaignctl preview") : done.out.index("$ campaignctl plan")]
    assert max(map(len, preview.split("\n"))) <= COLUMNS
    assert re.search(r"a browser shows the account at http://127\.0\.0\.1:\d+$", done.out, re.MULTILINE)
    assert "the-users-own-token" not in done.out + done.err
    (left,) = told.cwd.rglob("*.html")
    assert f"The page is kept: {left}\n" in done.out
    page = left.read_text()
    assert page.startswith("<!doctype html>")
    assert "sms/april-reminder" in page
    assert "This SMS message is sent to you from Ocamba!" in page
    assert list(told.cwd.iterdir()) == [left.parent]


def test_its_own_words_fit_a_terminal() -> None:
    said = [text for text in vars(demo).values() if isinstance(text, str) and text.startswith("\n    ")]
    assert len(said) == 10
    lines = [line.removeprefix("    ") for text in said for line in text.split("\n")]
    assert [line for line in lines if len(line.format(url="http://127.0.0.1:65535")) > COLUMNS] == []
