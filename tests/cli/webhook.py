"""A real HTTP server on this machine that keeps what is posted to it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.serving import serving


@dataclass
class Webhook:
    """What was posted, and how it answers: with a status, after some seconds."""

    status: int = 200
    wait: float = 0
    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    on_post: Callable[[], None] = lambda: None


@contextmanager
def webhook() -> Iterator[Webhook]:
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.on_post()
            hook.paths.append(self.path)
            hook.raw.append(f"{self.headers}{body.decode()}")
            hook.bodies.append(json.loads(body))
            time.sleep(hook.wait)
            self.send_response(hook.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hook.url = f"http://127.0.0.1:{server.server_port}/hook?key=1234567890secret"
    with serving(server):
        yield hook
