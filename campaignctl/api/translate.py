"""Translate foreign exceptions and answers into our errors: what they prove, and what to do.

Rule 3 of "Creating without an idempotency key": 200 and 201 with an id prove a create; 400, 401, 403, 404,
422 and 429, and a connection that never opened, prove that nothing happened; anything else proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import httpcore
import httpx

from campaignctl.api import wire
from campaignctl.api.secret import HINT as TOKEN_HINT
from campaignctl.api.secret import Token
from campaignctl.errors import ApiError, OutcomeUnknown, ReadFailed, Refused, TokenRejected

LONGEST_TEXT: Final = 300
OK: Final = 200
CREATED: Final = frozenset({200, 201})
DONE: Final = frozenset({200, 201, 204})
TOO_MANY: Final = 429
NOTHING_HAPPENED: Final = frozenset({400, 401, 403, 404, 422, TOO_MANY})
BAD_REQUEST: Final = 400
NO_SUCH_CAMPAIGN: Final = frozenset({400, 404})
UNKNOWN_TOKEN: Final = 401

FOREIGN: Final = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    OSError,
)
"""Everything that the HTTP libraries and their sockets raise."""

NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.PoolTimeout,
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.ProxyError,
)
"""Raised only before the first byte leaves: name, connection, TLS, proxy tunnel, connection pool."""

HINTS: Final = {
    400: "the API does not accept this request, or not in the campaign's current status",
    401: f"{TOKEN_HINT}; the present one is unknown or has expired",
    403: "the token in OCAMBA_TOKEN is not allowed to do this; use the token of a member who is",
    404: "check the id, and that api.url is the root of the API",
    422: "the API does not accept the values of the request",
    429: "the rate limit of the account is used up, perhaps by others too; try again later",
}
READ_HINT: Final = "try again: a read changes nothing"
UNKNOWN_HINT: Final = "not known whether it took effect; the next apply finds out before it sends anything"
REDIRECT_HINT: Final = "redirects are never followed; set api.url to where the API really is"


def nothing() -> None:
    """Do nothing before an attempt."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API: query parameters, and the body as UTF-8 JSON.

    `reserve` may use the share of the budget kept for settling. `before` runs directly before every attempt,
    after all waiting; what it raises ends the call, and then that attempt was not sent.
    """

    method: str
    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    reserve: bool = False
    before: Callable[[], None] = nothing

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing and may be repeated."""
        return self.method == "GET"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: lower-case header names, and the decoded body or the `flaw` that makes it unusable."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    flaw: str = ""


def never_sent(error: BaseException) -> bool:
    """Whether this proves that not one byte of the request left."""
    return isinstance(error, NEVER_SENT)


def failure(error: BaseException, call: Call, token: Token, *, never_sent: bool) -> ApiError:
    """The error for a call without a complete answer."""
    kind = _kind(error, never_sent=never_sent)
    detail = shown(str(error), token) or type(error).__name__
    if call.is_read:
        return ReadFailed(f"{call}: {kind}", detail=detail, hint=READ_HINT)
    if never_sent:
        hint = "nothing was sent; check the network and api.url"
        return Refused(f"{call}: {kind}", detail=detail, hint=hint)
    return OutcomeUnknown(f"{call}: {kind}", detail=detail, hint=UNKNOWN_HINT)


def rejection(answer: Answer, call: Call, token: Token, why: str = "") -> ApiError:
    """The error for an answer that is not a success; `why` is what we say of it."""
    said = wire.problem(answer.body)
    title = shown(said.title, token).rstrip(". ")
    error_class = _rejection_class(answer.status, call)
    return error_class(
        f"{call}: {answer.status} {title}".rstrip(),
        detail=why or shown(said.message, token) or _location(answer, token) or answer.flaw,
        hint=_hint(answer.status, error_class),
        trace_id=shown(said.trace_id, token) or None,
        status=answer.status,
    )


def unreadable(answer: Answer, call: Call, reason: str) -> ApiError:
    """The error for a success whose content cannot be used."""
    error_class, hint = (ReadFailed, READ_HINT) if call.is_read else (OutcomeUnknown, UNKNOWN_HINT)
    return error_class(
        f"{call}: the answer cannot be used", detail=answer.flaw or reason, hint=hint, status=answer.status
    )


def shown(text: str, token: Token) -> str:
    """Foreign text for a message: on one line, cut, without the token and control characters."""
    redacted = token.redact(text.strip())
    escaped = "".join(_escaped(character) for character in redacted[: LONGEST_TEXT + 1])
    return escaped if len(escaped) <= LONGEST_TEXT else escaped[: LONGEST_TEXT - 1] + "…"


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


def _kind(error: BaseException, *, never_sent: bool) -> str:
    if isinstance(error, httpx.ConnectTimeout | httpcore.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, httpx.TimeoutException | httpcore.TimeoutException):
        return "no answer in time"
    if never_sent:
        return "no connection"
    return "the connection broke before the answer was complete"


def _rejection_class(status: int, call: Call) -> type[ApiError]:
    if status == UNKNOWN_TOKEN:
        return TokenRejected
    if status == TOO_MANY:
        return Refused
    if call.is_read:
        return ReadFailed
    return Refused if status in NOTHING_HAPPENED else OutcomeUnknown


def _hint(status: int, error_class: type[ApiError]) -> str:
    if 300 <= status < 400:  # noqa: PLR2004 - the class of status codes that redirect
        return REDIRECT_HINT
    if status in HINTS:
        return HINTS[status]
    return UNKNOWN_HINT if error_class is OutcomeUnknown else READ_HINT


def _location(answer: Answer, token: Token) -> str:
    location = answer.headers.get("location")
    return f"redirected to {shown(location, token)}" if location else ""
