"""The canonical form of a text of YAML: its members in order, its blocks at two blanks a level.

What stands in quotes, after `|` and `>` or between brackets stays as its author wrote it, line by line; it
only moves in or out as a whole. Comments go where their members go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from campaignctl.manifest.blocktext import STEP
from campaignctl.manifest.commented import Aside, Block, Commented, Entry, commented
from campaignctl.manifest.order import in_order
from campaignctl.manifest.shape import Shape
from campaignctl.manifest.writer import Layout, Leaf, layouts

_OPEN, _CLOSE = "---", "..."
_BRACKETS = ("]", "}")


def formatted(text: str, shape: Shape) -> str:
    """The canonical form of every document of a text; `shape` tells the order of members.

    Lines end with a newline each, whatever they ended with before, and a byte order mark is left out.
    Raises Unreadable for what the second parser does not read.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(_lines(text, shape)) + "\n"


def _lines(text: str, shape: Shape) -> Iterator[str]:
    found = layouts(text)
    start, apart = 0, True
    for layout, after in zip(found, [*found[1:], None], strict=True):
        if layout.opened is not None:
            if apart:
                yield from _between(text[start : layout.opened])
            start = layout.opened + len(_OPEN)
        stop = _stop(text, layout, after)
        yield from _Writing(text, shape).document(layout, commented(text, layout, start, stop))
        apart, start = layout.closed is not None, stop
        if apart:
            yield _CLOSE
            start = stop + len(_CLOSE)
    if apart:
        yield from _between(text[start:])


def _stop(text: str, layout: Layout, after: Layout | None) -> int:
    """Where a document ends: at its `...`, the next one's `---`, or the end of the text."""
    if layout.closed is not None:
        return layout.closed
    return after.opened if after and after.opened is not None else len(text)


def _between(text: str) -> Iterator[str]:
    """What stands between documents: directives and comments."""
    yield from (line.strip() for line in text.split("\n") if line.strip())


class _Writing:
    """The writing of one document of a text."""

    def __init__(self, text: str, shape: Shape) -> None:
        self._text = text
        self._shape = shape

    def document(self, layout: Layout, content: Commented) -> Iterator[str]:
        root = content.root
        if isinstance(root, Leaf):
            yield from _opened(layout, content, "")
            yield from content.head
            if root.start < root.end:  # a document in which nothing stands has no line of its own
                yield from self._raw(root, 0, 0)
        else:
            root = in_order(root, self._shape)
            lead, lines = self._block(root, 0)
            yield from _opened(layout, content, root.anchor)
            yield from _head(content.head, lead)
            yield from lines
        yield from _below(root, _without_blanks_below(content.tail))

    def _block(self, block: Block, indent: int) -> tuple[list[str], list[str]]:
        """The comments above the first entry, bare, and all lines below them."""
        above: list[str] = []
        lines: list[str] = []
        for number, entry in enumerate(block.entries):
            lead, body = self._entry(entry, indent)
            if number == 0:
                above = _without_blanks_above(lead)
            else:
                lines += _indented(_below(block.entries[number - 1].value, lead), indent)
            lines += body
        return above, lines + _indented(_below(block.entries[-1].value, block.tail), indent)

    def _entry(self, entry: Entry, indent: int) -> tuple[list[str], list[str]]:
        """The comments above an entry, bare, and its lines."""
        if entry.key is not None:
            return list(entry.lead), self._member(entry, entry.key, indent)
        if isinstance(entry.value, Leaf):
            lines = _after(
                f"{' ' * indent}-", self._raw(entry.value, indent, indent + STEP - entry.value.column)
            )
            return list(entry.lead), _beside(lines, entry.aside)
        return self._item(entry, entry.value, indent)

    def _member(self, entry: Entry, key: Leaf, indent: int) -> list[str]:
        name = f"{' ' * indent}{self._text[key.start : key.end]}:"
        value = entry.value
        if isinstance(value, Block):
            anchor = f" &{value.anchor}" if value.anchor else ""
            above, lines = self._block(value, indent + STEP)
            opened = _beside([f"{name}{anchor}"], entry.aside)
            return [*opened, *_indented(above, indent + STEP), *lines]
        between = self._text[key.end : value.start].partition(":")[2]
        if "\n" in between and not value.block and value.start < value.end:
            text = between.lstrip(" ") + self._text[value.start : value.end]
            return _beside(_after(name, _shifted(text, indent - key.column, indent)), entry.aside)
        lines = self._raw(value, indent, indent - key.column)
        return _beside(_after(name, lines), entry.aside)

    def _item(self, entry: Entry, block: Block, indent: int) -> tuple[list[str], list[str]]:
        """An item that is a block: it begins beside its dash, and comments between stand above both."""
        above, lines = self._block(block, indent + STEP)
        margin = " " * indent
        if block.anchor:
            opening = f"{margin}- &{block.anchor}"
            return list(entry.lead), [opening, *_indented(above, indent + STEP), *lines]
        return [*entry.lead, *above], [f"{margin}- {lines[0][indent + STEP :]}", *lines[1:]]

    def _raw(self, leaf: Leaf, indent: int, shift: int) -> list[str]:
        """The lines of a leaf in a collection at `indent`: the first one bare, others moved by `shift`."""
        if leaf.block:
            return leaf.block.written(indent)
        return _shifted(self._text[leaf.start : leaf.end], shift, indent)


