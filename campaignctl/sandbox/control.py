"""A client of the sandbox's control API, for tests and for people."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

_TIMEOUT = 30.0


class ControlError(Exception):
    """The sandbox refused; the message is its own."""


class Control:
    """The control API of the sandbox at a URL. Every method raises ControlError if the sandbox refuses."""

    def __init__(self, url: str) -> None:
        """Keep the URL; no request is sent yet."""
        self._root = url.rstrip("/") + "/_sandbox/"

    def clock(self) -> dict[str, Any]:
        """Return `{now, offset, frozen}`."""
        return self._call("GET", "clock")

    def set_clock(self, stamp: str) -> dict[str, Any]:
        """Set the clock to `YYYY-MM-DD HH:MM:SS`, and make all transitions due by then."""
        return self._call("POST", "clock", {"set": stamp})

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the clock forward, and make all transitions due by then."""
        return self._call("POST", "clock", {"advance": seconds})

    def freeze(self, *, on: bool = True) -> dict[str, Any]:
        """Stop the clock, or let it run."""
        return self._call("POST", "clock", {"freeze": on})

    def requests(self, after: int = 0) -> list[dict[str, Any]]:
        """Return the request log after a number, oldest first."""
        return list(self._call("GET", f"requests?after={after}")["items"])

    def clear_requests(self) -> None:
        """Empty the request log."""
        self._call("DELETE", "requests")

    def campaigns(self) -> list[dict[str, Any]]:
        """Return every campaign, deleted ones too, oldest first.

        `{id, company_id, status, deleted, requested, stored, live, sends}`: `requested` by an API client,
        `stored` as it will be sent, `live` as a read by id shows it.
        """
        return list(self._call("GET", "campaigns")["items"])

    def campaign(self, campaign_id: str) -> dict[str, Any]:
        """Return one campaign in the same form."""
        return self._call("GET", f"campaigns/{quote(campaign_id)}")

    def sends(self) -> list[dict[str, Any]]:
        """Return every send of every campaign, with the definition as it was stored at that moment.

        `{campaign_id, company_id, time, trigger, body, message}`; `message` is the index of the message that
        a `winner` send delivers, else None.
        """
        return list(self._call("GET", "sends")["items"])

    def create(
        self, body: dict[str, Any], *, company_id: str | None = None, status: str | None = None
    ) -> dict[str, Any]:
        """Create a campaign as a person would in the dashboard."""
        asked = {"body": body, "company_id": company_id, "status": status}
        return self._call("POST", "campaigns", asked)

    def edit(
        self,
        campaign_id: str,
        places: Mapping[str, Any] | None = None,
        *,
        status: str | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Change fields and status of a campaign, whatever the API would allow; None removes.

        Objects are merged. `places` are paths: `edit(ID, {"messages/0/push/title/de": "Hallo"})`.
        """
        asked = {"set": {**(places or {}), **fields}, "status": status}
        return self._call("POST", f"campaigns/{quote(campaign_id)}", asked)

    def clone(
        self,
        campaign_id: str,
        places: Mapping[str, Any] | None = None,
        *,
        status: str | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Copy a campaign and edit the copy; `metadata=None` leaves metadata out."""
        asked = {"set": {**(places or {}), **fields}, "status": status}
        return self._call("POST", f"campaigns/{quote(campaign_id)}/clone", asked)

    def start(self, campaign_id: str) -> dict[str, Any]:
        """Send a campaign at once."""
        return self._act(campaign_id, "start")

    def pause(self, campaign_id: str) -> dict[str, Any]:
        """Pause a scheduled or running campaign."""
        return self._act(campaign_id, "pause")

    def resume(self, campaign_id: str, scheduled_time: str | None = None) -> dict[str, Any]:
        """Resume a paused campaign, at a time or on its previous schedule."""
        return self._act(campaign_id, "resume", {"scheduled_time": scheduled_time})

    def cancel(self, campaign_id: str) -> dict[str, Any]:
        """Cancel a scheduled, running or paused campaign."""
        return self._act(campaign_id, "cancel")

    def draft(self, campaign_id: str) -> dict[str, Any]:
        """Turn a campaign back into a draft."""
        return self._act(campaign_id, "draft")

    def delete(self, campaign_id: str) -> dict[str, Any]:
        """Delete a campaign: no answer shows it from then on, its sends stay in the log."""
        return self._act(campaign_id, "delete")

    def swap_names(self, campaign_id: str, first: int = 0, second: int = 1) -> dict[str, Any]:
        """Swap the names of two messages, given by index."""
        return self._act(campaign_id, "swap", {"messages": [first, second]})

    def set_company(self, company_id: str, *, campaigns: bool = True) -> None:
        """Make the account's tokens those of another company, to which its campaigns move or not."""
        self._call("POST", "company", {"company_id": company_id, "campaigns": campaigns})

    def switches(self) -> dict[str, Any]:
        """Return all switches."""
        return self._call("GET", "switches")

    def switch(self, **values: Any) -> dict[str, Any]:
        """Set some switches and return all."""
        return self._call("PATCH", "switches", values)

    def fault(self, match: dict[str, Any], fault: dict[str, Any]) -> None:
        """Add a fault rule."""
        self._call("POST", "faults", {"match": match, "fault": fault})

    def faults(self) -> list[dict[str, Any]]:
        """Return the fault rules, with how often each matched (`seen`) and was applied (`used`)."""
        return list(self._call("GET", "faults")["items"])

    def clear_faults(self) -> None:
        """Remove all fault rules."""
        self._call("DELETE", "faults")

    def late(self) -> list[dict[str, Any]]:
        """Return the requests that are still to take effect: `{at, n, company, method, target, body}`.

        `at` is in seconds since 1970, by the sandbox's clock, and `n` the number in the request log.
        """
        return list(self._call("GET", "late")["items"])

    def arrive(self) -> None:
        """Let all of them take effect now."""
        self._call("POST", "late")

    def token(self, token: str, company_id: str) -> None:
        """Declare a token; from the first one on, only declared tokens are valid."""
        self._call("POST", "tokens", {"token": token, "company_id": company_id})

    def reset(self) -> None:
        """Restore the state of the first start: no campaigns, log, tokens or faults, real time."""
        self._call("POST", "reset")

    def _act(self, campaign_id: str, action: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._call("POST", f"campaigns/{quote(campaign_id)}/{action}", body)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the address is the caller's own sandbox
            self._root + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            try:
                return _answer(request)
            except ConnectionError:  # it ended without an answer
                if method != "GET":
                    raise
                return _answer(request)
        except urllib.error.HTTPError as error:
            raise ControlError(_words(error)) from error
        except OSError as error:
            raise ControlError(f"no sandbox answers at {self._root}: {error}") from error


def _answer(request: urllib.request.Request) -> dict[str, Any]:
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 - as above
        return dict(json.load(answer))


def _words(error: urllib.error.HTTPError) -> str:
    with error:
        try:
            return str(json.load(error)["error"])
        except (ValueError, KeyError):
            return f"HTTP {error.code}"
