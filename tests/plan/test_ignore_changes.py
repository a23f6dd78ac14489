"""`lifecycle.ignore_changes`: live may differ in these fields, and keeps its values."""

from __future__ import annotations

from copy import copy
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Plan, Unmanaged
from tests.plan.planning import (
    KEY,
    SCHEDULED,
    Spec,
    body,
    live,
    message,
    only,
    plan_of,
    record,
    state,
    wanted,
)

TWO = {**SCHEDULED, "messages": [message(name="a", priority=1), message("sms", name="b", priority=2)]}


def of(spec: Spec, applied: Spec, shown: Spec, *ignored: str, **fields: Any) -> Plan:
    """The plan for a live campaign that differs from the applied spec."""
    return plan_of(
        wanted(spec, lifecycle=Lifecycle(ignore_changes=ignored)),
        known=state({KEY: record(applied)}),
        reading=Reading(live={KEY: live(shown, **fields)}),
    )


def changed(value: Any, *path: str | int, to: Any) -> Any:
    """A copy of a spec, or of a part of it, with one field changed."""
    if not path:
        return to
    other = copy(value)
    other[path[0]] = changed(other[path[0]], *path[1:], to=to)
    return other


@pytest.mark.parametrize("ignored", ["messages/0/priority", "messages/*/priority", "messages/0", "messages"])
def test_ignored_drift_is_not_shown(ignored: str) -> None:
    plan = of(TWO, TWO, changed(TWO, "messages", 0, "priority", to=9), ignored)
    assert plan.empty
    assert not plan.drift


def test_ignored_messages_of_no_known_form_are_left_alone() -> None:
    plan = of(changed(TWO, "name", to="New"), TWO, {**TWO, "messages": 7}, "messages")
    assert only(plan).requests[0].body == {"name": "New"}


def test_other_drift_is_still_corrected() -> None:
    plan = of(TWO, TWO, {**changed(TWO, "messages", 0, "priority", to=9), "name": "X"}, "messages/*/priority")
    assert only(plan).requests[0].body == {"name": "Welcome"}


def test_an_array_that_is_sent_keeps_ignored_live_values() -> None:
    edited = changed(TWO, "messages", 1, "sms", to={"content": {"en": "New"}})
    shown = changed(TWO, "messages", 0, "priority", to=9)
    patch = only(of(edited, TWO, shown, "messages/*/priority")).requests[0].body
    assert patch == {"messages": changed(edited["messages"], 0, "priority", to=9)}


def test_an_ignored_field_that_only_live_has_survives_in_an_array() -> None:
    plain = {**SCHEDULED, "messages": [message()]}
    edited = {**SCHEDULED, "messages": [message("push", push={"title": {"en": "New"}})]}
    shown = {**SCHEDULED, "messages": [message(priority=5, id="8146", winner=0, template_id="7")]}
    patch = only(of(edited, plain, shown, "messages/*/priority")).requests[0].body
    assert patch == {"messages": [{**edited["messages"][0], "priority": 5}]}
    whole = only(of(edited, plain, shown, "messages/0/priority", "messages/0/id")).requests[0].body
    assert whole == patch


def test_an_ignored_message_that_only_live_has_survives() -> None:
    named = {**SCHEDULED, "messages": [message(name="a")]}
    edited = {**SCHEDULED, "messages": [message(name="a", priority=3)]}
    extra = message("sms", name="b", id="8147")
    shown = {**SCHEDULED, "messages": [message(name="a"), extra]}
    plan = of(edited, named, shown, "messages/1")
    kept = [message(name="a", priority=3), message("sms", name="b")]
    assert only(plan).requests[0].body == {"messages": kept}
    assert of(named, named, shown, "messages/1").empty
    assert only(of({**named, "name": "X"}, named, shown, "messages/1")).requests[0].body == {"name": "X"}


def test_an_edit_of_an_ignored_field_is_ignored() -> None:
    assert of(changed(TWO, "messages", 0, "priority", to=7), TWO, TWO, "messages/0/priority").empty


def test_an_ignored_field_is_removed_with_its_parent() -> None:
    tested = {**TWO, "ab_test": {"test_split": 30, "winning_metric": "click_rate"}}
    patch = only(of(TWO, tested, tested, "ab_test/test_split")).requests[0].body
    assert patch == {"ab_test": None}
    shorter = {**TWO, "messages": TWO["messages"][:1]}
    assert only(of(shorter, TWO, TWO, "messages/1/priority")).requests[0].body == {
        "messages": shorter["messages"]
    }


