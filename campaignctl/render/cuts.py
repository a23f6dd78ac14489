"""Cuts in a text: each is said with the length and digest of the whole, and one command shows everything."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from campaignctl.errors import DIGITS, Command, Names, ProjectPlace, Sentence, counted, first_of, of_all
from campaignctl.render.escape import LIMIT, code_span, escape, fits, prose

_SHOW_ALL = Command("plan", "--full")


_json = json.JSONEncoder(ensure_ascii=False, default=str).encode


def json_text(value: Any) -> str:
    """A value in JSON's own notation, on one line and not yet safe."""
    return _json(value)


def digest_of(value: Any) -> str:
    """The beginning of the SHA-256 of a text in UTF-8, or of another value's JSON."""
    text = value if isinstance(value, str) else json_text(value)
    return f"sha256 {sha256(text.encode(errors='surrogatepass')).hexdigest()[:DIGITS]}"


def measured(value: Any) -> str:
    """Length and digest of a whole value: `3 lines, 1,234 characters, sha256 ...`."""
    text = value if isinstance(value, str) else json_text(value)
    lines = text.count("\n") + 1
    said = f"{counted(len(text), 'character')}, {digest_of(value)}"
    return f"{counted(lines, 'line')}, {said}" if lines > 1 else said


@dataclass(slots=True)
class Cuts:
    """The cuts of one text. With `full` nothing is cut; `command` shows the text in full. `count` grows."""

    command: Command = _SHOW_ALL
    full: bool = False
    count: int = 0

    def most(self, limit: int) -> int:
        """The limit, or none."""
        return sys.maxsize if self.full else limit

    def text(self, text: str, limit: int = LIMIT) -> str:
        """Foreign text as one safe line of at most `limit` characters, and what was cut."""
        if len(text) <= self.most(limit):
            return escape(text, None)
        return f"{escape(text, limit)} ({self.remark(text)})"

    def value(self, value: Any, limit: int) -> str:
        """A JSON value on one safe line, as `text`."""
        text = json_text(value)
        if len(text) <= self.most(limit):
            return escape(text, None)
        return f"{escape(text, limit)} ({self.remark(value)})"

    def prose(self, text: str, limit: int, of: Any = None) -> str:
        """A sentence of ours for Markdown, as `text`; `of` is the value that it shows, if not itself."""
        limit, value = self.most(limit), text if of is None else of
        return prose(text, limit) + ("" if fits(text, limit) else f" {prose(f'({self.remark(value)})')}")

    def code(self, value: Any, limit: int) -> str:
        """A JSON value as code of Markdown, as `text`."""
        limit, text = self.most(limit), json_text(value)
        return code_span(text, limit) + ("" if fits(text, limit) else f" {prose(f'({self.remark(value)})')}")

    def items(self, items: Sequence[str], most: int, show: Callable[[str], str] = escape) -> str:
        """The first items of a list, and the number and digest of all; `show` makes one safe."""
        if len(items) <= (most := self.most(most)):
            return ", ".join(map(show, items))
        self.count += 1
        whole = of_all(items)
        shown = first_of([*map(show, items[:most]), *items[most:]], most)
        return f"{shown} ({prose(whole) if show is code_span else whole})"

    def rest(self, items: Sequence[str], what: str) -> str:
        """The line about items of a list that are not shown: how many, and the digest of them."""
        self.count += 1
        return f"... {counted(len(items), f'more {what}')} (cut: {digest_of(chr(10).join(items))})"

    def named(self, text: str) -> str:
        """A sentence of ours whose lists of names are cut, each with the number and digest of all."""
        if not isinstance(text, Sentence):
            return text
        cut = (
            self.items(part.names, part.most, str) if isinstance(part, Names) else part for part in text.parts
        )
        return Sentence(*cut)

    def remark(self, value: Any) -> str:
        """Count a cut, and say the length and digest of the whole value."""
        self.count += 1
        return f"cut: {measured(value)}"


def cut_text(cuts: Cuts) -> str:
    """How much is not shown in full; the command comes after it."""
    return f'Not shown in full: {counted(cuts.count, "place")}, marked "cut". To see everything:'


def cut_lines(cuts: Cuts, place: ProjectPlace) -> str:
    """How much is not shown in full, and the command as typed at `place`; empty if nothing is cut."""
    return f"{cut_text(cuts)}\n  {escape(cuts.command.at(place), None)}" if cuts.count else ""
