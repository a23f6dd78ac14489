"""Scripts that use campaignctl keep working: its interface is the recorded one."""

from __future__ import annotations

import json

import pytest

from tests.e2e.interface_record import RECORD, record


@pytest.fixture(scope="module")
def now() -> dict[str, object]:
    return record()


@pytest.mark.parametrize("part", ["commands", "codes", "statuses", "documents", "schemas"])
def test_the_interface_is_as_recorded(part: str, now: dict[str, object]) -> None:
    assert now[part] == json.loads(RECORD.read_text(encoding="utf-8"))[part]
