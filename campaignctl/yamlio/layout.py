"""The layout of a YAML text: its blocks, leaves, comments and blank lines, for a rewrite."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml
from yaml._yaml import CParser

#: Spaces by which each level is indented.
STEP = 2
_HEADER = re.compile(r"(?P<anchor>&\S+\s+)?(?P<style>[|>])(?P<signs>[-+0-9]*)(?P<comment>[ \t]+#.*)?[ \t]*")


@dataclass(frozen=True, slots=True)
class BlockText:
    """A block scalar: its header, and its lines without their indentation.

    `digit`: the header gives the indentation, as the first line starts with spaces. `chomping` is `-`, `+`
    or nothing. `size` is its length in the text in characters, without the last newline.
    """

    anchor: str
    style: str
    digit: bool
    chomping: str
    comment: str
    lines: tuple[str, ...]
    size: int

    def written(self, indent: int) -> list[str]:
        """Its header and lines as written in a collection whose column is `indent`."""
        digit = str(STEP) if self.digit else ""
        margin = " " * (indent + STEP)
        opening = f"{self.anchor}{self.style}{digit}{self.chomping}{self.comment}"
        return [opening, *(margin + line if line else "" for line in self.lines)]


def block_text(text: str, start: int, end: int, column: int) -> BlockText | None:
    """The block scalar between two offsets of a text, or None if its header is not understood.

    `end` may be after it, where the next part begins; `column` is that of the collection it is in.
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
        chomping = "-"  # the file ends without a newline, and so must the text
    size = len("\n".join([first, *lines]))
    anchor, comment = header["anchor"] or "", (header["comment"] or "").rstrip()
    return BlockText(anchor, header["style"], bool(told), chomping, comment, content, size)


def _indent(lines: list[str]) -> int:
    """The indentation of the first line that is not blank; if all are blank, the length of the longest."""
    for line in lines:
        if line.strip(" "):
            return len(line) - len(line.lstrip(" "))
    return max(map(len, lines), default=0)


# Both parsers have events of these names.
_STARTS = ("MappingStartEvent", "SequenceStartEvent")
_ENDS = ("MappingEndEvent", "SequenceEndEvent")
# Directives, which the parsers place differently, and characters that are separators to one of them alone.
_DISPUTED = re.compile("[\t\x85\u2028\u2029\ufeff]|^%", re.MULTILINE)


def _is(event: Any, *names: str) -> bool:
    return type(event).__name__ in names


class LayoutError(Exception):
    """A text that this parser cannot read: `problem` says why, `offset` at which character."""

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Names:
    """The anchors that a part of a document sets, in the order of the text, and those its aliases use."""

    set: tuple[str, ...] = ()
    used: frozenset[str] = frozenset()

    def __or__(self, other: Names) -> Names:
        if other is NO_NAMES:
            return self
        return Names((*self.set, *other.set), self.used | other.used)


