"""The canonical form: equal specs have the same digest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.campaign.canonical import body_digest, canonical, digest

texts = st.text(max_size=4)
values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def shuffled(value: Any) -> Any:
    """The same value with the fields of every object reversed."""
    if isinstance(value, dict):
        return {name: shuffled(value[name]) for name in reversed(value)}
    return [shuffled(item) for item in value] if isinstance(value, list) else value


@given(values)
def test_field_order_does_not_change_the_digest(value: Any) -> None:
    assert digest(shuffled(value)) == digest(value)


@given(values)
def test_canonical_is_idempotent(value: Any) -> None:
    assert canonical(canonical(value)) == canonical(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"labels": ["b", "a", "b"]}, {"labels": ["a", "b"]}),
        ({"utm_tracking": {"enabled": True}}, {"utm_tracking": {"enabled": 1}}),
        ({"is_draft": False}, {"is_draft": 0}),
        ({"messages": ({"channel": "push"},)}, {"messages": [{"channel": "push"}]}),
        ({"messages": [{"push": {"silent": 1}}]}, {"messages": [{"push": {"silent": True}}]}),
    ],
)
def test_equal_specs_have_the_same_digest(one: Any, other: Any) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"score": 1}, {"score": "1"}),
        ({"score": 1}, {"score": True}),
        ({"x": None}, {}),
        (
            {"callbacks": {"push": {"on_click": ["a", "b"]}}},
            {"callbacks": {"push": {"on_click": ["b", "a"]}}},
        ),
        ({"name": "é"}, {"name": "e\u0301"}),
        ({"name": "a"}, {"name": "a "}),
    ],
)
def test_different_specs_have_different_digests(one: Any, other: Any) -> None:
    assert digest(one) != digest(other)


def test_the_digest_of_a_body_ignores_metadata() -> None:
    body = {"name": "Welcome", "messages": []}
    assert body_digest({**body, "metadata": {"campaignctl": "v1 x"}}) == body_digest(body) == digest(body)
    assert body_digest({**body, "quiet_hours": {"metadata": 1}}) != body_digest({**body, "quiet_hours": {}})


def test_a_digest_is_a_sha256_of_any_text() -> None:
    assert digest({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert digest("\ud800").startswith("sha256:")
