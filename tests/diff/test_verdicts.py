"""What a read says of each field right after a write."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.campaign.live import Live
from campaignctl.diff import echo_of, unconfirmed, verdicts, wrong
from tests.diff.test_drift import answer

Spec = dict[str, Any]
PUSH: Spec = {"channel": "push", "name": "a", "push": {"title": {"en": "Hi"}}}
SMS: Spec = {"channel": "sms", "name": "b", "sms": {"content": {"en": "Hi"}}}
MAIL: Spec = {"channel": "email", "name": "c", "email": {"html": {"en": "<b>Hi</b>"}}}
BOTH: Spec = {"messages": [PUSH, SMS]}
NAMELESS = [{**PUSH, "name": ""}, {**SMS, "name": ""}]


def told(applied: Spec, live: Live, **known: Any) -> list[tuple[str, str]]:
    """The paths and verdicts."""
    return [(one.path, one.said) for one in verdicts(applied, live, **known)]


@pytest.mark.parametrize(
    ("applied", "shown", "verdict"),
    [
        ({"name": "A"}, {"name": "A"}, []),
        ({"name": "A"}, {"name": " A"}, [("name", "equal")]),
        ({"name": "A"}, {"name": "B"}, [("name", "differs")]),
        ({"name": "A"}, {"name": "A", "messages": [PUSH]}, []),
        ({"deal_id": "7"}, {}, [("deal_id", "not shown")]),
        ({"is_draft": False}, {}, []),
        ({"is_draft": True}, {}, [("is_draft", "not shown")]),
        ({"utm_tracking": {"enabled": 1}}, {}, []),
        ({"utm_tracking": {"enabled": 0}}, {}, [("utm_tracking/enabled", "not shown")]),
        ({"targeting": {}, "labels": [], "description": None}, {}, []),
        (
            {"messages": [{**PUSH, "push": {"title": {"en": "Hi", "de": "Hallo"}}}]},
            {"messages": [PUSH]},
            [("messages/0/push/title/de", "differs")],
        ),
        (
            {"messages": [{**PUSH, "priority": 1}]},
            {"messages": [PUSH]},
            [("messages/0/priority", "not shown")],
        ),
        (
            {"messages": [PUSH]},
            {"messages": [{"channel": "push", "name": "a"}]},
            [("messages/0/push/title/en", "not shown")],
        ),
        (
            {"messages": [PUSH]},
            {},
            [(f"messages/0/{each}", "not shown") for each in ("channel", "name", "push/title/en")],
        ),
        ({"messages": [PUSH]}, BOTH, [("messages/1", "differs")]),
    ],
)
def test_a_whole_answer_says(applied: Spec, shown: Spec, verdict: list[tuple[str, str]]) -> None:
    assert told(applied, answer(**shown)) == verdict


def test_a_list_item_says_nothing_of_what_it_lacks() -> None:
    applied = {"name": "A", "deal_id": "7", "run_immediately": True, "messages": [PUSH, SMS]}
    assert told(applied, answer(complete=False, name="A")) == []
    found = told(applied, answer(complete=False, name="B", messages=[SMS]))
    assert [path for path, said in found if said == "differs"] == ["name", "messages/0"]


@pytest.mark.parametrize(("shown", "path"), [([SMS], "messages/0"), ([PUSH], "messages/1")])
def test_a_message_that_a_list_lacks_is_told_once_and_as_a_whole(shown: list[Spec], path: str) -> None:
    found = list(verdicts(BOTH, answer(messages=shown)))
    lost = BOTH["messages"][int(path[-1])]
    assert [(one.path, one.value, one.found) for one in found] == [(path, lost, None)]


def test_a_nameless_message_that_a_list_lacks_is_told_once_and_others_where_they_differ() -> None:
    applied = {"messages": NAMELESS}
    assert told(applied, answer(messages=NAMELESS[:1])) == [("messages/1", "differs")]
    left = told(applied, answer(messages=NAMELESS[1:]))
    assert {("messages/1", "differs"), ("messages", "unmatched")} < set(left)


def test_reviewed_paths_are_accepted_or_hidden() -> None:
    applied = {"deal_id": "7", "messages": [PUSH, MAIL]}
    tracked = {**MAIL, "email": {"html": {"en": '<b>Hi</b><img src="x">'}}}
    other = {**MAIL, "email": {"html": {"en": "<b>Ho</b>"}}}
    live = answer(messages=[PUSH, tracked])
    known = {"accepted": ["messages/*/email/html"], "hidden": ["deal_id"]}
    assert told(applied, live, **known) == [("deal_id", "hidden"), ("messages/1/email/html/en", "accepted")]
    assert told(applied, live) == [("deal_id", "not shown"), ("messages/1/email/html/en", "differs")]
    assert ("messages/1/email/html/en", "differs") in told(applied, answer(messages=[PUSH, other]), **known)
    assert ("messages/0", "hidden") in told(applied, answer(messages=[tracked]), hidden=["messages/0"])
    number = answer(messages=[PUSH, {**MAIL, "email": {"html": {"en": 7}}}])
    assert ("messages/1/email/html/en", "differs") in told(applied, number, **known)


@pytest.mark.parametrize(
    ("shown", "is_confirmed"),
    [
        ({}, False),
        ({"send_strategy": "immediate"}, True),
        ({"send_strategy": "manual"}, False),
        ({"run_immediately": True}, True),
        ({"was_launched": 1}, True),
        ({"next_run_time": "2036-01-01 00:00:00"}, True),
        ({"scheduled_run_times": ["2036-01-01 00:00:00"]}, True),
        ({"status": "running"}, True),
        ({"status": "sent"}, True),
        ({"status": "needs_decision"}, True),
        ({"status": "paused"}, False),
    ],
)
def test_the_event_is_confirmed_by_how_and_when_it_runs(shown: Spec, is_confirmed: bool) -> None:
    live = answer(**shown)
    expected = [] if is_confirmed else [("run_immediately", "not shown")]
    assert told({"run_immediately": True}, live) == expected
    bad = [(one.value, one.found) for one in wrong(verdicts({"run_immediately": True}, live))]
    assert bad == ([] if is_confirmed else [(True, None)])
    assert told({"run_immediately": True, "is_draft": True}, answer(**{**shown, "is_draft": True})) == []
    assert told({"run_immediately": False}, live) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "is_unmatched"),
    [
        (NAMELESS, NAMELESS, False),
        (NAMELESS, [NAMELESS[1], NAMELESS[0]], True),
        (NAMELESS, [NAMELESS[0], {**NAMELESS[1], "sms": {"content": {"en": "Ho"}}}], True),
        (NAMELESS, [NAMELESS[0], {**NAMELESS[1], "sms": {"content": {"en": " Hi"}}}], False),
        ([{**NAMELESS[0], "priority": None}, NAMELESS[1]], NAMELESS, False),
        ([{**NAMELESS[0], "priority": 1}, NAMELESS[1]], NAMELESS, True),
        (
            [{**NAMELESS[0], "priority": None}, NAMELESS[1]],
            [{**NAMELESS[0], "priority": 1}, NAMELESS[1]],
            True,
        ),
        ([PUSH, SMS], [SMS, PUSH], False),
        ([PUSH, SMS], None, False),
    ],
)
def test_messages_without_names_are_unmatched_where_they_differ(
    ours: list[Spec], theirs: Any, is_unmatched: bool
) -> None:
    live = answer(messages=theirs) if theirs is not None else answer(complete=False)
    assert (("messages", "unmatched") in told({"messages": ours}, live)) is is_unmatched
    assert ("messages" in unconfirmed(verdicts({"messages": ours}, live))) is is_unmatched


def test_a_difference_that_is_reviewed_leaves_no_message_unmatched() -> None:
    theirs = [NAMELESS[0], {**NAMELESS[1], "sms": {"content": {"en": "Ho"}}}]
    assert told({"messages": NAMELESS}, answer(messages=theirs), hidden=["messages/1/sms/content"]) == [
        ("messages/1/sms/content/en", "differs")
    ]


def test_the_echo_keeps_what_is_stored_in_another_way_and_may_be() -> None:
    applied = {
        "name": "A",
        "description": "d",
        "deal_id": "7",
        "labels": ["a"],
        "scheduled_time": "2036-12-24 10:00:00",
        "messages": [PUSH],
    }
    live = answer(
        name="B", description=" d", labels=["a"], scheduled_time="2036-12-24 11:00:00", messages=[PUSH, SMS]
    )
    assert echo_of(verdicts(applied, live)) == {"name": ["B"], "deal_id": []}
    assert [one.path for one in wrong(verdicts(applied, live))] == ["scheduled_time", "messages/1"]
    assert unconfirmed(verdicts(applied, live)) == ("deal_id",)
