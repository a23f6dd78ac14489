"""A bare HTTP client of the sandbox, independent of campaignctl's own, and bodies to send."""

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaignctl.sandbox import Control

CAMPAIGNS = "/v1/hood/campaigns"
EXAMPLES = Path(__file__).parent / "examples"
FUTURE = "2036-03-22 10:00:00"


@dataclass(frozen=True)
class Reply:
    """A status, the parsed body (None for none) and headers with names in lower case."""

    status: int
    body: Any
    headers: dict[str, str]


class Account:
    """One token at one sandbox."""

    def __init__(self, url: str, token: str | None = "secret-token") -> None:
        self.url = url
        self.token = token
        self.control = Control(url)

    def call(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None) -> Reply:
        """Send one request over a connection of its own."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=10)
        data = raw if body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, data, self._headers())
            response = connection.getresponse()
            payload = response.read()
        finally:
            connection.close()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, json.loads(payload) if payload else None, headers)

    def create(self, body: dict[str, Any]) -> str:
        """Create a campaign and return its id."""
        reply = self.call("POST", CAMPAIGNS, body)
        assert reply.status == 201, reply.body
        return str(reply.body["id"])

    def read(self, campaign_id: str) -> Any:
        """Return a campaign as read by id."""
        return self.call("GET", f"{CAMPAIGNS}/{campaign_id}").body["items"][0]

    def patch(self, campaign_id: str, patch: dict[str, Any]) -> Reply:
        """Send a merge patch."""
        return self.call("PATCH", f"{CAMPAIGNS}/{campaign_id}", patch)

    def act(self, campaign_id: str, action: str, body: Any = None) -> Reply:
        """Pause, resume, cancel or set a winner."""
        return self.call("POST", f"{CAMPAIGNS}/{campaign_id}/{action}", body)

    def list(self, query: str = "") -> Any:
        """Return the envelope of a list."""
        reply = self.call("GET", f"{CAMPAIGNS}?{query}")
        assert reply.status == 200, reply.body
        return reply.body

    def _headers(self) -> dict[str, str]:
        authorization = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return {"Content-Type": "application/json", **authorization}


def push(name: str = "Welcome", **fields: Any) -> dict[str, Any]:
    """Return a manual push campaign with additional fields."""
    content = {"title": {"en": "Hello"}, "landing_url": "https://example.com"}
    return {"name": name, "messages": [{"name": "One", "channel": "push", "push": content}], **fields}


def ab_test(mode: str = "manual", **fields: Any) -> dict[str, Any]:
    """Return a push campaign with two variants."""
    body = push(**fields)
    test = {
        "test_split": 30,
        "winning_metric": "click_rate",
        "evaluation_window": "1D",
        "winner_delivery_mode": mode,
    }
    return {**body, "messages": body["messages"] * 2, "ab_test": test}


def example(name: str) -> Any:
    """Return one of the documented example bodies, its dates moved to 2036."""
    return json.loads((EXAMPLES / name).read_text("utf-8"))
