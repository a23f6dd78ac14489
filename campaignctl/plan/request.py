"""The writes of the API as values: their paths are made here alone, and what a plan shows is what is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args
from urllib.parse import quote, unquote

CAMPAIGNS: Final = "/v1/hood/campaigns"

Operation = Literal["create", "update", "pause", "resume", "cancel", "set-winner"]

# Stands in a path for the id of the campaign that the create before it makes.
_TO_COME: Final = "{id}"
_PATH: Final = re.compile(rf"{CAMPAIGNS}(?:/([^/]+)(?:/messages/([^/]+))?(?:/([a-z-]+))?)?")


def path_of(campaign_id: str) -> str:
    """The path of a campaign. No id leads out of it."""
    return f"{CAMPAIGNS}/{quote(campaign_id, safe='')}"


@dataclass(frozen=True, slots=True)
class Request:
    """One write, exactly as it is reviewed and sent.

    `id` is None for a create, and for the update that follows a create in the same change. `message` is the
    id of the message that `set-winner` chooses.
    """

    operation: Operation
    id: str | None = None
    body: Mapping[str, Any] | None = None
    message: str | None = None

    @classmethod
    def read(cls, method: str, path: str, body: Mapping[str, Any] | None) -> Request:
        """The request of a saved plan. Raises ValueError for one that is not made here."""
        found = _PATH.fullmatch(path)
        campaign_id, message, operation = found.groups() if found else (None, None, "")
        if operation is None:
            operation = "create" if campaign_id is None else "update"
        request = cls(
            cast("Operation", operation),
            None if campaign_id in (None, _TO_COME) else unquote(campaign_id),
            body,
            message and unquote(message),
        )
        if operation not in get_args(Operation) or (request.method, request.path) != (method, path):
            raise ValueError(f"{method} {path} is not a request of this version")
        return request

    @property
    def method(self) -> Literal["POST", "PATCH"]:
        """The HTTP method."""
        return "PATCH" if self.operation == "update" else "POST"

    @property
    def path(self) -> str:
        """The path, relative to the API's base URL."""
        if self.operation == "create":
            return CAMPAIGNS
        campaign = f"{CAMPAIGNS}/{_TO_COME}" if self.id is None else path_of(self.id)
        if self.operation == "update":
            return campaign
        message = f"/messages/{quote(self.message, safe='')}" if self.message else ""
        return f"{campaign}{message}/{self.operation}"
