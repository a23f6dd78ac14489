"""Rules about emails: sender, subject and preheader, and what mail clients do to html."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from campaignctl.campaign import contract
from campaignctl.content import facts
from campaignctl.lint.clients import UNSUPPORTED
from campaignctl.lint.contrast import contrasts
from campaignctl.lint.markup import Attribute, Markup, Tag
from campaignctl.lint.rule import Basis, Fault, rule
from campaignctl.lint.subject import Message, Text

_OLDEST = Basis("sibling", "the oldest edition of the API's pages (API contract, section 2.3)")
_WCAG = Basis("fact", "WCAG 2.2")
_CLIENTS = Basis("fact", "mail clients remove it, or refuse the mail")


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


@rule(
    "EML001",
    "warning",
    f"An email is smaller than {facts.GMAIL_CLIP_NEAR.value:,} bytes.",
    on="html",
    basis=Basis(
        "measured", "Gmail cut mails at 99,507 to 105,000 bytes of source; rewritten links add to it"
    ),
    fix="Remove comments, unused styles and empty space, or split the mail.",
)
def clipped(text: Text) -> Iterator[Fault]:
    """A mail that Gmail may clip, with the unsubscribe link at its end."""
    if (
        len(text.text) * 4 > facts.GMAIL_CLIP_NEAR.value
        and (size := _size(text.text)) > facts.GMAIL_CLIP_NEAR.value
    ):
        said = f"{size:,} bytes: Gmail clips a mail at about 102,000, links that are rewritten included"
        yield Fault(text.path, said, "shorten it, or remove comments and unused styles")


@rule(
    "EML002",
    "warning",
    f"A style block has at most {facts.STYLE_BLOCK.value:,} bytes.",
    on="html",
    basis=Basis("measured", "Gmail drops a longer `<style>` whole"),
    fix="Split the block in two, or put styles inline.",
)
def long_style(text: Text) -> Iterator[Fault]:
    """A style block that Gmail drops."""
    for tag, _ in text.markup.named("style"):
        end = text.markup.closing(tag)
        if (end - tag.end) * 4 > facts.STYLE_BLOCK.value and (
            size := _size(text.text[tag.end : end])
        ) > facts.STYLE_BLOCK.value:
            said = f"a style block of {size:,} bytes: Gmail drops one over {facts.STYLE_BLOCK.value:,}"
            yield Fault(text.path, said, "split it in two", tag.start)


def _over(message: Message, name: str, limit: int) -> Iterator[Fault]:
    text = message.content.get(name) or ""
    if len(text) > limit:
        said = f"{len(text):,} characters; the oldest edition of the API's pages allows {limit:,}"
        yield Fault((*message.inner, name), said, "newer editions name no limit")


@rule(
    "EML003",
    "warning",
    "An html text has at most 65,535 characters.",
    on="html",
    basis=_OLDEST,
    fix="Shorten it, or send one such mail to yourself: newer editions name no limit.",
    formerly=("too-long",),
)
def long_html(text: Text) -> Iterator[Fault]:
    """A text over the limit of a field of another name."""
    if len(text.text) > contract.HTML:
        said = f"{len(text.text):,} characters; the oldest edition of the API's pages allows "
        yield Fault(text.path, f"{said}{contract.HTML:,}", "newer editions name no limit")


@rule(
    "EML004",
    "warning",
    "A subject has at most 78 characters.",
    on="email",
    basis=_OLDEST,
    fix="Shorten it; newer editions name no limit.",
    formerly=("too-long", "long-text"),
)
def long_subject(message: Message) -> Iterator[Fault]:
    """A subject over the limit of an older edition."""
    return _over(message, "subject", contract.SUBJECT)


@rule(
    "EML005",
    "warning",
    "A preheader has at most 100 characters.",
    on="email",
    basis=_OLDEST,
    fix="Shorten it; newer editions name no limit.",
    formerly=("too-long", "long-text"),
)
def long_preheader(message: Message) -> Iterator[Fault]:
    """A preheader over the limit of an older edition."""
    return _over(message, "preheader", contract.PREHEADER)


@rule(
    "EML006",
    "info",
    f"A subject is shown whole: {facts.IPHONE_SUBJECT.value} characters.",
    on="email",
    basis=Basis("measured", "Apple Mail on iPhone shows 48 characters, Gmail on a phone 30 to 40"),
    fix="Put the point into the first 33 characters.",
)
def cut_subject(message: Message) -> Iterator[Fault]:
    """A subject that phones cut."""
    subject = message.content.get("subject") or ""
    if facts.IPHONE_SUBJECT.value < len(subject) <= contract.SUBJECT:
        said = f"{len(subject)} characters; a phone shows {facts.IPHONE_SUBJECT.value}"
        yield Fault(
            (*message.inner, "subject"), said, f"put the point into the first {facts.SUBJECT_POINT.value}"
        )


@rule(
    "EML007",
    "warning",
    "`preheader` is used with care: only the oldest edition of the API's pages has it.",
    on="email",
    basis=_OLDEST,
    fix="Write the preview text as the first words of the html.",
    formerly=("unconfirmed",),
)
def preheader(message: Message) -> Iterator[Fault]:
    """A field that newer editions do not show."""
    if "preheader" in message.content:
        said = "`preheader` is documented only in the oldest edition of the API"
        yield Fault((*message.inner, "preheader"), said)


#: What unsubscribing is called; a link that has none of it, in text or address, is another one.
_UNSUBSCRIBE = (
    "unsub", "opt-out", "optout", "opt out", "preferences", "abmeld", "abbestell", "austragen", "désabonn",
    "desabonn", "désinscri", "desinscri", "darse de baja", "cancelar", "desuscri", "disiscri", "annulla",
    "cancela", "afmeld", "uitschrijv", "avregistr", "avprenumer", "afmelding", "avmeld", "peruuta", "odjav",
    "odhlás", "wypis", "leiratkoz", "dezabon", "отпис", "відпис", "отказ", "διαγραφ", "abonelikten", "הסר",
    "إلغاء", "配信停止", "退订", "退訂", "수신거부", "ยกเลิก", "hủy đăng ký", "berhenti",
)  # fmt: skip
#: Languages whose words are in that list.
_KNOWN_LANGUAGES = frozenset(
    {
        "en",
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "nl",
        "sv",
        "da",
        "nb",
        "no",
        "fi",
        "sr",
        "hr",
        "bs",
        "sl",
        "cs",
        "sk",
    }
    | {"pl", "hu", "ro", "ru", "uk", "bg", "el", "tr", "he", "ar", "ja", "zh", "ko", "th", "vi", "id"}
)


@rule(
    "EML008",
    "info",
    "A mail has a visible link to unsubscribe.",
    on="html",
    basis=Basis("fact", "rules for bulk senders of Gmail and Yahoo (2024) and Microsoft (2025)"),
    fix="Add a link whose text says so, unless the mail is a receipt or the like.",
)
def unsubscribe(text: Text) -> Iterator[Fault]:
    """A mail without such a link."""
    if text.lang in _KNOWN_LANGUAGES and not _has_unsubscribe(text):
        yield Fault(text.path, "no link to unsubscribe that a reader could see")


def _has_unsubscribe(text: Text) -> bool:
    markup = text.markup
    lower = text.text.lower()
    if not any(word in lower for word in _UNSUBSCRIBE):
        return False
    for tag, attributes in markup.named("a", "area"):
        href = attributes.get("href")
        said = markup.words(tag.end, markup.closing(tag))
        both = f"{href.value if href else ''} {said}".lower()
        if any(word in both for word in _UNSUBSCRIBE):
            return True
    return False


@rule(
    "EML009",
    "info",
    "Every image has an alternative text, empty for decoration.",
    on="html",
    basis=_WCAG,
    fix='Add `alt="..."`, or `alt=""` for a picture that says nothing.',
)
def no_alt(text: Text) -> Iterator[Fault]:
    """An image without `alt`."""
    for tag, attributes in text.markup.named("img"):
        if "alt" not in attributes and not _is_pixel(attributes):
            yield Fault(text.path, "an image without `alt`", 'add `alt="..."`', tag.start)


def _is_pixel(attributes: Mapping[str, Attribute]) -> bool:
    """Whether an image is for counting, and not to be seen."""
    sizes = [attributes.get(name) for name in ("width", "height")]
    return all(size is not None and size.value.strip().removesuffix("px") in {"0", "1"} for size in sizes)


@rule(
    "EML010",
    "info",
    "`<html>` says its language.",
    on="html",
    basis=_WCAG,
    fix='Write `<html lang="en">` with the language of the text.',
)
def no_lang(text: Text) -> Iterator[Fault]:
    """A document that a screen reader pronounces in its own language."""
    for tag, attributes in text.markup.named("html"):
        if "lang" not in attributes and "xml:lang" not in attributes:
            yield Fault(text.path, "`<html>` without `lang`", "", tag.start)


@rule(
    "EML011",
    "info",
    'A table for layout has role="presentation".',
    on="html",
    basis=_WCAG,
    fix='Write `<table role="presentation">`, or `<th>` for a table of data.',
)
def layout_table(text: Text) -> Iterator[Fault]:
    """A table that a screen reader reads as data: one finding for each text, at the first."""
    tables = [tag for tag, attributes in text.markup.named("table") if "role" not in attributes]
    if tables and not any(tag.name == "th" for tag in text.markup.tags):
        count = f"{len(tables)} tables" if len(tables) > 1 else "a table"
        yield Fault(text.path, f'{count} without role="presentation"', "", tables[0].start)


@rule(
    "EML012",
    "info",
    "Text has a contrast of at least 4.5 to 1.",
    on="html",
    basis=Basis("fact", "WCAG 2.2, success criterion 1.4.3"),
    fix="Make the text darker or the background lighter.",
)
def contrast(text: Text) -> Iterator[Fault]:
    """Text whose colour and background are both written at its own element."""
    for offset, said in contrasts(text.markup):
        yield Fault(text.path, said, "", offset)


#: Elements that clients remove, and what happens.
_ACTIVE = {
    "script": "mail clients remove scripts",
    "form": "forms do not work in Outlook on Windows",
    "iframe": "mail clients remove frames",
    "object": "mail clients remove objects",
    "embed": "mail clients remove objects",
    "applet": "mail clients remove objects",
}


@rule(
    "EML013",
    "warning",
    "A mail has no scripts, forms, frames, refreshes or event handlers.",
    on="html",
    basis=_CLIENTS,
    fix="Remove it, and link to a page that does it.",
)
def active(text: Text) -> Iterator[Fault]:
    """Content that would run in a browser."""
    markup = text.markup
    for tag in markup.tags:
        if tag.ends:
            continue
        if tag.name in _ACTIVE:
            yield Fault(text.path, f"`<{tag.name}>`: {_ACTIVE[tag.name]}", "", tag.start)
        elif tag.name == "meta" and _refreshes(markup.source[tag.start : tag.end]):
            yield Fault(text.path, "`<meta refresh>`: mail clients ignore it", "", tag.start)
        elif name := _handler(markup, tag):
            yield Fault(text.path, f"`{name}`: mail clients remove event handlers", "", tag.start)


def _refreshes(source: str) -> bool:
    lower = source.lower()
    return "http-equiv" in lower and "refresh" in lower


def _handler(markup: Markup, tag: Tag) -> str | None:
    """The first event handler of a tag. Most tags have none, and their attributes are not read."""
    if " on" not in markup.source[tag.start : tag.end].lower():
        return None
    return next((name for name in markup.attributes(tag) if name.startswith("on")), None)


#: How each feature looks in a source: its name for people, a word that is there, and the form.
_FEATURES: tuple[tuple[str, str, str, re.Pattern[str]], ...] = (
    (
        "css-position",
        "`position`",
        "position",
        re.compile(r"(?<![\w-])position\s{0,9}:\s{0,9}(?:absolute|fixed|relative|sticky)"),
    ),
    ("css-display-flex", "`display: flex`", "flex", re.compile(r"display\s{0,9}:\s{0,9}(?:inline-)?flex")),
    ("css-display-grid", "`display: grid`", "grid", re.compile(r"display\s{0,9}:\s{0,9}(?:inline-)?grid")),
    (
        "css-background-image",
        "a background image",
        "url(",
        re.compile(r"background(?:-image)?\s{0,9}:[^;{}\"]{0,80}?url\("),
    ),
    (
        "css-at-media-prefers-color-scheme",
        "`prefers-color-scheme`",
        "prefers-color-scheme",
        re.compile("prefers-color-scheme"),
    ),
    ("image-webp", "a WebP picture", ".webp", re.compile(r"\.webp\b")),
    ("image-svg", "an SVG picture", ".svg", re.compile(r"\.svg\b")),
    ("html-svg", "`<svg>`", "<svg", re.compile(r"<svg\b")),
    ("html-video", "`<video>`", "<video", re.compile(r"<video\b")),
)


@rule(
    "EML014",
    "info",
    "A mail is read well in clients that lack a feature of html or CSS.",
    on="html",
    basis=Basis(
        "fact", "tests of caniemail.com, each with its date; for Gmail, Outlook, Apple Mail and Yahoo"
    ),
    fix="Look at the mail without the feature, or write it in another way.",
)
def unsupported(text: Text) -> Iterator[Fault]:
    """Features that a client of many readers lacks, each once."""
    source = text.markup.outside_of_comments
    for slug, name, word, form in _FEATURES:
        if word in source and slug in UNSUPPORTED and (found := form.search(source)):
            clients, tested = UNSUPPORTED[slug]
            said = f"{name} does not work in {', '.join(clients)} (tested {tested})"
            yield Fault(text.path, said, "", found.start())
