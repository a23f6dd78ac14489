"""Macros: which `${NAME}` a text has, their sample values, and how long their values are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from campaignctl.campaign.contract import MACRO
from campaignctl.content.facts import LONG_MACRO

#: Sample values of system macros; those of the campaign and the message are in `samples_of`.
_SAMPLES = {
    "OCMH_APP_NAME": "Example",
    "OCMH_CAMPAIGN_ID": "1030978",
    "OCMH_CLICK_ID": "5f0c2b7e9a1d4c36",
    "OCMH_CONTAINER_ID": "1024",
    "OCMH_CONTAINER_TYPE": "web",
    "OCMH_PROFILE_AGE": "30",
    "OCMH_PROFILE_BROWSER_ID": "1",
    "OCMH_PROFILE_CITY_ID": "1024",
    "OCMH_PROFILE_COUNTRY_CODE": "DE",
    "OCMH_PROFILE_ID": "8146",
    "OCMH_PROFILE_OS_ID": "1",
    "OCMH_PROFILE_REGION_ID": "1024",
    "OCMH_PROFILE_SUBTIME": "2026-01-01 10:00:00",
    "OCMH_PROFILE_TIMEZONE": "Europe/Berlin",
    "OCMH_UTM_SOURCE": "ocamba",
}
#: Macros whose value is two letters for every recipient.
_TWO_LETTERS = frozenset({"OCMH_PROFILE_COUNTRY_CODE", "OCMH_PROFILE_LANG_CODE"})
#: Macros whose value is the same for every recipient, and known here.
_EXACT = frozenset({"OCMH_CAMPAIGN_NAME", "OCMH_UTM_MEDIUM"})
#: System macros whose value may have any letter; those of others are in ASCII.
_ANY_LETTER = frozenset({"OCMH_APP_NAME", "OCMH_CAMPAIGN_NAME", "OCMH_UTM_SOURCE"})


@dataclass(frozen=True, slots=True)
class Extent:
    """How many characters the value of a macro has, and whether all of them are in ASCII."""

    least: int
    most: int
    ascii: bool


def names(texts: Iterable[str]) -> tuple[str, ...]:
    """The macros of some texts, each once, in the order in which they come."""
    return tuple(dict.fromkeys(found[1] for text in texts for found in MACRO.finditer(text)))


def samples_of(
    body: Mapping[str, Any], channel: str, lang: str, samples: Mapping[str, str]
) -> dict[str, str]:
    """The sample value of each macro that has one; `samples` are the author's, which win."""
    name = body.get("name")
    own = {"OCMH_CAMPAIGN_NAME": name} if isinstance(name, str) else {}
    return {**_SAMPLES, **own, "OCMH_PROFILE_LANG_CODE": lang, "OCMH_UTM_MEDIUM": channel, **samples}


def fill(text: str, samples: Mapping[str, str], made: Callable[[str], str] = str) -> str:
    """A text with sample values in place of macros; one without a sample stays as it is.

    `made` prepares a value for the text, for example escapes it.
    """
    if "${" not in text:
        return text
    return MACRO.sub(lambda found: made(samples[found[1]]) if found[1] in samples else found[0], text)


def extent(name: str, samples: Mapping[str, str]) -> Extent:
    """How long the value of a macro may be for some recipient."""
    sample = samples.get(name, "")
    if name in _TWO_LETTERS:
        return Extent(2, 2, ascii=True)
    if name in _EXACT and sample:
        return Extent(len(sample), len(sample), ascii=sample.isascii())
    ascii_only = name in _SAMPLES and name not in _ANY_LETTER
    return Extent(0, max(LONG_MACRO.value, len(sample)), ascii=ascii_only)
