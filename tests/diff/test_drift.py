"""Drift: live is compared only in the fields of the manifest, allowing for the echo."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import FIELD
from campaignctl.diff import (
    FieldChange,
    compare,
    echo_of,
    leaves,
    matches,
    overlay,
    refused,
    same,
    split,
    verdicts,
    wrong,
)
from tests.diff.json_values import specs, texts, unhurried

Spec = dict[str, Any]
PUSH = {"channel": "push", "push": {"title": {"en": "Hello"}}}
SPEC: Spec = {"name": "Welcome", "messages": [PUSH]}


def push(**titles: str) -> Spec:
    """A push with a title in these languages."""
    return {"channel": "push", "push": {"title": titles}}


def answer(*, complete: Any = True, **fields: Any) -> Live:
    """An answer of the API."""
    return Live("1", {"id": "1", "status": "scheduled", **fields}, complete)


def paths(applied: Spec, shown: Live, echo: Spec | None = None) -> list[str]:
    """The paths that differ."""
    return [change.path for change in compare(applied, echo or {}, shown).changes]


@pytest.mark.parametrize(
    ("applied", "shown"),
    [
        ({"labels": ["b", "a"]}, {"labels": "a,b"}),
        ({"labels": []}, {}),
        ({"scheduled_time": "2036-12-24 10:00:00"}, {"scheduled_time": "2036-12-24T10:00:00Z"}),
        ({"is_draft": False}, {}),
        ({"is_draft": False}, {"is_draft": None}),
        ({"is_draft": True}, {"status": "draft"}),
        ({"is_draft": True}, {"is_draft": 1}),
        ({"deal_id": "7"}, {"deal_id": 7}),
        ({"run_immediately": True}, {}),
        ({"run_immediately": True}, {"run_immediately": False}),
        ({"utm_tracking": {"enabled": 1}}, {"utm_tracking": {"enabled": True, "utm_source": "filled in"}}),
        ({"metadata": {"a": "1"}}, {"metadata": {"a": "1", "campaignctl": "v1 x"}}),
        ({"targeting": {}}, {}),
        (
            SPEC,
            {**SPEC, "messages": [{**PUSH, "id": "8146", "integration_id": "0", "winner": 0}], "score": 0},
        ),
    ],
)
def test_no_drift(applied: Spec, shown: Spec) -> None:
    assert paths(applied, answer(**shown)) == []


@pytest.mark.parametrize(
    ("applied", "shown", "path", "after"),
    [
        ({"name": "A"}, {"name": "B"}, "name", "B"),
        ({"name": "A"}, {}, "name", None),
        ({"name": "A"}, {"name": None}, "name", None),
        ({"is_draft": True}, {"is_draft": False}, "is_draft", False),
        ({"is_draft": False}, {"status": "draft"}, "is_draft", True),
        ({"metadata": {"a": "1"}}, {"metadata": {"a": "2"}}, "metadata/a", "2"),
        ({"utm_tracking": {"enabled": 0}}, {}, "utm_tracking/enabled", None),
        (
            SPEC,
            {**SPEC, "messages": [{**PUSH, "push": {"title": {"en": "X"}}}]},
            "messages/0/push/title/en",
            "X",
        ),
        (SPEC, {**SPEC, "messages": [PUSH, {"channel": "sms", "id": "2"}]}, "messages/1", {"channel": "sms"}),
    ],
)
def test_drift(applied: Spec, shown: Spec, path: str, after: Any) -> None:
    (change,) = compare(applied, {}, answer(**shown)).changes
    assert (change.path, change.after) == (path, after)


def test_the_echo_is_no_drift() -> None:
    applied = {"ab_test": {"evaluation_window": "1D"}, "callbacks": {"push": {"on_click": ["https://x"]}}}
    echoed = answer(ab_test={"evaluation_window": "1D 0H 0M"})
    echo = echo_of(verdicts(applied, echoed))
    assert echo == {"callbacks/push/on_click": []}
    assert paths(applied, echoed, echo) == []
    assert paths(applied, answer(**applied), echo) == []
    window = answer(ab_test={"evaluation_window": "2D 0H 0M"})
    assert paths(applied, window, echo) == ["ab_test/evaluation_window"]
    other = answer(**{**applied, "callbacks": {"push": {"on_click": ["https://y"]}}})
    assert paths(applied, other, echo) == ["callbacks/push/on_click"]


def test_a_field_absent_from_a_list_item_is_unknown_and_not_different() -> None:
    applied = {**SPEC, "description": "x"}
    shown = answer(complete=False, name="Welcome", messages=[{"channel": "push"}])
    found = compare(applied, {}, shown)
    assert found.changes == ()
    assert found.unknown == ("messages", "description")
    different = compare(applied, {}, answer(complete=False, name="Other"))
    assert [change.path for change in different.changes] == ["name"]


def test_a_partial_answer_leaves_no_echo() -> None:
    assert echo_of(verdicts({**SPEC, "description": "x"}, answer(complete=False))) == {}


@pytest.mark.parametrize(
    ("applied", "shown"),
    [
        ({"scheduled_time": "2036-12-24 10:00:00"}, {"scheduled_time": "2036-12-24 11:00:00"}),
        ({"recurrence": {"cron": "0 9 * * *"}}, {"recurrence": {"cron": "0 8 * * *"}}),
        (
            {"targeting": {"countries": {"items": ["DE"], "op": "in"}}},
            {"targeting": {"countries": {"items": []}}},
        ),
        ({"is_draft": True}, {"is_draft": False}),
        ({"send_in_profile_time_zone": True}, {"send_in_profile_time_zone": False}),
        ({"messages": [PUSH]}, {"messages": [{**PUSH, "channel": "sms"}]}),
        ({"messages": [{**PUSH, "integration_id": "1"}]}, {"messages": [{**PUSH, "integration_id": "2"}]}),
        (
            {"messages": [{"channel": "email", "email": {"sender_email": "a@x"}}]},
            {"messages": [{"channel": "email", "email": {"sender_email": "b@x"}}]},
        ),
        ({"messages": [PUSH]}, {"messages": [PUSH, PUSH]}),
        ({"messages": [PUSH, PUSH]}, {"messages": [PUSH]}),
        ({"targeting": {"countries": {"items": ["DE"]}}}, {}),
        (
            {"targeting": {"countries": {"items": ["DE"]}, "os": {"items": ["x"]}}},
            {"targeting": {"os": {"items": ["x"]}}},
        ),
        ({"messages": [push(en="Hello", de="Hallo")]}, {"messages": [push(en="Hello")]}),
        ({"messages": [push(en="Hello there")]}, {"messages": [push(en="Hello the")]}),
        (
            {"callbacks": {"push": {"on_click": ["https://a"]}}},
            {"callbacks": {"push": {"on_click": ["https://b"]}}},
        ),
        ({"ab_test": {"test_split": 10}}, {"ab_test": {"test_split": 100}}),
    ],
)
def test_what_decides_or_is_read_is_no_respelling(applied: Spec, shown: Spec) -> None:
    live = answer(**shown)
    assert wrong(verdicts(applied, live))
    assert compare(applied, echo_of(verdicts(applied, live)), live).changes


@pytest.mark.parametrize(
    ("applied", "shown"),
    [
        ({"name": " Welcome "}, {"name": "Welcome"}),
        (
            {"recurrence": {"pattern": {"weekdays": [5, 1]}}},
            {"recurrence": {"pattern": {"weekdays": ["1", "5"]}}},
        ),
        ({"messages": [{**PUSH, "integration_id": "1"}]}, {"messages": [{**PUSH, "integration_id": 1}]}),
        ({"description": "x"}, {"description": "X"}),
        ({"callbacks": {"push": {"on_click": ["https://a"]}}}, {}),
    ],
)
def test_other_respellings_are_kept_as_echo(applied: Spec, shown: Spec) -> None:
    live = answer(**shown)
    assert not wrong(verdicts(applied, live))
    assert not compare(applied, echo_of(verdicts(applied, live)), live).changes


def test_fields_that_a_patch_did_not_change_are_found() -> None:
    before, after = {"name": "A", "score": 1, "x": 1}, {"name": "B", "score": 2, "x": 1}
    shown = answer(name="A", score=3, x=2)
    assert refused(before, after, shown) == (FieldChange("name", "B", "A"),)


class Server:
    """A server that respells or drops the same fields every time."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.habits: dict[tuple[str | int, ...], str] = {}

    def answers(self, value: Any, path: tuple[str | int, ...] = ()) -> Any:
        """The value as this server returns it."""
        if isinstance(value, dict):
            kept = {name: item for name, item in value.items() if self.habit((*path, name)) != "drops"}
            return {name: self.answers(item, (*path, name)) for name, item in kept.items()}
        if isinstance(value, list):
            return [self.answers(item, (*path, index)) for index, item in enumerate(value)]
        return self.draw(texts) if self.habit(path) == "respells" else value

    def habit(self, path: tuple[str | int, ...]) -> str:
        """What it does with the field at a path."""
        drawn = self.draw(st.sampled_from(["keeps", "respells", "drops"]))
        return self.habits.setdefault(path, drawn)


