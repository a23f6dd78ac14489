"""A proxy in front of an object store: far away, with faults, and with a record of its requests."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import urlsplit

from tests.serving import serving

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_PATIENCE = 60.0
_HALF = 2


@dataclass(frozen=True)
class Fault:
    """What happens to the next request with this method whose path ends so.

    `lost`: it is done, and its answer is not sent. `cut`: the connection ends before it is done. `half`: it
    is done, and half of its answer is sent. `slow`: its answer comes after so many `seconds`. `answer`: it is
    not done, and answered with this status and code.
    """

    method: str
    path: str
    kind: str
    status: int = 0
    code: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Request:
    """A request that was answered, and the bytes of its body and of the answer's."""

    method: str
    path: str
    sent: int
    received: int


@dataclass
class Proxy:
    """Its endpoint; what it has seen and what it will do."""

    endpoint: str = ""
    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    away: bool = False
    deaf: str = ""
    """The condition that it does not pass on."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, target: str, round_trip: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = Proxy(f"http://127.0.0.1:{self.server_port}")
        self.round_trip = round_trip
        self.address = urlsplit(target).netloc
        self.mutex = Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that was cut is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.upstream = HTTPConnection(self.server.address, timeout=_PATIENCE)

    def finish(self) -> None:
        self.upstream.close()
        with suppress(OSError):
            super().finish()

    def _handle(self) -> None:
        server, proxy = self.server, self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(server.round_trip)
        fault = self._fault()
        if proxy.away or (fault and fault.kind == "cut"):
            self._cut()
            return
        if fault and fault.kind == "answer":
            text = f"<Error><Code>{fault.code}</Code><Message>by a test</Message></Error>".encode()
            self._answer(fault.status, [("Content-Type", "application/xml")], text, len(text))
            return
        status, headers, data = self._forwarded(body)
        with server.mutex:
            proxy.requests.append(Request(self.command, self.path, len(body), len(data)))
        if fault and fault.kind == "slow":
            time.sleep(fault.seconds)
        if fault and fault.kind == "lost":
            self._cut()
            return
        shown = data[: len(data) // _HALF] if fault and fault.kind == "half" else data
        self._answer(status, headers, shown, len(data))
        if fault and fault.kind == "half":
            self._cut()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _handle  # noqa: N815 - the names that the library calls

    def _fault(self) -> Fault | None:
        path = self.path.partition("?")[0]
        with self.server.mutex:
            for fault in self.server.proxy.faults:
                if fault.method == self.command and path.endswith(fault.path):
                    self.server.proxy.faults.remove(fault)
                    return fault
        return None

    def _forwarded(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        left_out = _HOP | {self.server.proxy.deaf.lower()}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in left_out}
        self.upstream.request(self.command, self.path, body, headers)
        answer = self.upstream.getresponse()
        data = answer.read()
        return answer.status, [each for each in answer.getheaders() if each[0].lower() not in _HOP], data

    def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes, length: int) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Requests are recorded."""


@contextmanager
def store_proxy(target: str, round_trip: float = 0.0) -> Iterator[Proxy]:
    """A proxy in front of the server at an endpoint, so many seconds away."""
    with serving(_Server(target, round_trip)) as server:
        yield server.proxy
