"""`demo`: from the first plan to the last, without a terminal, a token or an account."""

from __future__ import annotations

import pytest

from tests.cli.cli_process import Cli


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