@unhurried
@given(specs, st.booleans(), st.data())
def test_after_a_write_the_same_answer_is_no_drift(spec: Spec, complete: bool, data: st.DataObject) -> None:
    fields = Server(data.draw).answers(spec)
    live = answer(**{**fields, "status": "scheduled"}, complete=complete)
    told = tuple(verdicts(spec, live))
    bad = [one.path for one in wrong(told) if one.path != "run_immediately"]
    changed = [change.path for change in compare(spec, echo_of(told), live).changes]
    assert all(any(meet(path, other) for other in bad) for path in changed)
    assert all(any(meet(path, other) for other in changed) for path in bad)


def meet(one: str, other: str) -> bool:
    """Whether a path stands at, above or below another."""
    shorter, longer = sorted((split(one), split(other)), key=len)
    return longer[: len(shorter)] == shorter


@unhurried
@given(specs, specs)
def test_overlay_turns_the_applied_spec_into_the_live_one(applied: Spec, other: Spec) -> None:
    shown = answer(**{**other, "status": "scheduled"})
    known = overlay(applied, compare(applied, {}, shown).changes)
    assert compare(known, {}, shown).changes == ()
    for path, value in leaves(applied).items():
        if path not in leaves(known) and not matches(path, ["run_immediately", "metadata/campaignctl"]):
            assert value is not None


