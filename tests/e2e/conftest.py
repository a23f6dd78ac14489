from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.control import Control
from tests.e2e.harness import PROJECT, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    # Few tests cover the rate limit, and those switch it on.
    with Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as sandbox:
        here = World(tmp_path / "project", sandbox.url, Control(sandbox.url))
        here.write("campaignctl.yaml", PROJECT)
        yield here
