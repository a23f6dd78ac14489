"""From files that were read to the desired state: defaults, variables, checks, and every finding at once.

Pure: files and their texts are handed in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from campaignctl.errors import Finding, Source
from campaignctl.manifest import nodes
from campaignctl.manifest.defaults import NO_DEFAULTS, Defaults
from campaignctl.manifest.desired import DesiredCampaign, DesiredState, Project, Removed
from campaignctl.manifest.expansion import Expansion
from campaignctl.manifest.file_text import Texts
from campaignctl.manifest.findings import Notes
from campaignctl.manifest.interpolate import Values
from campaignctl.manifest.refactoring import Refactoring
from campaignctl.manifest.removed import is_removed, removed
from campaignctl.manifest.variant import Variant


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
            if isinstance(root, nodes.Mapping) and is_removed(root):
                self._remove(root, file, defaults)
            elif isinstance(root, nodes.Mapping):
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

    def _remove(self, root: nodes.Mapping, file: nodes.SourceFile, defaults: Defaults) -> None:
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
    if isinstance(root, nodes.Scalar) and root.plain and not root.text:
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
