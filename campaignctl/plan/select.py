"""The keys that an option of the command line names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from campaignctl.campaign.keys import named
from campaignctl.errors import UsageError


def select(
    patterns: Iterable[str],
    keys: Collection[str],
    option: str,
    elsewhere: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> frozenset[str]:
    """The keys that the patterns name. Raises UsageError for a pattern that names none.

    `elsewhere` holds keys that cannot be chosen, by the reason why.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        found = named(pattern, keys)
        if not found:
            reason = next((why for why, others in elsewhere.items() if named(pattern, others)), "no such key")
            raise UsageError(
                f"{option} {pattern}: {reason}",
                hint="`campaignctl state list` and `campaignctl validate` show the keys of this project",
            )
        chosen |= found
    return frozenset(chosen)
