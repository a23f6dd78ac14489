"""The content of a campaign: which differences make another one, and which do not."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.diff import content, sketch

PUSH = {
    "name": "Push",
    "channel": "push",
    "integration_id": "7",
    "push": {"title": {"en": "Sale"}, "body": {"en": "Today"}, "landing_url": "https://a.example"},
}
MAIL = {
    "name": "Mail",
    "channel": "email",
    "integration_id": "8",
    "email": {"sender_email": "news@example.com", "subject": {"en": "Sale"}, "html": {"en": "<p>a & b</p>"}},
}
SPEC: dict[str, Any] = {
    "name": "Sale",
    "messages": [PUSH, MAIL],
    "targeting": {"countries": {"items": ["DE", "FR"], "op": "in"}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    spec = deepcopy(SPEC)
    *above, last = path.split("/")
    holder: Any = spec
    for part in above:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    holder[last] = value
    return spec


SAME = {
    "the name": ("name", "Another"),
    "labels": ("labels", ["a"]),
    "a description": ("description", "For spring"),
    "metadata": ("metadata", {"n": "1"}),
    "a deal": ("deal_id", "9"),
    "the score": ("score", 3),
    "its time": ("scheduled_time", "2036-03-22 10:00:00"),
    "a recurrence": ("recurrence", {"cron": "0 9 * * 1"}),
    "an immediate send": ("run_immediately", True),
    "a draft": ("is_draft", True),
    "the name of a message": ("messages/0/name", "Other"),
    "the id of a message": ("messages/0/id", "77"),
    "the priority of a message": ("messages/0/priority", 2),
    "the primary language of a message with one": ("messages/0/primary_lang", "en"),
    "an empty text": ("messages/0/push/image_url", ""),
    "an empty object": ("messages/0/push/data", {}),
    "an empty list": ("messages/0/push/actions", []),
    "null": ("messages/0/push/image_url", None),
    "the order of messages": ("messages", [MAIL, PUSH]),
    "the order of countries": ("targeting/countries/items", ["FR", "DE"]),
    "the case of countries": ("targeting/countries/items", ["de", "fr"]),
    "white space around a country": ("targeting/countries/items", [" DE", "FR"]),
    "a condition that narrows nothing": ("targeting/profile_age", {"from": 0}),
    "an empty condition": ("targeting/custom_properties", {}),
    "an unknown condition": ("targeting/country", "DE"),
    "white space around a text": ("messages/0/push/title/en", " Sale\n"),
    "escapes inside html": ("messages/1/email/html/en", "<p>a &amp; b</p>"),
    "the case of an address": ("messages/1/email/sender_email", "News@example.com"),
    "an id as a number": ("messages/0/integration_id", 7),
    "an absent field as null": ("messages/0/push/icon", None),
    "an absent field as an empty list": ("messages/0/push/actions", []),
}

OTHER = {
    "a title": ("messages/0/push/title/en", "Sale!"),
    "a further language": ("messages/0/push/title/de", "Angebot"),
    "a body": ("messages/0/push/body/en", "Now"),
    "a URL": ("messages/0/push/landing_url", "https://b.example"),
    "a button": ("messages/0/push/actions", [{"title": {"en": "Buy"}, "url": "https://a.example"}]),
    "html": ("messages/1/email/html/en", "<p>a</p>"),
    "the sender": ("messages/1/email/sender_email", "shop@example.com"),
    "the integration": ("messages/0/integration_id", "9"),
    "a message fewer": ("messages", [PUSH]),
    "a message twice": ("messages", [PUSH, PUSH, MAIL]),
    "a country fewer": ("targeting/countries/items", ["DE"]),
    "everyone": ("targeting", {}),
    "a further condition": ("targeting/languages", {"items": ["de"], "op": "in"}),
    "an age": ("targeting/profile_age", {"from": 3}),
}


@pytest.mark.parametrize("what", SAME)
def test_recipients_get_the_same(what: str) -> None:
    assert content(changed(*SAME[what])) == content(SPEC)
    assert sketch(changed(*SAME[what])) == sketch(SPEC)


@pytest.mark.parametrize("what", OTHER)
def test_recipients_get_something_else(what: str) -> None:
    assert content(changed(*OTHER[what])) != content(SPEC)


def test_a_text_that_the_api_rewrites_does_not_count_where_that_is_accepted() -> None:
    tracked = changed("messages/1/email/html/en", "<p>a & b</p><img src='t.gif'>")
    accepted = ("messages/*/email/html",)
    assert content(tracked, accepted) == content(SPEC, accepted)
    assert content(changed("messages/1/email/subject/en", "Now"), accepted) != content(SPEC, accepted)


@pytest.mark.parametrize("broken", [{}, {"messages": None}, {"messages": ["text"]}, {"targeting": "all"}])
def test_any_answer_of_the_api_has_a_content(broken: dict[str, Any]) -> None:
    assert content(broken).startswith("sha256:")
    assert sketch(broken).startswith("sha256:")


def test_a_text_that_the_api_may_rewrite_does_not_count() -> None:
    paths = ["messages/*/email/html"]
    rewritten = changed("messages/1/email/html", {"en": "<p>a & b</p><img>"})
    assert content(rewritten) != content(SPEC)
    assert content(rewritten, paths) == content(SPEC, paths)
    other = changed("messages/1/email/subject", {"en": "Other"})
    assert content(other, paths) != content(SPEC, paths)


#: A text as it may be spelled, and what an API or an author may put in its place.
_SPELLINGS = st.sampled_from(
    [
        *({"en": "Sale"}, {"en": " Sale "}, {"en": "Sale\r\n"}, {"en": "Sale", "de": ""}, {"en": None}),
        *({"de": "Sale"}, {"en": "Sa&amp;le"}, {"en": "Sa&le"}, "Sale", "", {}, None, ["Sale"], 5),
    ]
)
_MESSAGES = st.one_of(
    st.builds(
        lambda text, name: {"channel": "push", "name": name, "push": {"title": text}}, _SPELLINGS, _SPELLINGS
    ),
    st.builds(lambda text, other: {"email": {"subject": text, "html": other}}, _SPELLINGS, _SPELLINGS),
    st.builds(
        lambda text: {"channel": "sms", "id": 3, "template_id": 0, "sms": {"content": text}}, _SPELLINGS
    ),
    st.builds(lambda text: {"channel": "sms", "sms": text}, _SPELLINGS),
    _SPELLINGS,
)
_SPECS = st.builds(lambda messages: {"messages": messages}, st.lists(_MESSAGES, max_size=2) | _SPELLINGS)


@given(_SPECS, _SPECS)
def test_what_has_the_same_content_has_the_same_sketch(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert sketch(one) == sketch(other) or content(one) != content(other)


def test_other_texts_make_another_sketch() -> None:
    assert sketch(changed("messages/1/email/subject/en", "Now")) != sketch(SPEC)
