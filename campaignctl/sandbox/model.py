"""What the sandbox knows of one campaign, as a value.

Transitions (lifecycle) return another value; nothing here is changed in place. JSON members (`body`,
`requested`, `extra`) are shared between values and must be treated as read-only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

JsonObject = dict[str, Any]

DRAFT = "draft"
MANUAL = "manual"
SCHEDULED = "scheduled"
RUNNING = "running"
PAUSED = "paused"
NEEDS_DECISION = "needs_decision"
SENT = "sent"
CANCELED = "canceled"
STATUSES = (DRAFT, MANUAL, SCHEDULED, RUNNING, PAUSED, NEEDS_DECISION, SENT, CANCELED)


class Refused(Exception):
    """The API answers with an error body: HTTP `status` and a `message` for people."""

    def __init__(self, message: str, status: int = 400) -> None:
        """Keep the status (400 when not told) and the message."""
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Send:
    """One set-off: when, and by what (`run_immediately`, `scheduled_time`, `recurrence`, `winner`)."""

    time: str
    trigger: str


@dataclass(frozen=True)
class Campaign:
    """One campaign.

    Attributes:
        id: Decimal string.
        company_id: The company that owns it; other companies do not see it.
        body: The definition as accepted: request members of section 2 without `run_immediately`,
            `is_draft` and `status`, unknown members left out.
        message_ids: One id for each of `body["messages"]`, in order.
        status: One of STATUSES, or any word that a dashboard edit put there.
        create_time: Stamp.
        update_time: Stamp.
        visible_from: Seconds since 1970; before that the list does not show it.
        requested: What the client asked for, patches merged in; None when no API client made it.
        immediate: `run_immediately` was asked for and decides the send strategy.
        trigger: What sets the next run off.
        next_run: Stamp of the next run, as the author reads it.
        due: Stamp at which the next transition happens by itself.
        until: End of the running phase, kept while paused.
        evaluating: The running phase is an A/B test.
        interrupted: Paused in the middle of a run: going on is no new set-off.
        winner: Id of the winning message.
        run_counter: Number of runs started.
        sends: Every set-off, oldest first.
        extra: Members that a dashboard edit lays over the representation.

    """

    id: str
    company_id: str
    body: JsonObject
    message_ids: tuple[str, ...]
    status: str
    create_time: str
    update_time: str
    visible_from: float
    requested: JsonObject | None = None
    immediate: bool = False
    trigger: str = ""
    next_run: str | None = None
    due: str | None = None
    until: str | None = None
    evaluating: bool = False
    interrupted: bool = False
    winner: str | None = None
    run_counter: int = 0
    sends: tuple[Send, ...] = ()
    extra: Mapping[str, Any] | None = None

    @property
    def profile_time(self) -> bool:
        """Whether times are clock times in each profile's zone."""
        return bool(self.body.get("send_in_profile_time_zone"))


def to_json(campaign: Campaign) -> JsonObject:
    """Return a campaign as plain JSON, to be read back by from_json."""
    plain = {field.name: getattr(campaign, field.name) for field in fields(campaign)}
    plain["sends"] = [[send.time, send.trigger] for send in campaign.sends]
    return plain


def from_json(plain: JsonObject) -> Campaign:
    """Read back what to_json wrote."""
    sends = tuple(Send(*send) for send in plain["sends"])
    return Campaign(**{**plain, "sends": sends, "message_ids": tuple(plain["message_ids"])})
