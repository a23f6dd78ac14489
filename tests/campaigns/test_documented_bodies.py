"""Every documented body is a manifest: pasted as it is, and kept as a team would keep it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from campaignctl.manifest.load import load
from tests.campaigns.documented_keys import KEYS

HERE = Path(__file__).parent
SAMPLES = HERE.parents[1] / "campaigns"
BODIES = sorted((HERE / "documented").glob("*.json"))


def strict(value: object) -> str:
    """A JSON value with its types and the order of its members: 1 is not true, and "1" is not 1."""
    return json.dumps(value)


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_a_body_pastes_in_unchanged(path: Path, tmp_path: Path) -> None:
    text = path.read_text()
    (tmp_path / "campaignctl.yaml").write_text("metadata: {name: tests}\n")
    (tmp_path / "pasted.yaml").write_text("spec:\n" + "".join(f"  {line}\n" for line in text.splitlines()))
    desired = load(tmp_path, environment=None, environ={}, tool_version="0.1.0")
    assert strict(desired.campaigns["pasted"].spec) == strict(json.loads(text))


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_a_sample_is_the_body_with_later_dates_and_an_address(path: Path) -> None:
    desired = load(SAMPLES, environment=None, environ={}, tool_version="0.1.0")
    text = path.read_text().replace("[email protected]", "crm@example.com")
    expected = json.loads(text)
    if "scheduled_time" in expected:
        expected["scheduled_time"] = expected["scheduled_time"].replace("2026", "2036")
    assert json.dumps(desired.campaigns[KEYS[path.stem]].spec, sort_keys=True) == json.dumps(
        expected, sort_keys=True
    )


def test_every_sample_is_documented_and_the_other_way_round() -> None:
    desired = load(SAMPLES, environment=None, environ={}, tool_version="0.1.0")
    assert sorted(desired.campaigns) == sorted(KEYS.values())
    assert sorted(KEYS) == [path.stem for path in BODIES]
