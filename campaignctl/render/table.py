"""Colour, if asked for, and tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, TypeVar

from campaignctl.render.escape import columns, pad


@dataclass(frozen=True, slots=True)
class Screen:
    """The size of a terminal, in columns and lines."""

    width: int
    lines: int


Tone = Literal["bold", "dim", "red", "green", "yellow", "blue", "magenta", "cyan"]

# Select Graphic Rendition, ECMA-48 section 8.3.117.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CODES: dict[Tone, int] = {
    "bold": 1,
    "dim": 2,
    "red": 31,
    "green": 32,
    "yellow": 33,
    "blue": 34,
    "magenta": 35,
    "cyan": 36,
}


@dataclass(frozen=True, slots=True)
class Style:
    """Paints text, or leaves it as it is."""

    color: bool

    def __call__(self, text: str, *tones: Tone) -> str:
        """Safe text in these tones, within one line."""
        if not (self.color and tones and text):
            return text
        codes = ";".join(str(_CODES[tone]) for tone in tones)
        return f"\x1b[{codes}m{text}\x1b[0m"


#: Between two columns.
GAP = "  "


def table_lines(
    head: Sequence[str], rows: Sequence[Sequence[str]], style: Style, tones: Sequence[Tone | None] = ()
) -> Iterator[str]:
    """The head and the rows, each column as wide as its widest cell. The cells must be safe.

    `tones` has one for each row, if there are any.
    """
    widths = [max(map(columns, column)) for column in zip(head, *rows, strict=True)]
    yield style(_line(head, widths), "bold")
    for row, tone in zip_longest(rows, tones):
        yield style(_line(row, widths), *([tone] if tone else []))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return GAP.join(pad(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def tall(line: str, width: int) -> int:
    """How many lines of a screen a safe line takes, its colours left out."""
    return max(1, -(-columns(_COLOUR.sub("", line)) // width))


# What the lines after the first begin with: below the words of a label, as a foreign text behind its bar, or
# a little further in.
_LABELLED = re.compile(r" {6}(?:[\w\u2039\u203a ]{1,7}: +| {9})(?=\S)")
_BARRED = re.compile(r" +\| ")
_FIELD = re.compile(r" +[-+~] (?=\S+ )")
_GAPS = re.compile(r"(?<=\S)( +)(?=\S)")
_COMMAND_LINE = re.compile(r" *campaignctl ")


def wrapped(line: str, width: int) -> Iterator[str]:
    """A safe line as lines of at most a width, broken between words; a command, and a word, stay whole.

    A colour ends with each line and begins again on the next one.
    """
    plain = _COLOUR.sub("", line)
    if columns(plain) <= width or _COMMAND_LINE.match(plain):
        yield line
        return
    indent, color, made = _hanging(plain), "", ""
    for piece in _GAPS.split(line):
        over = columns(_COLOUR.sub("", made + piece)) > width
        if over and made.strip() and not piece.isspace():
            yield made.rstrip() + ("\x1b[0m" if color else "")
            made = f"{indent}{color}"
        made += piece
        for code in _COLOUR.findall(piece):
            color = "" if code == "\x1b[0m" else code
    yield made


def _hanging(plain: str) -> str:
    if found := _LABELLED.match(plain):
        return " " * len(found[0])
    if found := _BARRED.match(plain):
        return f"{found[0]}  "
    blank = len(plain) - len(plain.lstrip())
    return " " * (blank + 4) + "| " if _FIELD.match(plain) else " " * (blank + 2)


_Item = TypeVar("_Item")


def alike(items: Iterable[_Item], what: Callable[[_Item], Hashable]) -> list[list[_Item]]:
    """Items that are told together: those with the same `what`, in the order of the first of each."""
    together: dict[Hashable, list[_Item]] = {}
    for item in items:
        together.setdefault(what(item), []).append(item)
    return list(together.values())
