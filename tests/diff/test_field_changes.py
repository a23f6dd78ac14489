"""The differences between two specs, compared with those that deepdiff finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from deepdiff import DeepDiff
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignctl.diff import FieldChange, equal, field_changes, join, leaves, lookup, messages_before, same
from tests.diff.json_values import messages, objects, specs, unhurried

Spec = dict[str, Any]


def judged(before: Spec, after: Spec) -> list[FieldChange]:
    """The differences that deepdiff finds, field by field."""
    found: list[FieldChange] = []
    for name in {**before, **after}:
        old, new = ({name: spec[name]} if name in spec else {} for spec in (before, after))
        if old == new:
            continue
        if old and new:
            inside = {change.path: change for change in inside_of(old, new)}
            found += [one for one in inside.values() if not same(one.path, one.before, one.after)]
        else:
            found += [FieldChange(path, value, None) for path, value in leaves(old).items()]
            found += [FieldChange(path, None, value) for path, value in leaves(new).items()]
    return found


def inside_of(old: Spec, new: Spec) -> Iterator[FieldChange]:
    """Each difference inside a field that both specs have."""
    tree = DeepDiff(old, new, view="tree", zip_ordered_iterables=True, ignore_private_variables=False)
    paths = [node.path(output_format="list") for nodes in tree.values() for node in nodes]
    for parts in sorted(paths, key=lambda parts: [str(part) for part in parts]):
        above = [join(parts[: length + 1]) for length in range(len(parts))]
        path = next((one for one in above if is_one_field(one, old, new)), above[-1])
        before, after = ((*lookup(spec, path), None)[0] for spec in (old, new))
        yield FieldChange(path, before, after)


def is_one_field(path: str, *both: Spec) -> bool:
    """Whether the path has a list that is not a list of objects."""
    values = [value for spec in both for value in lookup(spec, path) if isinstance(value, list)]
    return any(not value or not all(isinstance(item, dict) for item in value) for value in values)


@st.composite
def edited(draw: st.DrawFn, value: Any) -> Any:
    """The value, perhaps with a part changed, added or removed."""
    if draw(st.integers(0, 5)) == 0:
        return draw(objects)
    if isinstance(value, dict):
        kept = {name: draw(edited(item)) for name, item in value.items() if draw(st.integers(0, 5))}
        return {**kept, **(draw(objects) if draw(st.integers(0, 3)) == 0 else {})}
    if isinstance(value, list):
        items = [draw(edited(item)) for item in value if draw(st.integers(0, 5))]
        return items + (draw(st.lists(objects, max_size=2)) if draw(st.booleans()) else [])
    return value


@unhurried
@given(st.data(), specs)
def test_field_changes_finds_what_deepdiff_finds(data: st.DataObject, before: Spec) -> None:
    after = {name: data.draw(edited(value)) for name, value in before.items()}
    assert list(field_changes(before, after)) == judged(before, after)


def test_objects_with_few_common_names_are_one_change() -> None:
    one, other = {"push": {"title": "A"}}, {"push": {"body": "B"}}
    assert field_changes(one, other) == (FieldChange("push", {"title": "A"}, {"body": "B"}),)


def test_an_added_list_item_does_not_change_the_others() -> None:
    one = {"messages": [{"channel": "push", "priority": 1}]}
    other = {"messages": [{"channel": "push", "priority": 2}, {"channel": "sms"}]}
    assert field_changes(one, other) == (
        FieldChange("messages/0/priority", 1, 2),
        FieldChange("messages/1", None, {"channel": "sms"}),
    )


@settings(unhurried, max_examples=30)
@given(messages, messages)
def test_messages_before_lead_to_those_after(before: list[Any], after: list[Any]) -> None:
    changes = field_changes({"messages": before}, {"messages": after})
    back = messages_before({"messages": after}, changes)
    assert equal({"messages": back}, {"messages": before})


@pytest.mark.parametrize(("size", "other"), [(2, 12), (12, 2), (12, 11)])
def test_more_than_ten_messages_lead_back_to_those_before(size: int, other: int) -> None:
    before, after = ([{"channel": "push", "name": f"{n}"} for n in range(count)] for count in (size, other))
    changes = field_changes({"messages": before}, {"messages": after})
    assert messages_before({"messages": after}, changes) == before


def test_items_of_a_list_are_compared_by_their_places_and_told_in_the_order_of_their_paths() -> None:
    one, other = {"m": [{"a": 1}, {"a": 2}]}, {"m": [{"a": 3}, {"a": 1}, {"a": 2}]}
    assert field_changes(one, other) == (
        FieldChange("m/0/a", 1, 3),
        FieldChange("m/1/a", 2, 1),
        FieldChange("m/2", None, {"a": 2}),
    )
    hidden = field_changes({"m": [{"__a": 1, "b": 1}]}, {"m": [{"__a": 2, "b": 1}, {"b": 1}]})
    assert [change.path for change in hidden] == ["m/0/__a", "m/1"]
    many = field_changes(*({"m": [{"a": value} for _ in range(11)]} for value in (1, 2)))
    assert [change.path for change in many][:3] == ["m/0/a", "m/1/a", "m/10/a"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([{"a": 1}, {"c": 1}], [{"b": 1}, {"c": 1}]),
        ([{"a": 1, "b": {"c": 1}, "d": 1}], [{"a": 1, "d": 1}]),
        ([{"a": 1, "d": 1}], [{"a": 1, "b": {"c": 1}, "d": 1}]),
        ([{"a": 1, "b": {"c": 1, "d": 2}}], [{"a": 1, "b": {"c": 1}}]),
        ([{"a": 1, "b": {"c": 1}}], [{"a": 1, "b": {"c": 1, "d": 2}}]),
        ([{"a": 1, "b": ["x"]}, {"c": 1}], [{"a": 2, "b": ["y", "z"]}]),
    ],
)
def test_the_messages_before_are_exactly_those(before: list[Any], after: list[Any]) -> None:
    changes = field_changes({"name": "A", "messages": before}, {"name": "B", "messages": after})
    assert messages_before({"messages": after}, changes) == before


@pytest.mark.parametrize("before", [None, "text"])
def test_what_was_no_list_before_were_no_messages(before: Any) -> None:
    after = [{"channel": "push"}]
    assert messages_before({"messages": after}, [FieldChange("messages", before, after)]) == []


def push(name: str, title: str) -> Spec:
    """A message of this name."""
    return {"channel": "push", "name": name, "push": {"title": {"en": title}}}


def test_the_messages_before_share_nothing_with_those_after_or_the_changes() -> None:
    after, gone = [push("b", "New")], push("c", "Gone")
    changes = field_changes({"messages": [push("a", "Old"), gone]}, {"messages": after})
    back = messages_before({"messages": after}, changes)
    assert back == [push("a", "Old"), push("c", "Gone")]
    back[1]["push"]["title"]["en"] = "Changed"
    assert after == [push("b", "New")]
    assert messages_before({"messages": after}, changes) == [push("a", "Old"), push("c", "Gone")]


def test_null_and_absent_are_no_difference() -> None:
    assert field_changes({"a": None, "b": 1}, {"b": 1}) == ()
    assert field_changes({"b": 1}, {"a": None, "b": 1}) == ()
