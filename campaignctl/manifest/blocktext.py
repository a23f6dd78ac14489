"""A text after `|` or `>`: taken apart, so that it can stand at another indentation and say the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: How far its lines stand in from the line that opens it.
STEP = 2
_HEADER = re.compile(r"(?P<anchor>&\S+\s+)?(?P<style>[|>])(?P<signs>[-+0-9]*)(?P<comment>[ \t]+#.*)?[ \t]*")


@dataclass(frozen=True, slots=True)
class BlockText:
    """A block scalar: what opens it, and its lines without their indentation.

    `digit` says that its indentation is told by a digit, as its first line begins with blanks. `chomping`
    is `-`, `+` or nothing. `size` is the number of characters that it takes in its text, without the
    newline of its last line.
    """

    anchor: str
    style: str
    digit: bool
    chomping: str
    comment: str
    lines: tuple[str, ...]
    size: int

    def written(self, indent: int) -> list[str]:
        """Its lines anew: what opens it, and the text, in a collection whose column is `indent`."""
        digit = str(STEP) if self.digit else ""
        margin = " " * (indent + STEP)
        opening = f"{self.anchor}{self.style}{digit}{self.chomping}{self.comment}"
        return [opening, *(margin + line if line else "" for line in self.lines)]


def block_text(text: str, start: int, end: int, column: int) -> BlockText | None:
    """The block scalar between two offsets of a text, or None if it is written in a way that is not known.

    `end` may lie behind it, where the next part begins; `column` is that of the collection it is in.
    """
    first, _, rest = text[start:end].partition("\n")
    header = _HEADER.fullmatch(first)
    if header is None:
        return None
    signs = header["signs"]
    told = re.sub(r"\D", "", signs)
    lines = rest.split("\n")
    if not lines[-1].strip(" "):
        lines.pop()
    indent = max(column, 0) + int(told) if told else _indent(lines)
    chomping = signs.replace(told, "")
    while chomping != "+" and lines and len(lines[-1]) <= indent and not lines[-1].strip(" "):
        lines.pop()
    content = tuple(line[indent:] for line in lines)
    if content and end == len(text) and not text.endswith("\n"):
        chomping = "-"  # the end of the file is not the end of a line: nothing is to come after its text
    size = len("\n".join([first, *lines]))
    anchor, comment = header["anchor"] or "", (header["comment"] or "").rstrip()
    return BlockText(anchor, header["style"], bool(told), chomping, comment, content, size)


def _indent(lines: list[str]) -> int:
    """How far the first line that is not blank stands in; without one, the longest of the blank ones."""
    for line in lines:
        if line.strip(" "):
            return len(line) - len(line.lstrip(" "))
    return max(map(len, lines), default=0)
