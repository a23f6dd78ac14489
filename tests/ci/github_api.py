"""A stand-in for GitHub's REST API, over a real socket: it answers from a folder, in the documented shapes.

It answers the requests of `campaignctl ci`, and no others. Lists come in pages of two.
"""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.serving import serving

REPOSITORY = "acme/shop"
TOKEN = "token-of-the-job"
BOT = {"login": "github-actions[bot]", "type": "Bot"}
_PAGE = 2
Query = dict[str, str]


class Api:
    """The host's data, in `hub.json` and `artifacts/RUN/NAME/`. `drops` counts the connections to drop,
    `asked` are the requests, "METHOD PATH", and `loses` says whether one is lost on its way."""

    def __init__(self, hub: Path) -> None:
        self.hub = hub
        self.drops = 0
        self.loses: Callable[[str], bool] = lambda asked: False
        self.asked: list[str] = []
        self.address = ""
        self._lock = threading.Lock()

    def load(self) -> dict[str, Any]:
        return dict(json.loads((self.hub / "hub.json").read_text()))

    def save(self, hub: dict[str, Any]) -> None:
        (self.hub / "hub.json").write_text(json.dumps(hub))

    def answer(self, method: str, path: str, query: Query, body: Any) -> Any:
        """The answer below the repository, or None."""
        with self._lock:
            for pattern, respond in self._routes().items():
                if found := re.fullmatch(pattern, f"{method} {path}"):
                    return respond(self.load(), query, body, *found.groups())
        return None

    def _routes(self) -> dict[str, Callable[..., Any]]:
        return {
            r"GET /commits/(\w+)/pulls": self._brought,
            r"GET /pulls/(\d+)": lambda hub, query, body, number: hub["pulls"][number],
            r"GET /pulls/(\d+)/reviews": lambda hub, query, body, number: hub["reviews"].get(number, []),
            r"GET /actions/workflows/([\w.-]+)/runs": self._runs,
            r"GET /actions/runs/(\d+)/artifacts": self._artifacts,
            r"GET /actions/runs/(\d+)/approvals": lambda hub, query, body, run: hub["approvals"].get(run, []),
            r"GET /actions/artifacts/(\d+)/zip": lambda hub, query, body, number: ("302", f"/blob/{number}"),
            r"GET /environments/([\w-]+)": lambda hub, query, body, name: hub["environments"].get(name),
            r"GET /issues/(\d+)/comments": lambda hub, query, body, number: hub["comments"].get(number, []),
            r"POST /issues/(\d+)/comments": self._comment,
            r"PATCH /issues/comments/(\d+)": self._edit,
            r"GET /issues": lambda hub, query, body: [
                each for each in hub["issues"] if each["state"] == "open"
            ],
            r"POST /issues": self._open_issue,
            r"GET /commits/(\w+)/check-runs": self._checks,
            r"POST /check-runs": self._check,
            r"PATCH /issues/(\d+)": self._edit_issue,
        }

    def _brought(self, hub: dict[str, Any], query: Query, body: Any, commit: str) -> Any:
        return [hub["pulls"][number] for number in hub["brought"].get(commit, [])]

    def _runs(self, hub: dict[str, Any], query: Query, body: Any, workflow: str) -> Any:
        runs = [
            run
            for run in hub["runs"]
            if run["path"] == f".github/workflows/{workflow}"
            and all(run[name] == query[name] for name in ("event", "head_sha"))
        ]
        return "workflow_runs", runs[::-1]

    def _artifacts(self, hub: dict[str, Any], query: Query, body: Any, run: str) -> Any:
        folder = self.hub / "artifacts" / run
        names = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
        return "artifacts", [
            {
                "id": int(run) * 100 + index,
                "name": name,
                "expired": name in hub["expired"],
                "created_at": stamp((folder / name).stat().st_mtime),
            }
            for index, name in enumerate(names)
        ]

    def blob(self, number: int) -> bytes:
        """An artifact as the storage that an answer leads to has it."""
        folder = self.hub / "artifacts" / str(number // 100)
        artifact = sorted(folder.iterdir())[number % 100]
        kept = io.BytesIO()
        with zipfile.ZipFile(kept, "w") as archive:
            for file in artifact.rglob("*"):
                archive.write(file, file.relative_to(artifact).as_posix())
        return kept.getvalue()

    def _comment(self, hub: dict[str, Any], query: Query, body: Any, number: str) -> Any:
        made = {"id": hub["next"], "user": BOT, "body": body["body"]}
        hub["next"] += 1
        hub["comments"].setdefault(number, []).append(made)
        self.save(hub)
        return made

    def _edit(self, hub: dict[str, Any], query: Query, body: Any, number: str) -> Any:
        (found,) = (each for all_ in hub["comments"].values() for each in all_ if str(each["id"]) == number)
        found["body"] = body["body"]
        self.save(hub)
        return found

    def _checks(self, hub: dict[str, Any], query: Query, body: Any, commit: str) -> Any:
        if "checks" not in hub:
            return None
        found = [
            each
            for each in hub["checks"]
            if (each["head_sha"], each["name"]) == (commit, query["check_name"])
        ]
        return "check_runs", found

    def _check(self, hub: dict[str, Any], query: Query, body: Any) -> Any:
        hub["checks"].append(body)
        self.save(hub)
        return body

    def _open_issue(self, hub: dict[str, Any], query: Query, body: Any) -> Any:
        made = {"number": hub["next"], "user": BOT, "state": "open", **body}
        hub["next"] += 1
        hub["issues"].append(made)
        self.save(hub)
        return made

    def _edit_issue(self, hub: dict[str, Any], query: Query, body: Any, number: str) -> Any:
        (found,) = (each for each in hub["issues"] if str(each["number"]) == number)
        found |= body
        self.save(hub)
        return found


def stamp(seconds: float | None = None) -> str:
    """A time as the API writes it, by default now."""
    at = datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Handler(BaseHTTPRequestHandler):
    api: Api

    def _respond(self) -> None:
        api, url = self.api, urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"null")
        api.asked.append(f"{self.command} {url.path}")
        if api.drops or api.loses(api.asked[-1]):
            api.drops = max(0, api.drops - 1)
            self.connection.close()
            return
        if found := re.fullmatch(r"/blob/(\d+)", url.path):
            # Storage is another host: a token that reaches it is lost.
            self._send(*((400, b"") if self.headers.get("Authorization") else (200, api.blob(int(found[1])))))
            return
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._send(401, b'{"message": "Bad credentials"}')
            return
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        path = url.path.removeprefix(f"/repos/{REPOSITORY}")
        answer = api.answer(self.command, path, query, body)
        if answer is None:
            self._send(404, b'{"message": "Not Found"}')
        elif isinstance(answer, tuple) and answer[0] == "302":
            self._send(302, b"", Location=f"{api.address}{answer[1]}")
        else:
            self._page(answer, query)

    def _page(self, answer: Any, query: Query) -> None:
        member, rows = answer if isinstance(answer, tuple) else (None, answer)
        if not isinstance(rows, list):
            self._send(200, json.dumps(rows).encode())
            return
        page = int(query.get("page", "1"))
        shown, rest = rows[(page - 1) * _PAGE : page * _PAGE], rows[page * _PAGE :]
        more = {}
        if rest:
            url = f"{self.api.address}{re.sub(r'&page=.*', '', self.path)}&page={page + 1}"
            more["Link"] = f'<{url}>; rel="next", <{url}>; rel="last"'
        document = {"total_count": len(rows), member: shown} if member else shown
        self._send(200, json.dumps(document).encode(), **more)

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def do_PATCH(self) -> None:
        self._respond()

    def _send(self, status: int, data: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def served(api: Api) -> Iterator[str]:
    """Serve at a free port; yields the address of the API."""
    handler = type("Handler", (_Handler,), {"api": api})
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        api.address = f"http://127.0.0.1:{server.server_port}"
        yield api.address
