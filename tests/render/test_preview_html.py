"""The page of previews: what it draws, what it leaves out, and that nothing in it is more than text."""

from __future__ import annotations

import re
import zlib
from base64 import b64decode, b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from campaignctl.content.model import EmailPreview, Preview, PushPreview
from campaignctl.content.previews import previews
from campaignctl.render import preview_html
from campaignctl.render.mail_html import mail_document
from campaignctl.render.pages import MARK, source
from campaignctl.render.preview_html import Room, Served, is_page, page, part
from tests.effort import grows_in_proportion
from tests.render.sample_previews import changes, email, hostile, many, one, push, sms

_FIND = '<input type="search" id="find" placeholder="key or text" autocomplete="off">'
WITNESS = "http://witness.example"
# What makes a browser ask for something, run something, or go somewhere.
_ACTIVE = (
    "script, link, base, form, input:not([type=radio]), button, object, embed, svg, math, img, video, audio,"
    " source, template, noscript, a[href]:not([href^='#'])"
)
_LOADING = ("src", "srcset", "action", "formaction", "background", "poster", "data", "ping")
_ASKS = re.compile(r"(?i)url\(|@import|@font-face|image-set")


def parsed(html: str) -> LexborHTMLParser:
    return LexborHTMLParser(html)


def texts(html: str, selector: str) -> list[str]:
    return [" ".join(node.text(separator=" ").split()) for node in parsed(html).css(selector)]


def active(html: str) -> list[str]:
    """Elements and attributes that do something; frames have their own document."""
    tree = parsed(html)
    found = [node.html or "" for node in tree.css(_ACTIVE)]
    for node in tree.css("*"):
        for name, value in node.attributes.items():
            if name.startswith("on") or name in _LOADING or (name == "style" and _ASKS.search(value or "")):
                found.append(f"{node.tag} {name}={value}")
    return found


def frames(html: str) -> list[str]:
    return [node.attributes["srcdoc"] or "" for node in parsed(html).css("iframe")]


def packs(html: str) -> list[str]:
    """The emails that the script of a page draws."""
    found = (node.attributes["data-packed"] or "" for node in parsed(html).css("[data-packed]"))
    return [zlib.decompress(b64decode(packed)).decode() for packed in found]


def styles(html: str) -> str:
    return "\n".join(node.text() for node in parsed(html).css("style"))


def test_a_campaign_has_its_texts_its_devices_and_its_languages() -> None:
    drawn = page(one(), title="acme-crm")
    assert texts(drawn, "h1") == ["Preview acme-crm"]
    assert texts(drawn, "h2") == ["spring"]
    assert texts(drawn, "h3") == ["Push Garden", "Email Newsletter", "SMS Flash en"]
    assert texts(drawn, ".message:first-of-type .tabs label") == ["en", "de", "ar"]
    assert texts(drawn, ".variant:first-of-type .device h4") == ["Android", "iOS", "Desktop"]
    assert texts(drawn, ".bubble")[0].startswith("Acme: “Spring” is here")
    assert texts(drawn, ".thread figcaption") == ["Part 1 of 3", "Part 2 of 3", "Part 3 of 3"]
    assert len(frames(drawn)) == 4


def test_a_part_of_another_page_shows_the_same_and_has_its_styles() -> None:
    whole, alone = page(one()), part(one(), "n0nce")
    style = parsed(whole).css_first("style")
    assert style is not None
    # The numbers of languages are for the filters of the whole page.
    plain = re.sub(r" (?:in|is)-\d", "", whole.replace(style.attributes["nonce"] or "", "n0nce"))
    messages = [node.html for node in parsed(plain).css(".message")]
    assert len(messages) == 3
    assert messages == [node.html for node in parsed(re.sub(r" (?:in|is)-\d", "", alone)).css(".message")]
    assert "input:nth-of-type(3):checked" in styles(alone)
    assert styles(alone).count("nth-of-type") == styles(whole).count("nth-of-type")
    assert part([], "n0nce") == ""


