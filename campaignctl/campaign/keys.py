"""Patterns of keys: an exact key wins; otherwise `*` and `?` are wildcards, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

_WILDCARDS = frozenset("*?")


def named(pattern: str, keys: Collection[str]) -> frozenset[str]:
    """The keys that a pattern names: the exact one, otherwise all that match its wildcards."""
    if pattern in keys:
        return frozenset((pattern,))
    return frozenset(key for key in keys if fits(pattern, key))


def fits(pattern: str, key: str) -> bool:
    """Whether a pattern names this key, whatever other keys exist."""
    return pattern == key or (
        any(character in pattern for character in _WILDCARDS) and bool(_form(pattern).fullmatch(key))
    )


@lru_cache(256)
def _form(pattern: str) -> re.Pattern[str]:
    """Not fnmatch: matrix keys contain `[`, which has no special meaning here."""
    parts = ("[^\n]*" if one == "*" else "[^\n]" if one == "?" else re.escape(one) for one in pattern)
    return re.compile("".join(parts))
