"""The content of a YAML file before it is interpreted: a tree of nodes with positions.

The tree is plain and cheap, as every file of a run passes through it: an alias is the very node that its
anchor names, and a place is kept as the parser's mark until a finding asks for it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Literal, Protocol

from campaignctl.campaign.problem import KeyPath
from campaignctl.errors import Source


class Mark(Protocol):
    """A place as the YAML parser gives it: line and column from 0."""

    @property
    def line(self) -> int:
        """Line from 0."""

    @property
    def column(self) -> int:
        """Column from 0, in characters."""


class Elsewhere:
    """The mark of a node that was written elsewhere: in defaults, or in the matrix.

    `instead` is the scalar that the node replaces, if it replaces one.
    """

    __slots__ = ("column", "file", "instead", "line", "origin")

    def __init__(
        self,
        mark: Mark,
        file: SourceFile,
        origin: Literal["defaults", "matrix"],
        instead: ScalarNode | None = None,
    ) -> None:
        self.line = mark.line
        self.column = mark.column
        self.file = file
        self.origin = origin
        self.instead = instead


class ScalarNode:
    """One scalar: its text, and whether it is plain: neither quoted nor a block."""

    __slots__ = ("mark", "plain", "text")

    def __init__(self, text: str, plain: bool, mark: Mark) -> None:
        self.text = text
        self.plain = plain
        self.mark = mark


#: Up to so many pairs, a search is faster than an index.
_FEW = 16


class MappingNode:
    """A mapping as pairs in the order of the file; a key may occur twice."""

    __slots__ = ("_first", "mark", "pairs")

    def __init__(self, pairs: list[tuple[ScalarNode, Node]], mark: Mark) -> None:
        self.pairs = pairs
        self.mark = mark
        self._first: dict[str, tuple[ScalarNode, Node]] | None = None

    def get(self, name: str) -> Node | None:
        """The value of the first key of that name."""
        pair = self._pair(name)
        return pair[1] if pair else None

    def key(self, name: str) -> ScalarNode | None:
        """The first key of that name itself."""
        pair = self._pair(name)
        return pair[0] if pair else None

    def _pair(self, name: str) -> tuple[ScalarNode, Node] | None:
        if len(self.pairs) <= _FEW:
            for pair in self.pairs:
                if pair[0].text == name:
                    return pair
            return None
        if self._first is None:
            self._first = {pair[0].text: pair for pair in reversed(self.pairs)}
        return self._first.get(name)


class SequenceNode:
    """A sequence of nodes."""

    __slots__ = ("items", "mark")

    def __init__(self, items: list[Node], mark: Mark) -> None:
        self.items = items
        self.mark = mark


Node = ScalarNode | MappingNode | SequenceNode


class SourceFile:
    """One file: the name to show, its text, and the documents in it.

    `path` is relative to the project's directory, with `/`. `references` are the paths that the file names
    with `{$file: PATH}`. `hashed` are the places of texts that a comment like `#Sale` follows,
    `anchored` those with an anchor that no alias names.
    """

    def __init__(self, name: str, path: str, text: str) -> None:
        self.name = name
        self.path = path
        self.text = text
        self.documents: tuple[Node, ...] = ()
        self.references: tuple[ScalarNode, ...] = ()
        self.hashed: set[tuple[int, int]] = set()
        self.anchored: set[tuple[int, int]] = set()

    @property
    def folder(self) -> str:
        """The folder of the file, relative to the project, without a trailing slash."""
        return self.path.rpartition("/")[0]

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text, without their ends."""
        # Every line break of YAML, so that line numbers agree with the parser's.
        text = self.text.replace("\r\n", "\n").replace("\r", "\n")
        return text.replace("\x85", "\n").replace("\u2028", "\n").replace("\u2029", "\n").split("\n")

    def source(self, line: int = 0, column: int = 0) -> Source:
        """A place in this file, line and column from 0."""
        text = self.lines[line] if line < len(self.lines) else ""
        return Source(self.name, line + 1, column + 1, text)

    def at(self, place: ScalarNode | MappingNode | SequenceNode | None) -> Source:
        """The place of a node, in the file that it comes from; for None, the beginning of this file."""
        if place is None:
            return self.source()
        return self.of(place).source(place.mark.line, place.mark.column)

    def of(self, place: ScalarNode | MappingNode | SequenceNode) -> SourceFile:
        """The file that a node comes from: this one, unless its mark names another."""
        mark = place.mark
        return mark.file if isinstance(mark, Elsewhere) else self

    def at_offset(self, offset: int) -> Source:
        """The place of a character of the text."""
        line = bisect_left(self._ends, offset)
        return self.source(line, offset - (self._ends[line - 1] + 1 if line else 0))

    @cached_property
    def _ends(self) -> list[int]:
        return [end.start() for end in re.finditer("\n", self.text)]


