"""Escaping: no text that is unsafe on a terminal gets through."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.render.cuts import Cuts
from campaignctl.render.escape import columns, escape, pad
from campaignctl.render.table import Style
from campaignctl.render.values import audience_text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain: äß 日本 😀", "plain: äß 日本 😀"),
        ("\x1b[31mred", r"\u001b[31mred"),
        ("\x9b31mred", r"\u009b31mred"),
        ("two\nlines\r\t", r"two\nlines\r\t"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2066x\u2069\u200f", r"\u2066x\u2069\u200f"),
        ("\u2028\u2029\x85", r"\u2028\u2029\u0085"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("👨\u200d👩", "👨\u200d👩"),
    ],
)
def test_unsafe_characters_are_shown_as_code_points(text: str, safe: str) -> None:
    assert escape(text) == safe


def test_a_long_text_is_cut() -> None:
    assert escape("x" * 500, 10) == "x" * 10 + "..."
    assert escape("x" * 500, None) == "x" * 500


@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_escaped_text_is_one_line_of_visible_encodable_characters(text: str) -> None:
    safe = escape(text)
    assert len(safe.splitlines()) <= 1
    assert safe.encode().decode() == safe
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in safe)
    bidirectional = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert not any(unicodedata.bidirectional(character) in bidirectional for character in safe)


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("ä", 1), ("", 0)])
def test_columns_of_a_terminal(text: str, width: int) -> None:
    assert columns(text) == width
    assert columns(pad(text, 8)) == 8


def test_style_paints_only_where_there_is_color() -> None:
    assert Style(color=False)("x", "red") == "x"
    assert Style(color=True)("x", "bold", "red") == "\x1b[1;31mx\x1b[0m"
    assert Style(color=True)("x") == "x"


@pytest.mark.parametrize(
    ("audience", "text"),
    [
        ("everyone", "everyone"),
        ({}, "everyone"),
        ({"countries": {"items": ["DE", "FR"], "op": "in"}}, "countries DE, FR"),
        ({"countries": {"items": ["DE"], "op": "nin"}}, "countries (nin) DE"),
        ({"countries": {"items": [], "op": "in"}}, "countries (none)"),
        ({"profile_age": {"from": 0, "to": 10}}, "profile age 0 to 10"),
        ({"profile_age": {"from": 5}}, 'profile age {"from": 5}'),
        ({"custom_properties": {"plan": {"items": ["gold"], "op": "in"}}}, "property plan gold"),
        ({"os": "x", "languages": {"items": ["de"], "op": "in"}}, 'os "x"; languages de'),
        (
            {"apps": {"items": [str(n) for n in range(20)], "op": "in"}},
            "apps 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 8 more (cut: 20 in all, sha256 b55dac075113)",
        ),
    ],
)
def test_an_audience_in_words(audience: str | dict[str, object], text: str) -> None:
    assert audience_text(audience, Cuts()) == text


def test_an_audience_of_the_documented_shape_names_every_condition() -> None:
    targeting = {
        "countries": {"items": ["US"], "op": "in"},
        "languages": {"items": ["en"], "op": "in"},
        "profile_age": {"from": 0, "to": 10},
        "custom_properties": {"gender": {"items": ["male"], "op": "in"}},
    }
    assert (
        audience_text(targeting, Cuts())
        == "countries US; languages en; profile age 0 to 10; property gender male"
    )
