"""Which files a manifest names with `{$file: PATH}`, before anything of it is compiled."""

from __future__ import annotations

from collections.abc import Iterator

from campaignctl.manifest.defaults import Defaults
from campaignctl.manifest.file_text import Reference
from campaignctl.manifest.interpolate import filled_path
from campaignctl.manifest.matrix import expand
from campaignctl.manifest.nodes import Mapping, SourceFile


def named_by(file: SourceFile, defaults: Defaults) -> frozenset[Reference]:
    """The files that a manifest and its defaults name, for every combination of its matrices."""
    named = [(one.folder, path.text) for one in (file, *defaults.files) for path in one.references]
    if all("${" not in path for _, path in named):
        return frozenset(named)
    filled = {
        (folder, filled_path(path, values)) for values in ({}, *_combinations(file)) for folder, path in named
    }
    return frozenset((folder, path) for folder, path in filled if path is not None)


def _combinations(file: SourceFile) -> Iterator[dict[str, str]]:
    for root in file.documents:
        matrix = root.get("matrix") if isinstance(root, Mapping) else None
        if matrix is not None:
            yield from (one.values for one in expand(matrix, file).combinations)
