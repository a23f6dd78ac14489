"""Messages are matched by name wherever they are paired; a list that cannot be matched is not confirmed."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.campaign.live import Live
from campaignctl.diff import (
    FieldChange,
    baseline_of,
    compare,
    echo_of,
    following,
    refused,
    set_outside,
    unconfirmed,
    unmanaged,
    verdicts,
    with_ignored,
    wrong,
)

Spec = dict[str, Any]


def push(name: str | None, title: str | None = None, **titles: str) -> Spec:
    """A message with a title of its own."""
    named = {"name": name} if name else {}
    return {**named, "channel": "push", "push": {"title": {"en": title or f"Title of {name}", **titles}}}


A, B, C = push("a"), push("b"), push("c")
TEST = {"ab_test": {"test_split": 30}}


def spec(*messages: Spec, **fields: Any) -> Spec:
    return {"name": "News", "messages": list(messages), **fields}


def shown(*messages: Spec, complete: bool = True, **fields: Any) -> Live:
    """An answer with these messages, each with an id."""
    numbered = [{"id": str(80 + number), **message} for number, message in enumerate(messages)]
    return Live("1", {"id": "1", "status": "scheduled", **spec(*numbered, **fields)}, complete)


def paths(*told: Any) -> list[str]:
    return [one.path for one in told]


@pytest.mark.parametrize("fields", [{}, TEST], ids=["plain", "A/B test"])
@pytest.mark.parametrize("complete", [True, False])
def test_another_order_is_the_same(fields: Spec, *, complete: bool) -> None:
    ours, live = spec(A, B, C, **fields), shown(C, A, B, complete=complete, **fields)
    assert not list(verdicts(ours, live))
    assert unmanaged(ours, live) == {}
    assert compare(ours, {}, live).changes == ()


def test_the_name_of_a_message_may_be_spelt_differently() -> None:
    assert not wrong(verdicts(spec(push(" a ", "A"), B), shown(B, push("a", "A"))))


def test_a_difference_in_another_order_is_told_of_its_message() -> None:
    live = shown(B, push("a", "Cut", de="Hallo"))
    (told,) = wrong(verdicts(spec(A, B), live))
    assert (told.path, told.value, told.found) == ("messages/0/push/title/en", "Title of a", "Cut")
    assert unmanaged(spec(A, B), live) == {"messages/0/push/title/de": "Hallo"}
    assert set_outside({}, spec(A, B), live) == (FieldChange("messages/0/push/title/de", None, "Hallo"),)


def test_what_another_message_has_is_not_called_managed() -> None:
    german = push("b", de="Hallo")
    assert unmanaged(spec(german, A), shown(push("a", de="Von anderen"), german)) == {
        "messages/1/push/title/de": "Von anderen"
    }


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_message_that_is_dropped_is_wrong(number: int, *, complete: bool) -> None:
    """A list page leaves out a field, never an item of a list that it shows."""
    ours = [A, B, C]
    live = shown(*ours[:number], *ours[number + 1 :], complete=complete)
    assert paths(*wrong(verdicts(spec(*ours), live))) == [f"messages/{number}"]
    assert unmanaged(spec(*ours), live) == {}
    assert baseline_of(spec(*ours), live) == {}


def test_a_message_that_was_added_is_wrong_wherever_it_stands() -> None:
    (told,) = wrong(verdicts(spec(A, B), shown(C, A, B)))
    assert (told.path, told.found) == ("messages/2", C)


def test_texts_under_swapped_names_are_wrong() -> None:
    live = shown(push("b", "Title of a"), push("a", "Title of b"), complete=True, **TEST)
    assert paths(*wrong(verdicts(spec(A, B, **TEST), live))) == [
        "messages/0/push/title/en",
        "messages/1/push/title/en",
    ]
    assert compare(spec(A, B, **TEST), {}, live).changes


def test_one_message_that_was_renamed_is_that_one() -> None:
    told = tuple(verdicts(spec(A, B), shown(push("new", "Title of b"), A)))
    assert paths(*told) == ["messages/1/name"]
    assert not wrong(told)


NAMELESS = spec(push(None, "A"), push(None, "B"))


@pytest.mark.parametrize(
    ("ours", "live"),
    [
        (spec(A, B), shown(push("x", "Title of a"), push("x", "Title of b"))),
        (spec(A, B), shown(push(None, "Title of a"), push(None, "Title of b"))),
        (spec(A, B), shown(push("x", "Title of a"), push("y", "Title of b"))),
    ],
    ids=["one name twice", "no names", "other names"],
)
@pytest.mark.parametrize("complete", [True, False])
def test_a_list_that_cannot_be_matched_is_unconfirmed(ours: Spec, live: Live, *, complete: bool) -> None:
    told = tuple(verdicts(ours, Live("1", live.fields, complete)))
    assert not wrong(told)
    assert unconfirmed(told) == ("messages",)
    assert "messages" not in echo_of(told)


def test_names_that_the_account_is_known_to_hide_leave_the_list_confirmed() -> None:
    live = shown(push(None, "Title of a"), push(None, "Title of b"))
    assert not unconfirmed(verdicts(spec(A, B), live, hidden=["messages/*/name"]))


def test_messages_without_names_are_confirmed_only_where_all_of_them_agree() -> None:
    assert not list(verdicts(NAMELESS, shown(push("1", "A"), push("2", "B"))))
    other = tuple(verdicts(NAMELESS, shown(push("2", "B"), push("1", "A"))))
    assert len(wrong(other)) == len(("A", "B"))
    assert unconfirmed(other) == ("messages",)


def test_a_patch_that_took_is_not_called_refused_for_the_order_of_the_answer() -> None:
    before, after = spec(A, push("b", "Old")), spec(push("b", "New"), A)
    assert refused(before, after, shown(A, push("b", "New"))) == ()
    (kept,) = refused(before, after, shown(A, push("b", "Old")))
    assert (kept.path, kept.before, kept.after) == ("messages/0/push/title/en", "New", "Old")


def test_a_message_that_a_patch_did_not_remove_is_told() -> None:
    kept = refused(spec(A, B), spec(B), shown(A, B))
    assert paths(*kept) == ["messages/1"]
    assert refused(spec(A, B), spec(B), shown(B)) == ()


def test_a_baseline_follows_its_message() -> None:
    baseline = {"messages/0/push/title/de": "Hallo", "labels": ["theirs"]}
    assert following(baseline, spec(A, B), spec(C, A)) == {
        "messages/1/push/title/de": "Hallo",
        "labels": ["theirs"],
    }
    assert following(baseline, spec(A, B), spec(B)) == {"labels": ["theirs"]}
    assert following(baseline, NAMELESS, spec(A, B)) == baseline


@pytest.mark.parametrize("ignored", ["messages", "messages/*/push"])
def test_ignored_messages_are_those_of_live_and_ignored_fields_go_to_their_message(ignored: str) -> None:
    ours = [{"name": name, "channel": "push", "push": {"title": {"en": name}}} for name in "ab"]
    theirs = [
        {"name": name, "channel": "push", "push": {"title": {"en": f"new {name}"}}}
        for name in ("c", "b", "a")
    ]
    found = with_ignored({"messages": ours}, {"messages": theirs}, (ignored,))["messages"]
    assert found == (theirs if ignored == "messages" else [theirs[2], theirs[1]])
