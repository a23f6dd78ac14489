"""Where every field of a compiled campaign came from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from campaignctl.campaign.keys import key_hint
from campaignctl.campaign.problem import KeyPath
from campaignctl.errors import Command, Sentence, Source, UsageError
from campaignctl.manifest.compile_campaign import Compilation
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.yamlio.interpolate import filled_path, places
from campaignctl.yamlio.nodes import Elsewhere, MappingNode, Node, ScalarNode, SequenceNode, is_file
from campaignctl.yamlio.substitution import FileText, LanguageTexts

Kind = Literal[
    "manifest", "defaults", "matrix", "variable", "command line", "environment", "file", "converted time"
]
#: Sections outside the body that are shown.
_BESIDE = ("moved", "adopt", "lifecycle")


@dataclass(frozen=True, slots=True)
class Origin:
    """One place that the field at a path came from; a field composed of several texts has several.

    `source` is None for the command line and the environment. `name` is that of the
    variable or of the value in the matrix. `outside` says that the field is outside the body: then the
    path begins with `lifecycle`, `moved` or `adopt`.
    """

    path: KeyPath
    kind: Kind
    source: Source | None
    name: str | None = None
    outside: bool = False


def origins_of(compilation: Compilation) -> tuple[Origin, ...]:
    """The origins of every field of a compiled campaign, in its body and outside it, by path."""
    tracing = _Tracing(compilation)
    found: list[Origin] = []
    for name in ("spec", "extra"):
        node = compilation.root.get(name)
        if node is not None:
            found += tracing.of(node, ())
    for name in _BESIDE:
        node = compilation.root.get(name)
        if node is not None:
            found += (replace(origin, outside=True) for origin in tracing.of(node, (name,)))
    return tuple(found)


def outside_body(campaign: DesiredCampaign, origins: Iterable[Origin]) -> dict[str, Any]:
    """The sections of a manifest and its defaults outside the body, as they would be written."""
    values: dict[str, Any] = {"moved": {"from": list(campaign.moved_from)}, "adopt": campaign.adopt}
    said = {origin.path[:2] for origin in origins if origin.outside}
    lifecycle = asdict(campaign.lifecycle)
    values["lifecycle"] = {name: lifecycle[name] for name in lifecycle if ("lifecycle", name) in said}
    names = {path[0] for path in said}
    return {name: values[name] for name in _BESIDE if name in names}


def no_such_key(key: str, known: Collection[str]) -> UsageError:
    """The error for a key that no manifest declares; its hint names the nearest."""
    hint = key_hint(key, known) or Sentence("", Command("validate"), " counts the campaigns")
    return UsageError(f"no manifest has the key {key}", hint=hint)


class _Tracing:
    """Traces one campaign."""

    def __init__(self, compilation: Compilation) -> None:
        self._builder = compilation.builder
        self._values = compilation.values
        self._matrix = compilation.combination.fields if compilation.combination else {}
        self._converted = {id(node) for node in compilation.builder.zoned}

    def of(self, node: Node, path: KeyPath) -> Iterator[Origin]:
        """The origins of the values at a node and below it."""
        if id(node) in self._converted:
            yield from self._places(node, path, "converted time")
        elif isinstance(node, ScalarNode):
            yield from self._places(node, path)
        elif isinstance(node, SequenceNode):
            for index, item in enumerate(node.items):
                yield from self.of(item, (*path, index))
            if not node.items:
                yield self._at(node, path)
        elif is_file(node):
            yield from self._file(node, path)
        else:
            for key, child in node.pairs:
                yield from self.of(child, (*path, key.text))
            if not node.pairs:
                yield self._at(node, path)

    def _at(self, node: Node, path: KeyPath, kind: Kind | None = None) -> Origin:
        """A node's own place."""
        mark = node.mark
        own: Kind = mark.origin if isinstance(mark, Elsewhere) else "manifest"
        return Origin(path, kind or own, self._builder.file.at(node))

    def _places(self, node: Node, path: KeyPath, kind: Kind | None = None) -> Iterator[Origin]:
        """The places of a node; of a value from the matrix, there and where it is used."""
        mark = node.mark
        if isinstance(mark, Elsewhere) and mark.instead is not None:
            (_, name), *_ = places(mark.instead.text)
            yield Origin(path, "matrix", self._builder.file.at(node), name)
            node = mark.instead
        elif isinstance(node, ScalarNode):
            yield from (self._given(path, space, name) for space, name in dict.fromkeys(places(node.text)))
        yield self._at(node, path, kind)

    def _given(self, path: KeyPath, space: str, name: str) -> Origin:
        """Where the value of a place in a text is defined."""
        if space == "env":
            return Origin(path, "environment", None, name)
        if space == "matrix":
            return Origin(path, "matrix", self._builder.file.at(self._matrix[name]), name)
        source = self._values.sources.get(name)
        return Origin(path, "variable" if source else "command line", source, name)

    def _file(self, node: MappingNode, path: KeyPath) -> Iterator[Origin]:
        """The files that `{$file: PATH}` names, and where it is written."""
        key, named = node.pairs[0]
        name = filled_path(named.text, self._values.matrix or {}) if isinstance(named, ScalarNode) else None
        found = self._builder.texts.get((self._builder.file.of(key).folder, name or ""))
        if isinstance(found, FileText):
            yield Origin(path, "file", Source(found.name, 1, 1))
            yield self._at(node, path)
        elif isinstance(found, LanguageTexts):
            for language, text in found.texts.items():
                yield Origin((*path, language), "file", Source(text.name, 1, 1))
                yield self._at(node, (*path, language))
