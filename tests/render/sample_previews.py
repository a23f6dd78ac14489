"""Previews built by hand: of each channel, of many campaigns, and of hostile texts in every place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from campaignctl.content.model import (
    Button,
    Costly,
    EmailPreview,
    Image,
    InboxView,
    Line,
    Link,
    Macro,
    Preview,
    PushPreview,
    SmsPreview,
)
from campaignctl.review.preview import Compared

_DATA = Path(__file__).parent / "data" / "previews"
HTML = (_DATA / "newsletter.html").read_text()


def line(text: str, most: int) -> Line:
    return Line(text) if len(text) <= most else Line(text[: most - 1] + "…", cut=True)


def push(key: str = "push/spring-launch", lang: str = "en", **texts: str) -> Preview:
    title = texts.get("title", "Spring is here: 20 % off the garden")
    body = texts.get(
        "body", "Chairs, tables and everything green until Sunday night. Today with free delivery."
    )
    content = PushPreview(
        title=title,
        body=body,
        image=texts.get("image", "https://cdn.example.com/spring/hero-1440.jpg"),
        icon="https://cdn.example.com/icon.png",
        landing_url=texts.get("landing_url", "https://shop.example.com/spring?utm_source=push"),
        buttons=(
            Button(texts.get("button", "See the garden"), "https://shop.example.com/garden"),
            Button("Later", "https://shop.example.com/later"),
        ),
        payload=412,
        payload_limit=3993,
    )
    macros = (Macro("FIRST_NAME", "Ana"), Macro("CITY", None))
    return Preview(key, texts.get("message", "Garden"), "push", lang, macros, content)


def email(key: str = "email/spring-newsletter", lang: str = "en", **texts: str) -> Preview:
    subject = texts.get(
        "subject", "Spring is here, and 20 % off everything in the garden section until Sunday"
    )
    preheader = texts.get(
        "preheader", "New arrivals, free delivery today, and thirty days to return what you buy."
    )
    html = texts.get("html", HTML)
    content = EmailPreview(
        sender_name=texts.get("sender_name", "Acme Garden"),
        sender_email="news@acme.example.com",
        subject=subject,
        preheader=preheader,
        preheader_from="preheader",
        html=html,
        text="Spring is here, Ana\n\nNew arrivals, and 20 % off everything in the garden section.",
        size=len(html.encode()),
        links=(
            Link(texts.get("link", "https://shop.example.com/spring?id=1"), "See the garden"),
            Link("https://shop.example.com/unsubscribe", "Unsubscribe"),
        ),
        images=(
            Image(texts.get("image", "https://cdn.example.com/logo.png"), "Acme"),
            Image("https://cdn.example.com/hero.jpg?w=1072", None),
            Image("https://cdn.example.com/line.png", ""),
        ),
        inboxes=(
            InboxView("Apple Mail on iPhone", line(subject, 48), line(preheader, 99)),
            InboxView("Gmail on a phone", line(subject, 35), line(preheader, 50)),
            InboxView("Gmail on a desktop", line(subject, 65), line(preheader, 40)),
        ),
    )
    return Preview(
        key, texts.get("message", "Newsletter"), "email", lang, (Macro("FIRST_NAME", "Ana"),), content
    )


def sms(key: str = "sms/flash", lang: str = "en", **texts: str) -> Preview:
    text = texts.get(
        "text",
        "Acme: “Spring” is here \N{EN DASH} 20 % off the garden until Sunday. Chairs, tables and"
        " everything green,"
        " today with free delivery. https://acme.example/s Reply STOP to end.",
    )
    bubbles = tuple(text[at : at + 67] for at in range(0, len(text), 67))
    content = SmsPreview(
        text=text,
        encoding="UCS-2",
        encoding_max="UCS-2",
        units=len(text),
        units_max=len(text) + 12,
        parts=len(bubbles),
        parts_max=len(bubbles) + 1,
        bubbles=bubbles,
        costly=(
            Costly("“", "LEFT DOUBLE QUOTATION MARK", 1, '"'),
            Costly("\N{EN DASH}", "EN DASH", 1, "-"),
            Costly("\N{ZERO WIDTH SPACE}", "ZERO WIDTH SPACE", 2, ""),
            Costly("🌱", "SEEDLING", 1, None),
        ),
        parts_plain=2,
        links=1,
    )
    return Preview(key, texts.get("message", "Flash"), "sms", lang, (), content)


_GERMAN = {
    "title": "Der Frühling ist da: 20 % auf Gartenmöbel",
    "body": "Stühle, Tische und alles Grüne bis Sonntagabend. Heute ohne Versandkosten.",
    "subject": "Der Frühling ist da",
    "preheader": "Neu im Garten",
    "text": "Acme: Der Frühling ist da, 20 % auf Gartenmöbel. https://acme.example/s",
}
_ARABIC = {"title": "الربيع هنا: خصم ٢٠٪ على الحديقة", "body": "كراسي وطاولات وكل ما هو أخضر حتى مساء الأحد."}


def one() -> list[Preview]:
    """A campaign with a message of each channel."""
    return [
        push("spring"),
        replace(push("spring", "de", **_GERMAN), fallback=("actions/0/title",), primary_lang="en"),
        push("spring", "ar", **_ARABIC),
        email("spring"),
        email("spring", "de", **_GERMAN),
        sms("spring"),
    ]


def many(count: int) -> list[Preview]:
    """Campaigns of every channel in turns, in two languages."""
    makers: tuple[Callable[..., Preview], ...] = (push, email, sms)
    names = ("push", "email", "sms")
    return [
        makers[number % 3](f"{names[number % 3]}/campaign-{number:03}", lang, **texts)
        for number in range(count)
        for lang, texts in (("en", {}), ("de", _GERMAN))
    ]


def changes(before: list[Preview], after: list[Preview]) -> list[Compared]:
    """What a plan would change from one list of previews to another."""
    old = {(each.key, each.message, each.lang): each for each in before}
    new = {(each.key, each.message, each.lang): each for each in after}
    found = []
    for place in dict.fromkeys([*new, *old]):
        one, other = old.get(place), new.get(place)
        shown = other or one
        assert shown
        said = "changed" if one and other else "new" if other else "removed"
        changed = ("title", "landing_url") if one and other else ()
        found.append(Compared(shown.key, shown.message, shown.channel, shown.lang, said, one, other, changed))
    return found


def hostile(witness: str) -> list[Preview]:
    """Every text of every channel wants to run something, to ask `witness` for something, or to break out."""
    words = (
        f"<script>document.title='run'</script><img src={witness}/img onerror=\"document.title='run'\">"
        f"<svg onload=\"document.title='run'\"><script>document.title='run'</script></svg>"
        f"\"'><iframe src={witness}/frame></iframe></iframe></title></style></script></textarea>]]>-->"
        f"{{{{ 7*7 }}}}<meta http-equiv=refresh content='0;url={witness}/refresh'><base href={witness}/>"
        f"<form action={witness}/form><button autofocus formaction={witness}/f>x</button></form>"
        f"<link rel=stylesheet href={witness}/css><style>@import '{witness}/import';</style>"
        "\u202ereversed\u2066 \x00\x1b[31m\x07"
    )
    address = f"javascript:document.title='run'//\"' {words}"
    return [
        push(
            f"push/{words[:60]}",
            "<x>",
            title=words,
            body=words,
            image=address,
            landing_url=address,
            button=words,
            message=words,
        ),
        email(
            "email/hostile",
            subject=words,
            preheader=words,
            sender_name=words,
            link=address,
            image=address,
            message=words,
            html=hostile_html(witness, words),
        ),
        email("email/open", html=f"<div><!-- <p>{words}<textarea><noscript><plaintext>"),
        sms("sms/hostile", text=words, message=words),
    ]


def hostile_html(witness: str, words: str = "") -> str:
    """An email that tries everything."""
    text = (_DATA / "hostile.html").read_text()
    return text.replace("@WITNESS@", witness).replace("@WORDS@", words)
