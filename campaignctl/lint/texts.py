"""Rules about texts and their languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from campaignctl.campaign.codes import doubtful_language
from campaignctl.campaign.contract import MACRO, SYSTEM_MACROS
from campaignctl.campaign.problem import KeyPath
from campaignctl.campaign.spec import LOCALISED
from campaignctl.errors import nearest
from campaignctl.lint.rule import Basis, Fault, rule
from campaignctl.lint.scripts import foreign_letters
from campaignctl.lint.subject import Campaign, Message, Text

_CONTRACT = Basis("fact", "API contract, section 2.2")
_ISO = Basis("fact", "ISO 639-1; the API does not say which codes it knows")
_MACROS = Basis("fact", "API contract, section 8: the macros that Ocamba expands")
_BIDI = Basis("fact", "Unicode Bidirectional Algorithm (UAX #9)")
_FEW = 4
# A line of a terminal.
_MOST_SHOWN = 60


@rule(
    "TXT001",
    "warning",
    "Every text of a message has the same languages.",
    on="message",
    basis=_CONTRACT,
    fix="Add the text in the missing language, or remove the language from the other texts.",
    formerly=("language",),
)
def missing_language(message: Message) -> Iterator[Fault]:
    """A language that one field has and another lacks."""
    for name in LOCALISED.get(message.channel, ()):
        texts = message.content.get(name) or {}
        missing = [lang for lang in message.languages if lang not in texts]
        # One image may serve every language.
        if texts and missing and name != "image":
            said = f"`{name}` lacks languages that other fields have: {', '.join(missing)}"
            yield Fault((*message.inner, name), said)


@rule(
    "TXT002",
    "warning",
    "Every targeted language has its own text.",
    on="message",
    basis=_CONTRACT,
    fix="Add the text in that language, or remove the language from `targeting`.",
)
def targeted_language(message: Message) -> Iterator[Fault]:
    """A language of the audience without content."""
    if not message.languages:
        return
    missing = [lang for lang in message.campaign.chosen("languages") if lang not in message.languages]
    if missing:
        one = len(missing) == 1
        yield Fault(
            message.inner,
            f"the audience speaks {', '.join(missing)}, but there is no text in {'it' if one else 'them'}",
            f"without one, they get {message.primary_lang}",
        )


@rule(
    "TXT003",
    "warning",
    "The primary language is one of the content's.",
    on="message",
    basis=_CONTRACT,
    fix="Set `primary_lang`.",
    formerly=("primary-lang",),
)
def primary_language(message: Message) -> Iterator[Fault]:
    """Content without English and without `primary_lang`."""
    if message.languages and "primary_lang" not in message.body and "en" not in message.languages:
        yield Fault(
            (*message.path, "primary_lang"),
            "`primary_lang` is missing; the API then uses en, which this content does not have",
            f"add `primary_lang: {message.languages[0]}`",
        )


@rule(
    "TXT004",
    "warning",
    "Languages are named by their codes.",
    on="message",
    basis=_ISO,
    fix="Write the code of ISO 639-1, as in de.",
    formerly=("language",),
)
def language_code(message: Message) -> Iterator[Fault]:
    """A code that does not exist."""
    for name in LOCALISED.get(message.channel, ()):
        for language in message.content.get(name) or {}:
            if doubt := doubtful_language(language):
                yield Fault((*message.inner, name, language), *doubt)


@rule(
    "TXT005",
    "warning",
    "A macro is a system macro of Ocamba or a dynamic macro of the account.",
    on="campaign",
    basis=_MACROS,
    fix="Correct its name; for a dynamic macro of your own, set `lint: {severity: {TXT005: off}}` there.",
    formerly=("macro",),
)
def unknown_macro(campaign: Campaign) -> Iterator[Fault]:
    """A macro that may reach recipients as it stands."""
    for path, text in _all_texts(campaign.body, ()) if _mentions_macros(campaign.body) else ():
        if "${" not in text:
            continue
        for found in MACRO.finditer(text):
            if (name := found[1]) not in SYSTEM_MACROS:
                near = nearest(name, SYSTEM_MACROS, 0.8)
                yield Fault(
                    path,
                    f"${{{name}}} is not a system macro; it must be a dynamic macro of this account",
                    f"did you mean ${{{near}}}?" if near else "",
                    found.start(),
                )


def _mentions_macros(value: Any) -> bool:
    """Whether a body has a macro at all: most have none, and paths need not be put together."""
    if isinstance(value, str):
        return "${" in value
    if isinstance(value, dict):
        return any(map(_mentions_macros, value.values()))
    return isinstance(value, list) and any(map(_mentions_macros, value))


def _all_texts(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Every text of a body, also those that no one reads: the API may expand macros anywhere."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, child in value.items():
            yield from _all_texts(child, (*path, name))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _all_texts(child, (*path, index))


#: What another tool fills in: what to call it, and the form with one group, the name of the value. A form
#: with one brace counts only next to a word, as in `Hi {name}`.
_LEFTOVERS = (
    ("a variable in double braces", r"\{\{\s{0,9}((?:var|env|matrix)\.[\w-]{1,60})\s{0,9}+\}\}"),
    ("a variable in round brackets", r"\$\(((?:var|env|matrix)\.[\w-]{1,60}|[A-Z_]{3,60})\)"),
    ("a placeholder of Handlebars or Liquid", r"\{\{[{#/^>&!]?\s{0,9}([\w.@$|:' \"-]{1,80}?)\s{0,9}+\}\}\}?"),
    ("a placeholder of Liquid or Twig", r"\{%-?\s{0,9}(\w[^%{}\n]{0,120}?)\s{0,9}+-?%\}"),
    ("a placeholder of Mailchimp", r"\*\|([A-Z][A-Z0-9_:,. ]{0,60})\|\*"),
    ("a placeholder of ERB or EJS", r"<%[=-]?\s{0,9}([^%<>\n]{1,120}?)\s{0,9}+-?%>"),
    ("a placeholder of Salesforce", r"%%=?([A-Za-z_][\w.()]{0,60})=?%%"),
    ("a placeholder of Brevo or Zoho", r"(?<![%\w])%([A-Z][A-Z0-9_]{2,40})%(?![%\w])"),
    ("a placeholder in square brackets", r"\[\[\s{0,9}([A-Za-z][\w.: -]{0,40}?)\s{0,9}+\]\]"),
    ("a placeholder in braces", r"(?<![\w${])\{([a-z][A-Za-z]*(?:_[a-z]+)*)\}(?![}\w])"),
)
#: Where such a place may begin: at all other characters nothing is tried.
_STARTS = re.compile(r"\{(?=[{%a-z])|%(?=[%A-Z])|\[(?=\[)|\$(?=\()|\*(?=\|)|<(?=%)")
#: All forms at once, each in a group of its own around that of the name.
_LEFTOVER = re.compile("|".join(f"({form})" for _, form in _LEFTOVERS))
#: The macro that was probably meant, by a part of the name; the longer parts first.
_MEANT: Mapping[str, str] = {
    "country": "OCMH_PROFILE_COUNTRY_CODE",
    "language": "OCMH_PROFILE_LANG_CODE",
    "locale": "OCMH_PROFILE_LANG_CODE",
    "timezone": "OCMH_PROFILE_TIMEZONE",
    "campaign_name": "OCMH_CAMPAIGN_NAME",
    "campaignname": "OCMH_CAMPAIGN_NAME",
    "campaign_id": "OCMH_CAMPAIGN_ID",
    "campaignid": "OCMH_CAMPAIGN_ID",
    "user_id": "OCMH_PROFILE_ID",
    "userid": "OCMH_PROFILE_ID",
    "app_name": "OCMH_APP_NAME",
    "appname": "OCMH_APP_NAME",
    "city": "OCMH_PROFILE_CITY_ID",
}


@rule(
    "TXT006",
    "warning",
    "Texts have no places of another tool: they reach recipients as they stand.",
    on="text",
    basis=Basis("fact", "API contract, section 8: Ocamba expands `${NAME}` and no other form"),
    fix="Write the macro of Ocamba, `${var.NAME}` for a value of the project, or the text itself.",
)
def leftover(text: Text) -> Iterator[Fault]:
    """A place that only another tool would fill in."""
    # In html also attributes, such as links, but no styles and comments.
    source = text.markup.outside_of_code if text.kind == "html" else text.text
    end = 0
    for start in _STARTS.finditer(source):
        if start.start() >= end and (found := _LEFTOVER.match(source, start.start())):
            end, group = found.end(), found.lastindex or 1
            form, _ = _LEFTOVERS[group // 2]
            said = f"{_quoted(found[0])} is {form}"
            yield Fault(text.path, said, _instead(found[group + 1]), found.start())


def _quoted(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}..."


def _instead(written: str) -> str:
    name = written.strip()
    if name.startswith(("var.", "env.", "matrix.")):
        return f"write ${{{name}}}"
    plain = name.casefold().replace("-", "_").replace(" ", "_")
    meant = next((macro for part, macro in _MEANT.items() if part in plain), None)
    if meant:
        return f"did you mean ${{{meant}}}?"
    near = nearest(name.upper(), SYSTEM_MACROS, 0.8)
    return f"did you mean ${{{near}}}?" if near else "Ocamba expands ${NAME} only: write a macro, or the text"


#: Words that authors leave in unfinished texts.
_FILLERS = ("TODO", "TBD", "FIXME", "XXX", "xxx", "asdf", "laceholder text", "orem ipsum", "OREM IPSUM")
_FILLER = re.compile(
    r"(?<!\w)([Ll]orem ipsum|LOREM IPSUM|TODO|TBD|FIXME|XXX+|xxx+|asdf|[Pp]laceholder text)(?!\w)"
)
_TEST = re.compile(r"\s*(test|Test|TEST)\s*")


@rule(
    "TXT007",
    "warning",
    "Texts are finished.",
    on="text",
    basis=Basis("fact", "the text itself"),
    fix="Write the text, or waive the finding if the words are meant.",
)
def filler(text: Text) -> Iterator[Fault]:
    """Words that authors leave in unfinished texts."""
    read = text.read
    found = _TEST.fullmatch(read)
    if found is None and any(word in read for word in _FILLERS):
        found = _FILLER.search(read)
    if found:
        yield Fault(text.path, f"{found[1]!r} looks unfinished", "", found.start(1))


@rule(
    "TXT008",
    "warning",
    "The variants of an A/B test differ.",
    on="campaign",
    basis=Basis("fact", "a test of equal messages has no winner"),
    fix="Change one of the messages, or remove it together with `ab_test`.",
)
def equal_variants(campaign: Campaign) -> Iterator[Fault]:
    """Two messages of one channel with the same content."""
    for one, other in combinations(campaign.messages, 2):
        if one.channel == other.channel and one.content and one.content == other.content:
            name = one.body.get("name") or f"message {one.index + 1}"
            yield Fault(other.path, f"its content equals that of {name!r}: the test has nothing to compare")
            return


@rule(
    "TXT009",
    "warning",
    "Each language has its own text.",
    on="message",
    basis=Basis("fact", "the texts themselves"),
    fix="Translate the text, or remove the language: then its recipients get the primary one.",
)
def same_in_two(message: Message) -> Iterator[Fault]:
    """The same text in two languages."""
    first: dict[tuple[object, str], str] = {}
    for text in message.texts:
        plain = text.text.strip()
        # A name or a number is the same in many languages.
        if text.lang is None or len(plain.split()) < _FEW:
            continue
        known = first.setdefault((text.path[:-1], plain), text.lang)
        if known != text.lang:
            yield Fault(text.path, f"the same text as in {known}")


@rule(
    "TXT010",
    "warning",
    "A text is in the script of its language.",
    on="text",
    basis=Basis("fact", "Unicode scripts, and the scripts of languages in CLDR"),
    fix="Write the letters in the script of the language; look-alikes count as foreign.",
)
def script(text: Text) -> Iterator[Fault]:
    """Letters of another script in a word, or a text without one letter of its language's script."""
    if text.spoken:
        for offset, said in foreign_letters(text.read, text.spoken):
            yield Fault(text.path, said, "", offset)


