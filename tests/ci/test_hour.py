"""A quarter of an hour of a team of four on each host; `python -m tests.ci.hour` makes a whole one."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.ci.hour import hour

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_nothing_is_sent_unreviewed_and_nobody_is_red_without_a_reason(tmp_path: Path, host: str) -> None:
    seed = secrets.randbelow(10**6)
    with hour(host, tmp_path, seed) as team:
        team.spend(12)
    assert team.wrong == [], f"seed {seed}: {team.done}"