def locate(root: Node, path: KeyPath) -> Node:
    """The node to show for a path: the value there, else the key or node of the last part that exists."""
    place, node = root, root
    for part in path:
        child: Node | None = None
        if isinstance(node, MappingNode) and isinstance(part, str):
            child = node.get(part)
            if child is None:
                return node.key("$file") or place
            place = node.key(part) or child
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.items):
            place = child = node.items[part]
        if child is None:
            # A single value may be there in place of a list or an object.
            return node if isinstance(node, ScalarNode) else place
        node = child
    return node if isinstance(node, ScalarNode) else place


def matching(root: Node, form: KeyPath) -> Iterator[tuple[KeyPath, Node]]:
    """The nodes at the paths of a form, in which `*` stands for any one name or index."""
    found: list[tuple[KeyPath, Node]] = [((), root)]
    for part in form:
        found = [
            ((*path, name), child)
            for path, node in found
            for name, child in _children(node)
            if part in {"*", name}
        ]
    yield from found


def paths_of(root: Node, sought: Iterable[Node]) -> set[KeyPath]:
    """The path of each of these nodes that is in a tree: its first one there."""
    wanted = {id(node) for node in sought}
    found: set[KeyPath] = set()

    def search(node: Node, path: KeyPath) -> None:
        if id(node) in wanted:
            wanted.remove(id(node))
            found.add(path)
        if wanted:
            for name, child in _children(node):
                search(child, (*path, name))

    search(root, ())
    return found


def _children(node: Node) -> Iterator[tuple[str | int, Node]]:
    if isinstance(node, MappingNode):
        yield from ((key.text, child) for key, child in node.pairs)
    elif isinstance(node, SequenceNode):
        yield from enumerate(node.items)


def is_file(node: Node) -> bool:
    """Whether a node is `{$file: PATH}`, which is replaced by a text and is not an object."""
    return isinstance(node, MappingNode) and len(node.pairs) == 1 and node.pairs[0][0].text == "$file"


def merged(near: Node, far: Node | None) -> Node:
    """One tree over another: objects merge field by field; of any other values the nearer one is kept."""
    if not (isinstance(near, MappingNode) and isinstance(far, MappingNode)) or is_file(near) or is_file(far):
        return near
    below = {key.text: node for key, node in reversed(far.pairs)}
    # Both pairs of a duplicate name are kept, so that it is reported.
    pairs = [(key, merged(node, below.pop(key.text, None))) for key, node in near.pairs]
    pairs += [(key, node) for key, node in far.pairs if below.get(key.text) is node]
    return MappingNode(pairs, near.mark)


def with_field(node: MappingNode, name: str, value: Node) -> MappingNode:
    """A mapping with another value for the first key of a name."""
    first = node.key(name)
    return MappingNode([(key, value if key is first else child) for key, child in node.pairs], node.mark)


def replaced(node: Node, substitute: Callable[[ScalarNode], ScalarNode]) -> Node:
    """A tree with every scalar value passed through a function; the same tree if nothing changes."""
    if isinstance(node, ScalarNode):
        return substitute(node)
    if isinstance(node, SequenceNode):
        items = [replaced(item, substitute) for item in node.items]
        same = all(new is old for new, old in zip(items, node.items, strict=True))
        return node if same else SequenceNode(items, node.mark)
    pairs = [(key, replaced(child, substitute)) for key, child in node.pairs]
    same = all(new is old for (_, new), (_, old) in zip(pairs, node.pairs, strict=True))
    return node if same else MappingNode(pairs, node.mark)


def mark_as_defaults(node: Node, file: SourceFile) -> None:
    """Note the file in the mark of every node of its tree, before it is merged under others."""
    if node.mark.__class__ is Elsewhere:
        return
    node.mark = Elsewhere(node.mark, file, "defaults")
    if isinstance(node, MappingNode):
        for key, child in node.pairs:
            mark_as_defaults(key, file)
            mark_as_defaults(child, file)
    elif isinstance(node, SequenceNode):
        for child in node.items:
            mark_as_defaults(child, file)


def scalars(node: Node | None) -> Iterator[ScalarNode]:
    """Every scalar value of a tree."""
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, MappingNode):
        for _, child in node.pairs:
            yield from scalars(child)
    elif isinstance(node, SequenceNode):
        for child in node.items:
            yield from scalars(child)


def fingerprint(node: Node | None, texts: list[str]) -> None:
    """Append the texts and the structure of a node.

    Not its places, quotes or comments, nor the order of fields, which have no meaning.
    """
    if isinstance(node, ScalarNode):
        texts.append(node.text)
    elif isinstance(node, MappingNode):
        texts.append("\1{")
        for key, child in sorted(node.pairs, key=lambda pair: pair[0].text):
            texts.append(key.text)
            fingerprint(child, texts)
        texts.append("\1}")
    elif isinstance(node, SequenceNode):
        texts.append("\1[")
        for child in node.items:
            fingerprint(child, texts)
        texts.append("\1]")
