"""Trees of nodes put together: one laid over another, and scalars that take the place of others.

Every node keeps the place it had, and what comes out shares its nodes with what went in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from campaignctl.manifest.nodes import Elsewhere, Mapping, Node, Scalar, Sequence, SourceFile


def is_file(node: Node) -> bool:
    """Whether a node is `{$file: PATH}`, which stands for a value and is no object of its own."""
    return isinstance(node, Mapping) and len(node.pairs) == 1 and node.pairs[0][0].text == "$file"


def merged(near: Node, far: Node | None) -> Node:
    """One tree over another: objects merge member by member, of everything else the nearer stands."""
    if not (isinstance(near, Mapping) and isinstance(far, Mapping)) or is_file(near) or is_file(far):
        return near
    below = {key.text: node for key, node in reversed(far.pairs)}
    # Of a name that is there twice both are kept, so that it is found.
    pairs = [(key, merged(node, below.pop(key.text, None))) for key, node in near.pairs]
    pairs += [(key, node) for key, node in far.pairs if below.get(key.text) is node]
    return Mapping(pairs, near.mark)


def with_member(node: Mapping, name: str, value: Node) -> Mapping:
    """A mapping with another value for the first key of a name."""
    first = node.key(name)
    return Mapping([(key, value if key is first else child) for key, child in node.pairs], node.mark)


def replaced(node: Node, stand_in: Callable[[Scalar], Scalar]) -> Node:
    """A tree with every value that is a scalar passed through a function; where nothing changes, itself."""
    if isinstance(node, Scalar):
        return stand_in(node)
    if isinstance(node, Sequence):
        items = [replaced(item, stand_in) for item in node.items]
        same = all(new is old for new, old in zip(items, node.items, strict=True))
        return node if same else Sequence(items, node.mark)
    pairs = [(key, replaced(child, stand_in)) for key, child in node.pairs]
    same = all(new is old for (_, new), (_, old) in zip(pairs, node.pairs, strict=True))
    return node if same else Mapping(pairs, node.mark)


def settled(node: Node, file: SourceFile) -> None:
    """Write the file into the mark of every node of a tree that is about to be put under others."""
    if node.mark.__class__ is Elsewhere:
        return
    node.mark = Elsewhere(node.mark, file, "defaults")
    if isinstance(node, Mapping):
        for key, child in node.pairs:
            settled(key, file)
            settled(child, file)
    elif isinstance(node, Sequence):
        for child in node.items:
            settled(child, file)


def scalars(node: Node | None) -> Iterator[Scalar]:
    """Every value of a tree that is a scalar."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Mapping):
        for _, child in node.pairs:
            yield from scalars(child)
    elif isinstance(node, Sequence):
        for child in node.items:
            yield from scalars(child)
