"""Previews on a terminal: every box is closed and aligned, whatever the text, the width and the colours."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignctl.content.previews import previews
from campaignctl.content.text import width
from campaignctl.render.preview import Look, preview_json, previews_text
from tests.golden import Golden
from tests.render.sample_previews import one

_FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
TEXTS = [
    "Sale",
    "",
    "冬のセールは店内すべて半額" * 3,
    "מבצע חורף: הכל בחצי מחיר",
    f"{_FAMILY}e\u0301 " * 20,
    "x" * 300,
    "\U00016f51\u0903",  # marks with nothing to stand on
]


def body(text: str) -> dict[str, Any]:
    push: dict[str, Any] = {
        "title": {"en": text},
        "body": {"en": text},
        "image": {"en": text},
        "landing_url": text,
    }
    push["actions"] = [{"title": {"en": text}, "url": text}]
    email = {"subject": text, "sender_name": text, "sender_email": text, "html": {"en": f"<p>{text}</p>"}}
    return {
        "messages": [
            {"name": text, "channel": "push", "push": push},
            {"name": text, "channel": "sms", "sms": {"content": {"en": text}}},
            {"name": text, "channel": "email", "email": email},
        ]
    }


def shown(text: str, columns: int = 80, *, boxes: bool = True, color: bool = False) -> str:
    return previews_text(previews("k", body(text), samples={}), look=Look(columns, boxes), color=color)


def check(text: str, columns: int) -> None:
    """Each line of boxes ends at one of a few columns, and no line is wider than the terminal."""
    card = max(20, min(39, columns))
    across = max(1, (columns + 2) // (card + 2))
    wide = max(20, min(62, columns))
    ends = {number * (card + 2) - 2 for number in range(1, across + 1)} | {wide}
    for line in text.splitlines():
        assert width(line) <= max(columns, 24), line
        if line.endswith(("│", "╮", "╯")):
            assert width(line) in ends, line
        assert line.count("╭") == line.count("╮")
        assert line.count("╰") == line.count("╯")
        assert line.count("│") % 2 == 0


@pytest.mark.parametrize("columns", [30, 44, 80, 140])
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_boxes_are_aligned(text: str, columns: int) -> None:
    check(shown(text, columns), columns)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=200), st.sampled_from([30, 80]))
def test_boxes_of_any_text_are_aligned_and_safe(text: str, columns: int) -> None:
    printed = shown(text.replace("│", "").translate(dict.fromkeys(map(ord, "╭╮╰╯"))), columns)
    check(printed, columns)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", printed)


def test_colours_change_no_text() -> None:
    painted = shown("Sale \x1b[31m", color=True)
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == shown("Sale \x1b[31m")
    assert "\\u001b[31m" in painted


def test_a_terminal_of_another_encoding_gets_plain_boxes() -> None:
    assert shown("Sale", boxes=False).isascii()


def test_an_sms_is_a_bubble_for_each_part() -> None:
    printed = shown("\u201c" + "a" * 150 + "\u201d")
    assert [f"part {number} of 3" in printed for number in (1, 2, 3)] == [True] * 3
    assert "3 parts: UCS-2, 152 units" in printed
    assert "with these changes: 1 part" in printed
    assert 'LEFT DOUBLE QUOTATION MARK: write "' in printed


def test_devices_that_cut_alike_share_a_box() -> None:
    assert shown("Sale").count("every device") == 1
    assert "Safari on macOS" in shown("x" * 300)


def test_what_does_not_arrive_is_said() -> None:
    assert "more does not arrive" not in shown("Sale")
    assert "more does not arrive" in shown("x" * 2_000)


def test_what_is_missing_or_falls_back_is_said() -> None:
    push = {"title": {"en": "Sale", "de": "Angebot"}, "body": {"de": "Heute"}}
    spec = {"messages": [{"name": "M", "channel": "push", "push": push}]}
    printed = previews_text(previews("k", spec, samples={}, langs=["en", "fr"]), look=Look(), color=False)
    assert "no text: body" in printed
    assert "not in fr, shown in en: title" in printed


def test_the_document_has_the_fields_of_the_interface() -> None:
    push, sms, email = [preview_json(each) for each in previews("k", body("Sale"), samples={})]
    for each in (push, sms, email):
        assert {"key", "message", "channel", "lang", "macros", "fallback", "missing"} <= each.keys()
    assert (sms["encoding"], sms["units"], sms["parts"], sms["parts_max"]) == ("GSM-7", 4, 1, 1)
    assert (push["title"], push["payload_limit"], push["views"][0]["title"]) == (
        "Sale",
        3_993,
        {"shown": "Sale", "cut": False},
    )
    assert (email["size"], "html" in email) == (len("<p>Sale</p>"), False)


def test_boxes_look_as_they_did(golden: Golden) -> None:
    golden("narrow", previews_text(one(), look=Look(44, boxes=True), color=False))
    golden("wide", previews_text(one(), look=Look(100, boxes=True), color=False))
