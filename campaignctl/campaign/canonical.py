"""The canonical form of a spec: two specs that ask the API for the same have the same digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

# 0 and 1 stand for booleans in some members and edition of the API (API contract, section 0).
_FLAGS = frozenset(
    {
        "enabled",
        "is_draft",
        "renotify",
        "repeat_on_click",
        "require_interaction",
        "run_immediately",
        "send_if_profile_time_passed",
        "send_in_profile_time_zone",
        "silent",
        "winner",
    }
)


def flag(name: str, value: Any) -> Any:
    """`true` as 1 and `false` as 0 for members that the API spells either way; others unchanged."""
    if name in _FLAGS and isinstance(value, bool):
        return int(value)
    return value


def canonical(value: Any, name: str = "") -> Any:
    """The canonical form of a JSON value that stands under the member `name`: labels as a sorted set,
    flags as 0 or 1, members sorted."""
    if isinstance(value, Mapping):
        return {key: canonical(value[key], key) for key in sorted(value)}
    if name == "labels" and isinstance(value, list | tuple):
        return sorted({str(item) for item in value})
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    return flag(name, value)


def digest(value: Any) -> str:
    """`sha256:<hex>` of the canonical JSON of any JSON value."""
    text = json.dumps(canonical(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def body_digest(spec: Mapping[str, Any]) -> str:
    """The digest under which a body stands in the ledger: without metadata, which is ours or a tag."""
    return digest({name: value for name, value in spec.items() if name != "metadata"})