def test_a_draft_whose_launch_is_ignored_can_be_edited() -> None:
    drafted = {**SCHEDULED, "is_draft": True}
    plan = of({**drafted, "name": "New"}, drafted, SCHEDULED, "is_draft", is_draft=False)
    assert only(plan).requests[0].body == {"name": "New"}


def test_an_unparsable_live_time_does_not_stop_a_plan() -> None:
    for spelling in ("2036-12-23T10:00:00Z", "tomorrow"):
        shown = {**SCHEDULED, "scheduled_time": spelling}
        assert only(of(SCHEDULED, SCHEDULED, shown)).arms is (spelling == "tomorrow")
        kept = only(of({**SCHEDULED, "name": "X"}, SCHEDULED, shown, "scheduled_time"))
        assert kept.requests[0].body == {"name": "X"}
    odd = body(recurrence={"cron": "@daily"})
    (blocked,) = of(SCHEDULED, SCHEDULED, {**odd, "scheduled_time": None}).blocked
    assert blocked.unmanaged == (Unmanaged("recurrence", {"cron": "@daily"}),)


def titled(name: str, title: str, **fields: Any) -> Spec:
    """A push message with a name and a title."""
    return message(name=name, push={"title": {"en": title}, "body": {"en": f"Body of {name}"}}, **fields)


A, B, NEW = titled("a", "A"), titled("b", "B"), titled("new", "New")
EDITED = titled("a", "Edited live")


def messages(*parts: Spec) -> Spec:
    return {**SCHEDULED, "messages": list(parts)}


@pytest.mark.parametrize(
    ("ours", "ignored", "sent"),
    [
        ((NEW, A), "messages/1/push/title", (NEW, EDITED)),
        ((NEW, A), "messages/0/push/title", (NEW, A)),
        ((NEW, A), "messages/*/push/title", (NEW, EDITED)),
        ((NEW, A), "messages/*/push/title/en", (NEW, EDITED)),
        ((A, NEW), "messages/0/push/title", (EDITED, NEW)),
        ((NEW,), "messages/0/push/title", (NEW,)),
    ],
)
def test_an_index_means_the_message_that_has_it_in_the_manifest(
    ours: tuple[Spec, ...], ignored: str, sent: tuple[Spec, ...]
) -> None:
    patch = only(of(messages(*ours), messages(A), messages(EDITED), ignored)).requests[0].body
    assert patch == {"messages": list(sent)}


def test_a_swap_in_the_manifest_takes_the_ignored_values_along() -> None:
    patch = only(of(messages(B, A), messages(A, B), messages(EDITED, B), "messages/*/push/title")).requests[0]
    assert patch.body == {"messages": [B, EDITED]}


def test_live_messages_in_another_order_are_compared_by_name() -> None:
    assert of(messages(A, B), messages(A, B), messages(B, A)).empty
    (drift,) = of(messages(A, B), messages(A, B), messages(B, EDITED)).drift
    assert [change.path for change in drift.diff] == ["messages/0/push/title/en"]


def test_a_message_that_only_live_has_never_takes_the_place_of_a_new_one() -> None:
    shown = messages(A, titled("theirs", "Theirs"))
    patch = only(of(messages(A, NEW), messages(A), shown, "messages/1")).requests[0].body
    assert patch == {"messages": [A, NEW, titled("theirs", "Theirs")]}


UNNAMED = [message(push={"title": {"en": title}}) for title in "AB"]


@pytest.mark.parametrize(
    "parts", [UNNAMED, [A, {**B, "name": "a"}], [A, {**B, "name": ""}]], ids=["none", "doubled", "empty"]
)
@pytest.mark.parametrize("ignored", ["messages/0/push/title", "messages/*/priority", "messages/1"])
def test_messages_that_cannot_be_matched_by_name_are_blocked_where_a_path_leads_into_them(
    parts: list[Spec], ignored: str
) -> None:
    edited, applied = messages(NEW, *parts), messages(*parts)
    (blocked,) = of(edited, applied, applied, ignored).blocked
    assert "cannot be matched by name" in blocked.reason
    assert only(of(edited, applied, applied)).requests[0].body == {"messages": [NEW, *parts]}
    assert of(applied, applied, applied, ignored).empty


def test_ignored_messages_that_only_live_has_all_stay() -> None:
    a, b, c = (message(name=name) for name in "abc")
    edited = {**SCHEDULED, "messages": [{**a, "priority": 1}]}
    shown = {**SCHEDULED, "messages": [a, b, c]}
    plan = of(edited, {**SCHEDULED, "messages": [a]}, shown, "messages/1", "messages/2")
    assert only(plan).requests[0].body == {"messages": [{**a, "priority": 1}, b, c]}