#: Controls that open something, with the one that closes it.
_CLOSES = {
    **dict.fromkeys("\u202a\u202b\u202d\u202e", "\u202c"),
    **dict.fromkeys("\u2066\u2067\u2068", "\u2069"),
}
_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


@rule(
    "TXT011",
    "warning",
    "Bidirectional control characters are closed.",
    on="text",
    basis=_BIDI,
    fix="Remove them, or close each one.",
)
def bidi(text: Text) -> Iterator[Fault]:
    """A control that turns all the text after it."""
    if text.text.isascii():
        return
    open_ones: list[re.Match[str]] = []
    for found in _CONTROLS.finditer(text.text):
        letter = found[0]
        if letter in _CLOSES:
            open_ones.append(found)
        elif open_ones and _CLOSES[open_ones[-1][0]] == letter:
            open_ones.pop()
    if open_ones:
        said = f"U+{ord(open_ones[0][0]):04X} turns the direction of the text and is not closed"
        yield Fault(text.path, said, "", open_ones[0].start())


_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@rule(
    "TXT012",
    "warning",
    "Subject, sender, preheader, titles and addresses are single lines.",
    on="message",
    basis=Basis("fact", "RFC 5322, section 2.2: a header is one line"),
    fix="Remove the line break; a block text in YAML ends with one unless it begins with `|-` or `>-`.",
)
def single_line(message: Message) -> Iterator[Fault]:
    """A line break or another control character in a single line."""
    lines = [(text.path, text.text) for text in message.texts if text.kind == "line"]
    lines += [(link.path, link.url) for link in message.addresses]
    lines += [
        ((*message.inner, name), message.content[name])
        for name in ("sender_email",)
        if message.content.get(name)
    ]
    for path, text in lines:
        if not text.isprintable() and (found := _BREAKS.search(text)):
            said = "a line break" if found[0] in "\r\n\u2028\u2029\x85" else f"U+{ord(found[0]):04X}"
            yield Fault(path, f"{said} in a text of one line", "in YAML write `|-` or `>-`, or one line")


#: What a file may have and no reader sees. In html a form feed is white space.
_UNSEEN = {"text": re.compile("[\x0b\x0c\x80-\x9f]"), "html": re.compile("[\x0b\x80-\x9f]")}


@rule(
    "TXT013",
    "warning",
    "Texts have no control characters.",
    on="text",
    basis=Basis("fact", "Unicode: these code points have no glyph; HTML calls them a parse error"),
    fix="Remove the character; if it stands for one of Windows-1252, save the text as UTF-8.",
)
def unseen_control(text: Text) -> Iterator[Fault]:
    """A vertical tab, a form feed, or a character of Windows-1252 that was taken for one of Unicode."""
    pattern = _UNSEEN.get(text.kind)
    for found in pattern.finditer(text.text) if pattern and not text.text.isprintable() else ():
        meant = found[0].encode("latin-1").decode("cp1252", "ignore")
        hint = f"write {meant}, and save the file as UTF-8" if meant.isprintable() and meant else "remove it"
        yield Fault(text.path, f"the control character U+{ord(found[0]):04X}", hint, found.start())
