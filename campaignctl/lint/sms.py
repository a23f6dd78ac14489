"""Rules about SMS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from campaignctl.campaign import contract
from campaignctl.content import facts
from campaignctl.content.macros import samples_of
from campaignctl.content.model import SmsPreview
from campaignctl.content.sms import preview
from campaignctl.lint.rule import Basis, Fault, rule
from campaignctl.lint.subject import Message, Text

_SHORTENED = re.compile(
    rf"(?<![\w.-])({'|'.join(map(re.escape, sorted(facts.SHORTENERS)))})(?=/)", re.ASCII | re.IGNORECASE
)
_PRICE = Basis("fact", facts.GSM_ALONE.source)


def _previews(message: Message) -> Iterator[tuple[Text, SmsPreview]]:
    """The texts that may have more than one part, each with its preview."""
    for text in message.texts:
        # A character has at most two units, and a macro or link may be longer than it looks.
        if len(text.text) * 2 > facts.UCS2_ALONE.value or not text.text.isascii() or "${" in text.text:
            campaign = message.campaign
            samples = samples_of(campaign.body, "sms", text.lang or message.primary_lang, campaign.samples)
            yield text, _preview(text.text, tuple(samples.items()))


@lru_cache(1_024)
def _preview(text: str, samples: tuple[tuple[str, str], ...]) -> SmsPreview:
    return preview(text, dict(samples))


@rule(
    "SMS001",
    "info",
    "An SMS has one part: each costs as much as an SMS.",
    on="sms",
    basis=_PRICE,
    fix="Shorten the text if one part is enough; then there is nothing else to do.",
)
def several_parts(message: Message) -> Iterator[Fault]:
    """A text that is sent, and paid, as several parts."""
    for text, shown in _previews(message):
        if shown.parts > 1:
            yield Fault(text.path, f"{shown.parts} parts in {shown.encoding}: {shown.units} units")


@rule(
    "SMS002",
    "warning",
    "No character makes an SMS dearer without need.",
    on="sms",
    basis=_PRICE,
    fix="Write the character that is named: straight quotes, a hyphen, three points, a plain space.",
)
def costly(message: Message) -> Iterator[Fault]:
    """Characters that make every part shorter, where plain ones would do."""
    for text, shown in _previews(message):
        if shown.parts_plain is None or not shown.costly:
            continue
        first, *others = shown.costly
        more = f" and {len(others)} more" if others else ""
        instead = f"write {first.instead!r}" if first.instead else "remove it"
        yield Fault(
            text.path,
            f"{first.character!r} ({first.name}){more} makes {shown.parts} parts of {shown.parts_plain}",
            f"{instead}; some providers do so by themselves, but do not rely on it",
            text.text.find(first.character),
        )


@rule(
    "SMS003",
    "warning",
    "An SMS has no link of a public shortener.",
    on="sms",
    basis=Basis("fact", "Twilio, error 30857: such links fail verification in the US and Canada"),
    fix="Write the whole link: Ocamba shortens it.",
)
def shortener(message: Message) -> Iterator[Fault]:
    """A link of bit.ly and the like."""
    for text in message.texts:
        for found in _SHORTENED.finditer(text.text):
            yield Fault(
                text.path,
                f"a link of {found[1].lower()}: carriers in the US and Canada refuse public shorteners",
                "write the whole link; Ocamba shortens it",
                found.start(),
            )


@rule(
    "SMS004",
    "warning",
    "An SMS has at most 320 bytes.",
    on="sms",
    basis=Basis("sibling", "API page of an SMS to a single user (API contract, section 2.3)"),
    fix="Shorten the text, or send one such campaign to yourself first.",
    formerly=("long-text",),
)
def size(message: Message) -> Iterator[Fault]:
    """A text that is longer than a sibling resource takes."""
    for text in message.texts:
        if len(text.text) * 4 <= contract.SMS_CONTENT:
            continue
        if (count := len(text.text.encode("utf-8", "surrogatepass"))) > contract.SMS_CONTENT:
            said = f"{count:,} bytes in UTF-8; the API may allow only {contract.SMS_CONTENT:,}"
            yield Fault(text.path, said, "this limit is documented for a sibling resource, or in characters")


@rule(
    "SMS005",
    "info",
    "The values of macros do not add parts to an SMS.",
    on="sms",
    basis=Basis("hint", f"a macro is taken to have up to {facts.LONG_MACRO.value} characters"),
    fix="Leave room for the value, or set a sample under `preview: {samples: ...}` of the project file.",
)
def macro_parts(message: Message) -> Iterator[Fault]:
    """A text whose number of parts depends on the recipient."""
    for text, shown in _previews(message):
        if shown.parts_max > shown.parts and "${" in text.text:
            yield Fault(text.path, f"{shown.parts} to {shown.parts_max} parts, by the values of its macros")
