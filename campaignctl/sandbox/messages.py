"""Requests and answers as values, before and after HTTP."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from campaignctl.sandbox.model import Refused

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
class Request:
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
    def text(self) -> str:
        """The raw body as text, whatever its bytes."""
        return self.raw.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the parsed body, None when there is none; Refused (400) when it cannot be parsed."""
        if not self.raw:
            return None
        if self.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refused("Content-Type must be application/json")
        try:
            return json.loads(self.raw.decode("utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise Refused("The request body is no valid JSON.") from error


@dataclass(frozen=True)
class Answer:
    """One answer: `body` is JSON, text (not JSON), or None for no body at all.

    `effect` tells whether the request changed a campaign.
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


def error(status: int, message: str | None = None, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return an answer with the documented error body (API contract, section 6.1)."""
    title = _TITLES.get(status, "Error.")
    body = {"code": status, "title": title, "message": message, "trace_id": str(uuid.uuid4())}
    return Answer(status, {name: value for name, value in body.items() if value is not None}, headers)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
