"""Keys and the patterns that name them: an exact key wins; else `*` and `?` are wild, nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

_WILD = "*?"


def named(pattern: str, keys: Collection[str]) -> frozenset[str]:
    """Those of the keys that a pattern names: the exact one, else all that fit its wild signs."""
    if pattern in keys:
        return frozenset((pattern,))
    return frozenset(key for key in keys if fits(pattern, key))


def fits(pattern: str, key: str) -> bool:
    """Whether a pattern names this key, whatever other keys there are."""
    return pattern == key or (any(sign in pattern for sign in _WILD) and bool(_form(pattern).fullmatch(key)))


@lru_cache(256)
def _form(pattern: str) -> re.Pattern[str]:
    """Matrix keys contain `[`, so that nothing but `*` and `?` may mean anything."""
    parts = ("[^\n]*" if sign == "*" else "[^\n]" if sign == "?" else re.escape(sign) for sign in pattern)
    return re.compile("".join(parts))
