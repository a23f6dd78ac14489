"""Parses YAML: bytes in, nodes with positions out. Everything beyond plain YAML is refused.

Built on the events of PyYAML's C parser, so that no resolver turns `NO` into false and no constructor
loses the positions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from campaignctl.errors import Finding
from campaignctl.yamlio.nodes import MappingNode, Node, ScalarNode, SequenceNode, SourceFile
from campaignctl.yamlio.syntax import Complaint, LineColumn, forbidden, mistake, named

#: The largest file, manifest or `{$file:}`, in bytes: 1 MiB.
LARGEST = 1 << 20
#: How deep a document may be nested; the API's own bodies have 7 levels.
DEEPEST = 50
#: How many documents a file may have.
MOST_DOCUMENTS = 1_000
#: How many nodes a document's aliases may add to it: no honest manifest comes near, a bomb is far above.
MOST_ALIASED = 10_000
#: How many characters the aliases of a file may add to it; each node counts as ten more.
LONGEST_ALIASED = 2 << 20
_NODE = 10
#: What a file needs at least, by its name; manifests are the rest.
_LEAST = {
    "campaignctl.yaml": "it needs at least `metadata: {name: ...}`",
    "_defaults.yaml": "it takes `spec:`, `lifecycle:`, `extra:` and `message:`; or delete the file",
}


#: A word behind a space and `#`, which is a comment to YAML and may be the rest of a text to its author.
HASHTAG = re.compile(r"[ \t]+#[^\s#!-]")
#: The same for a search, which would read a long row of spaces again from each of them.
_HASHED = re.compile(r"[ \t]#[^\s#!-]")
#: Two escapes that are one character in JSON, and unknown to YAML.
PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
#: Any escape is passed over whole, so that the backslash of an escaped one begins no pair.
PAIR_OR_ESCAPE = re.compile(rf"{PAIR.pattern}|\\.", re.DOTALL)
#: Characters of private use, which stand for the halves of a pair while YAML is parsed.
_PRIVATE = re.compile(r"[\ue000-\ue7ff]|\\u[eE][0-7]|\\U0000[eE]")
_HALVES = re.compile("[\ue000-\ue3ff][\ue400-\ue7ff]")
_HELD = re.compile(r"\\u(e[0-3][0-9a-f]{2})\\u(e[4-7][0-9a-f]{2})")
_HALF, _STAND_IN = 0xD800, 0xE000


def _held(found: re.Match[str]) -> str:
    """A pair of escapes as one of the same length that YAML takes; another escape unchanged."""
    if not PAIR.fullmatch(found[0]):
        return found[0]
    halves = (int(found[0][at : at + 4], 16) - _HALF + _STAND_IN for at in (2, 8))
    return "".join(f"\\u{half:04x}" for half in halves)


def _joined(text: str) -> str:
    """A text with the character of each pair in place of its halves."""

    def character(halves: re.Match[str]) -> str:
        pair = "".join(chr(ord(half) - _STAND_IN + _HALF) for half in halves[0])
        return pair.encode("utf-16", "surrogatepass").decode("utf-16")

    return _HALVES.sub(character, text)


def _escapes(text: str) -> str:
    """A text in which escapes mean nothing, as it was written."""
    return _HELD.sub(
        lambda held: "".join(f"\\u{int(half, 16) - _STAND_IN + _HALF:04x}" for half in held.groups()), text
    )


class _Refused(Exception):
    """The rest of the file cannot be read."""


def read(name: str, path: str, data: bytes) -> tuple[SourceFile, tuple[Finding, ...]]:
    """A file's documents, and the findings about its YAML.

    `name` is what findings call the file, `path` its path in the project. A file that cannot be read to its
    end has no documents, and at least one finding.
    """
    if len(data) > LARGEST:
        file = SourceFile(name, path, "")
        return file, (_finding(file, "too-large", f"{len(data):,} bytes; the limit is 1 MiB"),)
    try:
        text = data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as wrong:
        return _not_utf8(name, path, data, wrong.start)
    reading = _Parser(SourceFile(name, path, text))
    try:
        reading.documents()
    except yaml.YAMLError as wrong:
        reading.syntax(wrong)
    except _Refused:
        pass
    return reading.file, tuple(reading.findings)


def _finding(file: SourceFile, code: str, message: str, hint: str = "", place: Any = None) -> Finding:
    return Finding("error", code, message, file.at(place), hint)


def _not_utf8(name: str, path: str, data: bytes, offset: int) -> tuple[SourceFile, tuple[Finding, ...]]:
    file = SourceFile(name, path, data.decode("utf-8", "replace"))
    before = data[:offset].decode("utf-8", "replace")
    source = file.at_offset(len(before))
    hint = "save the file as UTF-8"
    return SourceFile(name, path, ""), (Finding("error", "encoding", "not UTF-8", source, hint),)


def _complaint(wrong: yaml.YAMLError) -> Complaint:
    problem, context = (str(getattr(wrong, name, None) or "") for name in ("problem", "context"))
    mark, began = (getattr(wrong, name, None) for name in ("problem_mark", "context_mark"))
    mark = mark or began
    place = LineColumn(mark.line, mark.column) if mark else LineColumn(0, 0)
    return Complaint(
        problem or "it cannot be read",
        place,
        context,
        LineColumn(began.line, began.column) if began else None,
    )


class _Parser:
    """Reads one file."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self._paired = PAIR.search(file.text) is not None and not _PRIVATE.search(file.text)
        text = PAIR_OR_ESCAPE.sub(_held, file.text) if self._paired else file.text
        self._next: Callable[[], Any] = CParser(text).get_event
        self._hashed = _HASHED.search(file.text) is not None
        self._unused: dict[str, Any] = {}
        self._anchors: dict[str, tuple[Node, int, int] | None] = {}
        self._count = self._aliased = 0
        self._length = self._aliased_length = 0
        self._references: list[ScalarNode] = []

    def documents(self) -> None:
        """Read the file to its end; its documents are kept only if that succeeds."""
        found: list[Node] = []
        while True:
            event = self._next()
            kind = event.__class__
            if kind is DocumentStartEvent:
                self._anchors, self._count, self._aliased = {}, 0, 0
                self._unused = {}
                if len(found) >= MOST_DOCUMENTS:
                    message = f"more than {MOST_DOCUMENTS:,} documents in one file"
                    self.refuse("documents", message, "split it into several files", event)
                    raise _Refused
                found.append(self._node(self._next(), 0))
                marks = (event.start_mark for event in self._unused.values())
                self.file.anchored.update((mark.line, mark.column) for mark in marks)
            elif kind is StreamEndEvent:
                break
        if not found:
            hint = _LEAST.get(self.file.path.rpartition("/")[2], "a manifest needs at least `spec:`")
            self.refuse("empty", "the file is empty", hint)
        self.file.documents = tuple(found)
        self.file.references = tuple(self._references)

    def refuse(self, code: str, message: str, hint: str = "", event: Any = None) -> None:
        """Note an error at an event."""
        place = ScalarNode("", True, event.start_mark) if event is not None else None
        self.findings.append(_finding(self.file, code, message, hint, place))

    def syntax(self, wrong: yaml.YAMLError) -> None:
        """Note a syntax error."""
        found = forbidden().search(self.file.text)
        if found:
            source = self.file.at_offset(found.start())
            message, hint = (
                f"the control character {named(found[0])} is not allowed",
                "remove it from the file",
            )
            self.findings.append(Finding("error", "control-character", message, source, hint))
            return
        made = mistake(self.file.lines, _complaint(wrong))
        source = self.file.source(made.place.line, made.place.column)
        self.findings.append(Finding("error", "syntax", f"not YAML: {made.message}", source, made.hint))

    def _node(self, event: Any, depth: int) -> Node:
        kind = event.__class__
        if kind is AliasEvent:
            return self._alias(event)
        self._count += 1
        if event.tag is not None:
            hint = "remove the tag; a text that starts with `!` needs quotes"
            self.refuse("tag", f"the tag {event.tag} is not allowed", hint, event)
        if event.anchor is None:
            return self._plain_node(event, kind, depth)
        self._anchors[event.anchor] = None
        if kind is ScalarEvent and not event.style:
            self._unused[event.anchor] = event
        count, length = self._count, self._length
        node = self._plain_node(event, kind, depth)
        self._anchors[event.anchor] = (node, self._count - count + 1, self._length - length)
        return node

    def _plain_node(self, event: Any, kind: type, depth: int) -> Node:
        if kind is ScalarEvent:
            return self._scalar(event)
        if depth >= DEEPEST:
            self.refuse("nesting", f"more than {DEEPEST} levels of nesting", "", event)
            raise _Refused
        if kind is MappingStartEvent:
            return self._mapping(event, depth + 1)
        if kind is SequenceStartEvent:
            return self._sequence(event, depth + 1)
        raise _Refused

    def _scalar(self, event: Any) -> ScalarNode:
        text: str = event.value
        if self._paired:
            text = _joined(text) if event.style == '"' else _escapes(text)
        if self._hashed and not event.style and text:
            line = self.file.lines[event.end_mark.line : event.end_mark.line + 1]
            if line and HASHTAG.match(line[0], event.end_mark.column):
                self.file.hashed.add((event.start_mark.line, event.start_mark.column))
        self._length += len(text)
        style = event.style
        # Only in double quotes can an escape make a character that the file itself may not have.
        if style == '"' and not text.isprintable() and (found := forbidden().search(text)):
            message = f"the control character {named(found[0])} is not allowed in a text"
            self.refuse("control-character", message, "remove it, or the escape that produces it", event)
        return ScalarNode(text, not style, event.start_mark)

    def _mapping(self, start: Any, depth: int) -> MappingNode:
        pairs: list[tuple[ScalarNode, Node]] = []
        event = self._next()
        while event.__class__ is not MappingEndEvent:
            key = self._node(event, depth)
            value = self._node(self._next(), depth)
            if key.__class__ is ScalarNode:
                text = key.text
                if text == "$file" and value.__class__ is ScalarNode:
                    self._references.append(value)
                if text == "<<" and key.plain:
                    hint = "write the fields out: an alias can only replace a whole value"
                    self.refuse("merge-key", "the merge key `<<` is not allowed", hint, event)
                else:
                    pairs.append((key, value))
            else:
                self.refuse("key-type", "a list or map as a key", "a key must be a string", event)
            event = self._next()
        return MappingNode(pairs, start.start_mark)

    def _sequence(self, start: Any, depth: int) -> SequenceNode:
        items: list[Node] = []
        event = self._next()
        while event.__class__ is not SequenceEndEvent:
            items.append(self._node(event, depth))
            event = self._next()
        return SequenceNode(items, start.start_mark)

    def _alias(self, event: Any) -> Node:
        """The node that an alias refers to; the nodes that a document's aliases add to it are limited."""
        if event.anchor not in self._anchors:
            hint = "a text that starts with `*` needs quotes"
            self.refuse("alias", f"no anchor &{event.anchor} above this alias", hint, event)
            raise _Refused
        known = self._anchors[event.anchor]
        self._unused.pop(event.anchor, None)
        if known is None:
            self.refuse("alias", f"the alias *{event.anchor} is inside its own anchor", "", event)
            raise _Refused
        node, count, length = known
        self._count += count
        self._aliased += count
        self._length += length
        self._aliased_length += length + _NODE * count
        if self._aliased > MOST_ALIASED:
            self._refuse_bomb(event, f"this document by more than {MOST_ALIASED:,} nodes")
        if self._aliased_length > LONGEST_ALIASED:
            self._refuse_bomb(event, "this file by more than 2 MiB")
        return node

    def _refuse_bomb(self, event: Any, much: str) -> None:
        self.refuse("alias-bomb", f"aliases expand {much}", "write the values out", event)
        raise _Refused
