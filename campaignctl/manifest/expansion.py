"""From one manifest to its campaigns: defaults merged under it, its matrix taken apart."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from campaignctl.errors import Finding
from campaignctl.manifest.build import Builder
from campaignctl.manifest.defaults import Defaults
from campaignctl.manifest.document import Document
from campaignctl.manifest.file_text import FileText, LanguageTexts, Texts
from campaignctl.manifest.interpolate import Room, Values, places, whole
from campaignctl.manifest.matrix import Combination, expand
from campaignctl.manifest.merge import replaced, scalars
from campaignctl.manifest.nodes import Elsewhere, Mapping, Node, Scalar, SourceFile
from campaignctl.manifest.outline import outline
from campaignctl.manifest.variant import Variant

#: Members that say what a campaign comes from.
_COMES_FROM = ("adopt", "moved")
#: Members in which texts are filled in.
_FILLED = ("spec", "extra", *_COMES_FROM)


class Expansion:
    """One manifest as it stands in its file, `own`, with what is needed to compile its campaigns."""

    def __init__(
        self,
        file: SourceFile,
        own: Mapping,
        default_key: str | None,
        defaults: Defaults,
        values: Values,
        texts: Texts,
    ) -> None:
        self._file = file
        self._own = own
        self._default_key = default_key
        self._defaults = defaults
        self._values = values
        self._texts = texts
        self._room = Room(Room.MANIFEST)
        self._root = defaults.under(own)
        node = own.get("matrix")
        self._matrix = None if node is None else expand(node, file)
        if self._matrix is not None:
            self._matrix.limit(node, sum(1 for _ in scalars(self._without_matrix())), file)

    def findings(self) -> Iterator[Finding]:
        """What is wrong with the matrix; if it cannot be used, what can be said of the rest without it."""
        if self._matrix is None:
            return
        yield from self._matrix.findings
        if self._matrix.usable:
            yield from self._unused()
        else:
            yield from outline(self._without_matrix(), self._file, self._values, Document)

    def variants(self) -> Iterator[Variant]:
        """The campaigns of the manifest, not compiled yet."""
        if self._matrix is None:
            yield self._variant(self._values, None)
            return
        for combination in self._matrix.combinations if self._matrix.usable else ():
            values = replace(self._values, matrix=combination.values)
            yield self._variant(values, combination)

    def _without_matrix(self) -> Mapping:
        return Mapping([pair for pair in self._root.pairs if pair[0].text != "matrix"], self._root.mark)

    @property
    def _names(self) -> Collection[str]:
        return self._matrix.names if self._matrix else ()

    def _variant(self, values: Values, combination: Combination | None) -> Variant:
        root = self._defaults.under_messages(self._root, values)
        return Variant(
            Builder(self._file, None, self._texts, room=Room(around=self._room)),
            _with_values(root, combination, self._names, self._file) if combination else root,
            self._own,
            self._default_key,
            values,
            combination=combination,
            complete=self._defaults.complete,
        )

    def _unused(self) -> Iterator[Finding]:
        """A warning for each name of the matrix that nothing is filled in with."""
        if self._matrix is None:
            return
        used = {name for text in self._all_texts() for space, name in places(text) if space == "matrix"}
        for name, key in self._matrix.names.items():
            if name not in used:
                message = f"`${{matrix.{name}}}` stands nowhere in this manifest"
                hint = f"fill it in somewhere, or take `{name}` out of the matrix"
                yield Finding("warning", "matrix", message, self._file.at(key), hint)

    def _all_texts(self) -> Iterator[str]:
        message = self._defaults.root.get("message") if self._defaults.root else None
        lifecycle = self._root.get("lifecycle")
        winner = lifecycle.get("winner") if isinstance(lifecycle, Mapping) else None
        for node in (*map(self._root.get, _FILLED), winner, message):
            yield from (scalar.text for scalar in scalars(node) if "${" in scalar.text)
        for found in self._texts.values():
            yield from _texts_in(found)


def _texts_in(found: FileText | LanguageTexts) -> Iterator[str]:
    if isinstance(found, FileText):
        yield found.text
    else:
        yield from (one.text for one in found.texts.values())


def _with_values(
    root: Mapping, combination: Combination, names: Collection[str], file: SourceFile
) -> Mapping:
    """A manifest in which every `${matrix.NAME}` that is a whole scalar is the value itself.

    What a campaign comes from (`adopt`, `moved`) is left out where it takes one of the matrix's `names` that
    this combination has no value of: not all of them need come from somewhere.
    """

    def stand_in(scalar: Scalar) -> Scalar:
        if "${" not in scalar.text:
            return scalar
        space, name = whole(scalar.text) or ("", "")
        value = combination.members.get(name) if space == "matrix" else None
        if value is None:
            return scalar
        return Scalar(value.text, value.plain, Elsewhere(value.mark, file, "matrix", scalar))

    missing = {("matrix", name) for name in names if name not in combination.members}

    def absent(node: Node) -> bool:
        return any(place in missing for scalar in scalars(node) for place in places(scalar.text))

    pairs = [pair for pair in root.pairs if not (pair[0].text in _COMES_FROM and absent(pair[1]))]
    return Mapping(
        [(key, replaced(node, stand_in) if key.text in _FILLED else node) for key, node in pairs], root.mark
    )
