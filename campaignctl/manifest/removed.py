"""A `kind: Removed` document: a key that is declared no longer, and how its campaign shall go."""

from __future__ import annotations

from typing import Any

from campaignctl.campaign.check import model_problems
from campaignctl.errors import Finding
from campaignctl.manifest.build import Builder
from campaignctl.manifest.defaults import Defaults
from campaignctl.manifest.desired import Removed
from campaignctl.manifest.document import RemovedDocument
from campaignctl.manifest.findings import findings_of
from campaignctl.manifest.nodes import Mapping, Scalar, SourceFile, locate
from campaignctl.manifest.shape import shape_of


def is_removed(root: Mapping) -> bool:
    """Whether a document is one of the kind Removed."""
    kind = root.get("kind")
    return isinstance(kind, Scalar) and kind.text.casefold() == "removed"


def removed(
    root: Mapping, file: SourceFile, defaults: Defaults
) -> tuple[Removed | None, tuple[Finding, ...]]:
    """What a document says, or None with at least one error among the findings.

    Without `on_destroy` that of the folder's defaults counts, as for every manifest of the folder.
    """
    builder = Builder(file, None)
    value = builder.build(root, shape_of(RemovedDocument))
    problems = () if builder.sound else tuple(model_problems(RemovedDocument, value))
    findings = (*builder.findings, *findings_of(problems, root, builder))
    if any(found.severity == "error" for found in findings):
        return None, findings
    place = file.at(locate(root, ("metadata", "key")))
    own = value.get("lifecycle", {}).get("on_destroy")
    return Removed(value["metadata"]["key"], own or _by_default(defaults), place), findings


def _by_default(defaults: Defaults) -> Any:
    """What defaults say of `on_destroy`; anything they may not say has been refused with them."""
    lifecycle = defaults.root.get("lifecycle") if defaults.root else None
    said = lifecycle.get("on_destroy") if isinstance(lifecycle, Mapping) else None
    return "forget" if isinstance(said, Scalar) and said.text == "forget" else "cancel"
