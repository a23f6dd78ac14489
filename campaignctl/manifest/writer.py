"""The only door to ruamel.yaml: where everything stands in a text of YAML that is going to be written again.

A second parser beside the reader's, and that is its use: a text is only rewritten where both read the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from campaignctl.manifest.blocktext import BlockText, block_text

_STARTS = (MappingStartEvent, SequenceStartEvent)
_ENDS = (MappingEndEvent, SequenceEndEvent)


class Unreadable(Exception):
    """A text that this parser does not read: `problem` says why, `offset` where (a character of the text)."""

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
        return Names((*self.set, *other.set), self.used | other.used)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part that stays as it stands: a scalar, an alias, or everything between two brackets.

    `start` and `end` are offsets of the text, an anchor included; a newline at its end is not. `name` is
    what a scalar says, `block` is there for one that follows `|` or `>`.
    """

    start: int
    end: int
    column: int
    block: BlockText | None = None
    name: str = ""
    names: Names = Names()


@dataclass(frozen=True, slots=True)
class Members:
    """A mapping of one line or more for each member; `anchor` is empty or a name."""

    column: int
    pairs: tuple[tuple[Leaf, Piece], ...]
    anchor: str = ""
    names: Names = field(default=Names())


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence of one line or more for each item; `column` is that of its dashes."""

    column: int
    items: tuple[Piece, ...]
    anchor: str = ""
    names: Names = field(default=Names())


Piece = Leaf | Members | Items


@dataclass(frozen=True, slots=True)
class Layout:
    """One document: offsets of its `---` and of its `...`, None where there are none, and what is in it."""

    opened: int | None
    closed: int | None
    root: Piece


def layouts(text: str) -> tuple[Layout, ...]:
    """The documents of a text whose lines end with a newline each. Raises Unreadable."""
    parser = YAML(typ="safe", pure=True)
    try:
        return tuple(_Parsing(text, parser.parse(text)).documents())
    except MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        raise Unreadable(str(wrong.problem or "not YAML"), mark.index if mark else 0) from wrong
    except YAMLError as wrong:
        raise Unreadable("not YAML", 0) from wrong


class _Parsing:
    """The events of one text on their way to layouts."""

    def __init__(self, text: str, events: Iterator[Any]) -> None:
        self._text = text
        self._events = events

    def documents(self) -> Iterator[Layout]:
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                opened = event.start_mark.index if event.explicit else None
                root = self._piece(next(self._events), -1)
                yield Layout(opened, self._closed(), root)

    def _closed(self) -> int | None:
        event = next(self._events)
        explicit = isinstance(event, DocumentEndEvent) and event.explicit
        return event.start_mark.index if explicit else None

    def _piece(self, event: Any, outside: int) -> Piece:
        """A node; `outside` is the column of the collection that it is in."""
        if isinstance(event, _STARTS):
            if event.flow_style:
                return self._flow(event)
            return self._members(event) if isinstance(event, MappingStartEvent) else self._items(event)
        return self._leaf(event, outside)

    def _members(self, start: Any) -> Members:
        column, anchor = start.end_mark.column, start.anchor or ""
        pairs: list[tuple[Leaf, Piece]] = []
        event = next(self._events)
        while not isinstance(event, MappingEndEvent):
            if event.start_mark.column != column or isinstance(event, _STARTS):
                raise Unreadable("a key that is written with `?`", event.start_mark.index)
            key = self._leaf(event, column)
            pairs.append((key, self._close(key, self._piece(next(self._events), column))))
            event = next(self._events)
        parts = [part.names for pair in pairs for part in pair]
        return Members(column, tuple(pairs), anchor, _all_names(anchor, parts))

    def _close(self, key: Leaf, value: Piece) -> Piece:
        """A value, and one that is not there right behind the colon: the parser has it at what comes next."""
        if not isinstance(value, Leaf) or value.start < value.end:
            return value
        place = self._text.index(":", key.end) + 1
        return replace(value, start=place, end=place)

    def _items(self, start: Any) -> Items:
        # The event ends before the first dash, or behind it where the dashes stand below their key.
        mark = start.end_mark
        column = mark.column if self._text[mark.index] == "-" else mark.column - 1
        items: list[Piece] = []
        event = next(self._events)
        while not isinstance(event, SequenceEndEvent):
            items.append(self._piece(event, column))
            event = next(self._events)
        anchor = start.anchor or ""
        return Items(column, tuple(items), anchor, _all_names(anchor, [item.names for item in items]))

    def _flow(self, start: Any) -> Leaf:
        depth, event, names = 1, start, _names(start)
        while depth:
            event = next(self._events)
            depth += isinstance(event, _STARTS) - isinstance(event, _ENDS)
            names |= _names(event)
        first = start.start_mark
        return Leaf(first.index, event.end_mark.index, first.column, names=names)

    def _leaf(self, event: Any, outside: int) -> Leaf:
        start, end = event.start_mark.index, event.end_mark.index
        names, column = _names(event), event.start_mark.column
        if not isinstance(event, ScalarEvent):
            return Leaf(start, end, column, names=names)
        if event.style not in {"|", ">"}:
            return Leaf(start, end, column, None, event.value, names)
        block = block_text(self._text, start, end, outside)
        if block is None:
            raise Unreadable("a block text that is opened in an unusual way", start)
        return Leaf(start, start + block.size, column, block, event.value, names)


def _names(event: Any) -> Names:
    name = getattr(event, "anchor", None)
    if not name:
        return Names()
    return Names(used=frozenset({name})) if isinstance(event, AliasEvent) else Names((name,))


def _all_names(anchor: str, parts: list[Names]) -> Names:
    every = Names((anchor,) if anchor else ())
    for part in parts:
        every |= part
    return every
