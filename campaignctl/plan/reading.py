"""What was read of the account for a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from campaignctl.campaign.live import Live
from campaignctl.state.halts import Halts


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An intent whose outcome is still not known. `at_once`: it may have set a campaign off."""

    key: str
    intent: str
    at_once: bool
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Behind:
    """A campaign of this project and environment, not canceled, that the state does not know.

    `key` is its key where the marker's tag fits one that is declared; `intent` is the marker's.
    """

    id: str
    name: str
    key: str | None
    intent: str


# What lifts the hold of a state that is behind; without --write it only shows what it would do.
RECOVER = "campaignctl state recover --write"
_NAMED = 5


def ids_of(behind: Sequence[Behind]) -> str:
    """The first few campaigns that the state does not know, by id and, where it is known, key."""
    more = f" and {len(behind) - _NAMED} more" if len(behind) > _NAMED else ""
    said = (f"{found.id} ({found.key})" if found.key else found.id for found in behind[:_NAMED])
    return ", ".join(said) + more


@dataclass(frozen=True, slots=True)
class Reading:
    """What the account showed, by key of the record; None stands for a campaign that is missing.

    A key that is not in `live` was not read: its campaign is final, or nothing was to be read
    (`refreshed` is false). `settled` holds campaigns found for pending creates; `released` the reads of
    ids that a create has to look at first, by id; `adoptable` the campaigns that manifests want to take over,
    by id. `halts` is the stop mark.
    """

    live: Mapping[str, Live | None] = field(default_factory=dict)
    settled: Mapping[str, Live] = field(default_factory=dict)
    unsettled: Mapping[str, Unsettled] = field(default_factory=dict)
    released: Mapping[str, Live | None] = field(default_factory=dict)
    adoptable: Mapping[str, Live | None] = field(default_factory=dict)
    behind: tuple[Behind, ...] = ()
    notes: tuple[str, ...] = ()
    company_id: str | None = None
    refreshed: bool = True
    halts: Halts = Halts()
