"""Checks a tree of which only a part is known: its fields and their types.

For defaults, which are checked even where no manifest takes them over, and for a manifest whose matrix cannot
be used. What the matrix or a file gives is left for later, and nothing has to be there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from campaignctl.campaign.check import model_problems
from campaignctl.errors import Finding
from campaignctl.yamlio.findings import findings_of
from campaignctl.yamlio.interpolate import Values, places
from campaignctl.yamlio.nodes import Node, ScalarNode, SourceFile, is_file
from campaignctl.yamlio.schema_types import Shape, shape_of
from campaignctl.yamlio.substitution import BAD
from campaignctl.yamlio.values import Builder


def partial_findings(
    root: Node, file: SourceFile, values: Values, model: type[BaseModel]
) -> Iterator[Finding]:
    """What is wrong with a part of a document of that model."""
    builder = _PartialBuilder(file, replace(values, later=True))
    value = builder.build(root, shape_of(model))
    yield from builder.findings
    if value is not BAD:
        problems = (one for one in model_problems(model, value) if one.code != "missing-member")
        yield from findings_of(problems, root, builder)


class _PartialBuilder(Builder):
    """A builder that leaves out what is not known yet."""

    def build(self, node: Node, shape: Shape) -> Any:
        """The value of a node, or `BAD`, also where it is not known yet."""
        if is_file(node):
            self.bad.append(node)
            return BAD
        if isinstance(node, ScalarNode) and any(space == "matrix" for space, _ in places(node.text)):
            self.filled(node.text, self.file, node)
            self.bad.append(node)
            return BAD
        return super().build(node, shape)
