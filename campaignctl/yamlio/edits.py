"""Edits of a YAML text at single nodes: everything else stays as its author wrote it, to the byte.

A round trip through a library would keep comments, but not quotes, folds and blank lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from campaignctl.yamlio.dump import flow, lines_of, scalar
from campaignctl.yamlio.layout import block_text

Path = tuple[str | int, ...]
#: In place of a new value: the field is removed.
ABSENT: Final = object()
_COMMENT = re.compile(r"(?:^|\s)#", re.MULTILINE)


class EditError(Exception):
    """A place that cannot be edited without a person: the text says why."""


@dataclass(slots=True)
class _Node:
    """A node and its place in the text; `column` is that of a block collection's keys or dashes."""

    kind: Literal["scalar", "mapping", "list", "fixed"]
    start: int
    end: int
    column: int = 0
    flow: bool = False
    text: str = ""
    pairs: list[tuple[_Node, _Node]] = field(default_factory=list)
    items: list[_Node] = field(default_factory=list)

    def pair(self, name: str | int) -> tuple[_Node, _Node] | None:
        return next((pair for pair in self.pairs if pair[0].text == name), None)


def edited(
    text: str, changes: Mapping[Path, Any], order: Mapping[Path, Sequence[str]], document: int = 0
) -> str:
    """A text with other values at these paths of a document, or without them (`ABSENT`).

    Lines end with a newline. A new field stands where `order` has it: the names of the fields of the object
    at a path, in order. Raises EditError.
    """
    for path, value in changes.items():
        try:
            root = _Parsing(text).documents()[document]
        except (YAMLError, IndexError) as wrong:
            raise EditError(_unreadable(wrong)) from wrong
        edit = _Edit(text, order)
        text = edit.removed(root, path) if value is ABSENT else edit.set(root, path, value)
    return text


def _unreadable(wrong: Exception) -> str:
    """What this parser, stricter than that of manifests, does not take, and where."""
    if isinstance(wrong, MarkedYAMLError) and wrong.problem_mark:
        return f"its YAML cannot be edited at line {wrong.problem_mark.line + 1}: {wrong.problem}"
    return "its YAML cannot be edited"


def _below(node: _Node, part: str | int) -> _Node | None:
    if node.kind == "mapping":
        pair = node.pair(part)
        return pair[1] if pair else None
    if node.kind == "list" and isinstance(part, int) and part < len(node.items):
        return node.items[part]
    return None


