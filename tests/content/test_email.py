"""Email: preview text, links, images and text of a body, and the line of each inbox."""

from __future__ import annotations

import random
from typing import Any

import pytest

from campaignctl.content.html import parse
from campaignctl.content.model import EmailPreview, Image, Link
from campaignctl.content.previews import previews
from campaignctl.content.text import width
from tests.effort import grows_in_proportion

_FILLING = "&zwnj;&nbsp;" * 60


def email(html: str, **fields: Any) -> EmailPreview:
    content = {"subject": "Sale", "html": {"en": html}, **fields}
    [preview] = previews(
        "k", {"messages": [{"channel": "email", "email": content}]}, samples={"NAME": "<b>A&O"}
    )
    assert isinstance(preview.content, EmailPreview)
    return preview.content


@pytest.mark.parametrize(
    ("html", "preheader", "origin"),
    [
        ("<body><p>First words.</p><p>Then more.</p></body>", "First words. Then more.", "html"),
        (
            f"<body><div style='display:none'>Hidden one{_FILLING}</div><p>Text</p></body>",
            "Hidden one",
            "html",
        ),
        ("<div style='display: none; max-height:0'>Hidden</div><p>Text</p>", "Hidden Text", "html"),
        ("<head><title>T</title><style>p{}</style></head><p>Text&nbsp;here</p>", "Text here", "html"),
        ("<body><img src='a.png'></body>", "", "none"),
        ("", "", "none"),
    ],
)
def test_preview_text_comes_from_the_first_words(html: str, preheader: str, origin: str) -> None:
    shown = email(html)
    assert (shown.preheader, shown.preheader_from) == (preheader, origin)


def test_the_field_wins_over_the_body() -> None:
    shown = email("<p>Body</p>", preheader="Field")
    assert (shown.preheader, shown.preheader_from) == ("Field", "preheader")


def test_reads_links_and_images() -> None:
    shown = email(
        "<a href='https://a'>Buy <b>now</b></a><a href='https://b'><img src='x.png' alt='Shop'></a>"
        "<a name='top'>Top</a><img src='y.png'><img src='z.png' alt=''><a href=''></a>"
    )
    assert shown.links == (Link("https://a", "Buy now"), Link("https://b", "Shop"), Link("", ""))
    assert shown.images == (Image("x.png", "Shop"), Image("y.png", None), Image("z.png", ""))


def test_text_is_what_is_read_without_styles_and_pictures() -> None:
    shown = email(
        "<html lang='de'><style>p{}</style><body><div style='display:none'>pre<br>header<!-- c --></div>"
        "<h1>Big\n  sale</h1><p>One<br>two <img src=a alt='[logo]'></p>"
        "<table><tr><td>1</td><td>2</td></tr></table>"
        "<script>alert(1)</script><p hidden>not this</p></body></html>"
    )
    assert shown.text == "Big sale\nOne\ntwo [logo]\n1 2"
    assert shown.hidden == ("pre header", "not this")
    assert shown.html_lang == "de"


def test_what_mail_tools_shrink_is_not_hidden() -> None:
    shown = email(
        "<td style='font-size:0px'><div style='font-size:14px'>Text</div></td><p style='opacity:0.9'>b"
    )
    assert (shown.text, shown.hidden) == ("Text\nb", ())


def test_sizes_count_utf_8_and_samples_are_escaped() -> None:
    shown = email("<p>é ${NAME}</p>", subject="${NAME}")
    assert shown.size == len("<p>é ${NAME}</p>".encode())
    assert (shown.html, shown.text, shown.subject) == ("<p>é &lt;b&gt;A&amp;O</p>", "é <b>A&O", "<b>A&O")


def test_each_inbox_cuts_by_its_own_figures() -> None:
    shown = email("<p>" + "p" * 200 + "</p>", subject="s" * 100)
    assert [(each.client, len(each.subject.shown), len(each.preheader.shown)) for each in shown.inboxes] == [
        ("Apple Mail on iPhone", 48, 99),
        ("Gmail on a phone", 40, 90),
        ("Gmail on a desktop", 70, 97),
    ]


@pytest.mark.parametrize(
    "unit", ["<div>", "<b><p>", "<table>", "<a href=x>", "<div></div>", "<!--", "&", "<"]
)
def test_twice_as_much_hostile_html_takes_twice_as_long(unit: str) -> None:
    assert grows_in_proportion(lambda size: parse(unit * (size // len(unit))), 400_000)


_PIECES = (
    *("<div>", "</div>", "<a href=x>", "</a>", "<p hidden>", "<img alt=q src=1>", "<img>", "<td>", "<table>"),
    *(
        "text",
        "<br>",
        "&zwnj;",
        "\u00a0",
        "<style>",
        "</style>",
        "<!--",
        "-->",
        "<svg>",
        "</svg>",
        "<select>",
    ),
    *('<b style="display:none">', "</b>", "<template>", "</template>", "<title>", "${A}", "${", "漢", "<"),
)


def test_any_markup_has_a_preview() -> None:
    chance = random.Random(14)
    for _ in range(300):
        shown = email("".join(chance.choices(_PIECES, k=chance.randint(0, 40))))
        assert "<style" not in shown.text
        assert all(width(each.preheader.shown) <= 99 for each in shown.inboxes)
