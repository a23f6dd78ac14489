"""A remote over smart HTTP: `git http-backend` behind a small server, near or far."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import urlsplit

from tests.serving import serving

_BLOCK = 1 << 16
_COUNTING = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    """Each request is one run of git's own CGI program."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._body())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it has above
        pass

    def _answer(self, body: bytes) -> None:
        self.server.requests.append(f"{self.command} {self.path}")
        if not self._is_let_in():
            self._send("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="git"')], b"")
            return
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=self._environ(len(body)), capture_output=True, check=True
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = next((value for name, value in lines if name == "Status"), "200 OK")
        self._send(status, [(name, value) for name, value in lines if name != "Status"], content)

    def _send(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _is_let_in(self) -> bool:
        if self.server.login is None:
            return True
        expected = base64.b64encode(self.server.login.encode()).decode()
        return self.headers.get("Authorization") == f"Basic {expected}"

    def _environ(self, length: int) -> dict[str, str]:
        url = urlsplit(self.path)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        return {
            **kept,
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_USER": "mira",
            "REMOTE_ADDR": "127.0.0.1",
        }

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, root: Path, login: str | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.login = login
        self.requests: list[str] = []


@contextmanager
def smart_http(root: Path, login: str | None = None) -> Iterator[_Server]:
    """The bare repositories below `root`, only for `login` (user:password) if given."""
    with serving(_Server(root, login)) as server:
        yield server


@dataclass
class Way:
    """The port of a way, and what went over it: bytes, and how often it was this side's turn to speak, which
    is once a request."""

    port: int
    sent: int = 0
    received: int = 0
    turns: int = 0


@contextmanager
def far_away(port: int, round_trip: float) -> Iterator[Way]:
    """A way to `port` on which every round trip takes so many seconds, the first of TCP too."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                threading.Thread(target=_joined, args=(near, port, round_trip, way), daemon=True).start()

    way = Way(int(listener.getsockname()[1]))
    threading.Thread(target=accept, daemon=True).start()
    try:
        yield way
    finally:
        listener.close()


def _joined(near: socket.socket, port: int, round_trip: float, way: Way) -> None:
    time.sleep(round_trip)
    far = socket.create_connection(("127.0.0.1", port))
    last: list[socket.socket] = []

    def count(source: socket.socket, data: bytes) -> None:
        with _COUNTING:
            if source is near:
                way.sent += len(data)
                way.turns += bool(data) and last[-1:] != [near]
            else:
                way.received += len(data)
            last[:] = [source]

    for one, other in ((near, far), (far, near)):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        queue: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
        threading.Thread(target=_received, args=(one, queue, round_trip / 2, count), daemon=True).start()
        threading.Thread(target=_delivered, args=(other, queue), daemon=True).start()


def _received(
    source: socket.socket,
    queue: SimpleQueue[tuple[float, bytes]],
    delay: float,
    count: Callable[[socket.socket, bytes], None],
) -> None:
    data = b"?"
    while data:
        try:
            data = source.recv(_BLOCK)
        except OSError:
            data = b""
        count(source, data)
        queue.put((time.monotonic() + delay, data))


def _delivered(target: socket.socket, queue: SimpleQueue[tuple[float, bytes]]) -> None:
    with suppress(OSError):
        while True:
            due, data = queue.get()
            time.sleep(max(0.0, due - time.monotonic()))
            if not data:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(data)