def test_devices_that_show_the_same_share_a_card() -> None:
    captions = texts(page([push()]), ".desktop figcaption")
    assert any(each.startswith("Collapsed Chrome on Windows, Edge on Windows") for each in captions), captions


def test_forms_that_look_the_same_share_a_card() -> None:
    bare = previews("k", {"messages": [{"channel": "push", "push": {"title": {"en": "Sale"}}}]}, samples={})
    captions = texts(page(bare), ".desktop figcaption")
    assert captions[0].startswith("Collapsed and expanded Chrome on Windows")


def test_a_cut_is_marked_where_the_device_cuts() -> None:
    drawn = page([push(title="A title of about fifty characters, or of some more")])
    cut = parsed(drawn).css_first(".android .title .cut")
    assert cut is not None
    assert cut.text() == "…"
    assert texts(drawn, ".android .title")[0] == "A title of about fifty characters, or of some mo …"


def test_what_is_missing_or_taken_from_another_language_is_said() -> None:
    wrong = replace(push(lang="de"), fallback=("body",), missing=("title",), primary_lang="fr")
    notes = texts(page([wrong]), ".note")
    assert notes == [
        "No text here, neither in de nor in fr: title",
        "Shown in fr, as there is no text in de: body",
    ]


def test_a_macro_without_a_sample_is_said() -> None:
    assert texts(page([push()]), ".macros li") == ["FIRST_NAME Ana", "CITY no sample: shown as it stands"]


def test_what_makes_an_sms_dear_is_named() -> None:
    drawn = page([sms()])
    rows = texts(drawn, "tbody tr")
    assert rows[0] == '“ left double quotation mark 1 "'
    assert rows[2] == r"\u200b zero width space 2 leave it out"
    assert rows[3] == "🌱 seedling 1 nothing stands for it"
    assert "without them 2 parts instead of 3" in texts(drawn, "caption")[0]
    assert "3\N{EN DASH}4" in texts(drawn, ".costs dd")


def test_many_campaigns_have_an_index_and_filters_by_channel_and_language() -> None:
    drawn = page(many(36))
    assert len(texts(drawn, "nav li")) == len(texts(drawn, "article")) == 36
    assert not parsed(drawn).css(".many")
    assert parsed(page(many(51))).css(".many")
    assert texts(drawn, ".filters label") == [
        *("All 36", "Push 12", "Email 12", "SMS 12"),
        *("Each its own", "de", "en", "Search"),
    ]
    targets = {node.attributes["href"] for node in parsed(drawn).css("nav a")}
    assert targets == {f"#{node.attributes['id']}" for node in parsed(drawn).css("h2")}


def test_before_and_after_stand_side_by_side() -> None:
    drawn = page(changes([push(title="Old"), email("gone")], [push(title="New"), sms("new")]), plan=True)
    assert texts(drawn, "h1") == ["Changes"]
    assert texts(drawn, ".changed") == ["Changed: title, landing url"]
    assert texts(drawn, ".sides > section:first-child .facts div:first-child dd")[0].startswith("Old")
    assert texts(drawn, ".sides > section:last-child .facts div:first-child dd")[0].startswith("New")
    assert texts(drawn, ".sides .nothing") == ["New", "Removed"]


def test_a_page_is_the_same_for_the_same_previews() -> None:
    assert page(one()) == page(one())
    nonces = {re.findall(r'nonce="(\w+)"', page(each))[0] for each in (one(), many(3))}
    assert len(nonces) == 2


def test_a_page_without_anything_says_so() -> None:
    assert texts(page([]), "main") == ["There is nothing to show."]
    assert (
        "campaigns/x.yaml:3:7" in texts(page([], problems="campaigns/x.yaml:3:7: wrong"), ".problems pre")[0]
    )


def test_a_page_is_told_from_other_files() -> None:
    assert is_page(page(one(), title="x" * 900)[:200])
    assert not is_page("<!doctype html><title>Ours</title>")
    assert not is_page(f"spec: {MARK}")


