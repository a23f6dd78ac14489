"""`_defaults.yaml`: shared settings of the manifests of a folder and the folders below it.

Pure: the files are handed in, those of outer folders first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from campaignctl.errors import Finding
from campaignctl.yamlio.findings import partial_findings
from campaignctl.yamlio.interpolate import Values, fill
from campaignctl.yamlio.nodes import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    SourceFile,
    mark_as_defaults,
    merged,
    scalars,
    with_field,
)

DEFAULTS_FILE = "_defaults.yaml"
#: The fields of a manifest that defaults are merged under.
_MERGED = ("lifecycle", "lint", "spec", "extra")
#: Far more messages than the API takes: beyond it nothing is merged, as nothing is sent.
_MOST_MESSAGES = 100
#: How many values the defaults of a folder may have: each manifest below it gets them.
MOST_VALUES = 10_000
_HAS = "it takes `spec:`, `lifecycle:`, `lint:`, `extra:` and `message:`"


@dataclass(frozen=True, slots=True)
class Defaults:
    """The defaults of a folder, those of the folders around it merged under its own.

    `files` are the files that they come from. `complete` is false if one of them cannot be read.
    """

    root: MappingNode | None = None
    files: tuple[SourceFile, ...] = ()
    complete: bool = True

    def within(self, file: SourceFile, values: Values) -> tuple[Defaults, tuple[Finding, ...]]:
        """The defaults of a folder inside this one, from its file, and the findings of that file."""
        root = file.documents[0] if len(file.documents) == 1 else None
        if not isinstance(root, MappingNode):
            return replace(self, complete=False), tuple(_no_defaults(file))
        mark_as_defaults(root, file)
        from campaignctl.manifest.defaults_document import DefaultsDocument

        findings = tuple(partial_findings(root, file, values, DefaultsDocument))
        both = merged(root, self.root) if self.root else root
        if _larger(both, MOST_VALUES):
            message = f"with those of the folders above, the defaults have over {MOST_VALUES:,} values"
            too_large = Finding("error", "too-large", message, file.at(root), "write fewer")
            return replace(self, complete=False), (*findings, too_large)
        files = (file, *self.files)
        return Defaults(both if isinstance(both, MappingNode) else root, files, self.complete), findings

    def under(self, root: MappingNode) -> MappingNode:
        """A manifest with the defaults merged under it, except those of messages."""
        if self.root is None:
            return root
        pairs = [(key, node) for key, node in self.root.pairs if key.text in _MERGED]
        both = merged(root, MappingNode(pairs, self.root.mark))
        return both if isinstance(both, MappingNode) else root

    def under_messages(self, root: MappingNode, values: Values) -> MappingNode:
        """A manifest with the defaults of each channel merged under its messages."""
        channels = self.root.get("message") if self.root else None
        spec = root.get("spec")
        messages = spec.get("messages") if isinstance(spec, MappingNode) else None
        if not (isinstance(spec, MappingNode) and isinstance(messages, SequenceNode)):
            return root
        if not isinstance(channels, MappingNode) or len(messages.items) > _MOST_MESSAGES:
            return root
        items = [merged(item, _of_channel(item, channels, values)) for item in messages.items]
        return with_field(root, "spec", with_field(spec, "messages", SequenceNode(items, messages.mark)))


NO_DEFAULTS = Defaults()


def _larger(root: Node, values: int) -> bool:
    return next(islice(scalars(root), values, None), None) is not None


def _of_channel(message: Node, channels: MappingNode, values: Values) -> Node | None:
    channel = message.get("channel") if isinstance(message, MappingNode) else None
    if not isinstance(channel, ScalarNode):
        return None
    name, faults, _ = fill(channel.text, values)
    return None if faults else channels.get(name)


def _no_defaults(file: SourceFile) -> Iterator[Finding]:
    """The error about a file that is not one object, unless the reader has reported it."""
    if file.documents:
        several = len(file.documents) > 1
        place = file.documents[1 if several else 0]
        message = f"{DEFAULTS_FILE} must hold exactly one object"
        yield Finding("error", "type", message, file.at(place), "keep only one document" if several else _HAS)
