"""What changed in a text, word by word: complete, at the borders of words, and fast."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignctl.diff import words
from campaignctl.diff.words import words_changed
from tests.effort import grows_in_proportion

_SIGNS = "ab01 .,-/<>\"'\n\r\t今日は促ก็ำन्दé\u0301\u200d👩🎉\u2028"
_TEXTS = st.text(max_size=60) | st.text(st.sampled_from(_SIGNS), max_size=200)


def _marked(before: str, after: str) -> str:
    marks = {"same": "{}", "old": "[-{}-]", "new": "[+{}+]"}
    return "".join(marks[kind].format(text) for kind, text in words_changed(before, after))


def _check(before: str, after: str) -> None:
    pieces = words_changed(before, after)
    assert "".join(text for kind, text in pieces if kind != "new") == before
    assert "".join(text for kind, text in pieces if kind != "old") == after
    assert all(text for _kind, text in pieces)
    assert all(one[0] != other[0] for one, other in pairwise(pieces))


@given(_TEXTS, _TEXTS)
def test_pieces_are_both_texts(before: str, after: str) -> None:
    _check(before, after)
    _check(before, before + after)
    assert words_changed(before, before) == ((("same", before),) if before else ())


@given(
    _TEXTS,
    st.text(st.sampled_from(_SIGNS), max_size=20),
    _TEXTS,
    st.text(st.sampled_from(_SIGNS), max_size=20),
)
def test_equal_ends_are_left_out_and_change_nothing(start: str, old: str, end: str, new: str) -> None:
    texts = f"{start}{old}{end}", f"{start}{new}{end}"
    short = words_changed(*texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "_equal_ends", lambda _one, _other: (0, 0))
        assert short == words_changed(*texts)


@settings(max_examples=50)
@given(st.lists(_TEXTS, max_size=8), st.randoms())
def test_pieces_of_moved_and_doubled_lines_are_both_texts(lines: list[str], chance: random.Random) -> None:
    others = [*lines, *lines[:2], "x" * 500]
    chance.shuffle(others)
    _check("\n".join(lines), "\n".join(others))


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("Only 4.99 today", "Only 5.49 today", "Only [-4.99-][+5.49+] today"),
        ("my dear friend here", "my good old friend here", "my [-dear-][+good old+] friend here"),
        (
            "Only 19.90, until 10:00",
            "Only 24.90, until 10:30",
            "Only [-19.90-][+24.90+], until [-10:00-][+10:30+]",
        ),
        ("up a - b or so", "up c - d or so", "up [-a - b-][+c - d+] or so"),
        ("up a -- b or so", "up c -- d or so", "up [-a-][+c+] -- [-b-][+d+] or so"),
        ("I go", "Now I go", "[+Now +]I go"),
        ("Off: 5%", "Off: 15%!", "Off: [-5%-][+15%!+]"),
        ("https://a.example/?x=1&y=2", "https://a.example/?x=1&y=3", "https://a.example/?x=1&y=[-2-][+3+]"),
        ("<b>Hi you</b>", "<b>Hi there</b>", "<b>Hi [-you-][+there+]</b>"),
        ("今天的促销活动", "今天的优惠活动", "今天的[-促销-][+优惠+]活动"),
        ("สวัสดีครับวันนี้", "สวัสดีค่ะวันนี้", "สวัสดี[-ครับ-][+ค่ะ+]วันนี้"),
        ("पुराना दाम है", "नया दाम है", "[-पुराना-][+नया+] दाम है"),
        ("cafe\u0301 bar", "cafe bar", "[-cafe\u0301-][+cafe+] bar"),
        ("Sale 👩‍👩‍👧!", "Sale 👩‍👩!", "Sale [-👩‍👩‍👧-][+👩‍👩+]!"),
        ("all of it is other now", "nothing here remains the same", None),
    ],
)
def test_pieces_end_at_the_borders_of_words(before: str, after: str, marked: str | None) -> None:
    assert _marked(before, after) == (marked or f"[-{before}-][+{after}+]")


def test_two_words_far_apart_in_a_long_line_are_told() -> None:
    words = [f"word{number}" for number in range(600)]
    other = ["first", *words[1:-1], "last"]
    assert _marked(" ".join(words), " ".join(other)) == (
        f"[-word0-][+first+] {' '.join(words[1:-1])} [-word599-][+last+]"
    )


def test_many_changes_are_told_between_equal_lines() -> None:
    lines = [f"line {number} of this text" for number in range(1_000)]
    changed = [line.replace("of", "in") for line in lines]
    changed[::2] = lines[::2]
    pieces = words_changed("\n".join(lines), "\n".join(changed))
    assert sum(piece == ("new", "in") for piece in pieces) == 500
    _check("\n".join(lines), "\n".join(changed))


def test_each_line_that_stayed_is_told_between_others_that_are_new_as_a_whole() -> None:
    kept = [f"kept {number}" for number in range(6)]

    def text(word: str) -> str:
        others = (" ".join(f"{word}{at}x{number}" for number in range(300)) for at in range(len(kept)))
        return "\n".join(f"{line}\n{other}" for line, other in zip(kept, others, strict=True))

    same = [piece for kind, piece in words_changed(text("a"), text("b")) if kind == "same"]
    assert "".join(same).split("\n")[:-1] == kept


def test_texts_with_nothing_in_common_are_whole() -> None:
    old, new = (" ".join(f"{word}{number}" for number in range(1_000)) for word in ("a", "b"))
    assert words_changed(old, new) == (("old", old), ("new", new))


@pytest.mark.parametrize(("pairs", "is_told"), [(100, True), (101, False)])
def test_words_that_changed_places_are_told_up_to_a_number_of_edits(pairs: int, is_told: bool) -> None:
    """Each pair that swaps its words is four edits: two words and two blanks."""
    old = [f"a{number} b{number} same" for number in range(pairs)]
    new = [f"b{number} a{number} same" for number in range(pairs)]
    pieces = words_changed(" ".join(old), " ".join(new))
    assert (len(pieces) > pairs) is is_told
    assert is_told or pieces == (("old", " ".join(old)), ("new", " ".join(new)))


@pytest.mark.parametrize(
    "texts",
    [
        lambda size: (" a" * size, "a " * size),
        lambda size: ("a b " * (size // 2) + "c", "a b " * (size // 2 - 100) + "c"),
        lambda size: ("今天的促销活动" * (size // 8), "今天的优惠活动" * (size // 8)),
    ],
    ids=["shifted", "repeated", "characters"],
)
def test_four_times_the_text_is_compared_in_four_times_the_time(
    texts: Callable[[int], tuple[str, str]],
) -> None:
    assert grows_in_proportion(lambda size: _check(*texts(size)), 100_000)


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("> ", "> <", "> [+<+]"),
        (".>>>a\n<  ", ".>>>a\n<   ", ".>>>a\n<[-  -][+   +]"),
        ("a  b", "a  c", "a  [-b-][+c+]"),
    ],
)
def test_blanks_at_an_equal_end_are_one_piece(before: str, after: str, marked: str) -> None:
    assert _marked(before, after) == marked
