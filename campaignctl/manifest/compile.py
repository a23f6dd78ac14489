"""Compiles one file to a `FileResult`, which depends only on its bytes and explicit inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from campaignctl.errors import Finding, did_you_mean
from campaignctl.manifest.compile_campaign import Compilation
from campaignctl.manifest.defaults import NO_DEFAULTS, Defaults
from campaignctl.manifest.document import Document
from campaignctl.manifest.matrix import Combination, expand
from campaignctl.manifest.model import Declared, FileResult, Removed
from campaignctl.manifest.moves import is_removed, removed
from campaignctl.yamlio.findings import Collected, partial_findings
from campaignctl.yamlio.interpolate import Room, Values, filled_path, places, whole
from campaignctl.yamlio.nodes import (
    Elsewhere,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    SourceFile,
    replaced,
    scalars,
)
from campaignctl.yamlio.reader import read
from campaignctl.yamlio.substitution import FileText, LanguageTexts, Reference, Texts
from campaignctl.yamlio.values import Builder

#: Fields that name where a campaign comes from.
_COMES_FROM = ("adopt", "moved")
#: Fields whose texts are expanded.
_FILLED = ("spec", "extra", *_COMES_FROM)


@dataclass(frozen=True, slots=True)
class CompileInputs:
    """The inputs of a compilation, in addition to the bytes of the file.

    `values` are the project's variables and the allowed ones of the environment, `defaults` those in force
    in its folder. `read_texts` reads the files that `{$file: PATH}` names; the result lists them in its
    `references`. `digest_texts` gives the digests of those that were read, else of those that are there now.
    `environment` is that of the run, `environments` are all of the project.
    """

    values: Values
    defaults: Defaults = NO_DEFAULTS
    read_texts: Callable[[Iterable[Reference]], Texts] = lambda _: {}
    digest_texts: Callable[[Iterable[Reference]], Mapping[Reference, str]] = lambda _: {}
    environment: str | None = None
    environments: tuple[str, ...] = ()


def compile_file(name: str, path: str, data: bytes, inputs: CompileInputs) -> FileResult:
    """The campaigns and Removed documents of a file, and its findings.

    `name` is what findings call the file, `path` its path in the project.
    """
    file, syntax = read(name, path, data)
    references = named_by(file, inputs.defaults)
    texts = inputs.read_texts(references)
    findings = Collected()
    findings.add(syntax)
    campaigns: list[Declared] = []
    gone: list[Removed] = []
    for root in file.documents:
        if not isinstance(root, MappingNode):
            findings.add([_no_mapping(file, root)])
        elif is_removed(root):
            one, found = removed(root, file, inputs.defaults)
            findings.add(found)
            gone += [one] if one else []
        else:
            chosen, wrong = _chosen(root, file, inputs)
            findings.add(wrong)
            if not chosen:
                continue
            manifest = _Manifest(file, root, inputs, texts, len(campaigns))
            findings.add(manifest.findings())
            for compilation in manifest.compilations():
                campaign = compilation.compile()
                key = compilation.key
                findings.add(compilation.findings, key)
                if key is not None:
                    claims = (compilation.moves, compilation.adoption, compilation.rest)
                    campaigns.append(Declared(key, compilation.place, campaign, *claims))
    variables = frozenset(_variables(file, inputs.defaults, texts))
    return FileResult(path, tuple(campaigns), tuple(gone), findings.findings, references, variables)


def compilations(name: str, path: str, data: bytes, inputs: CompileInputs) -> Iterator[Compilation]:
    """The compilation of each campaign of a file that has no errors."""
    file, _ = read(name, path, data)
    texts = inputs.read_texts(named_by(file, inputs.defaults))
    for root in file.documents:
        if isinstance(root, MappingNode) and not is_removed(root) and _chosen(root, file, inputs)[0]:
            for compilation in _Manifest(file, root, inputs, texts, 0).compilations():
                if compilation.compile() is not None:
                    yield compilation


def _variables(file: SourceFile, defaults: Defaults, texts: Texts) -> Iterator[tuple[str, str]]:
    """The variables of the project and the environment that a file, its defaults and side files name."""
    written = [text.text for found in texts.values() for text in texts_in(found)]
    for one in (file, *defaults.files):
        if "${" in one.text or "\\" in one.text:  # an escape may be one of these characters
            written += [scalar.text for node in one.documents for scalar in scalars(node)]
    for text in written:
        if "${" in text:
            yield from (place for place in places(text) if place[0] != "matrix")


def texts_in(found: FileText | LanguageTexts) -> Iterable[FileText]:
    """The files that a reference leads to."""
    return found.texts.values() if isinstance(found, LanguageTexts) else (found,)


def named_by(file: SourceFile, defaults: Defaults) -> frozenset[Reference]:
    """The files that a manifest and its defaults name, for every combination of its matrices."""
    named = [(one.folder, path.text) for one in (file, *defaults.files) for path in one.references]
    if all("${" not in path for _, path in named):
        return frozenset(named)
    matrices = [root.get("matrix") for root in file.documents if isinstance(root, MappingNode)]
    combinations = [one.values for node in matrices if node for one in expand(node, file).combinations]
    filled = {(folder, filled_path(path, values)) for values in ({}, *combinations) for folder, path in named}
    return frozenset((folder, path) for folder, path in filled if path is not None)


class _Manifest:
    """One manifest of a file, and everything needed to compile its campaigns. `own` is it as written.

    The manifests above it made `made` campaigns.
    """

    def __init__(
        self, file: SourceFile, own: MappingNode, inputs: CompileInputs, texts: Texts, made: int
    ) -> None:
        self._file = file
        self._own = own
        self._inputs = inputs
        self._texts = texts
        self._root = inputs.defaults.under(own)
        self._bare = MappingNode(
            [pair for pair in self._root.pairs if pair[0].text != "matrix"], self._root.mark
        )
        node = own.get("matrix")
        self._matrix = None if node is None else expand(node, file)
        if self._matrix is not None:
            self._matrix.limit(node, sum(1 for _ in scalars(self._bare)), made, file)

    def findings(self) -> Iterator[Finding]:
        """Findings about the matrix; if it is unusable, also those about the rest that do not need it."""
        if self._matrix is None:
            return
        yield from self._matrix.findings
        if not self._matrix.usable:
            yield from partial_findings(self._bare, self._file, self._inputs.values, Document)
            return
        used = {name for text in self._all_texts() for space, name in places(text) if space == "matrix"}
        for name, key in self._matrix.names.items():
            if name not in used:
                message = f"`${{matrix.{name}}}` is not used in this manifest"
                hint = f"use it, or remove `{name}` from the matrix"
                yield Finding("warning", "matrix", message, self._file.at(key), hint)

    def compilations(self) -> Iterator[Compilation]:
        """The campaigns of the manifest, not compiled yet."""
        room = Room(Room.MANIFEST)
        if self._matrix is None:
            yield self._compilation(self._inputs.values, None, room)
        elif self._matrix.usable:
            for combination in self._matrix.combinations:
                values = replace(self._inputs.values, matrix=combination.values)
                yield self._compilation(values, combination, room)

    def _compilation(self, values: Values, combination: Combination | None, room: Room) -> Compilation:
        root = self._inputs.defaults.under_messages(self._root, values)
        return Compilation(
            Builder(self._file, None, self._texts, room=Room(around=room)),
            self._with_values(root, combination) if combination else root,
            self._own,
            values,
            combination=combination,
            complete=self._inputs.defaults.complete,
            cut=any(one.hashed or one.anchored for one in (self._file, *self._inputs.defaults.files)),
        )

    def _with_values(self, root: MappingNode, combination: Combination) -> MappingNode:
        """A manifest with the value itself in place of every scalar that is just `${matrix.NAME}`.

        `adopt` and `moved` are left out if they use a name that this combination has no value for: not every
        combination has a predecessor.
        """

        def with_value(scalar: ScalarNode) -> ScalarNode:
            if "${" not in scalar.text:
                return scalar
            space, name = whole(scalar.text) or ("", "")
            value = combination.fields.get(name) if space == "matrix" else None
            if value is None:
                return scalar
            return ScalarNode(value.text, value.plain, Elsewhere(value.mark, self._file, "matrix", scalar))

        names = self._matrix.names if self._matrix else ()
        missing = {("matrix", name) for name in names if name not in combination.fields}

        def absent(node: Node) -> bool:
            return any(place in missing for scalar in scalars(node) for place in places(scalar.text))

        pairs = [
            (key, replaced(node, with_value) if key.text in _FILLED else node)
            for key, node in root.pairs
            if not (missing and key.text in _COMES_FROM and absent(node))
        ]
        return MappingNode(pairs, root.mark)

    def _all_texts(self) -> Iterator[str]:
        """Every text of the manifest that may be expanded."""
        defaults = self._inputs.defaults.root
        lifecycle = self._root.get("lifecycle")
        managed = (lifecycle,) if isinstance(lifecycle, MappingNode) else ()
        expanded = [node.get(name) for node in managed for name in ("phase", "winner")]
        message = defaults.get("message") if defaults else None
        for node in (*map(self._root.get, _FILLED), *expanded, message):
            yield from (scalar.text for scalar in scalars(node) if "${" in scalar.text)
        for found in self._texts.values():
            yield from (one.text for one in texts_in(found))


def _chosen(root: MappingNode, file: SourceFile, inputs: CompileInputs) -> tuple[bool, tuple[Finding, ...]]:
    """Whether a manifest is for the environment of the run, and findings about its `environments`."""
    node = root.get("environments")
    if not isinstance(node, SequenceNode):
        return True, ()
    names = [item for item in node.items if isinstance(item, ScalarNode)]
    declared = inputs.environments
    known = f"declared: {', '.join(declared)}" if declared else "the project declares no `environments`"
    wrong = tuple(
        Finding(
            "error",
            "environment",
            f"there is no environment {item.text!r}",
            file.at(item),
            did_you_mean(item.text, declared, known),
        )
        for item in names
        if item.text not in declared
    )
    whole_list = len(names) == len(node.items) and names
    chosen = inputs.environment is None or inputs.environment in {item.text for item in names}
    return bool(wrong) or not whole_list or chosen, wrong


def _no_mapping(file: SourceFile, root: Node) -> Finding:
    if isinstance(root, ScalarNode) and root.plain and not root.text:
        hint = "a manifest needs at least `spec:`"
        return Finding("error", "empty", "the document is empty", file.at(root), hint)
    return Finding(
        "error", "type", "a manifest must be an object", file.at(root), "it needs at least `spec:`"
    )
