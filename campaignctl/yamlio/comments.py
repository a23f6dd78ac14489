"""The comments and blank lines of a YAML text, each at the entry that it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from campaignctl.yamlio.layout import Layout, MappingLayout, Names, Piece, SequenceLayout, Verbatim

_COMMENT = re.compile(r"(?:(?<=\s)|\A)#.*")


@dataclass(frozen=True, slots=True)
class Aside:
    """A comment at the end of a line, after `pad` spaces, and those that continue below in its column."""

    pad: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BlockEntry:
    """A field, or an item if `key` is None. `lead` are the lines above it; an empty one is blank."""

    lead: tuple[str, ...]
    key: Verbatim | None
    value: Verbatim | Block
    aside: Aside | None
    names: Names


@dataclass(frozen=True, slots=True)
class Block:
    """A mapping or sequence of lines; `tail` are the comments below its last entry."""

    entries: tuple[BlockEntry, ...]
    tail: tuple[str, ...]
    anchor: str


@dataclass(frozen=True, slots=True)
class Commented:
    """A document: the comments next to its `---`, above and below it, and its entries or its one leaf."""

    aside: Aside | None
    head: tuple[str, ...]
    root: Block | Verbatim
    tail: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment, or a blank line without text. `inline`: it is on the line on which the gap starts."""

    text: str
    column: int
    pad: int
    own: bool
    inline: bool


def commented(text: str, layout: Layout, start: int, stop: int) -> Commented:
    """A document of a text; between `start` and `stop` there is nothing else."""
    return _Commenting(text, layout, stop).document(start)


class _Commenting:
    """Walks through one document, leaf by leaf; `_pending` holds the notes since the last one."""

    def __init__(self, text: str, layout: Layout, stop: int) -> None:
        self._text = text
        self._root = layout.root
        starts = [leaf.start for leaf in _leaves(layout.root)]
        self._following = dict(zip(starts, [*starts[1:], stop], strict=True))
        self._pending: list[_Comment] = []

    def document(self, start: int) -> Commented:
        self._read(start, _first(self._root).start)
        aside = self._aside()
        head = self._lines(len(self._pending))
        root = self._value(self._root, -1)
        return Commented(aside, head, root, self._lines(len(self._pending)))

    def _value(self, piece: Piece, outer: int) -> Verbatim | Block:
        """A part; `outer` is the column of the block in which an entry comes next, -1 if there is none."""
        if isinstance(piece, Verbatim):
            self._read(piece.end, self._following[piece.start])
            return piece
        entries: list[BlockEntry] = []
        parts = _parts(piece)
        for index, (key, value) in enumerate(parts, 1):
            entries.append(self._entry(key, value, piece.column if index < len(parts) else outer))
        return Block(tuple(entries), self._tail(piece.column, outer), piece.anchor)

    def _entry(self, key: Verbatim | None, piece: Piece, outer: int) -> BlockEntry:
        lead = self._lines(len(self._pending))
        aside = None
        first = _first(piece)
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
        return BlockEntry(lead, key, value, aside, names)

    def _read(self, start: int, end: int) -> None:
        """Note the comments and blank lines between two offsets."""
        inside = start > 0  # the first line already has other text
        gap = self._text[start:end]
        if inside and "#" not in gap and gap.count("\n") < 2:  # noqa: PLR2004  # no blank line
            return
        line_start = self._text.rfind("\n", 0, start) + 1
        lines = gap.split("\n")
        for number, line in enumerate(lines):
            before = start - line_start if number == 0 else 0
            found = _COMMENT.search(line)
            if found:
                bare = line[: found.start()]
                pad = len(bare) - len(bare.rstrip())
                inline = number == 0 and inside
                own = not inline and not bare.strip()
                text = found[0].rstrip()
                self._pending.append(_Comment(text, before + found.start(), pad, own, inline))
            elif int(inside) <= number < len(lines) - 1 and not line.strip():
                self._pending.append(_Comment("", 0, 0, own=True, inline=False))

    def _aside(self) -> Aside | None:
        """Take the comment next to the last leaf, with those that continue below it."""
        if not self._pending or not self._pending[0].inline:
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
        """Take that many pending notes as lines; several blank lines become one."""
        if not count:
            return ()
        notes, self._pending = self._pending[:count], self._pending[count:]
        texts = [note.text for note in notes]
        pairs = zip(texts, ["x", *texts], strict=False)
        return tuple(text for text, above in pairs if text or above)


def _parts(piece: MappingLayout | SequenceLayout) -> tuple[tuple[Verbatim | None, Piece], ...]:
    return piece.pairs if isinstance(piece, MappingLayout) else tuple((None, item) for item in piece.items)


def _first(piece: Piece) -> Verbatim:
    """The first leaf of a part."""
    while not isinstance(piece, Verbatim):
        key, value = _parts(piece)[0]
        piece = value if key is None else key
    return piece


def _leaves(piece: Piece) -> Iterator[Verbatim]:
    """The leaves of a part in the order of the text."""
    if isinstance(piece, Verbatim):
        yield piece
        return
    for key, value in _parts(piece):
        if key is not None:
            yield key
        yield from _leaves(value)
