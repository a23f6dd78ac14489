"""Foreign text in a comment creates no links, mentions or images and stays in its cell."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaignctl.diff import FieldChange
from campaignctl.render.escape import cell, code_span, fenced, html_code, prose
from campaignctl.render.markdown import plan_markdown
from tests.render.gfm import page_of
from tests.render.sample_plans import created, hostile_plan, plan, reviewed, updated

HOSTILE = [
    "a | b",
    "a \\| b \\\\| c",
    "@everyone @acme/team",
    "#1 acme/shop#2 GH-3 !4 $5 &6 %7 ~8 JIRA-9",
    "0123456789abcdef0123456789abcdef01234567 and acme/shop@0123456",
    "[click](https://evil.example) ![x](https://evil.example/x.png) [ref]: x [[wiki]]",
    "https://evil.example www.evil.example ftp://evil.example mailto:a@evil.example a@evil.example",
    "<https://evil.example> <a@evil.example>",
    "<img src=x onerror=alert(1)> <script>alert(1)</script> <!-- --> </details></table>",
    "</code></summary></details><h1>x",
    "&lt;b&gt; &#64;everyone &commat;everyone",
    "`code` ``` ```` `",
    "```\n# heading\n```",
    "`" * 120,
    "one\n\n# two\n- three\n> four\n---\n/merge\n/close",
    "**bold** _it_ ~~gone~~ :tada: $`x`$ $$y$$",
    "\\@everyone \\`x\\`",
    "- [ ] task",
    "-->",
    "x\x1b[31m\u202e\u2066y\u2028z\x00\u200b",
    " leading and trailing ",
    "`",
    "\\",
]

_NO_FOREIGN = {"a", "img", "script", "input", "h1", "h2", "hr", "del", "em", "blockquote", "ol"}


def assert_harmless(name: str) -> None:
    text = plan_markdown(reviewed(hostile_plan(name)))
    page = page_of(text)
    plain = "x" * (1_000 if "This comment is cut" in text else 1)
    assert page.skeleton == page_of(plan_markdown(reviewed(hostile_plan(plain)))).skeleton
    assert not _NO_FOREIGN & set(page.tags)
    assert page.references == []
    assert all(len(set(table)) == 1 for table in page.rows)
    assert {attribute for attribute in page.attributes if attribute[0] != "pre"} == set()
    assert len(page.comments) == 1
    assert not re.search(r"^\s*/", text, re.MULTILINE), "a command of GitLab"


def _of_texts(text: str) -> str:
    """The comment of a create and an update whose recipients see this text."""

    def spec(title: str) -> dict[str, Any]:
        push = {"title": {"en": title}, "body": {"en": text}, "landing_url": text}
        email = {"from_name": text, "subject": {"en": text}, "html": {"en": text}}
        sms = {"content": {"en": text}}
        return {
            "name": text,
            "messages": [
                {"name": text, "channel": "push", "push": push},
                {"name": text, "channel": "email", "email": email},
                {"name": text, "channel": "sms", "sms": sms},
            ],
        }

    edited = FieldChange("messages/0/push/title/en", f"before {text} and {text}", f"before {text} or {text}")
    changes = (created("k", spec(text)), replace(updated("u", edited), spec=spec(str(edited.after))))
    return plan_markdown(reviewed(plan(*changes)), link=lambda _: "https://host.example/a")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_of_recipients_stay_text(text: str) -> None:
    _assert_texts_harmless(text)


@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=30))
def test_any_text_of_recipients_stays_text(text: str) -> None:
    _assert_texts_harmless(text)


def _assert_texts_harmless(text: str) -> None:
    page = page_of(_of_texts(text))
    assert not (_NO_FOREIGN - {"a", "del", "blockquote"}) & set(page.tags)
    assert page.tags.count("blockquote") <= 4
    assert {value for tag, _, value in page.attributes if tag == "a"} == {"https://host.example/a"}
    assert page.references == []
    assert len(page.comments) == 1
    assert not re.search(r"^\s*/", _of_texts(text), re.MULTILINE), "a command of GitLab"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_text(name: str) -> None:
    assert_harmless(name)


def _ordinary(name: str) -> bool:
    """Whether a plan of this name is told as one of any other: changes of messages are told by their texts,
    and those of one campaign next to each other."""
    return name.split("/", maxsplit=1)[0] != "messages" and name != "k"


@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=30).filter(_ordinary))
def test_any_text_stays_text(name: str) -> None:
    assert_harmless(name)


@given(st.text("`|\\<>@#!*_~[](): /\n-&x1;", min_size=1, max_size=30))
@example("`\\|`")
def test_any_mix_of_signs_stays_text(name: str) -> None:
    assert_harmless(name)


@given(st.text("`|\\ab <&", min_size=1, max_size=20).filter(str.strip))
def test_code_shows_the_text_literally(text: str) -> None:
    page = page_of(f"x {code_span(text)} y\n")
    assert page.code == [text.replace("\\|", "\\\\u007c")]
    assert page.said == ["x ", " y", "\n"]


@given(st.text("`|\\ab <&", min_size=1, max_size=20).filter(str.strip))
def test_code_is_shown_literally_in_a_table(text: str) -> None:
    page = page_of(f"| h | i |\n|---|---|\n| {cell(code_span(text))} | y |\n")
    assert page.code == page_of(f"x {code_span(text)} y\n").code
    assert page.rows == [[2, 2]]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "already sent; give it a new key, or `--replace KEY`",
            "already sent; give it a new key, or `--replace KEY`",
        ),
        ("until Sat 22 Mar 2036 10:00 GMT (11:00 Europe/Belgrade)", None),
        ("12 of 30 campaigns (40 %)", None),
        ("Frühling für alle, 50% günstiger!", None),
        ("Rabatt 20 € „nur heute“ 🔥 日本 हिन्दी & more", None),
        ("\uff20team", "`\uff20team`"),
        ("call @team about #12 now", "call `@team` about `#12` now"),
        ("read <b> or https://x.example first", "read `<b>` or `https://x.example` first"),
        ("it ends @here", "it ends `@here`"),
        ("a lone ` tick", "a lone `` ` `` tick"),
        ("`a``b`", "`a` `b`"),
        ("   ", '`"   "`'),
        ("", ""),
    ],
)
def test_plain_words_stay_words_and_other_text_is_code(text: str, shown: str | None) -> None:
    assert prose(text) == (text if shown is None else shown)


def test_empty_text_is_still_visible() -> None:
    assert code_span("") == '`""`'
    assert code_span("  ") == '`"  "`'


def test_long_text_is_cut_even_if_characters_become_numbers() -> None:
    assert len(code_span("\x00" * 1_000)) < 260
    assert len(prose("\U000e0041" * 5_000)) < 1_200
    assert len(html_code("x" * 1_000)) < 220


def test_a_long_word_may_be_broken_to_keep_the_columns() -> None:
    page = page_of(code_span("x" * 100) + "\n")
    assert (page.code, page.tags) == (
        ["x" * 48, "x" * 48, "x" * 4],
        ["p", "code", "wbr", "code", "wbr", "code"],
    )
    assert prose("y" * 60) == code_span("y" * 60)


def test_no_line_ends_its_block() -> None:
    lines = ["```", "````", "~~~", "x"]
    assert page_of(fenced(lines, "diff")).code == ["```\n````\n~~~\nx\n"]