def _after(opening: str, lines: list[str]) -> list[str]:
    """Lines of which the first one stands behind a key or a dash."""
    return [f"{opening} {lines[0]}" if lines[0] else opening, *lines[1:]]


def _opened(layout: Layout, content: Commented, anchor: str) -> list[str]:
    parts = [_OPEN] if layout.opened is not None else []
    parts += [f"&{anchor}"] if anchor else []
    lines = [" ".join(parts)] if parts else []
    if content.aside and not lines:
        return list(content.aside.texts)
    return _beside(lines, content.aside)


def _head(head: tuple[str, ...], lead: list[str]) -> list[str]:
    """What stands above a document's entries: its own comments, and those of the entry that is first now."""
    own = _without_blanks_above(head)
    return [*own, "", *lead] if own and own[-1] and lead else [*own, *lead]


def _shifted(text: str, shift: int, indent: int) -> list[str]:
    """The lines of a text that goes on over several, each moved by `shift`, and none further out than due."""
    first, *others = text.split("\n")
    return [first, *(_moved(line, shift, indent) for line in others)]


def _moved(line: str, shift: int, indent: int) -> str:
    bare = line.lstrip(" \t")
    least = indent if bare.startswith(_BRACKETS) else indent + STEP
    return " " * max(least, len(line) - len(bare) + shift) + bare if bare else ""


def _beside(lines: list[str], aside: Aside | None) -> list[str]:
    """Lines with a comment at the end of the last one."""
    if aside is None or not lines:
        return lines
    column = len(lines[-1]) + aside.pad
    first, *others = aside.texts
    return [
        *lines[:-1],
        f"{lines[-1]}{' ' * aside.pad}{first}",
        *(" " * column + text for text in others),
    ]


def _indented(texts: Iterable[str], indent: int) -> list[str]:
    return [f"{' ' * indent}{text}" if text else "" for text in texts]


def _below(value: Block | Leaf, texts: Iterable[str]) -> list[str]:
    """What stands below a value: no blank line where it would become a part of the value's text."""
    return _without_blanks_above(texts) if _keeps_blanks(value) else list(texts)


def _keeps_blanks(value: Block | Leaf) -> bool:
    """Whether a value ends in a text that keeps every blank line below it, as one after `|+` does."""
    while isinstance(value, Block):
        if value.tail:
            return False
        value = value.entries[-1].value
    return value.block is not None and value.block.chomping == "+"


def _without_blanks_above(texts: Iterable[str]) -> list[str]:
    lines = list(texts)
    while lines and not lines[0]:
        lines.pop(0)
    return lines


def _without_blanks_below(texts: Iterable[str]) -> list[str]:
    lines = list(texts)
    while lines and not lines[-1]:
        lines.pop()
    return lines
