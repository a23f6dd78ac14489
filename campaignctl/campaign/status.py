"""A live campaign's status as decisions know it, whatever the API calls it (API contract, section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from campaignctl.campaign.canonical import truth
from campaignctl.campaign.live import Live


class Status(StrEnum):
    """The statuses that decisions know, the strictest first. MANUAL: waits to be started by hand."""

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
        """Whether a campaign in this status may still send by itself."""
        return self in (
            Status.UNKNOWN,
            Status.RUNNING,
            Status.NEEDS_DECISION,
            Status.SCHEDULED,
            Status.PAUSED,
        )


def to_end(status: str) -> str:
    """What a person does to a campaign that may send, so that it does not (API contract, section 4.2)."""
    return {"needs_decision": "decide", "sent": "end"}.get(status, "cancel")


# Where `status` and `effective_status` disagree, the stricter one counts.
_STRICTEST = tuple(Status)
_NAMED = frozenset({"draft", "scheduled", "running", "paused", "canceled", "sent", "needs_decision"})


def is_manual(spec: Mapping[str, Any]) -> bool:
    """Whether a spec has no execution option, so that the campaign is started by hand."""
    options = (spec.get("run_immediately"), spec.get("scheduled_time"), spec.get("recurrence"))
    return not any(options) and not spec.get("is_draft")


def is_draft(answer: Mapping[str, Any]) -> bool:
    """Whether an answer shows a draft, in either of the API's two spellings."""
    return answer.get("status") == "draft" or truth(answer.get("is_draft")) is True


def status_of(live: Live, applied: Mapping[str, Any] | None = None) -> Status:
    """The status that counts for decisions.

    `applied` is the spec that was last applied, if known: an undocumented status counts as manual if the
    campaign is known to be manual, otherwise as unknown.
    """
    manual = live.text("send_strategy") == "manual" or (applied is not None and is_manual(applied))
    names = [name for name in (live.status, live.text("effective_status")) if name]
    unnamed = Status.MANUAL if manual else Status.UNKNOWN
    if is_draft(live.fields):
        unnamed = Status.DRAFT
    known = [Status(name) if name in _NAMED else unnamed for name in names]
    return min(known, key=_STRICTEST.index, default=unnamed)