@pytest.mark.parametrize(
    ("drawn", "names"),
    [
        (page(one()), []),
        (page(many(2)), ["preview_find.js"]),
        (page([email()], room=Room(emails=0)), ["preview_find.js"]),
        (page(one(), served=Served("7")), ["preview.js"]),
        (page(many(2), served=Served("7")), ["preview_find.js", "preview.js"]),
    ],
)
def test_a_policy_names_each_script_by_its_digest(drawn: str, names: list[str]) -> None:
    scripts = parsed(drawn).css("script")
    assert [script.text() for script in scripts] == [source(name) for name in names]
    served = "preview.js" in names
    assert {script.attributes.get("data-version") for script in scripts} <= {"7" if served else None}
    policy = parsed(drawn).css_first("meta[http-equiv]")
    assert policy is not None
    rules = (policy.attributes["content"] or "").split("; ")
    digests = [b64encode(sha256(script.text().encode()).digest()).decode() for script in scripts]
    allowed = "".join(f" 'sha256-{digest}'" for digest in digests)
    assert [rule for rule in rules if rule.startswith("script-src")] == (
        [f"script-src{allowed}"] * bool(names)
    )
    assert ("connect-src 'self'" in rules) == served


def test_the_policy_allows_no_request() -> None:
    for drawn in (page(one()), *frames(page(one()))):
        policy = parsed(drawn).css_first("meta[http-equiv]")
        assert policy is not None
        rules = (policy.attributes["content"] or "").split("; ")
        assert rules[0] == "default-src 'none'"
        assert {rule.split()[0] for rule in rules[1:]} == {
            "style-src",
            "style-src-attr",
            "base-uri",
            "form-action",
        }


def test_no_control_character_of_a_text_is_in_a_page() -> None:
    html = page([sms(text="a\x00b\x1b[31mc\x07d\x7fe\x9bf\tg")])
    assert texts(html, ".bubble") == ["a\ufffdb\ufffd[31mc\ufffdd\ufffde\ufffdf g"]


def test_hostile_texts_are_text() -> None:
    drawn = page(
        changes(hostile(WITNESS), hostile(WITNESS)), plan=True, title="<script>", problems="</pre><script>"
    )
    assert active(drawn.replace(source("preview_find.js"), "").replace(_FIND, "")) == ["<script></script>"]
    inside = frames(drawn)
    assert len(inside) == 8
    for frame in inside:
        assert active(frame) == []
        assert not _ASKS.search(styles(frame))
    assert all(node.attributes["sandbox"] == "" for node in parsed(drawn).css("iframe"))


@pytest.mark.parametrize(
    "css",
    [
        "background:url(//x)",
        "background:URL( '//x' )",
        r"background:u\72l(//x)",
        r"background:\75\72\6c(//x)",
        r"background:\000075 rl(//x)",
        r"background:ur\l(//x)",
        "background:image-set('//x' 1x)",
        "background:url(//x",
        "background:url('//x",
        "background:url(a)url(//x)",
    ],
)
def test_a_style_asks_for_nothing(css: str) -> None:
    drawn = mail_document(f'<style>p{{{css}}}</style><p style="{css}">x</p>', "en", "n")
    assert not re.search(r"(?i)url\(|image-set\(|\\7|\\0|r\\l", drawn)


@pytest.mark.parametrize(
    ("start", "piece", "end"),
    [
        ("", "<div>", ""),
        ("", "<table><tr><td>", ""),
        ("", "<body ", ""),
        ("<body ", "bgcolor ", ">"),
        ("<style>", "url(", "</style>"),
        ("<style>url(", " ", "</style>"),
        ("<p style='", "url(&quot;x", "'>"),
        ("<p style='", "; ", "width'>"),
        ("<img style='", "display ", "'>"),
    ],
)
def test_no_email_takes_long(start: str, piece: str, end: str) -> None:
    def draw(size: int) -> None:
        mail_document(f"{start}{piece * (size // len(piece))}{end}", "en", "n")

    assert grows_in_proportion(draw, 300_000)


def test_a_style_keeps_everything_else() -> None:
    css = 'p > a{content:"\\201C";color:red} @media (max-width:480px){.\\31 0{width:100%}}'
    assert css in mail_document(f"<style>{css}</style>", "en", "n")


