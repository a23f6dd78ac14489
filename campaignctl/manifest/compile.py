"""From one manifest to its campaigns: defaults merged under it, its matrix taken apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from campaignctl.errors import Finding, Source
from campaignctl.manifest.compile_campaign import Variant
from campaignctl.manifest.defaults import NO_DEFAULTS, Defaults
from campaignctl.manifest.document import Document
from campaignctl.manifest.matrix import Combination, expand
from campaignctl.manifest.model import DesiredCampaign, DesiredState, Removed
from campaignctl.manifest.moves import Refactoring, is_removed, removed
from campaignctl.manifest.partial_check import outline
from campaignctl.project.model import Project
from campaignctl.yamlio import nodes
from campaignctl.yamlio.findings import Notes
from campaignctl.yamlio.interpolate import Room, Values, places, whole
from campaignctl.yamlio.nodes import Elsewhere, MappingNode, Node, ScalarNode, SourceFile
from campaignctl.yamlio.substitution import FileText, LanguageTexts, Texts, replaced, scalars
from campaignctl.yamlio.values import Builder

#: Members that say what a campaign comes from.
_COMES_FROM = ("adopt", "moved")
#: Members in which texts are filled in.
_FILLED = ("spec", "extra", *_COMES_FROM)


class Expansion:
    """One manifest as it stands in its file, `own`, with what is needed to compile its campaigns."""

    def __init__(
        self,
        file: SourceFile,
        own: MappingNode,
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

    def _without_matrix(self) -> MappingNode:
        return MappingNode([pair for pair in self._root.pairs if pair[0].text != "matrix"], self._root.mark)

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
        winner = lifecycle.get("winner") if isinstance(lifecycle, MappingNode) else None
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
    root: MappingNode, combination: Combination, names: Collection[str], file: SourceFile
) -> MappingNode:
    """A manifest in which every `${matrix.NAME}` that is a whole scalar is the value itself.

    What a campaign comes from (`adopt`, `moved`) is left out where it takes one of the matrix's `names` that
    this combination has no value of: not all of them need come from somewhere.
    """

    def stand_in(scalar: ScalarNode) -> ScalarNode:
        if "${" not in scalar.text:
            return scalar
        space, name = whole(scalar.text) or ("", "")
        value = combination.members.get(name) if space == "matrix" else None
        if value is None:
            return scalar
        return ScalarNode(value.text, value.plain, Elsewhere(value.mark, file, "matrix", scalar))

    missing = {("matrix", name) for name in names if name not in combination.members}

    def absent(node: Node) -> bool:
        return any(place in missing for scalar in scalars(node) for place in places(scalar.text))

    pairs = [pair for pair in root.pairs if not (pair[0].text in _COMES_FROM and absent(pair[1]))]
    return MappingNode(
        [(key, replaced(node, stand_in) if key.text in _FILLED else node) for key, node in pairs], root.mark
    )


class Compiler:
    """Compiles the manifests of one project, file by file.

    `environ` are the environment variables; only those that the project allows are looked at. `traced` is
    the key of a campaign that is kept in `trace` as it was compiled, None if there is none of that key.
    """

    def __init__(self, project: Project, environ: Mapping[str, str], traced: str | None = None) -> None:
        self._project = project
        allowed = {name: environ[name] for name in project.allow_env if name in environ}
        self._values = Values(project.variables, allowed, project.allow_env, sources=project.variable_sources)
        self._campaigns: dict[str, DesiredCampaign] = {}
        self._places: dict[str, tuple[str, Source]] = {}
        self._refactoring = Refactoring()
        self._notes = Notes()
        self._traced = traced
        self.trace: Variant | None = None

    def add_defaults(self, file: nodes.SourceFile, around: Defaults) -> Defaults:
        """The defaults of a folder, from its own file and what holds around the folder."""
        defaults, findings = around.within(file, self._values)
        self._notes.add(findings)
        return defaults

    def add(self, file: nodes.SourceFile, texts: Texts, defaults: Defaults = NO_DEFAULTS) -> None:
        """Compile every document of a file. `texts` are the files that it and its defaults name."""
        default_key = key_of_path(file.path) if len(file.documents) == 1 else None
        for root in file.documents:
            if isinstance(root, nodes.MappingNode) and is_removed(root):
                self._remove(root, file, defaults)
            elif isinstance(root, nodes.MappingNode):
                self._add(Expansion(file, root, default_key, defaults, self._values, texts))
            else:
                self._notes.add([_no_mapping(file, root)])

    def _add(self, manifest: Expansion) -> None:
        """Compile every campaign of a manifest."""
        self._notes.add(manifest.findings())
        for variant in manifest.variants():
            campaign = variant.compile()
            self._notes.add([*variant.findings, *self._taken(variant.key, variant.place)], variant.key)
            if campaign is not None:
                self._campaigns[campaign.key] = campaign
                if campaign.key == self._traced:
                    self.trace = variant
            self._refactoring.moves += variant.moves
            self._refactoring.adoptions += [variant.adoption] if variant.adoption else []

    def _remove(self, root: nodes.MappingNode, file: nodes.SourceFile, defaults: Defaults) -> None:
        """Compile a document of the kind Removed."""
        one, findings = removed(root, file, defaults)
        self._notes.add(findings)
        if one is not None:
            self._notes.add(self._refactoring.remove(one), one.key)

    def finish(self) -> DesiredState:
        """The desired state of everything that was added, and every finding; usable only without errors."""
        for found in self._refactoring.findings(dict(self._places.values())):
            self._notes.add([found], found.key)
        campaigns = {key: self._campaigns[key] for key in sorted(self._campaigns)}
        removed_keys = dict(sorted(self._refactoring.removed.items()))
        digest = _digest(self._project, campaigns, removed_keys)
        return DesiredState(self._project, campaigns, digest, self._notes.in_order(), removed_keys)

    def _taken(self, key: str | None, place: Source) -> Iterator[Finding]:
        """Refuse a key that is there already, or differs from one only in case."""
        if key is None:
            return
        other = self._places.setdefault(key.casefold(), (key, place))
        if other[1] == place:
            return
        same = other[0] == key
        message = (
            f"the key {key} is also at {other[1]}"
            if same
            else (f"the key {key} and {other[0]} at {other[1]} differ only in case")
        )
        yield Finding("error", "duplicate-campaign", message, place, "set another `metadata.key`")


def key_of_path(path: str) -> str:
    """The key of a manifest that sets none: its path in the project without suffix."""
    folder, slash, name = path.rpartition("/")
    stem, dot, _ = name.rpartition(".")
    return f"{folder}{slash}{stem if dot else name}"


def _no_mapping(file: nodes.SourceFile, root: nodes.Node) -> Finding:
    if isinstance(root, nodes.ScalarNode) and root.plain and not root.text:
        return Finding(
            "error", "empty", "the document is empty", file.at(root), "a manifest has at least `spec:`"
        )
    return Finding("error", "type", "a manifest is an object", file.at(root), "it has at least `spec:`")


def _digest(
    project: Project, campaigns: Mapping[str, DesiredCampaign], removed_keys: Mapping[str, Removed]
) -> str:
    content: list[Any] = [project.name, project.environment]
    content += [asdict(project.guardrails), [asdict(one) for one in project.overrides]]
    content += [
        (key, one.spec, asdict(one.lifecycle), one.adopt, one.moved_from) for key, one in campaigns.items()
    ]
    content += [(key, one.on_destroy) for key, one in removed_keys.items()]
    return "sha256:" + hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
