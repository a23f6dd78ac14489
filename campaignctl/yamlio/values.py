"""From nodes to plain JSON values by a shape: strict scalars, expanded texts, times in GMT."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from campaignctl.errors import nearest
from campaignctl.schedule.times import (
    TimeError,
    canonical_gmt,
    convert,
    has_offset,
    is_day,
    zone_doubt,
    zone_of,
)
from campaignctl.yamlio.nodes import MappingNode, Node, ScalarNode, SequenceNode, is_file
from campaignctl.yamlio.schema_types import (
    ItemOrItems,
    Leaf,
    Limited,
    Object,
    Shape,
    Table,
    TextOrObject,
    bare,
)
from campaignctl.yamlio.substitution import BAD, NULLS, Filling

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_LEADING_ZEROS = re.compile(r"-?0[0-9]+")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False}
#: A version, a clock time or a price: as a number it would lose its last zero.
_OTHER_AS_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+0")
#: First fields of a body: next to `spec`, they were meant to be under it.
_BODY = frozenset(
    {"name", "messages", "scheduled_time", "recurrence", "run_immediately", "targeting", "is_draft"}
)
#: What to do about null in fields that decide when and to whom a campaign sends.
_NEEDED: Mapping[str, str] = {
    "targeting": "write the audience below it, each line with its `#` removed; a campaign without an audience"
    " goes to everyone",
    "recurrence": "write its `pattern` or `cron` below it, with the `#` removed; a campaign without times is"
    " started by hand",
}
_LONGEST_INTEGER = 18
_OTHER_WORDS = frozenset({"yes", "no", "on", "off", "y", "n", "true", "false"})


@dataclass(slots=True)
class Builder(Filling):
    """Builds the values of one document and collects its findings.

    `zoned` are the times that were given with an offset or a zone, `zones` the names of those zones by the id
    of the node, `meant` the fields that unknown ones were probably meant to be. `sound`: the models would
    accept the values, as every required field is present and every limit is kept.
    """

    zoned: list[Node] = field(default_factory=list)
    zones: dict[int, str] = field(default_factory=dict)
    meant: set[str] = field(default_factory=set)
    sound: bool = True

    def build(self, node: Node, shape: Shape) -> Any:
        """The JSON value of a node, or `BAD`."""
        if isinstance(shape, Leaf):
            return self._text(node) if shape is Leaf.TEXT else self._leaves[shape](self, node)
        if isinstance(shape, Object):
            return self._object(node, shape)
        if isinstance(shape, Limited):
            return self._limited(node, shape)
        if isinstance(shape, Table):
            return self._table(node, shape.value)
        if isinstance(shape, TextOrObject):
            return self._text_or_object(node, shape)
        if isinstance(shape, ItemOrItems) and not isinstance(node, SequenceNode):
            value = self.build(node, shape.item)
            return BAD if value is BAD else [value]
        return self._items(node, shape.item)

    def _limited(self, node: Node, shape: Limited) -> Any:
        value = self.build(node, shape.inner)
        if value is not BAD and not shape.sound(value):
            self.sound = False
        return value

    # ------------------------------------------------------------------------------ containers

    def _object(self, node: Node, shape: Object) -> Any:
        if not isinstance(node, MappingNode):
            return self.wrong_kind(node, "an object")
        known, rest = shape.known, shape.rest
        result: dict[str, Any] = {}
        for key, child in node.pairs:
            name = key.text
            inner = known.get(name, rest)
            if child.__class__ is ScalarNode and not child.text and self._ended_text(node, key, child):
                continue
            if inner is None:
                self._unknown(key, child, shape)
            elif self._name(key, result):
                value = self._needed(name, child, inner) if name in _NEEDED else self.build(child, inner)
                if value is not BAD:
                    result[name] = value
        if not shape.required <= result.keys():
            self.sound = False
        return result

    def _needed(self, name: str, node: Node, shape: Shape) -> Any:
        """The value of a field that must not be left out because its lines were commented out."""
        around, self.null_hint = self.null_hint, _NEEDED[name]
        value = self.build(node, shape)
        self.null_hint = around
        return value

    def _text_or_object(self, node: Node, shape: TextOrObject) -> Any:
        if isinstance(node, MappingNode) and not is_file(node):
            return self._object(node, shape.inner)
        if not isinstance(node, ScalarNode):
            return self.wrong_kind(node, "a string")
        value = self.build(node, shape.inner.known[shape.field])
        return BAD if value is BAD else {shape.field: value}

    def _table(self, node: Node, inner: Shape) -> Any:
        texts = self.values is not None and bare(inner) is Leaf.TEXT
        if not isinstance(node, MappingNode):
            hint = (
                "write a text for each language, as in {en: Hello}"
                if texts and isinstance(node, ScalarNode)
                else ""
            )
            return self.wrong_kind(node, "an object", hint)
        if is_file(node) and texts:
            return self._by_language(node, inner)
        if is_file(node):
            return self.refuse(
                node, "type", "expected an object, found a file", "a file can only replace a text"
            )
        result: dict[str, Any] = {}
        for key, child in node.pairs:
            if child.__class__ is ScalarNode and not child.text and self._ended_text(node, key, child):
                continue
            if self._name(key, result):
                value = self.build(child, inner)
                if value is not BAD:
                    result[key.text] = value
        return result

    def _ended_text(self, node: MappingNode, key: ScalarNode, child: ScalarNode) -> bool:
        """Refuse a name without a colon in `{a: b, c}`: the comma ended the text before it."""
        file = self.file.of(key)
        line = file.lines[key.mark.line] if key.mark.line < len(file.lines) else ""
        rest = line[key.mark.column + len(key.text) :].lstrip()
        if not (key.plain and child.plain and key.text) or rest[:1] not in {",", "}"}:
            return False
        self.bad.append(child)
        names = [one for one, _ in node.pairs]
        before = names[max(names.index(key) - 1, 0)]
        text = node.get(before.text)
        if isinstance(text, ScalarNode) and text.text and before is not key:
            said = f"{text.text}, {key.text}"[:60]
            hint = f'put the whole text in quotes: {{{before.text}: "{said}"}}'
        else:
            hint = "a text with a comma in it needs quotes"
        self.note(
            "error", "null", self.at(key), f"`{key.text[:60]}` has no value: a comma ends a text here", hint
        )
        return True

    def _by_language(self, node: MappingNode, inner: Shape) -> Any:
        """The texts of the files that `{$file: PATH}` with `{lang}` names, by language."""
        texts = self.texts_by_language(node)
        if texts is not BAD and isinstance(inner, Limited) and not all(map(inner.sound, texts.values())):
            self.sound = False
        return texts

    def _items(self, node: Node, inner: Shape) -> Any:
        if not isinstance(node, SequenceNode):
            return self.wrong_kind(node, "a list")
        values = [self.build(item, inner) for item in node.items]
        if BAD in values:
            self.bad.append(node)
            return BAD
        return values

    def _name(self, key: ScalarNode, result: Mapping[str, Any]) -> bool:
        """Whether a key is a name that may be used."""
        name = key.text
        if name in result:
            self.note("error", "duplicate-key", self.file.at(key), f"`{name}` appears twice", "keep one")
            return False
        if "${" in name:
            self.note("error", "key-place", self.file.at(key), "`${` in a name: only values are expanded", "")
            return False
        if key.plain and name in NULLS:
            self.note("error", "null", self.file.at(key), "null as a name", "quote the name")
            return False
        return True

    def _unknown(self, key: ScalarNode, child: Node, shape: Object) -> None:
        name = key.text
        self.bad.append(child)
        if name in shape.refused:
            message = f"`{name}` is not allowed: {shape.refused[name]}"
            self.note("error", "refused-member", self.file.at(key), message)
            return
        near = nearest(name, shape.known)
        if near:
            self.meant.add(near)
        hint = f"did you mean {near}?" if near else "known fields: " + ", ".join(sorted(shape.known))
        if not near and "scheduled_time" in shape.known:
            hint += "; a new field of the API goes into `extra:`, next to `spec:`"
        if name in _BODY and "spec" in shape.known:
            hint = "it belongs under `spec:`: indent by two more spaces"
        self.note("error", "unknown-member", self.file.at(key), f"unknown field `{name}`", hint)

    # ---------------------------------------------------------------------------------- leaves

    def _text(self, node: Node) -> Any:
        """The text of a scalar as written, or the text of a file."""
        if not isinstance(node, ScalarNode):
            return self.file_text(node)
        text = node.text
        if node.plain and text in NULLS:
            return self.wrong_kind(node, "a string")
        if "${" not in text or self.values is None:
            return text
        return self.filled(text, self.file, node)

    def _integer(self, node: Node) -> Any:
        if not isinstance(node, ScalarNode):
            return self.wrong_kind(node, "a whole number")
        text = node.text
        if node.plain and _INTEGER.fullmatch(text):
            if len(text) > _LONGEST_INTEGER:
                return self.refuse(node, "type", "the number has too many digits")
            return int(text)
        hint = ""
        if not node.plain and _INTEGER.fullmatch(text):
            hint = "remove the quotes"
        elif "${" in text:
            hint = "variables are strings: write the number itself here"
        elif _LEADING_ZEROS.fullmatch(text) and len(text) <= _LONGEST_INTEGER:
            hint = f"a number has no leading zero: write {int(text)}"
        return self.wrong_kind(node, "a whole number", hint)

    def _boolean(self, node: Node) -> Any:
        if isinstance(node, ScalarNode) and node.plain and node.text in _WORDS:
            return _WORDS[node.text]
        return self.wrong_kind(node, "true or false", _boolean_hint(node))

    def _flag(self, node: Node) -> Any:
        if isinstance(node, ScalarNode) and node.plain and node.text in {"0", "1"}:
            return int(node.text)
        if isinstance(node, ScalarNode) and node.plain and node.text in _WORDS:
            return _WORDS[node.text]
        return self.wrong_kind(node, "1 or 0", _boolean_hint(node))

    def _switch(self, node: Node) -> Any:
        if isinstance(node, ScalarNode) and node.text in {"0", "1"}:
            value = self._flag(node)
            return value if value is BAD else bool(value)
        return self._boolean(node)

    def _integer_or_text(self, node: Node) -> Any:
        if isinstance(node, ScalarNode) and node.plain and _INTEGER.fullmatch(node.text):
            return self._integer(node)
        return self._text(node)

    def _moment(self, node: Node) -> Any:
        """An instant: GMT, ISO 8601 with an offset, or `{at: ..., tz: ...}`; the result is in GMT."""
        if isinstance(node, MappingNode) and not is_file(node):
            return self._in_zone(node)
        text = self._text(node)
        if text is BAD:
            return BAD
        if has_offset(text):
            self.zoned.append(node)
        try:
            return canonical_gmt(text)
        except TimeError as wrong:
            return self.refuse(node, "time", str(wrong), wrong.hint)

    def _day(self, node: Node) -> Any:
        """A day of the calendar or a time, as written: a day needs a zone to be an instant."""
        if isinstance(node, MappingNode):
            value = self._in_zone(node)
            return BAD if value is BAD else f"{value}Z"
        text = self._text(node)
        if text is BAD:
            return BAD
        try:
            if not is_day(text):
                canonical_gmt(text)
        except TimeError as wrong:
            return self.refuse(node, "time", str(wrong), wrong.hint)
        return text

    def _in_zone(self, node: MappingNode) -> Any:
        """A clock time in a zone, `{at: ..., tz: ...}`, in GMT."""
        parts = self._object(node, _AT_TZ)
        at, zone = node.get("at"), node.get("tz")
        if at is None or zone is None or parts.keys() != {"at", "tz"}:
            return self.refuse(node, "time", "a time in a zone needs `at` and `tz`", _AT_TZ_HINT)
        self.zoned.append(node)
        place = zone
        try:
            zone_of(parts["tz"])
            place = at
            instant = convert(parts["at"], parts["tz"])
            self.zones[id(node)] = parts["tz"]
            if doubt := zone_doubt(parts["tz"], instant):
                self.note("warning", "time", self.at(zone), *doubt)
            return instant
        except TimeError as wrong:
            self.bad.append(node)
            return self.refuse(place, "time", str(wrong), wrong.hint)

    def _json(self, node: Node) -> Any:
        """Any JSON value, by the JSON schema of YAML 1.2."""
        if isinstance(node, MappingNode):
            return self.file_text(node) if is_file(node) else self._table(node, Leaf.JSON)
        if isinstance(node, SequenceNode):
            return self._items(node, Leaf.JSON)
        text = node.text
        if node.plain:
            if text in _WORDS:
                return _WORDS[text]
            if _NUMBER.fullmatch(text):
                return self._number(node)
        return self._text(node)

    def _number(self, node: ScalarNode) -> Any:
        text = node.text
        if _INTEGER.fullmatch(text):
            return self._integer(node)
        if _OTHER_AS_NUMBER.fullmatch(text):
            number = f"write {float(text)!r} for the number, or quote the text"
            self.note(
                "warning",
                "number",
                self.file.at(node),
                f"{text[:40]} is kept as text, including its zeros",
                number,
            )
            return self._text(node)
        value = float(text)
        if not math.isfinite(value):
            return self.refuse(node, "type", "the number is too large", "quote it to make it text")
        if repr(value) != text:
            self.note(
                "warning",
                "number",
                self.file.at(node),
                f"{text[:40]} is read as the number {value!r}",
                "quote it to keep it as written",
            )
        return value

    _leaves: ClassVar[Mapping[Leaf, Callable[[Builder, Node], Any]]] = {
        Leaf.TEXT: _text,
        Leaf.INTEGER: _integer,
        Leaf.BOOLEAN: _boolean,
        Leaf.FLAG: _flag,
        Leaf.SWITCH: _switch,
        Leaf.INTEGER_OR_TEXT: _integer_or_text,
        Leaf.MOMENT: _moment,
        Leaf.DAY: _day,
        Leaf.JSON: _json,
        Leaf.NODE: lambda _, node: node,
    }


_AT_TZ = Object({"at": Leaf.TEXT, "tz": Leaf.TEXT})
_AT_TZ_HINT = "as in {at: 2036-12-24 10:00:00, tz: Europe/Belgrade}"


def _boolean_hint(node: Node) -> str:
    if not isinstance(node, ScalarNode) or node.text.lower() not in _OTHER_WORDS:
        return ""
    if node.text in _WORDS:
        return "remove the quotes"
    return "write true" if node.text.lower() in {"yes", "on", "y", "true"} else "write false"