def test_a_link_of_an_email_keeps_its_address_as_a_title() -> None:
    drawn = mail_document('<a href="https://x.example/?a=1&amp;b=${ID}" style="color:red">x</a>', "en", "n")
    assert '<a style="color:red" title="https://x.example/?a=1&amp;b=${ID}">x</a>' in drawn


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (
            '<img src="https://x.example/a.png" alt="Our shop" width="600" height="300">',
            "Our shop https://x.example/a.png",
        ),
        (
            '<img src="https://x.example/a.png" width="600">',
            "Image without alternative text https://x.example/a.png",
        ),
        ('<img src="https://x.example/a.png" alt="Logo" width="120" height="40">', "Logo"),
        ('<img src="https://x.example/a.png" alt="" width="600" height="300">', "https://x.example/a.png"),
        ('<img src="https://x.example/pixel.gif" width="1" height="1">', ""),
        ('<img src="https://x.example/a.png" alt="Facebook" style="width:24px">', ""),
    ],
)
def test_a_picture_is_a_box_with_its_alternative_text_and_address(image: str, expected: str) -> None:
    drawn = mail_document(image, "en", "n")
    (box,) = parsed(drawn).css(".cc-picture")
    assert " ".join(part.text() for part in box.css("b, i")) == expected
    assert box.attributes["title"]


def test_the_colour_of_the_body_stays() -> None:
    drawn = mail_document('<html><body bgcolor="#112233" style="margin:9px">x</body></html>', "en", "n")
    assert (
        '<body tabindex="0" bgcolor="#112233"><div bgcolor="#112233" style="margin:9px">x</div></body>'
        in drawn
    )


def html_of(preview: Preview) -> str:
    assert isinstance(preview.content, EmailPreview)
    return preview.content.html


def test_a_page_draws_emails_until_a_browser_has_enough() -> None:
    mails = [email(key, lang) for key in ("a", "b") for lang in ("en", "de")]
    drawn = page(mails, room=Room(emails=3, packed=0))
    languages = [re.findall('lang="(..)"', frame)[0] for frame in frames(drawn)]
    assert languages == ["en", "en", "de", "de", "en", "en"]
    assert texts(drawn, ".command") == ["campaignctl preview b --format html -o page.html"]
    assert len(texts(drawn, ".inboxes")) == 4
    nothing = Room(emails=0, packed=0)
    of_plan = page(changes([], [email("a[x=1]")]), plan=True, options=("--plan", "p q"), room=nothing)
    assert texts(of_plan, ".command") == [
        "campaignctl preview --plan 'p q' 'a[x=1]' --format html -o page.html"
    ]


def test_a_large_email_is_drawn_until_a_page_has_enough() -> None:
    room = Room(letters=2 * len(html_of(email())), packed=0)
    assert len(frames(page([email("a"), email("b")], room=room))) == 2


def test_what_a_browser_draws_later_is_packed_until_a_page_has_enough() -> None:
    mails = [email(key, html=f"<p>{key * 900}</p>") for key in "abc"]
    packed = packs(page(mails, room=Room(emails=1)))
    assert [re.findall("<p>(.)", html) for html in packed] == [["b"], ["c"]]
    assert packs(page(mails, room=Room(emails=0)))[0] == frames(page(mails))[0]
    one_more = Room(emails=1, packed=len(b64encode(zlib.compress(packed[0].encode()))))
    assert len(packs(page(mails, room=one_more))) == 1


def test_previews_that_carry_more_than_is_known_are_drawn() -> None:
    content = push().content
    assert isinstance(content, PushPreview)
    bare = replace(push(), content=replace(content, buttons=(), image="", icon="", landing_url=""))
    assert texts(page([bare]), "h3") == ["Push Garden en"]


def test_the_templates_are_in_the_package() -> None:
    folder = Path(preview_html.__file__).parent / "templates"
    assert {path.suffix for path in folder.iterdir()} == {".html", ".css", ".js"}


def test_half_a_character_in_an_email_is_shown_as_a_question_mark() -> None:
    assert "<p>a?b</p>" in mail_document("<p>a\ud800b</p>", "en", "n")
