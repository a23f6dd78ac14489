"""The modeline, which points editors to the schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaignctl.manifest.schema import modeline, modeline_if_served, schema_file


@pytest.mark.parametrize(
    ("path", "reference"),
    [
        ("welcome.yaml", "schemas/Campaign.json"),
        ("push/welcome.yaml", "../schemas/Campaign.json"),
        ("push/de/2036/welcome.yaml", "../../../schemas/Campaign.json"),
        ("schemas/odd.yaml", "Campaign.json"),
    ],
)
def test_the_reference_is_relative_to_the_file(path: str, reference: str) -> None:
    assert modeline(path) == f"# yaml-language-server: $schema={reference}\n"


def test_every_kind_has_its_own() -> None:
    assert modeline("campaignctl.yaml", "Project").endswith("=schemas/Project.json\n")
    assert modeline("push/_defaults.yaml", "Defaults").endswith("=../schemas/Defaults.json\n")


def test_without_a_schema_in_the_project_there_is_no_modeline(tmp_path: Path) -> None:
    assert modeline_if_served(tmp_path, "a.yaml") == ""
    path = tmp_path / schema_file("Campaign")
    path.parent.mkdir()
    path.write_text("{}")
    assert modeline_if_served(tmp_path, "a.yaml") == modeline("a.yaml")
