"""Where texts are cut: between grapheme clusters, within a width in columns."""

from __future__ import annotations

import pytest

from campaignctl.content.model import Line
from campaignctl.content.text import cut, graphemes, width

_FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("text", "limit", "shown", "is_cut"),
    [
        ("", 5, "", False),
        ("12345", 5, "12345", False),
        ("123456", 5, "1234…", True),
        ("1234 6", 5, "1234…", True),
        ("123 56", 5, "123…", True),
        ("漢字漢字", 8, "漢字漢字", False),
        ("漢字漢字漢", 8, "漢字漢…", True),
        (f"ab{_FAMILY}", 4, f"ab{_FAMILY}", False),
        (f"ab{_FAMILY}c", 4, "ab…", True),
        ("e\u0301" * 4, 4, "e\u0301" * 4, False),
        ("e\u0301" * 5, 4, "e\u0301" * 3 + "…", True),
        ("\U0001f1e9\U0001f1ea" * 3, 5, "\U0001f1e9\U0001f1ea" * 2 + "…", True),
        ("שלום עולם", 6, "שלום…", True),
    ],
)
def test_cuts_between_characters_as_readers_see_them(text: str, limit: int, shown: str, is_cut: bool) -> None:
    assert cut(text, limit) == Line(shown, is_cut)
    assert width(shown) <= limit


def test_clusters_are_what_a_reader_takes_for_one_character() -> None:
    assert list(graphemes(f"a{_FAMILY}e\u0301")) == ["a", _FAMILY, "e\u0301"]
    assert list(graphemes("a\r\nb")) == ["a", "\n", "b"]


@pytest.mark.parametrize(
    ("text", "columns"), [("ab", 2), ("a\x1bb", 2), ("漢", 2), ("é\x07", 1), ("\u200b", 0)]
)
def test_width_of_a_text(text: str, columns: int) -> None:
    assert width(text) == columns
