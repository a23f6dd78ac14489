"""Messages are matched by name, and live is laid over what was applied."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.diff import FieldChange, aligned, compare, in_order_of, matched, overlay, refused
from campaignctl.diff.drift import in_order
from tests.diff.test_drift import answer

Spec = dict[str, Any]
A: Spec = {"name": "a", "channel": "push"}
B: Spec = {"name": "b", "channel": "sms"}
C: Spec = {"name": "c", "channel": "email"}


@pytest.mark.parametrize(
    ("ours", "theirs", "where"),
    [
        ([A, B], [B, A], (1, 0)),
        ([A, B], [A, B], (0, 1)),
        ([A, B], [B], (None, 0)),
        ([A], [B], (None,)),
        ([{}], [A], (0,)),
        ([A], [{}], (0,)),
        ([{}], [{}], (0,)),
        ([{}], [A, B], None),
        ([A, A], [A, B], None),
        ([A, {}], [A, B], None),
        ([A, {"name": 7}], [A, B], None),
        ([A, {"name": ""}], [A, B], None),
        ([A, "?"], [A, B], None),
        (None, [A], None),
        ([A], None, None),
        ("?", [A], None),
        ([{"name": " a"}], [{"name": "a\n"}], (0,)),
        ([], [], ()),
        ((A, B), [B, A], (1, 0)),
    ],
)
def test_the_place_of_each_message_in_another_list(ours: Any, theirs: Any, where: Any) -> None:
    assert matched(ours, theirs) == where


@pytest.mark.parametrize(
    ("ours", "theirs", "ordered"),
    [
        ([A, B], [B, A], [A, B]),
        ([A, B], [B], [{}, B]),
        ([A], [B, A], [A, B]),
        ([A, B], [C, B], [C, B]),
        ([A, B], [B, C], [C, B]),
        ([A, B], [C], None),
        ([A], [B, C], None),
        ([A, {}], [A, B], None),
    ],
)
def test_the_order_of_ours(ours: Any, theirs: Any, ordered: Any) -> None:
    assert in_order(ours, theirs) == ordered
    live = aligned({"messages": ours}, answer(messages=theirs))
    assert live.fields["messages"] == (theirs if ordered is None else ordered)


def test_another_spec_in_the_order_of_one() -> None:
    assert in_order_of({"messages": [A, B]}, {"name": "n", "messages": [B, A]}) == {
        "name": "n",
        "messages": [A, B],
    }
    assert in_order_of({"messages": [A, C]}, {"messages": [B, A]}) == {"messages": [A, C]}
    for ours, theirs in (
        ({}, {"messages": [A]}),
        ({"messages": [A]}, {}),
        ({"messages": [A, {}]}, {"messages": [A, B]}),
    ):
        assert in_order_of(ours, theirs) == theirs


def changes(applied: Spec, **shown: Any) -> list[tuple[str, Any, Any]]:
    """Live against an applied spec."""
    return [(one.path, one.before, one.after) for one in compare(applied, {}, answer(**shown)).changes]


def test_a_shorter_list_of_objects_is_one_change_of_the_list() -> None:
    actions = [{"title": "x"}, {"title": "y"}]
    applied = {"messages": [{**A, "push": {"actions": actions}}], "name": "n"}
    shown = {"messages": [{**A, "push": {"actions": actions[:1]}}], "name": "m"}
    assert changes(applied, **shown) == [
        ("messages/0/push/actions", actions, actions[:1]),
        ("name", "n", "m"),
    ]
    assert changes({"messages": [A, B]}, messages=[B]) == [("messages", [A, B], [B])]
    assert changes({"messages": [A]}, messages="?") == [("messages", [A], "?")]
    assert changes({"messages": [A, B]}, messages=[{**A, "channel": "sms"}, B]) == [
        ("messages/0/channel", "push", "sms")
    ]
    odd = [{"title": "x"}, "?"]
    assert changes({"x": actions}, x=odd) == [("x", actions, odd)]


def test_messages_that_live_has_more_are_changes_of_their_own() -> None:
    more = {**B, "id": "7", "winner": 0, "campaign_id": "1", "company_id": "2"}
    assert changes({"messages": [A]}, messages=[more, A]) == [("messages/1", None, B)]
    assert changes({"messages": [A]}, messages=[A, "?"]) == [("messages/1", None, "?")]
    assert changes({"messages": [A]}, messages=[A]) == []


@pytest.mark.parametrize(
    ("before", "applied", "shown", "kept"),
    [
        ({"name": "a"}, {"name": "b"}, {"name": "a"}, [("name", "b", "a")]),
        ({"name": "a"}, {"name": "b"}, {"name": "c"}, []),
        ({"name": "a"}, {"name": "b"}, {}, []),
        ({"name": "a"}, {"name": "a"}, {"name": "a"}, []),
        ({}, {"name": "b"}, {"name": "a"}, []),
        ({"description": "d"}, {}, {"description": "d"}, [("description", None, "d")]),
        ({"description": "d"}, {}, {"description": "e"}, []),
        ({"description": "d"}, {}, {}, []),
        ({"run_immediately": True}, {}, {"send_strategy": "immediate"}, []),
        (
            {"quiet_hours": {"begin": 1, "end": 2}},
            {},
            {"quiet_hours": {"begin": 1, "end": 2}},
            [("quiet_hours", None, {"begin": 1, "end": 2})],
        ),
        (
            {"quiet_hours": {"begin": 1, "end": 2}},
            {"quiet_hours": {"begin": 1}},
            {"quiet_hours": {"begin": 1, "end": 2}},
            [("quiet_hours/end", None, 2)],
        ),
        ({"messages": [A, B]}, {"messages": [B]}, {"messages": [A, B]}, [("messages/1", None, A)]),
        (
            {"messages": [A, B]},
            {"messages": [B, {**A, "channel": "sms"}]},
            {"messages": [A, B]},
            [("messages/1/channel", "sms", "push")],
        ),
    ],
)
def test_what_a_patch_should_have_changed_and_did_not(
    before: Spec, applied: Spec, shown: Spec, kept: list[tuple[str, Any, Any]]
) -> None:
    found = refused(before, applied, answer(**shown))
    assert [(one.path, one.before, one.after) for one in found] == kept


@pytest.mark.parametrize(
    ("applied", "laid", "spec"),
    [
        ({"name": "a"}, [("name", "b")], {"name": "b"}),
        ({"name": "a"}, [("description", "d")], {"name": "a", "description": "d"}),
        ({"name": "a"}, [("name", None)], {}),
        ({"q": {"a": 1, "b": 2}}, [("q/a", None)], {"q": {"b": 2}}),
        ({"q": {"a": 1}, "n": 1}, [("q/a", None)], {"n": 1}),
        ({"q": {"r": {"a": 1}}, "n": 1}, [("q/r/a", None)], {"n": 1}),
        ({"n": 1}, [("q/a", 1)], {"n": 1}),
        ({"n": 1}, [("q/a", None)], {"n": 1}),
        ({"messages": [A]}, [("messages/0/channel", "sms")], {"messages": [{**A, "channel": "sms"}]}),
        ({"messages": [A]}, [("messages/1", B)], {"messages": [A, B]}),
        ({"messages": [A, B]}, [("messages/1", None)], {"messages": [A]}),
        ({"messages": [A, B]}, [("messages/0", None)], {"messages": [A, B]}),
        ({"messages": [A]}, [("messages/0", None)], {}),
        ({"messages": [A]}, [("messages/x/channel", "sms")], {"messages": [A]}),
        ({"messages": [A]}, [("messages/7/channel", "sms")], {"messages": [A]}),
        ({"messages": [A]}, [("messages/x", B)], {"messages": [A]}),
        ({"messages": [A]}, [("messages/1/channel", "sms")], {"messages": [A]}),
        ({"n": "text"}, [("n/a", 1)], {"n": "text"}),
        (
            {"t": {"next_time": "x"}},
            [("t/next_time", "2036-12-24T10:00:00Z")],
            {"t": {"next_time": "2036-12-24 10:00:00"}},
        ),
        (
            {"n": 1},
            [("scheduled_time", "2036-12-24T11:00:00+01:00")],
            {"n": 1, "scheduled_time": "2036-12-24 10:00:00"},
        ),
        ({"name": "a"}, [("name", "2036-12-24T10:00:00Z")], {"name": "2036-12-24T10:00:00Z"}),
    ],
)
def test_live_is_laid_over_the_applied_spec(applied: Spec, laid: list[tuple[str, Any]], spec: Spec) -> None:
    before = repr(applied)
    assert overlay(applied, tuple(FieldChange(path, None, after) for path, after in laid)) == spec
    assert repr(applied) == before
