"""The keys that an option of the command line names."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from campaignctl.campaign.keys import named
from campaignctl.errors import UsageError


def select(patterns: Iterable[str], keys: Collection[str], option: str) -> frozenset[str]:
    """The keys that the patterns name. Raises UsageError for a pattern that names none."""
    chosen: set[str] = set()
    for pattern in patterns:
        found = named(pattern, keys)
        if not found:
            raise UsageError(
                f"{option} {pattern}: no such key",
                hint="`campaignctl state list` and `campaignctl validate` show the keys of this project",
            )
        chosen |= found
    return frozenset(chosen)