def test_overlay_removes_parents_that_become_empty() -> None:
    applied = {**SPEC, "targeting": {"countries": {"items": ["DE"], "op": "in"}}, "messages": [PUSH, PUSH]}
    shown = answer(**SPEC)
    assert overlay(applied, compare(applied, {}, shown).changes) == SPEC
    assert applied["messages"] == [PUSH, PUSH]


def test_overlay_reads_times_and_copies_values() -> None:
    title = {"en": "X"}
    changes = (
        FieldChange("scheduled_time", None, "2036-12-24T10:00:00Z"),
        FieldChange("title", None, title),
        FieldChange("not/there", None, 1),
        FieldChange("messages/7/name", None, 1),
    )
    laid = overlay(SPEC, changes)
    assert laid == {**SPEC, "scheduled_time": "2036-12-24 10:00:00", "title": {"en": "X"}}
    assert laid["title"] is not title
    assert same("scheduled_time", laid["scheduled_time"], "2036-12-24T10:00:00Z")


def test_of_the_metadata_only_our_marker_is_not_compared() -> None:
    applied = {**SPEC, "metadata": {FIELD: "v2 a", "team": "crm"}}
    assert paths(applied, answer(**SPEC, metadata={FIELD: "v2 b", "team": "crm"})) == []
    assert paths(applied, answer(**SPEC, metadata={FIELD: "v2 a", "team": "ads"})) == ["metadata/team"]
    assert paths({**SPEC, "metadata": {}}, answer(**SPEC, metadata="text")) == ["metadata"]
