"""The smallest JSON Merge Patch between two specs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaignctl.diff.fields import DEFAULTS, EVENT, join, same


def merge_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The smallest JSON Merge Patch (RFC 7386) that turns `before` into `after`.

    Arrays are sent whole. What left the spec goes to its documented default, else to null. `metadata`
    is never cleared as a whole, as our marker lives there.
    """
    return _patch(before, after, "")


def _patch(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    patch: dict[str, Any] = {}
    for name in {**before, **after}:
        path = f"{prefix}{join([name])}"
        if name not in after:
            patch.update(_removal(name, path, before[name]))
        elif name not in before:
            patch[name] = after[name]
        elif isinstance(before[name], Mapping) and isinstance(after[name], Mapping):
            inner = _patch(before[name], after[name], f"{path}/")
            patch.update({name: inner} if inner else {})
        elif not same(path, before[name], after[name]):
            patch[name] = after[name]
    return patch


def _removal(name: str, path: str, value: Any) -> dict[str, Any]:
    if path == EVENT:
        return {}
    if path in DEFAULTS:
        return {} if same(path, value, DEFAULTS[path]) else {name: DEFAULTS[path]}
    if path in ("metadata", "utm_tracking") and isinstance(value, Mapping):
        inner = _patch(value, {}, f"{path}/")
        return {name: inner} if inner else {}
    return {name: None}
