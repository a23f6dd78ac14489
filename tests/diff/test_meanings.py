"""What the API may store in another spelling: every row of the table, and what it does not cover."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import is_draft
from campaignctl.diff import compare, means, unconfirmed, unmanaged, verdicts, wrong
from campaignctl.diff.meanings import MEANINGS
from tests.diff.test_drift import PUSH, Spec, answer

TITLE = "messages/0/push/title/en"
HTML = "messages/0/email/html/en"

# A JSON number may be larger than any that Python counts to.
BOUNDLESS = ("score", float("inf"), "inf")
SAME: dict[str, list[tuple[str, Any, Any]]] = {
    "a number may come back as text": [("score", 7, "7"), ("targeting/profile_age/from", 0, 0.0), BOUNDLESS],
    "a flag may come back as a word": [
        ("is_draft", False, "false"),
        ("is_draft", True, "True"),
        ("is_draft", True, " 1 "),
        ("messages/0/push/silent", 1, "true"),
        ("utm_tracking/enabled", 0, "false"),
        ("metadata/vip", True, "true"),
        ("quiet_hours/on", False, "false"),
        ("callbacks/x", True, 1),
    ],
    "line ends depend on the system": [(TITLE, "a\nb", "a\r\nb")],
    "a character may be composed of several": [(TITLE, "\u0161", "s\u030c")],
    "white space around a text is not seen": [(TITLE, "Sale", " Sale\n")],
    "escapes inside html show the same": [
        (HTML, "<p>a & b</p>", "<p>a &amp; b</p>"),
        (HTML, "it's", "it&#39;s"),
    ],
    "an email address has no case": [
        ("messages/0/email/sender_email", "News@Example.com", "news@example.com")
    ],
    "a cron line has several spellings of the same runs": [
        ("recurrence/cron", "0 9 * * 7", "0 9 * * 0"),
        ("recurrence/cron", "0 9 * * MON", "00 09 * * 1"),
        ("recurrence/cron", "*/30 9 * * 1-5", "0,30 9 * * 1,2,3,4,5"),
    ],
    "a duration has several spellings": [("ab_test/evaluation_window", "1D", "1D 0H 0M")],
    "the order of a set says nothing": [
        ("targeting/countries/items", ["DE", "FR"], ["FR", "DE"]),
        ("recurrence/pattern/weekdays", [5, 1], ["1", "5"]),
        ("callbacks/push/on_click", ["https://a", "https://b"], ["https://b", "https://a"]),
    ],
    "a condition without a value narrows nothing": [
        ("targeting/countries", {"items": [], "op": "in"}, None),
        ("targeting/countries", {"items": [], "op": "in"}, {}),
        ("targeting/countries", {"items": [], "op": "in"}, {"items": [], "op": "not_in"}),
        ("targeting/profile_age", {"from": 0}, None),
        ("targeting/custom_properties", {"plan": {"items": [], "op": "in"}}, None),
        ("targeting/custom_properties/plan", {"items": [], "op": "in"}, None),
        ("targeting", {"countries": {"items": []}, "profile_age": {}}, None),
    ],
}


def test_every_row_has_an_example() -> None:
    assert list(SAME) == [row.reason for row in MEANINGS]


@pytest.mark.parametrize(("path", "one", "other"), [case for cases in SAME.values() for case in cases])
def test_the_same_in_another_spelling(path: str, one: Any, other: Any) -> None:
    assert means(path, one, other)
    assert means(path, other, one)


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        (TITLE, "Sale", "sale"),
        ("is_draft", True, "false"),
        ("is_draft", True, "yes"),
        ("is_draft", False, None),
        ("is_draft", False, []),
        ("metadata/vip", True, "1"),
        ("metadata/vip", False, "no"),
        ("metadata/vip", False, None),
        ("metadata/vip", 1, "true"),
        (TITLE, "1", "true"),
        (TITLE, "a & b", "a &amp; b"),
        (TITLE, "a  b", "a b"),
        (TITLE, "50 %", "50"),
        (HTML, "&amp;lt;", "<"),
        ("messages/0/email/sender_name", "Acme", "acme"),
        ("recurrence/cron", "0 9 * * 1", "0 9 1 * *"),
        ("recurrence/cron", "no cron", "other"),
        ("recurrence/cron", "0 9 * * 1", None),
        ("recurrence/cron", "0 9 * * 1", {"hour": 9}),
        ("ab_test/evaluation_window", "1D", "1H"),
        ("targeting/countries/items", ["DE"], ["DE", "FR"]),
        ("targeting/countries/items", ["DE", "DE", "FR"], ["DE", "FR", "FR"]),
        ("messages/0/push/vibration", "200,100", "100,200"),
        ("targeting/countries", {"items": ["DE"], "op": "in"}, None),
        ("targeting/countries", {"items": [], "op": "in"}, {"items": ["DE"], "op": "in"}),
        ("targeting/countries", {"op": "in"}, None),
        ("targeting/profile_age", {"from": 0, "to": 17}, None),
        ("targeting/profile_age", {"from": 18}, None),
        ("targeting", {"countries": {"items": []}, "languages": {"items": ["fr"], "op": "in"}}, None),
        ("callbacks/push", {"items": []}, None),
        ("messages/0/push", {}, None),
    ],
)
def test_another_meaning(path: str, one: Any, other: Any) -> None:
    assert not means(path, one, other)


NOTHING: Spec = {"targeting": {"countries": {"items": [], "op": "in"}}}
FRENCH: Spec = {"targeting": {"languages": {"items": ["fr"], "op": "in"}}}
BOTH: Spec = {"targeting": {**NOTHING["targeting"], **FRENCH["targeting"]}}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (NOTHING, {}),
        (NOTHING, {"targeting": {}}),
        (NOTHING, {"targeting": {"countries": {}}}),
        (NOTHING, {"targeting": {"countries": {"items": []}}}),
        (BOTH, FRENCH),
        (FRENCH, BOTH),
        ({}, NOTHING),
    ],
)
def test_a_condition_that_narrows_nothing_is_everyone_whether_it_is_shown_or_not(
    ours: Spec, theirs: Spec
) -> None:
    live = answer(**theirs)
    assert not wrong(verdicts(ours, live))
    assert not unconfirmed(verdicts(ours, live))
    assert compare(ours, {}, live).changes == ()
    assert unmanaged(ours, live) == {}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (NOTHING, {"targeting": {"countries": {"items": ["DE"], "op": "in"}}}),
        (BOTH, NOTHING),
        (BOTH, {}),
        (FRENCH, {"targeting": {"languages": {"items": [], "op": "in"}}}),
    ],
)
def test_a_condition_that_narrows_is_not_everyone(ours: Spec, theirs: Spec) -> None:
    assert wrong(verdicts(ours, answer(**theirs)))
    assert compare(ours, {}, answer(**theirs)).changes


MAIL = {"channel": "email", "email": {"html": {"en": '<a href="https://x">Hi</a>'}}}
TRACKED = {
    "channel": "email",
    "email": {"html": {"en": '<a href="https://x?c=1">Hi</a><img src="https://t">'}},
}


def test_a_text_that_the_api_rewrites_is_accepted_where_that_is_reviewed() -> None:
    live, paths = answer(messages=[TRACKED]), ["messages/*/email/html"]
    assert wrong(verdicts({"messages": [MAIL]}, live))
    assert [one.said for one in verdicts({"messages": [MAIL]}, live, accepted=paths)] == ["accepted"]
    other = answer(messages=[{"channel": "email", "email": {"html": {"en": "<a>Ho</a>"}}}])
    assert wrong(verdicts({"messages": [MAIL]}, other, accepted=paths))


@pytest.mark.parametrize(
    "spec",
    [
        {"callbacks": {"push": {"on_click": ["https://a"]}}},
        {"utm_tracking": {"enabled": 0}},
        {"deal_id": "7"},
        {"messages": [{**PUSH, "primary_lang": "de"}]},
    ],
)
def test_what_matters_and_is_not_shown_is_unconfirmed_until_the_account_is_known_to_hide_it(
    spec: Spec,
) -> None:
    live = answer(messages=[PUSH]) if "messages" in spec else answer()
    (path,) = unconfirmed(verdicts(spec, live))
    assert not wrong(verdicts(spec, live))
    assert not unconfirmed(verdicts(spec, live, hidden=[path]))


@pytest.mark.parametrize(
    "spec", [{"targeting": {"x": {"items": ["a"], "op": "in"}}}, {"scheduled_time": "2036-01-01 00:00:00"}]
)
def test_an_audience_or_time_that_is_not_shown_is_wrong_unless_the_account_is_known_to_hide_it(
    spec: Spec,
) -> None:
    assert wrong(verdicts(spec, answer()))
    assert not wrong(verdicts(spec, answer(complete=False)))
    assert not wrong(verdicts(spec, answer(), hidden=list(spec)))


@pytest.mark.parametrize(
    ("shown", "is_wrong"),
    [({"send_strategy": "immediate"}, False), ({"next_run_time": "2036-01-01 00:00:00"}, False), ({}, True)],
)
def test_a_send_at_once_is_confirmed_by_how_and_when_it_runs(shown: Spec, is_wrong: bool) -> None:
    told = verdicts(
        {"run_immediately": True}, Live("1", {"id": "1", "status": "draft", **shown}, complete=True)
    )
    assert bool(wrong(told)) is is_wrong


WORDS = {"is_draft": "false", "send_in_profile_time_zone": "false", "send_if_profile_time_passed": "0"}


def test_a_default_in_words_was_set_by_nobody() -> None:
    assert unmanaged(PUSH, answer(**WORDS, utm_tracking={"enabled": "true"})) == {}


@pytest.mark.parametrize(("shown", "draft"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_a_draft_is_known_by_a_word_too(shown: str, draft: bool) -> None:
    assert is_draft({"status": "scheduled", "is_draft": shown}) is draft
