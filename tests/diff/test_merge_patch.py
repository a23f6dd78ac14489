"""The smallest JSON Merge Patch: it turns one spec into the other, and every field is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given

from campaignctl.diff import alike, equal, field_changes, lookup, merge_patch, same
from tests.diff.json_values import specs, unhurried

Spec = dict[str, Any]


def patched(target: Any, patch: Any) -> Any:
    """The algorithm of RFC 7386, section 2."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = patched(result.get(name), value)
    return result


def without_event(spec: Spec) -> Spec:
    """The spec to compare: removing the event from a manifest changes nothing."""
    return {name: value for name, value in spec.items() if name != "run_immediately"}


def comparable(spec: Spec) -> Spec:
    """A spec without empty metadata, which is never cleared as a whole."""
    rest = without_event(spec)
    return rest if rest.get("metadata") else {k: v for k, v in rest.items() if k != "metadata"}


@unhurried
@given(specs, specs)
def test_the_patch_turns_one_spec_into_the_other(before: Spec, after: Spec) -> None:
    result = patched(before, merge_patch(before, after))
    assert alike(comparable(result), comparable(after))


@unhurried
@given(specs, specs)
def test_every_field_of_the_patch_is_needed(before: Spec, after: Spec) -> None:
    _needed("", merge_patch(before, after), before, after)


def _needed(prefix: str, patch: Spec, before: Spec, after: Spec) -> None:
    for name, value in patch.items():
        path = prefix + name.replace("~", "~0").replace("/", "~1")
        if isinstance(value, Mapping) and isinstance(before.get(name), Mapping):
            assert value
            _needed(f"{path}/", dict(value), before[name], after.get(name) or {})
        elif name in before and name in after:
            assert not same(path, before[name], after[name])
        else:
            assert (name in before) != (name in after)


@unhurried
@given(specs)
def test_equal_specs_need_no_patch(spec: Spec) -> None:
    again = {name: spec[name] for name in reversed(spec)}
    again["labels"] = list(reversed(spec.get("labels", [])))
    assert merge_patch({"labels": [], **spec}, again) == {}


@unhurried
@given(specs, specs)
@example(
    {"name": "", "messages": [], "metadata": {"__x": 1}}, {"name": "", "messages": [], "metadata": {"__x": 2}}
)
def test_a_patch_is_empty_if_no_change_is_shown(before: Spec, after: Spec) -> None:
    before, after = without_event(before), without_event(after)
    patch, shown = merge_patch(before, after), field_changes(before, after)
    assert {name for name in patch if patch[name] not in (None, {})} <= {
        change.path.split("/")[0].replace("~1", "/").replace("~0", "~") for change in shown
    } | {name for name in patch if name not in before or name not in after}
    if equal(before, after):
        assert not shown
        assert not patch


@unhurried
@given(specs, specs)
def test_changes_show_the_values_of_both_specs(before: Spec, after: Spec) -> None:
    for change in field_changes(before, after):
        assert lookup(before, change.path) == (() if change.before is None else (change.before,))
        assert lookup(after, change.path) == (() if change.after is None else (change.after,))


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        ({"is_draft": True}, {}, {"is_draft": False}),
        ({"is_draft": True}, {"is_draft": False}, {"is_draft": False}),
        ({"is_draft": False}, {}, {}),
        ({"run_immediately": True}, {}, {}),
        ({}, {"run_immediately": True}, {"run_immediately": True}),
        ({"run_immediately": True}, {"run_immediately": False}, {"run_immediately": False}),
        ({"send_in_profile_time_zone": 1}, {}, {"send_in_profile_time_zone": False}),
        ({"description": "x"}, {}, {"description": None}),
        ({"targeting": {"a": 1}}, {}, {"targeting": None}),
        ({"targeting": {"a": {"b": 1}}}, {"targeting": {"a": {"b": 2}}}, {"targeting": {"a": {"b": 2}}}),
        ({"utm_tracking": {"enabled": 0}}, {}, {"utm_tracking": {"enabled": 1}}),
        ({"utm_tracking": {"enabled": 1}}, {}, {}),
        (
            {"utm_tracking": {"utm_source": "x", "more": 1}},
            {},
            {"utm_tracking": {"utm_source": "${OCMH_UTM_SOURCE}", "more": None}},
        ),
        ({"metadata": {"a": "1", "b": "2"}}, {}, {"metadata": {"a": None, "b": None}}),
        ({"metadata": {"a": "1", "b": "2"}}, {"metadata": {"b": "2"}}, {"metadata": {"a": None}}),
        ({"metadata": {}}, {}, {}),
        ({"labels": ["a", "b"]}, {"labels": ["b", "a"]}, {}),
        ({"labels": ["a", "b"]}, {"labels": ["b"]}, {"labels": ["b"]}),
        (
            {"recurrence": {"pattern": {"hour": 1}}},
            {"recurrence": {"cron": "0 1 * * *"}},
            {"recurrence": {"pattern": None, "cron": "0 1 * * *"}},
        ),
        ({"quiet_hours": {"a": {}}}, {"quiet_hours": {"a": "x"}}, {"quiet_hours": {"a": "x"}}),
        ({"quiet_hours": "x"}, {"quiet_hours": {"a": 1}}, {"quiet_hours": {"a": 1}}),
    ],
)
def test_rules(before: Spec, after: Spec, patch: Spec) -> None:
    assert merge_patch(before, after) == patch


def test_arrays_are_sent_whole() -> None:
    one, two = {"channel": "push", "push": {"title": {"en": "A"}}}, {"channel": "sms"}
    changed = {**one, "push": {"title": {"en": "B"}}}
    assert merge_patch({"messages": [one, two]}, {"messages": [changed, two]}) == {"messages": [changed, two]}
