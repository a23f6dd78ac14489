"""The live status of every recorded campaign."""

from __future__ import annotations

from dataclasses import dataclass

from campaignctl.diff import FieldChange


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One recorded campaign now.

    `status` is the live one ("missing" if the API knows no such id); `read` is false when it is only
    what the state remembers. `next_run` is `YYYY-MM-DDTHH:MM:SSZ` or None. `pending` is the phase of an
    unsettled intent.
    """

    key: str
    id: str | None
    name: str
    status: str
    read: bool
    next_run: str | None = None
    drift: tuple[FieldChange, ...] = ()
    pending: str | None = None
    declared: bool = True
