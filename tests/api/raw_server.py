"""A server that answers as badly as it is told to, on a real socket."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Request:
    head: str
    body: bytes
    connection: int

    @property
    def line(self) -> str:
        return self.head.split("\r\n", 1)[0]

    def header(self, name: str) -> str | None:
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None


Behaviour = Callable[[socket.socket, Request], bool]
"""Answers one request; true keeps the connection open."""


def whole(status: int, body: str = "", **headers: str) -> Behaviour:
    """A complete answer with the right length."""
    return raw(_answer(status, body.encode(), headers), keep=True)


def raw(data: bytes, *, keep: bool = False) -> Behaviour:
    def behave(connection: socket.socket, _request: Request) -> bool:
        connection.sendall(data)
        return keep

    return behave


def then_closed(status: int, body: str = "") -> Behaviour:
    """A complete answer on a connection that says keep-alive and is closed all the same."""
    return raw(_answer(status, body.encode(), {}), keep=False)


def reset(first: bytes = b"") -> Behaviour:
    """Some bytes, then a TCP reset."""

    def behave(connection: socket.socket, _request: Request) -> bool:
        connection.sendall(first)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return behave


def drip(data: bytes, pause: float) -> Behaviour:
    """One byte at a time, until the other side gives up."""

    def behave(connection: socket.socket, _request: Request) -> bool:
        try:
            for byte in data:
                connection.sendall(bytes([byte]))
                time.sleep(pause)
        except OSError:
            pass
        return False

    return behave


def silent() -> Behaviour:
    """Reads the request and says nothing until the other side hangs up."""

    def behave(connection: socket.socket, _request: Request) -> bool:
        connection.recv(1)
        return False

    return behave


def _answer(status: int, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Status"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if status != 204:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class RawServer:
    """Behaves as told, one behaviour a request, the last one for all that follow."""

    behaviours: list[Behaviour]
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.ended = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        with self._lock:
            left = list(self._open)
        for connection in left:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.append(connection)
                number = self.connections
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, suppress(OSError):
            while (request := _read(connection, number)) is not None:
                if not self._next(request)(connection, request):
                    break
        self.ended.release()

    def _next(self, request: Request) -> Behaviour:
        with self._lock:
            self.requests.append(request)
            return self.behaviours[min(len(self.requests), len(self.behaviours)) - 1]


def _read(connection: socket.socket, number: int) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    request = Request(head.decode("latin-1"), b"", number)
    length = int(request.header("content-length") or 0)
    while len(body) < length:
        body += connection.recv(65536)
    return Request(request.head, body, number)
