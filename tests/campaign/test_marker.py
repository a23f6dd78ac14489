"""The marker: read back by its author, meaningless to everyone else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.campaign.marker import FIELD, Marker, make, read, scope_tag, stamp

INTENT = "0b0f7a52-5a0e-4f0e-9d3a-1c2d3e4f5a6b"
texts = st.text(max_size=12)


@given(texts, st.none() | texts, texts, st.uuids())
def test_a_marker_is_read_back_from_a_stamped_body(
    project: str, environment: str | None, key: str, intent: Any
) -> None:
    made = make(project, environment, key, str(intent))
    assert read(stamp({"name": "Welcome"}, made)) == made
    assert made.scope == scope_tag(project, environment)


def test_the_marker_shows_no_name_in_clear_text() -> None:
    text = str(make("acme-crm", "staging", "push/welcome", INTENT))
    version, scope, key, intent = text.split(" ")
    assert version == "v1"
    assert [len(scope), len(key)] == [12, 12]
    assert intent == INTENT
    assert not any(word in text for word in ("acme", "staging", "push", "welcome"))


def test_tags_differ_by_project_environment_and_key() -> None:
    makers = [("a", None, "k"), ("b", None, "k"), ("a", "x", "k"), ("a", None, "l"), ("ax", None, "k")]
    assert len({str(make(*maker, INTENT)) for maker in makers}) == len(makers)
    assert scope_tag("a", None) == scope_tag("a", "")


def test_stamping_keeps_metadata_and_does_not_change_the_spec() -> None:
    spec: dict[str, Any] = {"name": "Welcome", "metadata": {"team": "crm"}}
    stamped = stamp(spec, make("a", None, "k", INTENT))
    assert stamped["metadata"]["team"] == "crm"
    assert spec == {"name": "Welcome", "metadata": {"team": "crm"}}


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        "text",
        [],
        {},
        {FIELD: None},
        {FIELD: 7},
        {FIELD: ""},
        {FIELD: f"v2 0123456789ab 0123456789ab {INTENT}"},
        {FIELD: f"v1 0123456789AB 0123456789ab {INTENT}"},
        {FIELD: f"v1 0123456789ab 0123456789ab {INTENT}\n"},
        {FIELD: "v1 0123456789ab 0123456789ab short"},
        {FIELD: f"v1 0123456789ab 0123456789ab {'x' * 65}"},
    ],
)
def test_invalid_metadata_has_no_marker(metadata: Any) -> None:
    assert read({"metadata": metadata}) is None
    assert read({}) is None


def test_a_marker_has_version_tags_and_intent() -> None:
    assert str(Marker("0123456789ab", "ba9876543210", INTENT)) == f"v1 0123456789ab ba9876543210 {INTENT}"
