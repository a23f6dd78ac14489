"""Paths into a body, as in `messages/0/priority`: whether they name anything."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from campaignctl.manifest.shape import Items, Leaf, Members, Shape, Table, bare


def misnamed(path: str, shape: Shape, extra: Mapping[str, Any]) -> str:
    """What is wrong with a path into a body of that shape, or nothing. `extra` holds further members."""
    parts = path.split("/")
    if parts[0] in extra:
        return ""
    for part in parts:
        if shape is Leaf.JSON:
            return ""
        inner = _step(shape, part)
        if inner is None:
            return f"{path!r} names nothing: {_reason(shape, part)}"
        shape = inner
    return ""


def _step(shape: Shape, part: str) -> Shape | None:
    """The shape of a member, None if there is none of that name."""
    return bare(_member(shape, part))


def _member(shape: Shape, part: str) -> Shape | None:
    if isinstance(shape, Members):
        return shape.known.get(part, shape.rest)
    if isinstance(shape, Table):
        return shape.value if part else None
    if isinstance(shape, Items):
        return shape.item if part.isdecimal() else None
    return None


def _reason(shape: Shape, part: str) -> str:
    if isinstance(shape, Members):
        near = difflib.get_close_matches(part, shape.known, 1)
        return f"there is no `{part}`" + (f", but `{near[0]}`" if near else "")
    if isinstance(shape, Items):
        return f"`{part}` is no index of a list"
    return f"nothing has a member `{part}` there"
