"""Lines of a text that are broken to fit a terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.render.escape import columns
from campaignctl.render.table import Style, wrapped


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("Plan: 4 to create, 1 to update", ["Plan: 4 to create, 1", "  to update"]),
        (
            "      sends:   Sat 22 Mar 2036",
            ["      sends:   Sat", "               22", "               Mar", "               2036"],
        ),
        ("    | - one and two, three", ["    | - one and two,", "    |   three"]),
        ("  + name one, two and six", ["  + name one, two", "      | and six"]),
        ("    push/a: one and then two", ["    push/a: one and", "      then two"]),
        ("  campaignctl plan --full --target push/a", ["  campaignctl plan --full --target push/a"]),
        ("  " + "x" * 40, ["  " + "x" * 40]),
    ],
)
def test_a_line_is_broken_between_words_and_goes_on_where_it_belongs(line: str, lines: list[str]) -> None:
    assert list(wrapped(line, 20)) == lines


def test_a_colour_ends_with_its_line_and_goes_on_in_the_next() -> None:
    shown = list(wrapped(Style(color=True)("one two three four", "red"), 10))
    assert shown == ["\x1b[31mone two\x1b[0m", "  \x1b[31mthree\x1b[0m", "  \x1b[31mfour\x1b[0m"]


_WORDS = st.lists(st.text("ab\u00e4\u5348|-+", min_size=1, max_size=9), min_size=1, max_size=12)


@given(_WORDS, st.sampled_from(["", "  ", "      | ", "      ", "      sends:   "]), st.integers(30, 60))
def test_no_word_is_lost_and_no_line_too_wide(words: list[str], begin: str, width: int) -> None:
    lines = list(wrapped(begin + " ".join(words), width))
    assert all(columns(line) <= width for line in lines)
    bar = re.escape(begin.strip()) if "|" in begin else "x{0}"
    rest = [re.sub(rf"^\s*{bar}\s*", "", line) for line in lines[1:]]
    assert " ".join([lines[0].removeprefix(begin), *rest]).split() == words or "| " in "".join(lines[1:])
