"""Keys and the patterns that select them: an exact key wins; else `*` and `?` are wild, nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from campaignctl.errors import UsageError


def select(patterns: Iterable[str], keys: Collection[str], option: str) -> frozenset[str]:
    """The keys that the patterns name. Raises UsageError for a pattern that names none."""
    chosen: set[str] = set()
    for pattern in patterns:
        found = {pattern} if pattern in keys else _wild(pattern, keys)
        if not found:
            raise UsageError(
                f"{option} {pattern}: no such key",
                hint="`campaignctl state list` and `campaignctl validate` show the keys of this project",
            )
        chosen |= found
    return frozenset(chosen)


def _wild(pattern: str, keys: Collection[str]) -> set[str]:
    if not any(sign in pattern for sign in "*?"):
        return set()
    parts = ("[^\n]*" if sign == "*" else "[^\n]" if sign == "?" else re.escape(sign) for sign in pattern)
    form = re.compile("".join(parts))
    return {key for key in keys if form.fullmatch(key)}
