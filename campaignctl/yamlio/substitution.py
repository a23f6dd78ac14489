"""Expands the texts of a document: variables, macros, and `{$file: PATH}` for a text or one per language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from campaignctl.errors import Finding, Severity, Source
from campaignctl.yamlio.interpolate import Room, Values, fill, filled_path, whole
from campaignctl.yamlio.nodes import (
    Elsewhere,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    SourceFile,
    is_file,
)
from campaignctl.yamlio.syntax import CLOSE_COLON, control_character, named

#: A path that contains this names one file for each language.
LANG = "{lang}"
#: A folder of the project and a path from there, as written in `$file`.
Reference = tuple[str, str]


@dataclass(frozen=True, slots=True)
class FileText:
    """The file of a path: its name in messages and its text, or why it cannot be used."""

    name: str
    text: str = ""
    error: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class LanguageTexts:
    """The files of a path with `{lang}`: one for each language, or why there are none.

    `strays` are the names of files with something else in place of the language, each with that part.
    """

    texts: Mapping[str, FileText] = field(default_factory=dict)
    strays: tuple[tuple[str, str], ...] = ()
    error: str = ""
    hint: str = ""


Texts = Mapping[Reference, FileText | LanguageTexts]


#: The value of a node that cannot be read; never part of a result.
BAD: Any = object()
#: How null is spelled.
NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(slots=True)
class Filling:
    """The texts of one document and its findings; the base of `Builder`.

    `texts` are the files that the document names. `values` is None if texts are not expanded. `bad` are the
    nodes without a value, `unfilled` the texts of files that the manifest itself names, each with its path
    and before its expansion; `room` limits the expansion. `null_hint` says what to write in place of null,
    inside a field that must not simply be left out.
    """

    file: SourceFile
    values: Values | None
    texts: Texts = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    bad: list[Node] = field(default_factory=list)
    unfilled: list[tuple[str, str]] = field(default_factory=list)
    room: Room = field(default_factory=Room)
    null_hint: str = ""

    def refuse(self, node: Node, code: str, message: str, hint: str = "") -> Any:
        """Note an error at a node, which then has no value."""
        self.bad.append(node)
        self.note("error", code, self.at(node), message, self.with_place(hint, node))
        return BAD

    def at(self, node: Node) -> Source:
        """Where a value was written: its node's place, or that of the variable that it consists of."""
        return self._given(node) or self.file.at(node)

    def with_place(self, hint: str, node: Node) -> str:
        """A hint, with the place where a value is used if it was written at another."""
        mark = node.mark
        instead = mark.instead if isinstance(mark, Elsewhere) else None
        filled = node if self._given(node) else instead
        if not isinstance(filled, ScalarNode):
            return hint
        place = f"`{filled.text}` is used at {self.file.at(filled)}"
        return f"{hint}; {place}" if hint else place

    def _given(self, node: Node) -> Source | None:
        """Where the variable that a text consists of is defined."""
        if self.values is None or not isinstance(node, ScalarNode) or "${" not in node.text:
            return None
        space, name = whole(node.text) or ("", "")
        return self.values.sources.get(name) if space == "var" else None

    def note(self, severity: Severity, code: str, source: Source, message: str, hint: str = "") -> None:
        """Note a finding."""
        self.findings.append(Finding(severity, code, message, source, hint))

    def wrong_kind(self, node: Node, wanted: str, hint: str = "") -> Any:
        """Refuse a node of the wrong kind."""
        if isinstance(node, ScalarNode) and node.plain and node.text in NULLS:
            or_empty = ", or write {}" if wanted == "an object" else ""
            hint = self.null_hint or f"leave the field out{or_empty}"
            if wanted == "a string" and self._hashed(node):
                hint = "a text that starts with `#` needs quotes"
            return self.refuse(node, "null", "null is not allowed", hint)
        return self.refuse(
            node, "type", f"expected {wanted}, found {_kind(node)}", hint or _instead(node, wanted)
        )

    def _hashed(self, node: ScalarNode) -> bool:
        """Whether a word with `#` follows where a text is missing: to YAML it is a comment."""
        lines = self.file.of(node).lines
        line = lines[node.mark.line] if node.mark.line < len(lines) else ""
        return not node.text and re.match(r"\s*#[^\s#!-]", line[node.mark.column :]) is not None

    def filled(self, text: str, file: SourceFile, node: ScalarNode | None) -> Any:
        """A text with its places expanded; `node` is its place, None for the text of a file."""
        values = self.values or Values({}, {})
        filled, faults, room = fill(text, values, self.room.left)
        self.room.take(room)
        for fault in faults:
            source = self.at(node) if node else file.at_offset(fault.offset)
            self.note("error", "interpolation", source, fault.message, fault.hint)
        if faults and node:
            self.bad.append(node)
        return BAD if faults else filled

    def file_text(self, node: Node) -> Any:
        """The text of the file that `{$file: PATH}` names."""
        if self.values is None or not (isinstance(node, MappingNode) and is_file(node)):
            file = ", or {$file: PATH}" if self.values is not None else ""
            sign = self._opening(node)
            quotes = f"a text that begins with `{sign}` needs quotes" if sign else f"write the text{file}"
            return self.wrong_kind(node, "a string", quotes)
        found = self._found(node)
        if isinstance(found, LanguageTexts):
            message = f"`{LANG}` is not allowed where one text is expected"
            return self._unusable(node, message, "it is for texts by language; write a single path here")
        return self._text_of(found, node) if found else BAD

    def _opening(self, node: Node) -> str:
        """The bracket or brace that a list or object begins with; empty if it is written in lines."""
        lines = self.file.of(node).lines
        line = lines[node.mark.line] if node.mark.line < len(lines) else ""
        sign = line[node.mark.column : node.mark.column + 1]
        return sign if sign in {"[", "{"} and not isinstance(node, ScalarNode) else ""

    def texts_by_language(self, node: MappingNode) -> Any:
        """The texts of the files that `{$file: PATH}` with `{lang}` in it names, by language."""
        found = self._found(node)
        if isinstance(found, FileText):
            hint = f"use `{LANG}` in the path, as in welcome.{LANG}.html, or list each language"
            return self._unusable(node, "one file where texts by language are expected", hint)
        if not found:
            return BAD
        self._note_strays(node, found)
        if found.error:
            return self._unusable(node, found.error, found.hint)
        texts = {}
        for language, text in found.texts.items():
            self._remember(language, node)
            texts[language] = self._text_of(text, node)
        return BAD if any(text is BAD for text in texts.values()) else texts

    def _found(self, node: MappingNode) -> FileText | LanguageTexts | None:
        """The text at the path of `{$file: PATH}`; None if it is not a path, and an error was noted."""
        key, path = node.pairs[0]
        if not isinstance(path, ScalarNode) or self.values is None:
            self.refuse(node, "file", "`$file` needs a file path")
            return None
        name = filled_path(path.text, self.values.matrix or {})
        if name is None:
            hint = "in a path, only ${matrix.NAME} with a name of the matrix is expanded"
            self._unusable(node, f"the path {path.text[:60]!r} cannot be expanded", hint)
            return None
        found = self.texts.get((self.file.of(key).folder, name))
        if found is None:
            self._unusable(node, "the file was not read")
        return found

    def _text_of(self, found: FileText, node: MappingNode) -> Any:
        """The text of a file, expanded."""
        if found.error:
            return self._unusable(node, found.error, found.hint)
        if (at := control_character(found.text)) is not None:
            place, code = _as_source(found.name, found.text).at_offset(at), "control-character"
            message = f"the control character {named(found.text[at])} is not allowed in a text"
            self.note("error", code, place, message, "remove it from the file")
            return self._unusable(node, f"{found.name} cannot be used")
        self._remember(found.text, node)
        if "${" not in found.text:
            return found.text
        filled = self.filled(found.text, _as_source(found.name, found.text), None)
        return self._unusable(node, f"{found.name} cannot be used") if filled is BAD else filled

    def _unusable(self, node: MappingNode, message: str, hint: str = "") -> Any:
        """Refuse the path of `{$file: PATH}`."""
        self.bad.append(node)
        return self.refuse(node.pairs[0][1], "file", message, hint)

    def _remember(self, text: str, node: MappingNode) -> None:
        """Keep a text as the manifest's own, unless defaults name its file."""
        if not isinstance(node.pairs[0][0].mark, Elsewhere):
            path = node.pairs[0][1]
            name = path.text if isinstance(path, ScalarNode) else ""
            # A checkout with other line ends is no change of the manifest.
            self.unfilled.append((name, text.replace("\r\n", "\n") if "\r" in text else text))

    def _note_strays(self, node: MappingNode, found: LanguageTexts) -> None:
        for name, part in found.strays:
            likely = resembles_language(part)
            message = f"{name}: {part[:40]!r} is not a language code of two lower-case letters"
            self.note(
                "error" if likely else "warning",
                "language",
                self.file.at(node.pairs[0][1]),
                message if likely else f"{message}, so the file is ignored",
                "rename it" if likely else "",
            )


@lru_cache(16)
def _as_source(name: str, text: str) -> SourceFile:
    """The file of a text. A thousand campaigns may have findings in it, and its lines are counted once."""
    return SourceFile(name, name, text)


def resembles_language(part: str) -> bool:
    """Whether part of a name was probably meant to be a language code, as in DE, de-AT or pt_BR."""
    return re.fullmatch(r"[A-Za-z]{2}([-_].*)?", part) is not None


def _instead(node: Node, wanted: str) -> str:
    """What to write instead of a node, where a list, an object or a number is expected."""
    if wanted == "a whole number":
        return "write digits, as in 30"
    if not isinstance(node, ScalarNode):
        return "write `- ` before each item" if wanted == "a list" else ""
    if wanted == "a list":
        return f"write it in brackets: [{node.text[:40]}]"
    if wanted == "an object":
        close = CLOSE_COLON.match(node.text)
        return (
            f"add a space after the colon: `{close['key']}: ...`"
            if close
            else "write its fields below it, each as `name: value`"
        )
    return ""


def _kind(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "an object"
    if isinstance(node, SequenceNode):
        return "a list"
    return "a quoted string" if not node.plain else f"`{node.text[:40]}`"
