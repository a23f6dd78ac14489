"""What the API refuses in a field: documented, or known from its answers (API contract, sections 2.3 to 2.9).

The rules take a body whose fields have their types; some may be missing. A macro of the API may stand for a
text or begin a URL, as its value is not known here. A draft may still lack a field: the contract does not say
that the API refuses it then.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from campaignctl.campaign import contract
from campaignctl.campaign.problem import KeyPath, Problem, error, warning

Body = Mapping[str, Any]

#: What each channel's content must have, with the name of it in messages.
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "push": ("title", "landing_url"),
    "email": ("sender_name", "sender_email", "subject", "html"),
    "sms": ("content",),
}
#: The fields of each channel's content that must not be blank where they are given.
_TEXTS: Mapping[str, tuple[str, ...]] = {
    "push": ("title", "body"),
    "email": ("sender_name", "sender_email", "subject", "preheader", "html"),
    "sms": ("content",),
}
_URLS = ("icon", "landing_url", "badge")
_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_URL = re.compile(r"(?:https?://[^\s/]|\$\{)\S*", re.IGNORECASE)
_COUNTRY = re.compile("[A-Z]{2}")
_LANGUAGE = re.compile("[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8})*")
_ID = re.compile("[0-9]{1,19}", re.ASCII)
_WINDOW = re.compile("(?<![0-9])([0-9]+)([DHM])", re.ASCII)
_SHOWN = 60


def problems(body: Body) -> Iterator[Problem]:
    """Every error about a value that the API refuses; for a draft, a warning about what it still lacks."""
    draft = body.get("is_draft") is True
    for index, message in enumerate(body.get("messages", ())):
        yield from _message(message, ("messages", index), draft=draft)
    yield from _targeting(body.get("targeting", {}), ("targeting",))
    yield from _test(body.get("ab_test", {}), ("ab_test",))
    if "deal_id" in body:
        yield from _id(body["deal_id"], ("deal_id",))
    for channel, events in body.get("callbacks", {}).items():
        for event, addresses in events.items():
            for index, address in enumerate(addresses):
                yield from _url(address, ("callbacks", channel, event, index))


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: it has only white space and invisible characters, or is empty."""
    return text.isspace() or all(unicodedata.category(sign) in _INVISIBLE for sign in text)


def _message(message: Body, path: KeyPath, *, draft: bool) -> Iterator[Problem]:
    for name in ("integration_id", "template_id"):
        if message.get(name):
            yield from _id(message[name], (*path, name))
    channel = message.get("channel", "")
    content = message.get(channel)
    if channel not in _REQUIRED or content is None:
        return
    here = (*path, channel)
    for name in _REQUIRED[channel]:
        if name not in content:
            report = warning if draft else error
            message_text = f"`{name}` is missing: the API refuses a message of channel {channel} without it"
            yield report("missing-member", (*here, name), message_text, f"add `{name}` to `{channel}`")
    for name in _TEXTS[channel]:
        if name in content:
            yield from _text(content[name], (*here, name))
    if channel == "push":
        yield from _push(content, here)
    sender = content.get("sender_email", "")
    if sender and not _may_send(sender):
        message_text = f"{sender[:_SHOWN]!r} is not an email address"
        yield error("address", (*here, "sender_email"), message_text, "as in crm@example.com")


def _text(value: str | Mapping[str, str], path: KeyPath) -> Iterator[Problem]:
    """The problems of a text, or of one per language; the models refuse what is empty."""
    if isinstance(value, str):
        if value and is_blank(value):
            yield error("empty", path, "blank text: the API refuses it", "write the text")
        return
    if not value:
        yield error(
            "empty", path, "no text in any language: the API refuses it", "write one, as in {en: Hello}"
        )
    for language, text in value.items():
        yield from _language(language, (*path, language))
        if text and is_blank(text):
            hint = f"write the text, or remove `{language}` from every text of the message"
            yield error("empty", (*path, language), "blank text: the API refuses it", hint)


def _language(code: str, path: KeyPath) -> Iterator[Problem]:
    if not _LANGUAGE.fullmatch(code):
        hint = "write a code such as en; a text with a comma or colon in it needs quotes"
        yield error("language", path, f"{code[:_SHOWN]!r} is not a language code", hint)


