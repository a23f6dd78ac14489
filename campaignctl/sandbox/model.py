"""The sandbox's values: a campaign, a request and a reply, before and after HTTP.

Nothing is changed in place: transitions (lifecycle) return another campaign. JSON inside (`body`,
`requested`, `extra`) is shared between values; treat it as read-only.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

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


class Rejected(Exception):
    """The API answers with an error body: HTTP `status`, and `message` in words."""

    def __init__(self, message: str, status: int = 400) -> None:
        """Keep the message and the status."""
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Send:
    """One send, with the definition as it was stored at that moment.

    Attributes:
        time: Stamp.
        trigger: `run_immediately`, `scheduled_time`, `recurrence` or `winner`.
        body: The campaign's `body`.
        message: Index of the message that a `winner` send delivers; None for all messages.

    """

    time: str
    trigger: str
    body: JsonObject = field(default_factory=dict)
    message: int | None = None


@dataclass(frozen=True)
class Campaign:
    """One campaign.

    Attributes:
        id: Decimal string.
        company_id: The company that owns it; others do not see it.
        body: The accepted definition: the request fields of section 2 without `run_immediately`,
            `is_draft`, `status` and unknown fields.
        message_ids: One id for each of `body["messages"]`, in order.
        status: One of STATUSES, or any word that a dashboard edit set.
        create_time: Stamp.
        update_time: Stamp.
        visible_from: Seconds since 1970; until then lists show `earlier` instead.
        earlier: The version that lists show until then; None if they show none.
        requested: What an API client sent, patches merged in; None if it was created in the dashboard.
        immediate: `run_immediately` was requested and decides the send strategy.
        trigger: What triggers the next run.
        next_run: Stamp of the next run, as its author reads it.
        due: Stamp of the next automatic transition.
        until: End of the running phase, kept while paused.
        evaluating: The running phase is an A/B test.
        interrupted: Paused during a run: resuming is not a new send.
        winner: Id of the winning message.
        run_counter: Number of runs started.
        sends: Every send, oldest first.
        extra: Fields that a dashboard edit puts over the answer.
        deleted: Gone from every answer; its sends stay in the log.

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
    deleted: bool = False
    earlier: Campaign | None = None

    def following(self, before: Campaign | None, at: float, lag: float) -> Campaign:
        """Return this new version of `before`; lists show it `lag` seconds after `at`."""
        shown_until_then = before.trimmed(at) if before is not None and lag else None
        return replace(self, visible_from=at + lag, earlier=shown_until_then)

    def listed(self, now: float) -> Campaign | None:
        """Return the version that lists show, or None."""
        version: Campaign | None = self
        while version is not None and version.visible_from > now:
            version = version.earlier
        return version

    def trimmed(self, now: float) -> Campaign:
        """Return the campaign without the versions that lists no longer show."""
        if self.earlier is None:
            return self
        visible = self.visible_from <= now
        return replace(self, earlier=None if visible else self.earlier.trimmed(now))

    @property
    def profile_time(self) -> bool:
        """Whether times are clock times in each profile's zone."""
        return bool(self.body.get("send_in_profile_time_zone"))


def to_json(campaign: Campaign) -> JsonObject:
    """Return a campaign as JSON for `from_json`."""
    plain = {item.name: getattr(campaign, item.name) for item in fields(campaign)}
    plain["earlier"] = None if campaign.earlier is None else to_json(campaign.earlier)
    bodies = [None, *(send.body for send in campaign.sends)]
    plain["sends"] = [
        # Most sends have the body of the one before.
        [send.time, send.trigger, None if send.body is before else send.body, send.message]
        for send, before in zip(campaign.sends, bodies, strict=False)
    ]
    return plain


def from_json(plain: JsonObject) -> Campaign:
    """Return the campaign that `to_json` wrote."""
    sends: list[Send] = []
    for time, trigger, *rest in plain["sends"]:
        body, message = rest or (None, None)
        known = sends[-1].body if sends else {}
        sends.append(Send(time, trigger, known if body is None else body, message))
    earlier = plain.get("earlier")
    values = {
        "sends": tuple(sends),
        "message_ids": tuple(plain["message_ids"]),
        "earlier": None if earlier is None else from_json(earlier),
    }
    return Campaign(**{**plain, **values})


_TITLES = {
    400: "Bad request.",
    401: "Unauthorized.",
    404: "Not found.",
    405: "Method not allowed.",
    415: "Unsupported media type.",
    429: "Too many requests.",
    500: "Internal server error.",
}


@dataclass(frozen=True)
class ApiRequest:
    """One HTTP request; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    raw: bytes = b""

    @property
    def path(self) -> str:
        """The path, decoded, without the query."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query's names and values in order."""
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def from_elsewhere(self) -> bool:
        """Whether a browser sends this for a page that is not the sandbox's own.

        Any page can make a browser post a form to this machine, or an empty body. The browser then names that
        page's origin and its relation to ours (Fetch, sections 3.2 and `Sec-Fetch-Site`); other clients send
        neither header.
        """
        origin = self.headers.get("origin")
        other = origin is not None and origin.partition("//")[2] != self.headers.get("host")
        return other or self.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")

    @property
    def text(self) -> str:
        """The body as text; invalid UTF-8 is replaced."""
        return self.raw.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the parsed body, None for an empty one; Rejected (400) for invalid JSON."""
        if not self.raw:
            return None
        if self.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Rejected("Content-Type must be application/json")
        try:
            return json.loads(self.raw.decode("utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise Rejected("The request body is no valid JSON.") from error


@dataclass(frozen=True)
class Reply:
    """One reply: `body` is JSON, a text that is not JSON, or None for no body.

    `effect`: the request changed a campaign.
    """

    status: int
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    effect: bool = False

    def payload(self) -> bytes:
        """Return the bytes of the body."""
        if self.body is None:
            return b""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


def error(status: int, message: str | None = None, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """Return a reply with the documented error body (API contract, section 6.1)."""
    title = _TITLES.get(status, "Error.")
    body = {"code": status, "title": title, "message": message, "trace_id": str(uuid.uuid4())}
    return Reply(status, {name: value for name, value in body.items() if value is not None}, headers)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
