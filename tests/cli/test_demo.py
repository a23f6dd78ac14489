"""`demo`: the whole story, without a terminal, a token or an account of anybody's."""

from __future__ import annotations

import re

import pytest

from tests.cli.cli_process import ROOT, Cli


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
    done = told("demo")
    assert done.status == 0, done.err
    for shown in (
        "$ campaignctl plan -o plan.json\n",
        "Plan: 11 to create.",
        "$ campaignctl apply plan.json\n",
        "$ campaignctl plan\n",
        "$ campaignctl apply --auto-approve\n",
        "campaignctl init",
    ):
        assert shown in done.out
    assert done.out.index("No changes") > done.out.index("apply plan.json")
    assert "the-users-own-token" not in done.out + done.err
    assert list(told.cwd.iterdir()) == []


def comparable(text: str) -> str:
    """A text without what differs from run to run: the port, an id, how far away 2036 is."""
    return re.sub(r"127\.0\.0\.1:\d+|\(\d{7}\)|in \d+ years?", "…", text)


def test_the_readme_shows_what_it_prints(told: Cli) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```console\n(\$ campaignctl plan\n.*?)```", readme, flags=re.DOTALL)
    assert comparable(shown) in comparable(told("demo").out)
