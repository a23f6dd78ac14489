"""`notify`: the outcome of an apply, a halt or a proof, posted to an address of the run's environment.

It comes last, when the state is saved and the outcome printed. It changes no exit status, carries no token,
and takes a few seconds at most, whatever the other side does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from campaignctl.cli.settings import App
from campaignctl.project.validators import is_loopback
from campaignctl.yamlio.interpolate import TOKEN_VARIABLE, holds_token

if TYPE_CHECKING:
    from campaignctl.project.model import Project

SECONDS = 3.0
#: An interrupted run has to end within a second.
_SECONDS_IF_INTERRUPTED = 0.5


def notify(app: App, project: Project, event: str, document: Mapping[str, Any], *, failed: bool) -> None:
    """Post a document if the project asks for it: `failed` ones, or all. A problem is a warning in the log.

    The document is that of the command, with `event`, `project`, `environment` and a line of `text`.
    """
    name = project.notify.url_env
    url = app.settings.environ.get(name, "") if name else ""
    if not url or (project.notify.on == "failures" and not failed):
        return
    if (wrong := _not_an_address(url, app.settings.environ)) is not None:
        app.console.log("warning", f"no notification: {name} {wrong}")
        return
    body = {"event": event, "project": project.name, "environment": project.environment, **document}
    body["text"] = _line(body)
    data = app.console.redacted(json.dumps(body)).encode()
    seconds = _SECONDS_IF_INTERRUPTED if document.get("result") == "interrupted" else SECONDS
    said: list[str] = []
    # A look-up of a name has no time-out of its own: the thread is left alone, and ends with the process.
    thread = Thread(target=lambda: said.append(_post(url, data, seconds)), daemon=True)
    thread.start()
    thread.join(seconds)
    if problem := (said[0] if said else f"no answer within {seconds:g} s"):
        app.console.log("warning", f"no notification: the address in {name} gave {problem}")


def _not_an_address(url: str, environ: Mapping[str, str]) -> str | None:
    """Why nothing may be posted to an address; never with the address, which is often a secret."""
    if holds_token(url, environ):
        return f"contains {TOKEN_VARIABLE}"
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return "is not an address"
    if parts.scheme == "https" and host:
        return None
    loopback = parts.scheme == "http" and host and is_loopback(host)
    return None if loopback else "is not an address of the form https://HOST (http only on this machine)"


def _post(url: str, data: bytes, seconds: float) -> str:
    """Post once. Returns what went wrong, without the address."""
    # Only a project that asks for it pays for the import.
    import urllib.request
    from http.client import HTTPException
    from urllib.error import HTTPError

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        """The address is the one in the environment; another one is not asked."""

        def redirect_request(self, *_: Any) -> None:
            """Follow no redirect: it is an answer like another."""

    headers = {"Content-Type": "application/json", "User-Agent": "campaignctl"}
    request = urllib.request.Request(url, data=data, headers=headers, method="POST")  # noqa: S310 - checked
    try:
        with urllib.request.build_opener(NoRedirect()).open(request, timeout=seconds):
            return ""
    except HTTPError as error:
        return f"status {error.code}"
    except (OSError, HTTPException, ValueError) as error:
        return type(getattr(error, "reason", error)).__name__


def _line(body: Mapping[str, Any]) -> str:
    """One line for a chat."""
    place = f"{body['project']} ({body['environment']})" if body["environment"] else str(body["project"])
    result = body.get("result", "done" if body.get("stopped", True) else "incomplete")
    counts: dict[str, int] = {}
    for change in (*body.get("changes", ()), *body.get("proofs", ())):
        said = change["outcome"].replace("_", " ")
        counts[said] = counts.get(said, 0) + 1
    if blocked := len(body.get("blocked", ())):
        counts["blocked"] = blocked
    numbers = ", ".join(f"{count} {said}" for said, count in counts.items())
    seeds = f" ({body['key']} to {body['to']})" if "proofs" in body else ""
    return f"campaignctl {body['event']} of {place}: {result}{f': {numbers}' if numbers else ''}{seeds}"
