"""What `init` and `new` put into a project for the editor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from campaignctl.manifest.schema import KINDS, schema_file
from tests.cli.cli_process import Cli


@pytest.fixture
def project(tmp_path: Path) -> Cli:
    assert Cli(tmp_path)("init", "shop").status == 0
    return Cli(tmp_path / "shop")


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_in_the_project_is_what_the_command_prints(project: Cli, kind: str) -> None:
    path = next(schema_file(each) for each in KINDS if each == kind)
    assert (project.cwd / path).read_text() == project("schema", kind).out


def test_the_first_line_of_every_file_leads_to_its_schema(project: Cli) -> None:
    assert project("new", "email/deep/letter", "--from", "email").status == 0
    for path in project.cwd.rglob("*.yaml"):
        found = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text())
        assert found, path
        kind = "Project" if path.name == "campaignctl.yaml" else "Campaign"
        assert (path.parent / found[1]).resolve() == project.cwd / "schemas" / f"{kind}.json"


def test_a_new_project_is_in_its_canonical_form(project: Cli) -> None:
    assert project("fmt", "--check").status == 0


def test_a_schema_that_is_there_is_kept_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "schemas" / "Campaign.json"
    path.parent.mkdir()
    path.write_text("mine")
    done = Cli(tmp_path)("init")
    assert done.status == 1
    assert "schemas/Campaign.json already exists" in done.err
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == [path]
    assert path.read_text() == "mine"
