"""Lint: warnings about a campaign's body, for a person to look at.

They include codes of countries and languages: the API does not say which codes it knows (API contract,
section 2.6), so an unknown code is a warning and never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from campaignctl.campaign import contract
from campaignctl.campaign.problem import KeyPath, Problem, warning
from campaignctl.campaign.spec import LOCALISED, execution_options, languages_of


def _codes(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


#: ISO 3166-1 alpha-2, and XK, the common code for Kosovo.
COUNTRIES = _codes(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
    ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
    HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
    LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
    NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
    SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
    UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
    """
)
#: ISO 639-1, and older codes that are still in use: bh, in, iw, ji, mo, sh.
LANGUAGES = _codes(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de
    dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id
    ie ig ii ik in io is it iu iw ja ji jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln
    lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi
    pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """
)
#: Common mistakes, and the code that was probably meant.
MEANT_COUNTRY: Mapping[str, str] = {"UK": "GB", "EL": "GR", "EN": "GB"}
MEANT_LANGUAGE: Mapping[str, str] = {
    "al": "sq",
    "at": "de",
    "by": "be",
    "cn": "zh",
    "cz": "cs",
    "dk": "da",
    "gb": "en",
    "gr": "el",
    "il": "he",
    "ir": "fa",
    "jp": "ja",
    "kz": "kk",
    "md": "ro",
    "pk": "ur",
    "rs": "sr",
    "ua": "uk",
    "us": "en",
    "vn": "vi",
}


def doubtful_country(code: str) -> tuple[str, str] | None:
    """The warning about a country code and what to write instead; None for a known code."""
    return _doubt(code, code.upper(), COUNTRIES, MEANT_COUNTRY, "country", "two capital letters")


def doubtful_language(code: str) -> tuple[str, str] | None:
    """The warning about a language code and what to write instead; None for a known code."""
    return _doubt(code, code.lower(), LANGUAGES, MEANT_LANGUAGE, "language", "two lower-case letters")


def _doubt(
    code: str, spelt: str, known: frozenset[str], meant: Mapping[str, str], what: str, form: str
) -> tuple[str, str] | None:
    if code in known:
        return None
    likely = meant.get(spelt) or (spelt if spelt in known else None)
    hint = f"did you mean {likely}?" if likely else ""
    if len(code) == 2 and code.isascii() and code.isalpha() and code == spelt:  # noqa: PLR2004 - their form
        return f"unknown {what} code {code!r}", hint
    if not likely and (spelt[:2] in known and spelt[2:3] in {"-", "_"}):
        hint = f"did you mean {spelt[:2]}?"
    return f"{code[:40]!r} is not a {what} code of {form}", hint


Body = Mapping[str, Any]

_UNDOCUMENTED = ("actions", "badge", "tag", "renotify", "require_interaction", "silent", "vibration", "ttl")
_EXPECTED = {
    "push": ("title", "landing_url"),
    "email": ("sender_name", "sender_email", "subject", "html"),
    "sms": ("content",),
    "adex": ("zone_id",),
}


def problems(body: Body) -> Iterator[Problem]:
    """Every warning about a body whose fields have their types; some may be missing."""
    yield from _bytes(body.get("name", ""), ("name",), contract.NAME)
    yield from _bytes(body.get("description", ""), ("description",), contract.DESCRIPTION)
    yield from _when(body)
    yield from _unconfirmed(body)
    for name, part in _PARTS.items():
        if name in body:
            yield from part(body[name], (name,))
    for index, message in enumerate(body.get("messages", ())):
        yield from _message(message, ("messages", index))


def _bytes(text: str, path: KeyPath, limit: int) -> Iterator[Problem]:
    """A limit that the API counts in UTF-8 bytes on a sibling resource (section 2.3)."""
    # A character has at most four bytes: a text shorter than a quarter of the limit needs no counting.
    if len(text) * 4 <= limit:
        return
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > limit:
        yield warning(
            "long-text",
            path,
            f"{size:,} bytes in UTF-8; the API may allow only {limit:,}",
            "this limit is documented for a sibling resource, or in characters",
        )


def _when(body: Body) -> Iterator[Problem]:
    options = execution_options(body)
    zoned = body.get("send_in_profile_time_zone") is True
    if zoned and "run_immediately" in options:
        yield warning(
            "profile-time",
            ("send_in_profile_time_zone",),
            "`send_in_profile_time_zone` has no effect: with `run_immediately` there is no clock time",
        )
    if body.get("send_if_profile_time_passed") is True and not zoned:
        yield warning(
            "profile-time",
            ("send_if_profile_time_passed",),
            "`send_if_profile_time_passed` has no effect without `send_in_profile_time_zone: true`",
        )


def _unconfirmed(body: Body) -> Iterator[Problem]:
    for name in ("score", "max_runs"):
        if name in body:
            yield warning(
                "unconfirmed",
                (name,),
                f"`{name}` is known from answers only: the API may ignore or refuse it in a request",
            )


def _labels(labels: list[str], path: KeyPath) -> Iterator[Problem]:
    for index, label in enumerate(labels):
        if label in labels[:index]:
            yield warning(
                "label", (*path, index), f"duplicate label {label!r}", "labels are a set; remove one"
            )


def _targeting(targeting: Body, path: KeyPath) -> Iterator[Problem]:
    for name, doubtful in (("countries", doubtful_country), ("languages", doubtful_language)):
        choice = targeting.get(name)
        if choice is None:
            continue
        for index, item in enumerate(choice.get("items", ())):
            if doubt := doubtful(item):
                yield warning("audience-code", (*path, name, "items", index), *doubt)
        yield from _choice(choice, (*path, name))
    if len(targeting.get("countries", {}).get("items", ())) > contract.COUNTRIES:
        yield warning("many-items", (*path, "countries"), f"more than {contract.COUNTRIES} countries")
    for name, choice in targeting.get("custom_properties", {}).items():
        yield from _choice(choice, (*path, "custom_properties", name))
    age = targeting.get("profile_age", {})
    if age.get("from", 0) > age.get("to", age.get("from", 0)):
        yield warning("empty", (*path, "profile_age"), "`from` is above `to`: this reaches no one")
    for name in targeting:
        if name not in {"countries", "languages", "profile_age", "custom_properties"}:
            yield warning(
                "unconfirmed",
                (*path, name),
                f"`{name}` is not documented for a campaign's audience; it is sent unchecked",
                "if the API ignores it, the campaign reaches more people than intended",
            )


def _choice(choice: Body, path: KeyPath) -> Iterator[Problem]:
    if choice.get("op", "in") != "in":
        yield warning(
            "operator",
            (*path, "op"),
            f"operator {choice['op']!r} is not documented for campaigns; only `in` is",
        )
    if choice.get("items") == []:
        yield warning("empty", (*path, "items"), "no values: the API does not document who this reaches")


def _test(test: Body, path: KeyPath) -> Iterator[Problem]:
    for name in ("test_split", "winning_metric", "evaluation_window", "winner_delivery_mode"):
        if name not in test:
            yield warning("expected", (*path, name), f"`{name}` is missing; every documented test has it")
    if not 1 <= test.get("test_split", 1) <= 100:  # noqa: PLR2004 - a percentage
        yield warning("test-split", (*path, "test_split"), "not a percentage from 1 to 100")
    metric = test.get("winning_metric", "click_rate")
    if metric not in contract.WINNING_METRICS:
        yield warning(
            "metric",
            (*path, "winning_metric"),
            f"{metric!r} is not a documented metric",
            f"use {' or '.join(contract.WINNING_METRICS)}",
        )


def _recurrence(recurrence: Body, path: KeyPath) -> Iterator[Problem]:
    for name in ("weekdays", "months"):
        pattern = recurrence.get("pattern")
        if pattern is not None and not pattern.get(name):
            yield warning(
                "expected",
                (*path, "pattern", name),
                f"`{name}` is missing or empty; every documented pattern has it",
            )
    fields = recurrence.get("cron", "").split(" ")
    if len(fields) == 5:  # noqa: PLR2004 - a cron expression has five fields
        if not fields[0].isdecimal():
            yield warning(
                "cron",
                (*path, "cron"),
                "the minute is not a single number; a sibling resource of the API refuses that",
            )
        if fields[2] != "*" and fields[4] != "*":
            yield warning(
                "cron",
                (*path, "cron"),
                "both day of the month and weekday are set; whether both must match is not documented",
                "write `*` for one of them",
            )


def _callbacks(callbacks: Body, path: KeyPath) -> Iterator[Problem]:
    for channel, events in callbacks.items():
        for event, addresses in events.items():
            if channel != "push" or event not in contract.CALLBACK_EVENTS:
                yield warning(
                    "unconfirmed",
                    (*path, channel, event),
                    f"event {event!r} of {channel!r} is not documented",
                    "documented events: on_click and on_wokenup of push",
                )
            for index, address in enumerate(addresses):
                yield from _address(address, (*path, channel, event, index))


def _address(address: str, path: KeyPath) -> Iterator[Problem]:
    # The value of a macro is unknown here.
    if not address.startswith(("https://", "${")):
        yield warning("address", path, "not an https URL")


def _message(message: Body, path: KeyPath) -> Iterator[Problem]:
    channel = message.get("channel")
    if "name" not in message:
        yield warning("expected", (*path, "name"), "`name` is missing; every documented message has it")
    if channel not in LOCALISED:
        return
    content = message.get(channel)
    if content is None:
        return
    for name in _EXPECTED[channel]:
        if not content.get(name):
            yield warning(
                "expected",
                (*path, channel, name),
                f"`{name}` is missing or empty; every documented {channel} message has it",
            )
    yield from _languages(message, channel, path)
    yield from _CONTENT[channel](content, (*path, channel))


def _languages(message: Body, channel: str, path: KeyPath) -> Iterator[Problem]:
    languages = languages_of(message, channel)
    if languages and "primary_lang" not in message and "en" not in languages:
        yield warning(
            "primary-lang",
            (*path, "primary_lang"),
            "`primary_lang` is missing; the API then uses en, which this content does not have",
            f"add `primary_lang: {languages[0]}`",
        )
    for name in LOCALISED[channel]:
        texts = message[channel].get(name, {})
        for language in texts:
            if doubt := doubtful_language(language):
                yield warning("language", (*path, channel, name, language), *doubt)
        missing = [language for language in languages if language not in texts]
        # One image may serve every language.
        if texts and missing and name != "image":
            yield warning(
                "language",
                (*path, channel, name),
                f"`{name}` lacks languages that other fields have: {', '.join(missing)}",
            )


def _push(push: Body, path: KeyPath) -> Iterator[Problem]:
    yield from _bytes(push.get("landing_url", ""), (*path, "landing_url"), contract.LANDING_URL)
    for name in ("icon", "landing_url", "badge"):
        if push.get(name):
            yield from _address(push[name], (*path, name))
    for language, address in push.get("image", {}).items():
        yield from _address(address, (*path, "image", language))
    for name in _UNDOCUMENTED:
        if name in push:
            yield warning(
                "unconfirmed",
                (*path, name),
                f"`{name}` is documented for sibling resources, not for campaigns",
            )
    if len(push.get("actions", ())) > contract.PUSH_ACTIONS:
        yield warning("many-items", (*path, "actions"), f"more than {contract.PUSH_ACTIONS} buttons")


def _email(email: Body, path: KeyPath) -> Iterator[Problem]:
    yield from _bytes(email.get("subject", ""), (*path, "subject"), contract.SUBJECT)
    yield from _bytes(email.get("preheader", ""), (*path, "preheader"), contract.PREHEADER)
    for language, text in email.get("html", {}).items():
        yield from _bytes(text, (*path, "html", language), contract.HTML)
    sender = email.get("sender_email", "")
    if sender and not (_is_address(sender) or "${" in sender):
        yield warning("address", (*path, "sender_email"), f"{sender!r} does not look like an email address")
    if "preheader" in email:
        yield warning(
            "unconfirmed",
            (*path, "preheader"),
            "`preheader` is documented only in the oldest edition of the API",
        )


def _is_address(text: str) -> bool:
    """Whether a text has the form NAME@HOST.DOMAIN. A regular expression would search it again and again."""
    name, _, host = text.partition("@")
    return bool(name) and "@" not in host and "." in host[1:-1] and text.split() == [text]


def _sms(sms: Body, path: KeyPath) -> Iterator[Problem]:
    for language, text in sms.get("content", {}).items():
        yield from _bytes(text, (*path, "content", language), contract.SMS_CONTENT)
        if not text:
            yield warning("expected", (*path, "content", language), "empty text")


def _adex(adex: Body, path: KeyPath) -> Iterator[Problem]:
    yield warning(
        "unconfirmed",
        path,
        "channel adex is documented only for templates and in the oldest edition",
    )
    if adex.get("number_of_messages", 1) not in contract.ADEX_MESSAGES:
        yield warning("range", (*path, "number_of_messages"), "not from 1 to 10")


_PARTS: Mapping[str, Callable[[Any, KeyPath], Iterator[Problem]]] = {
    "labels": _labels,
    "targeting": _targeting,
    "ab_test": _test,
    "recurrence": _recurrence,
    "callbacks": _callbacks,
}
_CONTENT: Mapping[str, Callable[[Body, KeyPath], Iterator[Problem]]] = {
    "push": _push,
    "email": _email,
    "sms": _sms,
    "adex": _adex,
}
