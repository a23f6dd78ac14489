"""A team with a project, its pipelines and an account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.control import Control
from tests.ci import github_api
from tests.ci.github_host import GitHub
from tests.ci.gitlab_api import TOKEN, Api, served
from tests.ci.gitlab_host import GitLab
from tests.ci.team import PACKAGE, Team

PROJECT = """\
apiVersion: campaignctl/v1
kind: Project
metadata: {name: shop}
time_zone: Europe/Belgrade
state: {backend: git}
api:
  timeout: 5s
  settle: {waits: [100ms, 200ms], horizon: 24h, repost_after: 1s}
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    # Other tests cover the rate limit.
    with Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as running:
        yield running


def started(team: Team, host: str) -> None:
    """A repository with a project in `campaigns/`, next to other files, and nothing to apply yet."""
    texts = {"campaigns/campaignctl.yaml": PROJECT, "campaigns/.gitignore": ".campaignctl/\n"}
    team.edit({"README.md": "Our shop\n", **texts})
    team.campaignctl("init", "campaigns", "--ci", host, "--package", PACKAGE)
    _make_impatient(team)
    team.commit({}, "Start")
    team.git("push", "--quiet", "origin", team.main)


def _make_impatient(team: Team) -> None:
    """Let no job wait long for a lock whose holder is dead."""
    for path in (".github/workflows/campaigns.yml", ".gitlab-ci.yml"):
        if (file := team.work / path).exists():
            text = file.read_text()
            assert "LOCK_TIMEOUT: 10m" in text
            file.write_text(text.replace("LOCK_TIMEOUT: 10m", "LOCK_TIMEOUT: 1s"))


@pytest.fixture
def github(tmp_path: Path, sandbox: Sandbox) -> Iterator[GitHub]:
    team = GitHub(tmp_path, Control(sandbox.url), sandbox.url)
    started(team, "github")
    with github_api.served(team.api) as team.address:
        yield team


@pytest.fixture
def gitlab(tmp_path: Path, sandbox: Sandbox) -> Iterator[GitLab]:
    team = GitLab(tmp_path, Control(sandbox.url), sandbox.url)
    team.secrets["CAMPAIGNS_TOKEN"] = TOKEN
    team.api = Api(team.hub / "artifacts")
    started(team, "gitlab")
    with served(team.api) as team.address:
        yield team
