"""A command line to run, in a directory of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.cli_process import Cli


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


@pytest.fixture
def project(cli: Cli) -> Cli:
    """A fresh project, as `init` makes it."""
    assert cli("init", "shop").status == 0
    return Cli(cli.cwd / "shop")
