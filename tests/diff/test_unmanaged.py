"""What live shows beyond a manifest, against what was accepted."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.diff import FieldChange, baseline_of, following, kept, set_outside, unmanaged
from tests.diff.test_drift import answer

Spec = dict[str, Any]
PUSH: Spec = {"channel": "push", "name": "a", "push": {"title": {"en": "Hi"}}}
SMS: Spec = {"channel": "sms", "name": "b", "sms": {"content": {"en": "Hi"}}}
SPEC: Spec = {"name": "Welcome", "messages": [PUSH]}
QUIET = {"begin": "22:00", "end": "08:00"}
GERMANY = {"countries": {"items": ["DE"], "op": "in"}}


def shown(spec: Spec = SPEC, **fields: Any) -> Any:
    """Live shows a spec and more."""
    return answer(**{**spec, **fields})


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, {}),
        ({"quiet_hours": QUIET}, {"quiet_hours": QUIET}),
        ({"score": 3, "send_strategy": "manual"}, {}),
        ({"send_in_profile_time_zone": False}, {}),
        ({"status": "sent"}, {}),
        ({"messages": [{**PUSH, "priority": 2}]}, {"messages/0/priority": 2}),
        (
            {"messages": [{**PUSH, "push": {"title": {"en": "Hi", "de": "Hallo"}}}]},
            {"messages/0/push/title/de": "Hallo"},
        ),
        ({"messages": [PUSH, SMS]}, {}),
        ({"messages": [{**PUSH, "push": {"title": {"en": "Other"}}}]}, {}),
        ({"a/b": 1}, {}),
        ({"metadata": {"a/b": 1}}, {"metadata": {"a/b": 1}}),
    ],
)
def test_what_live_shows_beyond_a_spec_stands_at_the_highest_place(fields: Spec, found: Spec) -> None:
    assert unmanaged(SPEC, shown(**fields)) == found


def test_messages_are_matched_by_name() -> None:
    spec = {**SPEC, "messages": [PUSH, SMS]}
    live = shown(messages=[{**SMS, "priority": 2}, PUSH])
    assert unmanaged(spec, live) == {"messages/1/priority": 2}
    assert unmanaged({**SPEC, "metadata": {"x/y": {}}}, shown(metadata={"x/y": {"z": 1}})) == {
        "metadata/x~1y/z": 1
    }


def test_the_baseline_of_a_create_leaves_out_what_may_not_come_unasked() -> None:
    live = shown(
        quiet_hours=QUIET,
        description="d",
        messages=[{**PUSH, "priority": 2, "push": {"title": {"en": "Hi", "de": "Hallo"}, "icon": "i"}}],
    )
    assert baseline_of(SPEC, live) == {
        "description": "d",
        "messages/0/priority": 2,
        "messages/0/push/icon": "i",
    }


@pytest.mark.parametrize(
    ("baseline", "spec", "left"),
    [
        ({"quiet_hours": QUIET}, SPEC, {"quiet_hours": QUIET}),
        ({"quiet_hours": QUIET}, {**SPEC, "quiet_hours": QUIET}, {}),
        ({"quiet_hours": QUIET}, {**SPEC, "quiet_hours": {"begin": "21:00"}}, {"quiet_hours/end": "08:00"}),
        ({"description": "d"}, {**SPEC, "description": "e"}, {}),
        (
            {"messages/0/priority": 2, "messages/0/push/icon": "i"},
            {**SPEC, "messages": [{**PUSH, "priority": 1}]},
            {"messages/0/push/icon": "i"},
        ),
    ],
)
def test_a_baseline_keeps_what_a_spec_does_not_set(baseline: Spec, spec: Spec, left: Spec) -> None:
    assert kept(baseline, spec) == left


@pytest.mark.parametrize(
    ("messages", "left"),
    [
        ([PUSH, SMS], {"messages/0/priority": 1, "messages/1/priority": 2}),
        ([SMS, PUSH], {"messages/1/priority": 1, "messages/0/priority": 2}),
        ([SMS], {"messages/0/priority": 2}),
        ([{**PUSH, "name": "c"}, SMS], {"messages/1/priority": 2}),
        ([{**PUSH, "name": ""}, SMS], {"messages/0/priority": 1, "messages/1/priority": 2}),
    ],
)
def test_a_baseline_follows_its_messages(messages: list[Spec], left: Spec) -> None:
    before = {"description": "d", "messages": [], "messages/0/priority": 1, "messages/1/priority": 2}
    after = following(before, {"messages": [PUSH, SMS]}, {"messages": messages})
    assert after == {"description": "d", "messages": [], **left}


def outside(baseline: Spec, live: Any, spec: Spec = SPEC, **given: Any) -> list[FieldChange]:
    """What was set outside of the manifests."""
    return list(set_outside(baseline, spec, live, **given))


@pytest.mark.parametrize(
    ("baseline", "fields", "found"),
    [
        ({}, {"quiet_hours": QUIET}, [("quiet_hours", None, QUIET)]),
        ({"quiet_hours": QUIET}, {"quiet_hours": QUIET}, []),
        ({"quiet_hours": QUIET}, {}, [("quiet_hours", QUIET, None)]),
        ({"description": "d"}, {"description": " d\n"}, []),
        ({"description": "d"}, {"description": "e"}, [("description", "d", "e")]),
        (
            {"quiet_hours": QUIET},
            {"quiet_hours": {**QUIET, "end": "09:00"}},
            [("quiet_hours", QUIET, {**QUIET, "end": "09:00"})],
        ),
        (
            {"quiet_hours/begin": "22:00"},
            {"quiet_hours": {"begin": "22:00"}},
            [("quiet_hours", None, {"begin": "22:00"})],
        ),
        ({"quiet_hour": 1}, {"quiet_hours": QUIET}, [("quiet_hours", None, QUIET), ("quiet_hour", 1, None)]),
    ],
)
def test_what_differs_from_the_baseline_was_set_outside(
    baseline: Spec, fields: Spec, found: list[tuple[str, Any, Any]]
) -> None:
    assert outside(baseline, shown(**fields)) == [FieldChange(*each) for each in found]


def test_what_the_manifest_sets_in_part_is_compared_with_its_part_of_the_baseline() -> None:
    spec = {**SPEC, "quiet_hours": {"begin": "22:00"}}
    assert outside({"quiet_hours": QUIET}, shown(quiet_hours=QUIET), spec) == []
    later = shown(quiet_hours={"begin": "22:00", "end": "09:00"})
    assert outside({"quiet_hours": QUIET}, later, spec) == [FieldChange("quiet_hours/end", "08:00", "09:00")]


def test_a_part_of_what_the_baseline_holds_whole_is_found_in_it() -> None:
    live = shown(quiet_hours=QUIET)
    beyond = {"quiet_hours/begin": "22:00", "quiet_hours/end": "09:00", "quiet_hours/tz": "UTC"}
    assert outside({"quiet_hours": QUIET}, live, beyond=beyond) == [
        FieldChange("quiet_hours/end", "08:00", "09:00"),
        FieldChange("quiet_hours/tz", None, "UTC"),
    ]
    deep = {"callbacks": {"push": {"on_click": ["x"]}}}
    assert outside(deep, live, beyond={"callbacks/push/on_click": ["x"]}) == []
    assert outside(deep, live, beyond={"callbacks/push": {"on_click": ["x"]}}) == []


def test_what_a_list_item_does_not_show_is_not_told() -> None:
    item = answer(complete=False, **SPEC)
    assert outside({"quiet_hours": QUIET}, item) == []
    assert outside({"messages/0/priority": 2}, item) == [FieldChange("messages/0/priority", 2, None)]
    assert outside({"quiet_hours": QUIET}, answer(**SPEC)) == [FieldChange("quiet_hours", QUIET, None)]
