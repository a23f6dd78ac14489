"""The canonical form of a spec: two specs that request the same campaign have the same digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

#: Fields that some editions of the API spell 0 and 1 (API contract, section 0).
FLAGS = frozenset(
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
    """`true` as 1 and `false` as 0 in fields that the API spells either way; other values unchanged."""
    if name in FLAGS and isinstance(value, bool):
        return int(value)
    return value


_TRUTHS: Mapping[Any, bool] = {0: False, 1: True, "0": False, "1": True, "false": False, "true": True}


def truth(value: Any) -> bool | None:
    """The boolean that an answer means, which may spell it as a number or as a word; None for any other
    value."""
    said = value.strip().lower() if isinstance(value, str) else value
    return _TRUTHS.get(said) if isinstance(said, str | int | float) else None


def canonical(value: Any, name: str = "") -> Any:
    """The canonical form of the JSON value of the field `name`: labels as a sorted set, flags as 0 or 1."""
    # Most values are strings or dicts, and `isinstance` with an abstract class alone is slow for them.
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, Mapping)):
        return {key: item if isinstance(item, str) else canonical(item, key) for key, item in value.items()}
    if name == "labels" and isinstance(value, list | tuple):
        return sorted({str(item) for item in value})
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    return flag(name, value)


_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def digest(value: Any) -> str:
    """`sha256:<hex>` of the canonical JSON of any JSON value, its fields sorted."""
    text = _json(canonical(value))
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def body_digest(spec: Mapping[str, Any]) -> str:
    """The digest of a body in the ledger: without metadata, which no recipient sees."""
    return digest({name: value for name, value in spec.items() if name != "metadata"})


_LONG = 1_000


def brief(value: Any) -> Any:
    """A JSON value with the digests of its long texts in their place: made once, to be part of another."""
    if isinstance(value, str):
        return [_text_digest(value)] if len(value) > _LONG else value
    if isinstance(value, (dict, Mapping)):
        return {name: brief(item) for name, item in value.items()}
    return [brief(item) for item in value] if isinstance(value, list | tuple) else value


@lru_cache(64)
def _text_digest(text: str) -> str:
    """The digest of a long text, which many campaigns may share."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
