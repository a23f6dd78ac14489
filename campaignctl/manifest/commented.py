"""A document with its comments where they belong: beside a line, above a member or at an end.

Whoever moves a member then moves its comments along. A comment on a line of its own belongs to what follows
it, unless it stands further in than that: then it ends the block whose column it reaches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from campaignctl.manifest.writer import Items, Layout, Leaf, Members, Names, Piece

_COMMENT = re.compile(r"(?:(?<=\s)|\A)#.*")


@dataclass(frozen=True, slots=True)
class Aside:
    """A comment at the end of a line, `pad` blanks behind it, and those that go on below in its column."""

    pad: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A member, or an item where `key` is None. `lead` are the lines above it; an empty one is blank."""

    lead: tuple[str, ...]
    key: Leaf | None
    value: Leaf | Block
    aside: Aside | None
    names: Names


@dataclass(frozen=True, slots=True)
class Block:
    """A mapping or sequence of lines; `tail` are the comments below its last entry."""

    entries: tuple[Entry, ...]
    tail: tuple[str, ...]
    anchor: str


@dataclass(frozen=True, slots=True)
class Commented:
    """A document: what stands beside its `---`, above it and below it, and its entries or its one leaf."""

    aside: Aside | None
    head: tuple[str, ...]
    root: Block | Leaf
    tail: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Note:
    """A comment, or a blank line without a text. `beside` one is on the line that the gap begins on."""

    text: str
    column: int
    pad: int
    own: bool
    beside: bool


def commented(text: str, layout: Layout, start: int, stop: int) -> Commented:
    """A document of a text; between `start` and `stop` there is nothing else."""
    return _Commenting(text, layout, stop).document(start)


class _Commenting:
    """The way through one document, leaf by leaf; `_pending` is what was said since the last one."""

    def __init__(self, text: str, layout: Layout, stop: int) -> None:
        self._text = text
        self._root = layout.root
        starts = [leaf.start for leaf in _leaves(layout.root)]
        self._following = dict(zip(starts, [*starts[1:], stop], strict=True))
        self._pending: list[_Note] = []

    def document(self, start: int) -> Commented:
        self._read(start, next(_leaves(self._root)).start)
        aside = self._aside()
        head = self._lines(len(self._pending))
        root = self._value(self._root, -1)
        return Commented(aside, head, root, self._lines(len(self._pending)))

    def _value(self, piece: Piece, outer: int) -> Leaf | Block:
        """A part; `outer` is the column of the block in which an entry comes next, -1 if there is none."""
        if isinstance(piece, Leaf):
            self._read(piece.end, self._following[piece.start])
            return piece
        entries: list[Entry] = []
        parts = _parts(piece)
        for index, (key, value) in enumerate(parts, 1):
            entries.append(self._entry(key, value, piece.column if index < len(parts) else outer))
        return Block(tuple(entries), self._tail(piece.column, outer), piece.anchor)

    def _entry(self, key: Leaf | None, piece: Piece, outer: int) -> Entry:
        lead = self._lines(len(self._pending))
        aside = None
        first = next(_leaves(piece))
        if key is not None and (first is not piece or first.block):
            self._read(key.end, first.start)
            if first is piece:
                lead = (*lead, *self._lines(len(self._pending)))
            else:
                aside = self._aside()
        value = self._value(piece, outer)
        if first is piece:
            aside = self._aside()
        names = piece.names if key is None else key.names | piece.names
        return Entry(lead, key, value, aside, names)

    def _read(self, start: int, end: int) -> None:
        """Note the comments and blank lines between two offsets."""
        line_start = self._text.rfind("\n", 0, start) + 1
        lines = self._text[start:end].split("\n")
        inside = start > 0  # the first line is one on which something stands already
        for number, line in enumerate(lines):
            before = start - line_start if number == 0 else 0
            found = _COMMENT.search(line)
            if found:
                bare = line[: found.start()]
                pad = len(bare) - len(bare.rstrip())
                beside = number == 0 and inside
                own = not beside and not bare.strip()
                text = found[0].rstrip()
                self._pending.append(_Note(text, before + found.start(), pad, own, beside))
            elif int(inside) <= number < len(lines) - 1 and not line.strip():
                self._pending.append(_Note("", 0, 0, own=True, beside=False))

    def _aside(self) -> Aside | None:
        """Take the comment beside the last leaf, with those that go on below it."""
        if not self._pending or not self._pending[0].beside:
            return None
        first = self._pending.pop(0)
        texts = [first.text]
        while self._pending and self._pending[0].text and self._pending[0].column == first.column:
            texts.append(self._pending.pop(0).text)
        return Aside(max(first.pad, 1), tuple(texts))

    def _tail(self, column: int, outer: int) -> tuple[str, ...]:
        count = 0
        for number, note in enumerate(self._pending, 1):
            if note.text:
                if not (note.own and note.column >= column and note.column > outer):
                    break
                count = number
        return self._lines(count)

    def _lines(self, count: int) -> tuple[str, ...]:
        """Take so many of what is pending as lines, of several blank ones only the first."""
        notes, self._pending = self._pending[:count], self._pending[count:]
        texts = [note.text for note in notes]
        pairs = zip(texts, ["x", *texts], strict=False)
        return tuple(text for text, above in pairs if text or above)


def _parts(piece: Members | Items) -> tuple[tuple[Leaf | None, Piece], ...]:
    return piece.pairs if isinstance(piece, Members) else tuple((None, item) for item in piece.items)


def _leaves(piece: Piece) -> Iterator[Leaf]:
    """The leaves of a part in the order of the text."""
    if isinstance(piece, Leaf):
        yield piece
        return
    for key, value in _parts(piece):
        if key is not None:
            yield key
        yield from _leaves(value)
