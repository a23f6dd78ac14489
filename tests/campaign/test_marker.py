"""The marker: read back by its author, meaningless to everyone else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.campaign.marker import FIELD, Marker, Owner, key_tag, of_proof, read, read_proof, stamp

INTENT = "0b0f7a52-5a0e-4f0e-9d3a-1c2d3e4f5a6b"
PROJECT_ID = "5f0c2f1e-8d5d-4c43-9f1e-1b2c3d4e5f60"
OTHER_ID = "00000000-8d5d-4c43-9f1e-1b2c3d4e5f60"
TAG = "0123456789ab"
texts = st.text(max_size=12)


@given(texts, st.none() | texts, st.none() | texts, texts, st.uuids())
def test_a_marker_is_read_back_from_a_stamped_body(
    project: str, project_id: str | None, environment: str | None, key: str, intent: Any
) -> None:
    owner = Owner(project, project_id, environment)
    made = owner.marker(key, str(intent))
    assert read(stamp({"name": "Welcome"}, made)) == made
    assert owner.made(made)
    assert made.key == key_tag(key)


@pytest.mark.parametrize("project_id", [None, PROJECT_ID])
def test_a_proof_is_no_campaign_of_a_manifest(project_id: str | None) -> None:
    made = Owner("shop", project_id).marker("push/welcome", INTENT)
    proof = {"metadata": of_proof(made)}
    assert (read_proof(proof), read(proof)) == (made, None)
    assert read_proof(stamp({}, made)) is None
    assert read_proof({"metadata": {FIELD: f"proof proof {made}"}}) is None


@pytest.mark.parametrize(("project_id", "version", "tags"), [(None, "v1", 2), (PROJECT_ID, "v2", 3)])
def test_the_marker_shows_no_name_in_clear_text(project_id: str | None, version: str, tags: int) -> None:
    text = str(Owner("acme-crm", project_id, "staging").marker("push/welcome", INTENT))
    said, *hashes, intent = text.split(" ")
    assert said == version
    assert [len(one) for one in hashes] == [12] * tags
    assert intent == INTENT
    assert not any(word in text for word in ("acme", "staging", "push", "welcome", PROJECT_ID))


def test_tags_differ_by_project_environment_and_key() -> None:
    owners = [Owner("a"), Owner("b"), Owner("a", None, "x"), Owner("ax"), Owner("a", PROJECT_ID)]
    owners += [Owner("a", OTHER_ID), Owner("a", PROJECT_ID, "x")]
    made = {str(owner.marker(key, INTENT)) for owner in owners for key in ("k", "l")}
    assert len(made) == 2 * len(owners)
    assert Owner("a").scope == Owner("a", None, "").scope


def test_the_id_and_not_the_name_owns_a_marker() -> None:
    ours = Owner("shop", PROJECT_ID, "production")
    assert Owner("renamed", PROJECT_ID, "production").made(ours.marker("k", INTENT))
    for other in (
        Owner("shop", OTHER_ID, "production"),
        Owner("shop", PROJECT_ID, "staging"),
        Owner("shop", None, "production"),
    ):
        assert not other.made(ours.marker("k", INTENT))


def test_a_marker_of_version_1_is_ours_by_name_after_an_id_was_added() -> None:
    old = Owner("shop", None, "production").marker("k", INTENT)
    now = Owner("shop", PROJECT_ID, "production")
    assert (now.made(old), now.made_by_name(old)) == (True, True)
    assert not now.made_by_name(now.marker("k", INTENT))
    assert not Owner("shop", None, "production").made_by_name(old), "without an id there is only the name"
    assert not Owner("shop", PROJECT_ID, "staging").made(old)


def test_stamping_keeps_metadata_and_does_not_change_the_spec() -> None:
    spec: dict[str, Any] = {"name": "Welcome", "metadata": {"team": "crm"}}
    stamped = stamp(spec, Owner("a").marker("k", INTENT))
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
        {FIELD: f"v3 {TAG} {TAG} {TAG} {TAG} {INTENT}"},
        {FIELD: f"v2 {TAG} {TAG} {INTENT}"},
        {FIELD: f"v1 {TAG} {TAG} {TAG} {INTENT}"},
        {FIELD: f"v1 0123456789AB {TAG} {INTENT}"},
        {FIELD: f"v1 {TAG} {TAG} {INTENT}\n"},
        {FIELD: f"v1 {TAG} {TAG} short"},
        {FIELD: f"v1 {TAG} {TAG} {'x' * 65}"},
    ],
)
def test_invalid_metadata_has_no_marker(metadata: Any) -> None:
    assert read({"metadata": metadata}) is None
    assert read({}) is None


def test_a_marker_has_version_tags_and_intent() -> None:
    assert str(Marker((TAG,), "ba9876543210", INTENT)) == f"v1 {TAG} ba9876543210 {INTENT}"
    assert str(Marker((TAG, "c" * 12), "b" * 12, INTENT)) == f"v2 {TAG} {'c' * 12} {'b' * 12} {INTENT}"
