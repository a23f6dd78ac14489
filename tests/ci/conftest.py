"""A team with a project, its pipelines and an account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.control import Control
from tests.ci.github_host import GitHub

PROJECT = """\
apiVersion: campaignctl/v1
kind: Project
metadata: {name: shop}
time_zone: Europe/Belgrade
state: {backend: git}
api:
  timeout: 5s
  settle: {waits: [100ms, 200ms], horizon: 24h}
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    # The rate is the matter of other tests.
    with Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as running:
        yield running


@pytest.fixture
def github(tmp_path: Path, sandbox: Sandbox) -> GitHub:
    """A repository whose project lies in `campaigns/`, beside other things, and has nothing to apply yet."""
    team = GitHub(tmp_path, Control(sandbox.url), sandbox.url)
    team.edit({"README.md": "Our shop\n", "campaigns/campaignctl.yaml": PROJECT})
    team.campaignctl("init", "campaigns", "--ci", "github")
    team.commit({}, "Start")
    team.git("push", "--quiet", "origin", team.main)
    return team
