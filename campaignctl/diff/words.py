"""What changed in a text, word by word."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from campaignctl.content.text import graphemes

#: What both texts have, what only the one before has, or only the one after.
Kind = Literal["same", "old", "new"]
_Piece = tuple[Kind, str]
_Pair = tuple[Sequence[str], Sequence[str]]

# Of two texts with more differences than this, a reader learns more from each as a whole.
_MOST_EDITS = 400
# Kept words among many changed ones, less than this part of the text, are chance.
_LEAST_KEPT = 0.25
# What separates two changed words is shown as changed with them, up to this length.
_LONGEST_JOINT = 3
_STEPS = 1_000_000

# Han, kana, bopomofo; Thai, Lao, Tibetan, Myanmar, Khmer, Tai scripts: written without spaces.
_UNSPACED = (
    "\u2e80-\u2fdf\u3005-\u3007\u3041-\u3096\u3099-\u30ff\u3105-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U000323af"
    "\u0e01-\u0e3a\u0e40-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaadf"
)
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
# Marks, joiners and selectors belong to what comes before them.
_JOINED = "\u0300-\u036f\u200c\u200d\u20d0-\u20ff\ufe00-\ufe0f\U000e0020-\U000e01ef"
_SIGNS = r"!-/:-@\[-^`{-~\u00a1-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u2010-\u2027\u2030-\u206f"
_SIGNS += r"\u3001-\u3004\u3008-\u3040\u30a0\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_WORD = re.compile(
    rf"\s+|\d+(?:[.,:]\d+)+|[{_EMOJI}][{_EMOJI}{_JOINED}]*|[{_UNSPACED}][{_UNSPACED}{_JOINED}]*|[{_SIGNS}][{_JOINED}]*"
    rf"|[^\s{_EMOJI}{_UNSPACED}{_SIGNS}]+"
)
_STARTS_UNSPACED = re.compile(f"[{_UNSPACED}]")


def words_changed(before: str, after: str) -> tuple[_Piece, ...]:
    """The pieces of two texts in reading order: what both have, and of each change the old, then the new.

    `same` and `old` together are the text before, `same` and `new` the text after; no piece is empty, and two
    neighbors differ in kind. Pieces end at the borders of words, and in scripts without spaces of characters.
    Texts with too many differences to compare word by word are compared between the lines that both have
    once, and are old and new as a whole where that does not help: 1 MB takes no longer than about a second.
    """
    effort = _Effort(_STEPS)
    start, end = _equal_ends(before, after)
    old, new = (_words(text[start : len(text) - end]) for text in (before, after))
    pieces = _compared(old, new, effort)
    if pieces is None:
        pieces = [*_by_lines(before, after, effort)]
    else:
        pieces = [("same", before[:start]), *pieces, ("same", before[len(before) - end :])]
    return tuple(_joined(pieces))


def _equal_ends(one: str, other: str) -> tuple[int, int]:
    """How many characters two texts begin and end with alike, each up to a space next to a word: what is
    between, cut into words, is what it is in the whole texts."""
    start = common_length(one, other)
    most = min(len(one), len(other)) - start
    end = len(one) - common_length(one[: -most - 1 : -1], other[: -most - 1 : -1])
    start = max(one.rfind(" ", 0, start), 0)
    end = one.find(" ", end) if " " in one[end:] else len(one)
    while start > 0 and one[start - 1].isspace():
        start -= 1
    while end < len(one) and one[end].isspace():
        end += 1
    return start, len(one) - end


@dataclass(slots=True)
class _Effort:
    """How many comparisons are left."""

    steps: int


def _words(text: str) -> list[str]:
    words: list[str] = _WORD.findall(text)
    if text.isascii():
        return words
    found: list[str] = []
    for word in words:
        found += graphemes(word) if _STARTS_UNSPACED.match(word) else (word,)
    return found


def _by_lines(before: str, after: str, effort: _Effort) -> Iterator[_Piece]:
    """Lines that are once in both texts and in one order in both, and the pieces between them."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    i = j = 0
    for x, y in [*_anchors(old, new), (len(old), len(new))]:
        gone, come = "".join(old[i:x]), "".join(new[j:y])
        yield from _compared(_words(gone), _words(come), effort) or [("old", gone), ("new", come)]
        yield "same", "".join(old[x : x + 1])
        i, j = x + 1, y + 1


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The places of lines that each text has once, as many as stand in one order: patience diff."""
    counts = Counter(old), Counter(new)
    places = {line: y for y, line in enumerate(new)}
    pairs = [(x, places[line]) for x, line in enumerate(old) if counts[0][line] == counts[1][line] == 1]
    ends: list[int] = []
    chain: list[tuple[tuple[int, int], int]] = []
    last: list[int] = []
    for number, pair in enumerate(pairs):
        at = bisect_left(ends, pair[1])
        chain.append((pair, last[at - 1] if at else -1))
        ends[at : at + 1], last[at : at + 1] = [pair[1]], [number]
    found, number = [], last[-1] if last else -1
    while number >= 0:
        pair, number = chain[number]
        found.append(pair)
    return found[::-1]


def _compared(old: Sequence[str], new: Sequence[str], effort: _Effort) -> list[_Piece] | None:
    """The pieces of two lists of words, or None if they have too little in common."""
    start = common_length(old, new)
    end = min(common_length(old[::-1], new[::-1]), len(old) - start, len(new) - start)
    middle = old[start : len(old) - end], new[start : len(new) - end]
    pieces = _middle(*middle, effort)
    if pieces is None:
        return None
    return [("same", "".join(old[:start])), *pieces, ("same", "".join(old[len(old) - end :]))]


def _middle(old: Sequence[str], new: Sequence[str], effort: _Effort) -> list[_Piece] | None:
    """Two lists of words that neither begin nor end alike; None if they have too little in common."""
    if not old or not new or len(old) == len(new) == 1:
        return [("old", "".join(old)), ("new", "".join(new))]
    if len(old) + len(new) - 2 * (Counter(old) & Counter(new)).total() > _MOST_EDITS:
        return None
    runs = _runs(old, new, effort)
    if runs is None:
        return None
    pieces: list[_Piece] = []
    i = j = kept = 0
    for x, y, length in [*runs, (len(old), len(new), 0)]:
        same = "".join(old[x : x + length])
        kept += len(same)
        pieces += [("old", "".join(old[i:x])), ("new", "".join(new[j:y])), ("same", same)]
        i, j = x + length, y + length
    longest = max(sum(map(len, old)), sum(map(len, new)))
    return pieces if kept > longest * _LEAST_KEPT else [("old", "".join(old)), ("new", "".join(new))]


def common_length(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the common beginning of two texts, or lists of words."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def _runs(old: Sequence[str], new: Sequence[str], effort: _Effort) -> list[tuple[int, int, int]] | None:
    """The runs of equal words of the shortest edit script: places in both, and length (Myers 1986, greedy).

    None if there are too many edits.
    """
    most = min(_MOST_EDITS, len(old) + len(new))
    # How far each diagonal got: `reach[k]` is a place in `old`, and that in `new` is `k` less.
    reach = [0] * (2 * most + 3)
    trace: list[list[int]] = []
    for edits in range(most + 1):
        trace.append(reach.copy())
        for k in range(-edits, edits + 1, 2):
            x = reach[k + 1] if _down(reach, k, edits) else reach[k - 1] + 1
            start, y = x, x - k
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y = x + 1, y + 1
            effort.steps -= 1 + x - start
            reach[k] = x
            if x >= len(old) and y >= len(new):
                return _traced(trace, x, k)
        if effort.steps < 0:
            return None
    return None


def _down(reach: Sequence[int], k: int, edits: int) -> bool:
    """Whether a diagonal is reached by a word that is new, not by one that is gone."""
    return k == -edits or (k != edits and reach[k - 1] < reach[k + 1])


def _traced(trace: Sequence[list[int]], x: int, k: int) -> list[tuple[int, int, int]]:
    """The way back from the end."""
    runs: list[tuple[int, int, int]] = []
    for edits in range(len(trace) - 1, -1, -1):
        reach = trace[edits]
        down = _down(reach, k, edits)
        start = reach[k + 1] if down else reach[k - 1] + 1
        if x > start:
            runs.append((start, start - k, x - start))
        k = k + 1 if down else k - 1
        x = reach[k]
    return runs[::-1]


def _joined(pieces: Sequence[_Piece]) -> Iterator[_Piece]:
    """Neighbors of a kind as one piece, and words that changed with only a short joint between them."""
    old = new = held = ""
    for kind, text in pieces:
        if kind == "same" or not text:
            held += text
            continue
        if held and not (old and new and _is_joint(held)):
            yield from _change(old, new, held)
            old = new = held = ""
        if kind == "old":
            old, new = old + held + text, new + held
        else:
            old, new = old + held, new + held + text
        held = ""
    yield from _change(old, new, held)


def _is_joint(text: str) -> bool:
    return len(text) <= _LONGEST_JOINT and "\n" not in text and not any(map(str.isalnum, text))


def _change(old: str, new: str, same: str) -> Iterator[_Piece]:
    pieces: tuple[_Piece, ...] = (("old", old), ("new", new), ("same", same))
    return (piece for piece in pieces if piece[1])
