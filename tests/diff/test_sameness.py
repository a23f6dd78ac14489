"""Equal values, and paths."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.diff import (
    FieldChange,
    alike,
    equal,
    field_changes,
    join,
    leaves,
    lookup,
    matches,
    same,
    split,
)
from tests.diff.json_values import names, specs, unhurried


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        ("labels", ["a", "b"], ["b", "a", "a"]),
        ("labels", ["a", "b"], "b, a"),
        ("labels", [], ""),
        ("labels", [], None),
        ("scheduled_time", "2036-12-24 10:00:00", "2036-12-24T10:00:00Z"),
        ("scheduled_time", "2036-12-24 10:00:00", "2036-12-24T11:00:00+01:00"),
        ("scheduled_time", "2036-12-24 10:00:00", "2036-12-24T10:00:00"),
        ("scheduled_time", "2036-12-24 10:00:00", "2036-12-24 10:00:00.000"),
        ("is_draft", True, 1),
        ("utm_tracking/enabled", 0, False),
        ("metadata/vip", True, 1),
        ("quiet_hours/nested", {"on": True}, {"on": 1}),
        ("deal_id", "7", 7),
        ("messages/0/integration_id", "1830", 1830),
        ("messages/0/id", "1", 1),
        ("targeting/countries/items", ("DE",), ["DE"]),
    ],
)
def test_the_same(path: str, one: Any, other: Any) -> None:
    assert same(path, one, other)
    assert same(path, other, one)


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        ("labels", ["a"], ["a", "b"]),
        ("scheduled_time", "2036-12-24 10:00:00", "2036-12-24 10:00:01"),
        ("scheduled_time", "soon", "2036-12-24 10:00:01"),
        ("is_draft", True, 0),
        ("name", "7", 7),
        ("name", "2036-12-24 10:00:00", "2036-12-24T10:00:00Z"),
        ("score", 0, None),
        ("targeting/countries/items", ["DE", "FR"], ["FR", "DE"]),
        ("deal_id", "1", True),
    ],
)
def test_not_the_same(path: str, one: Any, other: Any) -> None:
    assert not same(path, one, other)
    assert not same(path, other, one)


@given(st.lists(names, min_size=1, max_size=4))
def test_a_path_leads_back_to_its_parts(parts: list[str]) -> None:
    assert split(join(parts)) == parts


@unhurried
@given(specs)
def test_every_field_is_found_by_its_path(spec: dict[str, Any]) -> None:
    for path, value in leaves(spec).items():
        assert lookup(spec, path) == (value,)


def test_lists_of_plain_values_are_one_field_and_lists_of_objects_are_not() -> None:
    spec = {
        "labels": ["a"],
        "messages": [{"channel": "push", "push": {"title": {"en/GB": "x"}}}],
        "empty": {},
    }
    assert leaves(spec) == {
        "labels": ["a"],
        "messages/0/channel": "push",
        "messages/0/push/title/en~1GB": "x",
        "empty": {},
    }
    assert lookup(spec, "messages/1/channel") == ()
    assert lookup(spec, "messages/x") == ()


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("score", "score", True),
        ("messages/0/priority", "messages/0/priority", True),
        ("messages/10/priority", "messages/*/priority", True),
        ("messages/0/push/title/en", "messages/*/push", True),
        ("messages/0/push", "messages/0/push/title", False),
        ("messages/0/priority", "messages/1/priority", False),
        ("scores", "score", False),
        ("a/b/c", "*/c", False),
        ("metadata/x~1y", "metadata/x~1y", True),
    ],
)
def test_patterns_of_paths(path: str, pattern: str, fits: bool) -> None:
    assert matches(path, ["other", pattern]) is fits


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        ({}, {"is_draft": False, "utm_tracking": {"enabled": 1}}, True),
        ({"utm_tracking": {"enabled": 0}}, {"utm_tracking": {"enabled": 0, "utm_medium": "x"}}, False),
        ({}, {"is_draft": True}, False),
        ({"metadata": {"is_draft": False}}, {"metadata": {}}, False),
        ({"metadata": {}}, {}, False),
        ({"utm_tracking": "x"}, {}, False),
    ],
)
def test_alike_ignores_documented_defaults(one: Any, other: Any, is_alike: bool) -> None:
    assert alike(one, other) is is_alike
    assert not equal(one, other)


@pytest.mark.parametrize(
    ("one", "other", "are_equal"),
    [
        ({"labels": ["a", "b"]}, {"labels": ["b", "a", "a"]}, True),
        ({"labels": ["a\r\nb", "c"]}, {"labels": ["c", "a\nb"]}, True),
        ({"labels": ["a"]}, {"labels": ["b"]}, False),
        ({"metadata": {"on": True}}, {"metadata": {"on": 1}}, True),
        ({"metadata": {"places": ["a", "b"]}}, {"metadata": {"places": ["b", "a"]}}, False),
        ({"metadata": {"places": ["a"]}}, {"metadata": {"places": ["a", "b"]}}, False),
        ({"metadata": {"places": ["a", "b"]}}, {"metadata": {"places": ["a", "c"]}}, False),
        ({"score": 1}, {"score": 2}, False),
        ({"score": 1, "deal_id": "1"}, {"score": 1, "deal_id": "2"}, False),
        ({"score": "1\r\n", "deal_id": "1"}, {"score": "1\n", "deal_id": "2"}, False),
        ({"score": [1]}, {"score": 1}, False),
        ({"metadata": {"places": ["a\r\nb"]}}, {"metadata": {"places": ("a\nb",)}}, True),
        ({"metadata": {"a": None}}, {"metadata": {"b": None}}, False),
        ({"metadata": {"a": "1"}}, {"metadata": {"a": 1}}, False),
        ({"metadata": {"a": ["1"]}}, {"metadata": {"a": {"0": "1"}}}, False),
    ],
)
def test_specs_are_equal_whatever_the_order_of_labels_and_the_ends_of_lines(
    one: Any, other: Any, are_equal: bool
) -> None:
    assert equal(one, other) is are_equal
    assert equal(other, one) is are_equal


def test_changes_are_listed_field_by_field() -> None:
    before = {"name": "A", "labels": ["a"], "messages": [{"channel": "push", "priority": 1}], "score": 1}
    after = {
        "name": "B",
        "labels": ["a", "b"],
        "messages": [{"channel": "push", "priority": 2}, {"channel": "sms"}],
        "targeting": {"countries": {"items": ["DE"], "op": "in"}},
    }
    assert field_changes(before, after) == (
        FieldChange("name", "A", "B"),
        FieldChange("labels", ["a"], ["a", "b"]),
        FieldChange("messages/0/priority", 1, 2),
        FieldChange("messages/1", None, {"channel": "sms"}),
        FieldChange("score", 1, None),
        FieldChange("targeting/countries/items", None, ["DE"]),
        FieldChange("targeting/countries/op", None, "in"),
    )