NO_NAMES = Names()


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A part that is kept as written: a scalar, an alias, or everything between two brackets.

    `start` and `end` are offsets in the text, including an anchor but not a newline at the end. `name` is
    the value of a scalar; `block` is set for one after `|` or `>`.
    """

    start: int
    end: int
    column: int
    block: BlockText | None = None
    name: str = ""
    names: Names = NO_NAMES


@dataclass(frozen=True, slots=True)
class MappingLayout:
    """A block mapping; `anchor` is empty or a name."""

    column: int
    pairs: tuple[tuple[Verbatim, Piece], ...]
    anchor: str = ""
    names: Names = NO_NAMES


@dataclass(frozen=True, slots=True)
class SequenceLayout:
    """A block sequence; `column` is that of its dashes."""

    column: int
    items: tuple[Piece, ...]
    anchor: str = ""
    names: Names = NO_NAMES


Piece = Verbatim | MappingLayout | SequenceLayout


@dataclass(frozen=True, slots=True)
class Layout:
    """One document: the offsets of its `---` and `...`, None if absent, and its content."""

    opened: int | None
    closed: int | None
    root: Piece


def layouts(text: str) -> tuple[Layout, ...]:
    """The documents of a text whose lines end with a newline each. Raises LayoutError.

    Two parsers can tell the places. PyYAML's in C takes a thirtieth of the time of ruamel's, which knows the
    later edition of YAML: that one reads what the first does not, or may read differently, and says why it
    cannot be read.
    """
    if not _DISPUTED.search(text):
        try:
            found = tuple(_Parsing(text, iter(CParser(text).get_event, None)).documents())
            # Where a document is one text, they disagree about the comments below it.
            if all(not isinstance(one.root, Verbatim) or one.root.block is None for one in found):
                return found
        except (yaml.YAMLError, LayoutError):
            pass
    return _layouts_of_ruamel(text)


def _layouts_of_ruamel(text: str) -> tuple[Layout, ...]:
    from ruamel.yaml import YAML  # few texts need it, and its import takes longer than most of them
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    parser = YAML(typ="safe", pure=True)
    try:
        return tuple(_Parsing(text, parser.parse(text)).documents())
    except MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        raise LayoutError(str(wrong.problem or "not YAML"), mark.index if mark else 0) from wrong
    except YAMLError as wrong:
        raise LayoutError("not YAML", 0) from wrong


class _Parsing:
    """Turns the events of one text into layouts."""

    def __init__(self, text: str, events: Iterator[Any]) -> None:
        self._text = text
        self._events = events

    def documents(self) -> Iterator[Layout]:
        for event in self._events:
            if _is(event, "DocumentStartEvent"):
                opened = event.start_mark.index if event.explicit else None
                root = self._piece(next(self._events), -1)
                yield Layout(opened, self._closed(), root)

    def _closed(self) -> int | None:
        event = next(self._events)
        explicit = _is(event, "DocumentEndEvent") and event.explicit
        return event.start_mark.index if explicit else None

    def _piece(self, event: Any, outside: int) -> Piece:
        """A node; `outside` is the column of the collection that it is in."""
        if _is(event, *_STARTS):
            if event.flow_style:
                return self._flow(event)
            return self._mapping(event) if _is(event, "MappingStartEvent") else self._items(event)
        return self._leaf(event, outside)

    def _mapping(self, start: Any) -> MappingLayout:
        column, anchor = start.end_mark.column, start.anchor or ""
        pairs: list[tuple[Verbatim, Piece]] = []
        event = next(self._events)
        while not _is(event, "MappingEndEvent"):
            if event.start_mark.column != column or _is(event, *_STARTS):
                raise LayoutError("a key written with `?`", event.start_mark.index)
            key = self._leaf(event, column)
            pairs.append((key, self._close(key, self._piece(next(self._events), column))))
            event = next(self._events)
        parts = [part.names for pair in pairs for part in pair]
        return MappingLayout(column, tuple(pairs), anchor, _all_names(anchor, parts))

    def _close(self, key: Verbatim, value: Piece) -> Piece:
        """A value. An empty one is right after the colon; the parser places it at the next token."""
        if not isinstance(value, Verbatim) or value.start < value.end:
            return value
        place = self._text.index(":", key.end) + 1
        return replace(value, start=place, end=place)

    def _items(self, start: Any) -> SequenceLayout:
        # The event ends before the first dash, or after it where the dashes are not indented from their key.
        mark = start.end_mark
        column = mark.column if self._text[mark.index] == "-" else mark.column - 1
        items: list[Piece] = []
        event = next(self._events)
        while not _is(event, "SequenceEndEvent"):
            items.append(self._piece(event, column))
            event = next(self._events)
        anchor = start.anchor or ""
        return SequenceLayout(
            column, tuple(items), anchor, _all_names(anchor, [item.names for item in items])
        )

    def _flow(self, start: Any) -> Verbatim:
        depth, event, names = 1, start, _names(start)
        while depth:
            event = next(self._events)
            depth += _is(event, *_STARTS) - _is(event, *_ENDS)
            names |= _names(event)
        first = start.start_mark
        return Verbatim(first.index, event.end_mark.index, first.column, names=names)

    def _leaf(self, event: Any, outside: int) -> Verbatim:
        start, end = event.start_mark.index, event.end_mark.index
        names, column = _names(event), event.start_mark.column
        if not _is(event, "ScalarEvent"):
            return Verbatim(start, end, column, names=names)
        if event.style not in {"|", ">"}:
            return Verbatim(start, end, column, None, event.value, names)
        block = block_text(self._text, start, end, outside)
        if block is None:
            raise LayoutError("a block text with an unusual header", start)
        return Verbatim(start, start + block.size, column, block, event.value, names)


def _names(event: Any) -> Names:
    name = getattr(event, "anchor", None)
    if not name:
        return NO_NAMES
    return Names(used=frozenset({name})) if _is(event, "AliasEvent") else Names((name,))


def _all_names(anchor: str, parts: list[Names]) -> Names:
    every = Names((anchor,)) if anchor else NO_NAMES
    for part in parts:
        every |= part
    return every
