"""Previews: one for each message and language; what falls back, what is missing, which macros it has."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.content.facts import FIGURES
from campaignctl.content.model import EmailPreview, Macro, PushPreview, SmsPreview
from campaignctl.content.previews import previews


def push(**fields: Any) -> dict[str, Any]:
    return {"name": "M", "channel": "push", "push": fields}


def body(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Sale", "messages": list(messages)}


def test_one_for_each_message_and_language() -> None:
    sms = {"channel": "sms", "sms": {"content": {"en": "a"}}}
    found = previews("k", body(push(title={"en": "a", "de": "b"}, body={"en": "c"}), sms), samples={})
    assert [(each.message, each.channel, each.lang) for each in found] == [
        ("M", "push", "en"),
        ("M", "push", "de"),
        ("messages/1", "sms", "en"),
    ]
    assert {each.key for each in found} == {"k"}


def test_a_language_without_its_own_text_shows_the_primary_one() -> None:
    message = push(title={"it": "a", "de": "b"}, body={"it": "c"}) | {"primary_lang": "it"}
    [german] = previews("k", body(message), samples={}, langs=["de"])
    assert isinstance(german.content, PushPreview)
    assert (german.content.title, german.content.body) == ("b", "c")
    assert (german.fallback, german.missing, german.primary_lang) == (("body",), (), "it")


def test_an_unknown_language_shows_the_primary_one_everywhere() -> None:
    [found] = previews("k", body(push(title={"en": "a"}, body={"en": "b"})), samples={}, langs=["fr"])
    assert (found.lang, found.fallback, found.missing) == ("fr", ("title", "body"), ())


@pytest.mark.parametrize("text", [{}, {"de": "a"}, {"en": " ", "de": "a"}])
def test_what_is_missing_is_said(text: dict[str, str]) -> None:
    [found] = previews("k", body(push(title={"en": "t"}, body=text)), samples={}, langs=["en"])
    assert found.missing == ("body",)


def test_a_blank_text_of_its_own_is_sent_as_it_is() -> None:
    [found] = previews(
        "k", body(push(title={"en": "t", "de": ""}, body={"en": "b"})), samples={}, langs=["de"]
    )
    assert (found.missing, found.fallback) == (("title",), ("body",))


def test_buttons_have_languages_too() -> None:
    actions = [{"title": {"en": "Buy"}, "url": "https://a"}, {"url": "https://b"}]
    message = push(title={"en": "t", "de": "t"}, body={"en": "b", "de": "b"}, actions=actions)
    [found] = previews("k", body(message), samples={}, langs=["de"])
    assert (found.fallback, found.missing) == (("actions/0/title",), ("actions/1/title",))


def test_macros_have_their_sample_values() -> None:
    message = push(
        title={"en": "${OCMH_CAMPAIGN_NAME} ${FIRST_NAME}"}, body={"en": "${UNKNOWN} ${FIRST_NAME}"}
    )
    [found] = previews("k", body(message), samples={"FIRST_NAME": "Ana"})
    assert isinstance(found.content, PushPreview)
    assert (found.content.title, found.content.body) == ("Sale Ana", "${UNKNOWN} Ana")
    assert found.macros == (
        Macro("OCMH_CAMPAIGN_NAME", "Sale"),
        Macro("FIRST_NAME", "Ana"),
        Macro("UNKNOWN", None),
    )


def test_the_author_s_samples_win() -> None:
    sms = {"channel": "sms", "sms": {"content": {"de": "${OCMH_PROFILE_LANG_CODE} ${OCMH_UTM_MEDIUM}"}}}
    [found] = previews("k", body(sms), samples={"OCMH_UTM_MEDIUM": "text"})
    assert isinstance(found.content, SmsPreview)
    assert found.content.text == "de text"


def test_an_email_has_macros_in_every_field() -> None:
    content = {"sender_name": "${A}", "subject": "${B}", "preheader": "${C}", "html": {"en": "${D}"}}
    [found] = previews("k", body({"channel": "email", "email": content}), samples={"A": "Acme"})
    assert isinstance(found.content, EmailPreview)
    assert found.content.sender_name == "Acme"
    assert [macro.name for macro in found.macros] == ["A", "B", "C", "D"]


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"messages": None},
        {"messages": [None, 1, "a", {}, {"channel": 1}, {"channel": "adex", "adex": {}}]},
        {"name": 1, "messages": [{"channel": "push", "push": None}]},
        {"messages": [{"channel": "sms", "sms": {"content": "text"}, "primary_lang": 1}]},
        {"messages": [{"channel": "email", "email": {"html": {"en": None}, "subject": {"en": "a"}}}]},
        {"messages": [{"channel": "push", "push": {"title": [], "actions": [1, {"title": "a", "url": 1}]}}]},
    ],
)
def test_a_live_campaign_of_any_shape_has_previews(spec: dict[str, Any]) -> None:
    assert all(each.lang for each in previews("k", spec, samples={}))


def test_every_figure_has_its_source() -> None:
    assert len(FIGURES) > 10
    assert all(each.source and each.what and each.value > 0 for each in FIGURES)
