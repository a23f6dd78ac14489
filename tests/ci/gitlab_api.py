"""A stand-in for GitLab's REST API, over a real socket, in the shapes that its documentation shows.

It answers the requests of `campaignctl ci`, and no others. Lists come in pages of two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.serving import serving

TOKEN = "glpat-of-the-project"
PROJECT = 42
ME = {"id": 9, "username": "project_42_bot"}
_PAGE = 2


@dataclass
class Api:
    """GitLab's data: merge requests, notes and pipelines (newest first) by iid, jobs by pipeline, and the
    pipelines of branches."""

    artifacts: Path
    requests: dict[int, dict[str, Any]] = field(default_factory=dict)
    notes: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    brought: dict[str, list[int]] = field(default_factory=dict)
    pipelines: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    jobs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    approvals: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    issues: list[dict[str, Any]] = field(default_factory=list)
    of_branches: list[dict[str, Any]] = field(default_factory=list)
    drops: int = 0
    #: Whether a request, "METHOD PATH", is lost on its way.
    loses: Callable[[str], bool] = lambda asked: False

    def answer(self, method: str, path: str, query: dict[str, str], form: Any) -> Any:
        """The object at a path below the project, or None."""
        if issue := re.fullmatch(r"issues(?:/(\d+)(/notes)?)?", path):
            return self._issue(method, issue[1], bool(issue[2]), form)
        found = re.fullmatch(r"(\w+)/?([^/]*)/?(.*)", path.removeprefix("repository/"))
        if found is None:
            return None
        kind, name, rest = found.groups()
        if kind == "commits" and rest == "merge_requests":
            return [self.requests[iid] for iid in self.brought.get(name, [])]
        if kind == "merge_requests" and not rest.startswith("notes"):
            return self._request(int(name), rest)
        if kind == "pipelines":
            return self.jobs[int(name)] if rest == "jobs" else self._of_branch(query)
        if kind == "merge_requests" and rest.startswith("notes"):
            return self._notes(method, int(name), rest.removeprefix("notes").strip("/"), form)
        if kind == "jobs" and rest.startswith("artifacts/"):
            file = self.artifacts / name / rest.removeprefix("artifacts/")
            return file.read_bytes() if file.is_file() else None
        return None

    def _of_branch(self, query: dict[str, str]) -> list[dict[str, Any]]:
        asked = {name: query.get(name) for name in ("source", "sha", "ref")}
        return [each for each in self.of_branches if asked.items() <= each.items()]

    def _issue(self, method: str, iid: str | None, notes: bool, form: Any) -> Any:
        if iid is None and method == "GET":
            return [each for each in self.issues if each["state"] == "opened"]
        if iid is None:
            self.issues.append(
                {"iid": 50 + len(self.issues), "author": ME, "state": "opened", "notes": [], **form}
            )
            return self.issues[-1]
        (found,) = (each for each in self.issues if str(each["iid"]) == iid)
        if notes and method == "GET":
            return found["notes"]
        if notes:
            found["notes"].append({"id": len(found["notes"]), "author": ME, "body": form["body"]})
        elif form.pop("state_event", None) == "close":
            found["state"] = "closed"
        else:
            found |= form
        return found

    def _request(self, iid: int, rest: str) -> Any:
        if rest == "approvals":
            return {"iid": iid, "approved_by": self.approvals.get(iid, [])}
        return self.pipelines[iid] if rest == "pipelines" else self.requests[iid]

    def _notes(self, method: str, iid: int, note: str, form: Any) -> Any:
        there = self.notes.setdefault(iid, [])
        if method == "POST":
            there.append({"id": 100 + len(there), "author": ME, "system": False, "body": form["body"]})
            return there[-1]
        if method == "PUT":
            (found,) = (each for each in there if str(each["id"]) == note)
            found["body"] = form["body"]
            return found
        return there


class _Handler(BaseHTTPRequestHandler):
    api: Api

    def _respond(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        form = json.loads(self.rfile.read(length) or b"null")
        if self.api.drops or self.api.loses(f"{self.command} {url.path}"):
            self.api.drops = max(0, self.api.drops - 1)
            self.connection.close()
            return
        if self.headers.get("PRIVATE-TOKEN") != TOKEN:
            self._send(401, {"message": "401 Unauthorized"})
            return
        path = url.path.removeprefix("/api/v4/")
        mine = path.removeprefix(f"projects/{PROJECT}/")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        answer = ME if path == "user" else self.api.answer(self.command, mine, query, form)
        if answer is None:
            self._send(404, {"message": "404 Not found"})
        elif isinstance(answer, list):
            page = int(query.get("page", "1"))
            rest = answer[page * _PAGE :]
            self._send(200, answer[(page - 1) * _PAGE : page * _PAGE], str(page + 1) if rest else "")
        else:
            self._send(200, answer)

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def do_PUT(self) -> None:
        self._respond()

    def _send(self, status: int, answer: Any, next_page: str = "") -> None:
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Next-Page", next_page)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def served(api: Api) -> Iterator[str]:
    """Serve at a free port; yields the address of the API."""
    handler = type("Handler", (_Handler,), {"api": api})
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}/api/v4"