class _Parsing:
    """The nodes of a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)

    def documents(self) -> list[_Node]:
        return [
            self._node(next(self._events), -1)
            for event in self._events
            if isinstance(event, DocumentStartEvent)
        ]

    def _node(self, event: Any, outside: int) -> _Node:
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, MappingStartEvent):
            return self._mapping(event, start, bool(event.flow_style))
        if isinstance(event, SequenceStartEvent):
            return self._list(event, start, bool(event.flow_style))
        if isinstance(event, AliasEvent) or not isinstance(event, ScalarEvent) or event.anchor or event.tag:
            return _Node("fixed", start, end)
        if event.style in ("|", ">"):
            block = block_text(self._text, start, end, outside)
            return _Node(
                "scalar" if block else "fixed", start, start + block.size if block else end, text=event.value
            )
        return _Node("scalar", start, end, text=event.value)

    def _mapping(self, event: Any, start: int, in_flow: bool) -> _Node:
        node = _Node("mapping", start, start, event.end_mark.column, in_flow)
        node.kind = "fixed" if event.anchor else "mapping"
        while not isinstance(one := next(self._events), MappingEndEvent):
            key = self._node(one, node.column)
            value = self._node(next(self._events), node.column)
            if value.kind == "scalar" and value.start == value.end:
                # An empty value is right after the colon; the parser places it at the next token.
                value.start = value.end = self._text.index(":", key.end) + 1
            node.pairs.append((key, value))
        node.end = one.end_mark.index if in_flow else node.pairs[-1][1].end
        return node

    def _list(self, event: Any, start: int, in_flow: bool) -> _Node:
        mark = event.end_mark
        column = mark.column if self._text[mark.index : mark.index + 1] == "-" else mark.column - 1
        node = _Node("fixed" if event.anchor else "list", start, start, column, in_flow)
        while not isinstance(one := next(self._events), SequenceEndEvent):
            node.items.append(self._node(one, column))
        node.end = one.end_mark.index if in_flow else node.items[-1].end
        return node


class _Edit:
    """One change of a text."""

    def __init__(self, text: str, order: Mapping[Path, Sequence[str]]) -> None:
        self._text = text
        self._order = order

    def set(self, root: _Node, path: Path, value: Any) -> str:
        holder, in_flow = root, False
        for depth, part in enumerate(path):
            self._check(holder)
            in_flow = in_flow or holder.flow
            node = _below(holder, part)
            if node is None:
                new = _nested(path[depth + 1 :], value)
                if holder.kind != "mapping" or not isinstance(part, str):
                    raise EditError("an item of a list is missing")
                return self._added(holder, path[:depth], part, new, in_flow)
            if depth == len(path) - 1 or node.kind == "scalar":
                return self._replaced(holder, part, node, _nested(path[depth + 1 :], value), in_flow)
            holder = node
        raise EditError("the whole document would change")

    def _check(self, node: _Node) -> None:
        if node.kind == "fixed":
            raise EditError("an anchor, an alias or a tag is there")

    def _replaced(self, holder: _Node, part: str | int, node: _Node, value: Any, in_flow: bool) -> str:
        self._check(node)
        text, nested = self._text, isinstance(value, dict | list)
        if in_flow or node.flow:
            self._no_comment(node.start, node.end)
            return _spliced(text, node.start, node.end, flow(value))
        if (
            node.kind == "list"
            and isinstance(value, list)
            and value
            and not any(_is_nested(one) for one in value)
        ):
            self._no_comment(node.start, node.end)
            items = f"\n{' ' * node.column}".join(f"- {scalar(one)}" for one in value)
            return _spliced(text, node.start, node.end, items)
        if node.kind == "scalar" and not nested:
            first, *others = lines_of("", value, holder.column)
            if others and text[node.end :].partition("\n")[0].strip():
                first, others = scalar(value), []  # a comment behind it would become a part of the text
            return _spliced(text, node.start, node.end, "\n".join([first.lstrip(), *others]))
        if not isinstance(part, str):
            raise EditError("an item of a list would change its kind")
        key = next(key for key, _ in holder.pairs if key.text == part)
        self._no_comment(key.end, node.end)
        first, *others = lines_of(f"{text[key.start : key.end]}:", value, holder.column)
        # A comment behind the old value would become a part of a text at the end of the new one.
        behind = text[node.end :].partition("\n")[0] if others else ""
        written = "\n".join([first + behind, *others])
        return text[: key.start] + written + text[node.end + len(behind) :]

    def _no_comment(self, start: int, end: int) -> None:
        if _COMMENT.search(self._text[start:end]):
            raise EditError("there are comments in it")

    def _added(self, holder: _Node, path: Path, name: str, value: Any, in_flow: bool) -> str:
        text = self._text
        if in_flow:
            entry = f"{scalar(name, in_list=True)}: {flow(value)}"
            if holder.pairs:
                last = holder.pairs[-1][1].end
                return _spliced(text, last, last, f", {entry}")
            return _spliced(text, holder.start, holder.end, f"{{{entry}}}")
        lines = lines_of(f"{' ' * holder.column}{scalar(name)}:", value, holder.column)
        names = self._order.get(path, ())
        rank = names.index(name) if name in names else len(names)
        before = [pair for pair in holder.pairs if pair[0].text not in names[rank:]]
        first = holder.pairs[0][0]
        line = text.rfind("\n", 0, first.start) + 1
        if not before and not text[line : first.start].strip():
            return _spliced(text, line, line, "\n".join([*lines, ""]))
        end = self._line_end((before or holder.pairs[:1])[-1][1].end)
        return _spliced(text, end, end, "\n".join(["", *lines]))

    def _line_end(self, place: int) -> int:
        found = self._text.find("\n", place)
        return len(self._text) if found < 0 else found

    def removed(self, root: _Node, path: Path) -> str:
        holder, in_flow, outer = root, False, None
        for depth, part in enumerate(path):
            self._check(holder)
            in_flow = in_flow or holder.flow
            node = _below(holder, part)
            if node is None:
                return self._text
            if depth == len(path) - 1:
                break
            outer, holder = holder, node
        if holder.kind != "mapping":
            raise EditError("an item of a list is removed")
        if len(holder.pairs) == 1:
            if outer is None or outer.kind != "mapping":
                raise EditError("nothing would be left of an object")
            return self.removed(root, path[:-1])
        index = next(at for at, pair in enumerate(holder.pairs) if pair[0].text == path[-1])
        start, end = self._extent(holder, index, in_flow)
        self._no_comment(start, end)
        return _spliced(self._text, start, end, "")

    def _extent(self, holder: _Node, index: int, in_flow: bool) -> tuple[int, int]:
        """Where an entry begins and ends, with what separates it from another one."""
        (key, value), text = holder.pairs[index], self._text
        line = text.rfind("\n", 0, key.start) + 1
        if in_flow or text[line : key.start].strip():
            # In brackets, or on the line of a dash: the next one takes its place.
            if index + 1 < len(holder.pairs):
                return key.start, holder.pairs[index + 1][0].start
            return holder.pairs[index - 1][1].end, value.end
        return line, min(self._line_end(value.end) + 1, len(text))


def _nested(path: Path, value: Any) -> Any:
    for part in reversed(path):
        if not isinstance(part, str):
            raise EditError("an item of a list is missing")
        value = {part: value}
    return value


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict | list) or (isinstance(value, str) and "\n" in value)


def _spliced(text: str, start: int, end: int, new: str) -> str:
    space = " " if start == end and new and text[start - 1 : start] == ":" else ""
    return f"{text[:start]}{space}{new}{text[end:]}"
