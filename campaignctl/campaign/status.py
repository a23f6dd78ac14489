"""What a live campaign's status allows, whatever the API calls it (API contract, section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from campaignctl.campaign.live import Live


class Status(StrEnum):
    """The statuses that decisions know. MANUAL is a campaign that waits to be started by hand."""

    UNKNOWN = "unknown"
    RUNNING = "running"
    NEEDS_DECISION = "needs_decision"
    SCHEDULED = "scheduled"
    PAUSED = "paused"
    MANUAL = "manual"
    DRAFT = "draft"
    SENT = "sent"
    CANCELED = "canceled"
    MISSING = "missing"

    @property
    def can_send(self) -> bool:
        """Whether a campaign in this status may still send without anybody touching it."""
        return self in (
            Status.UNKNOWN,
            Status.RUNNING,
            Status.NEEDS_DECISION,
            Status.SCHEDULED,
            Status.PAUSED,
        )

    @property
    def editable(self) -> bool:
        """Whether the API takes a PATCH."""
        return self in (Status.DRAFT, Status.MANUAL, Status.SCHEDULED, Status.PAUSED)


# The strictest first: where `status` and `effective_status` disagree, the first of the two counts.
_STRICTEST = tuple(Status)
_NAMED = frozenset({"draft", "scheduled", "running", "paused", "canceled", "sent", "needs_decision"})


def is_manual(spec: Mapping[str, Any]) -> bool:
    """Whether a spec has no execution option, so that somebody starts the campaign by hand."""
    options = (spec.get("run_immediately"), spec.get("scheduled_time"), spec.get("recurrence"))
    return not any(options) and not spec.get("is_draft")


def is_draft(members: Mapping[str, Any]) -> bool:
    """Whether an answer shows a draft, in either of the two spellings of the API."""
    return members.get("status") == "draft" or members.get("is_draft") in (True, 1)


def status_of(live: Live, applied: Mapping[str, Any] | None = None) -> Status:
    """The status that counts for decisions.

    `applied` is what was last applied, if known: a status that the documents do not name counts as
    manual when the campaign is known to be manual, and as unknown otherwise.
    """
    manual = live.text("send_strategy") == "manual" or (applied is not None and is_manual(applied))
    names = [name for name in (live.status, live.text("effective_status")) if name]
    unnamed = Status.MANUAL if manual else Status.UNKNOWN
    if is_draft(live.members):
        unnamed = Status.DRAFT
    known = [Status(name) if name in _NAMED else unnamed for name in names]
    return min(known, key=_STRICTEST.index, default=unnamed)
