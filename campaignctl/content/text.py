"""Grapheme clusters and display width: where a text may be cut, and how wide it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from unicodedata import category

from campaignctl.content.model import Line

ELLIPSIS = "…"


def graphemes(text: str) -> Iterator[str]:
    """What a reader takes for single characters: an emoji with its joiners, a letter with its accents."""
    if text.isascii():
        # CR LF is the only cluster of ASCII.
        return iter(text if "\r\n" not in text else text.replace("\r\n", "\n"))
    from wcwidth import iter_graphemes  # its tables take 50 ms

    return iter_graphemes(text)


def width(text: str) -> int:
    """Columns of a text on a terminal; wide characters have two, controls none."""
    if text.isascii():
        return len(text) if text.isprintable() else sum(letter.isprintable() for letter in text)
    return _width(text)


@lru_cache(4_096)
def _width(text: str) -> int:
    from wcwidth import wcswidth

    # -1 for a control character. The width of a whole text may differ from that of its clusters. A mark at
    # the beginning is shown on what stands before the text, and may widen it.
    before = (
        max(0, wcswidth(f" {text[0]}") - 1 - max(0, wcswidth(text[0]))) if category(text[0]) == "Mc" else 0
    )
    return before + sum(max(0, wcswidth(each)) for each in graphemes(text))


def one_line(text: str) -> str:
    """Text with every run of white space, line ends among it, as one space."""
    return " ".join(text.split())


def cut(text: str, limit: int) -> Line:
    """The beginning of a text within a width in columns; what is cut ends with `…`, within the width too."""
    # A character is at most two columns wide.
    if len(text) * 2 <= limit or (len(text) <= limit and text.isascii()):
        return Line(text)
    if text.isascii() and text.isprintable():
        return Line(text[: limit - 1].rstrip() + ELLIPSIS, cut=True)
    used, kept, room = 0, 0, 0
    for each in graphemes(text):
        used += width(each)
        if used > limit:
            return Line(text[:room].rstrip() + ELLIPSIS, cut=True)
        kept += len(each)
        if used < limit:
            room = kept
    return Line(text)


def wrap(text: str, limit: int) -> list[str]:
    """Lines of a text within a width in columns, broken at spaces, or within a word that is too long."""
    lines: list[str] = []
    for line in text.split("\n"):
        lines += _wrapped(line, limit) if width(line) > limit else [line]
    return lines


def _wrapped(line: str, limit: int) -> Iterator[str]:
    held, used = "", 0
    for word in re.findall(r"\s+|\S+", line):
        size = width(word)
        if used + size > limit and held:
            yield held.rstrip()
            held, used = "", 0
            if word.isspace():
                continue
        if size <= limit:
            held, used = held + word, used + size
            continue
        for each in graphemes(word):
            if used + width(each) > limit and held:
                yield held
                held, used = "", 0
            held, used = held + each, used + width(each)
    if held.strip() or not line.strip():
        yield held.rstrip()