def _may_send(sender: str) -> bool:
    """Whether a text is an address, has a macro, is the placeholder of the API's examples, or is blank."""
    name, _, host = sender.partition("@")
    if name and "@" not in host and "." in host[1:-1] and sender.split() == [sender]:
        return True
    return "${" in sender or sender.startswith("[") or is_blank(sender)


def _push(push: Body, path: KeyPath) -> Iterator[Problem]:
    for name in _URLS:
        if name in push:
            yield from _url(push[name], (*path, name))
    for language, address in push.get("image", {}).items():
        yield from _language(language, (*path, "image", language))
        yield from _url(address, (*path, "image", language))
    actions = push.get("actions", ())
    if len(actions) > contract.PUSH_ACTIONS:
        yield error(
            "many-items",
            (*path, "actions"),
            f"{len(actions)} buttons; at most {contract.PUSH_ACTIONS} are allowed",
            "remove the others",
        )
    for index, action in enumerate(actions):
        here = (*path, "actions", index)
        if "title" in action:
            yield from _text(action["title"], (*here, "title"))
        else:
            yield error("missing-member", (*here, "title"), "a button without a `title`", "add its `title`")
        for name in ("icon", "url"):
            if name in action:
                yield from _url(action[name], (*here, name))


def _url(address: str, path: KeyPath) -> Iterator[Problem]:
    """The problem of an address that is no http or https URL; a macro may begin it."""
    if _URL.fullmatch(address):
        return
    shown = ascii(address[:_SHOWN])
    if not address.strip():
        yield error(
            "address", path, "empty URL: the API refuses it", "write an https URL, or remove the field"
        )
    elif re.search(r"\s", address):
        yield error("address", path, f"white space in the URL {shown}", "remove it, or write %20")
    else:
        scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)|//", address)
        hint = "write an https URL" if scheme else f"write the scheme too: https://{address[:_SHOWN]}"
        yield error("address", path, f"{shown} is not an http or https URL", hint)


def _id(value: str, path: KeyPath) -> Iterator[Problem]:
    if not _ID.fullmatch(value):
        yield error("form", path, f"{value[:_SHOWN]!r} is not an id", 'an id has digits only, as in "1830"')


def _targeting(targeting: Body, path: KeyPath) -> Iterator[Problem]:
    for index, code in enumerate(targeting.get("countries", {}).get("items", ())):
        if not _COUNTRY.fullmatch(code):
            yield error(
                "audience-code",
                (*path, "countries", "items", index),
                f"{code[:_SHOWN]!r} is not a country code of two capital letters",
                _country_meant(code),
            )
    for index, code in enumerate(targeting.get("languages", {}).get("items", ())):
        if not _LANGUAGE.fullmatch(code):
            place = (*path, "languages", "items", index)
            yield error("audience-code", place, f"{code[:_SHOWN]!r} is not a language code", "as in en")
    age = targeting.get("profile_age", {})
    if 0 <= age.get("to", age.get("from", 0)) < age.get("from", 0):
        message = "`from` is above `to`: this reaches no one"
        yield error("range", (*path, "profile_age"), message, "write the lower age as `from`")


def _country_meant(code: str) -> str:
    from campaignctl.campaign.codes import doubtful_country

    doubt = doubtful_country(code)
    return (doubt and doubt[1]) or "write its ISO code, as in DE"


def _test(test: Body, path: KeyPath) -> Iterator[Problem]:
    split = test.get("test_split", 1)
    if not 1 <= split <= 100:  # noqa: PLR2004 - a percentage
        message = f"{split} is not a percentage from 1 to 100"
        yield error("test-split", (*path, "test_split"), message, "the share of the audience that is tested")
    yield from _text(test.get("winning_metric", "click_rate"), (*path, "winning_metric"))
    parts = _WINDOW.findall(test.get("evaluation_window", "1D"))
    units = [unit for _, unit in parts]
    here = (*path, "evaluation_window")
    hint = "days, hours and minutes, as in 1D or 5D 20H 30M"
    if len(set(units)) < len(units):
        twice = next(unit for unit in units if units.count(unit) > 1)
        yield error("form", here, f"{twice} is given twice", hint)
    elif parts and not any(amount.strip("0") for amount, _ in parts):
        yield error("form", here, "the test would take no time at all", hint)
