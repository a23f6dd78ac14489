"""HTTP over sockets with one deadline for a whole request.

HTTPX's own time-outs hold for each read: a server that drips one byte at a time never meets them. Settling
counts on `api.timeout` as the longest time in which a request can still leave or be answered, so the
deadline is set where the sockets are.
"""

from __future__ import annotations

import math
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import httpcore
import httpx

KEEPALIVE_EXPIRY = 2.0
"""Seconds after which an idle connection is dropped instead of reused.

Servers close idle connections, many after 5 seconds. A write that meets such a close on its way has an
unknown outcome and must be settled; a fresh connection costs a few milliseconds. Nothing below us sends a
request twice: httpcore picks another connection only before the first byte.
"""

MAX_CONNECTIONS = 32
WRITE_CHUNK = 16 * 1024
SHORTEST_WAIT = 0.001
GLANCE = 0.1
"""Seconds between two looks whether the run was interrupted."""

PATIENCE = 0.7
"""Seconds that the answer to a write may still take after an interrupt; its intent keeps what is unknown."""


class _Deadline(threading.local):
    """When this thread's request has to be over."""

    at: float = 0.0
    patience: float = 0.0

    def __init__(self, interrupted: Callable[[], bool]) -> None:
        self._interrupted = interrupted

    def start(self, seconds: float, *, writes: bool) -> None:
        self.at = time.monotonic() + seconds
        self.patience = PATIENCE if writes else 0.0

    def look(self) -> None:
        """Bring the end of the request forward after an interrupt."""
        if self._interrupted():
            self.at = min(self.at, time.monotonic() + self.patience)
            self.patience = max(0.0, self.at - time.monotonic())

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self.at

    def within(self, timeout: float | None) -> float:
        """What is left, at most `timeout`; never 0, which would mean not to wait at all."""
        left = max(self.at - time.monotonic(), SHORTEST_WAIT)
        return left if timeout is None else min(timeout, left)


class _DeadlineStream(httpcore.NetworkStream):
    """A connection whose reads and writes end with the deadline of the thread that uses it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        end = time.monotonic() + (math.inf if timeout is None else timeout)
        while True:
            self._deadline.look()
            if self._deadline.passed or time.monotonic() >= end:
                raise httpcore.ReadTimeout("the time for the whole request is over")
            with suppress(httpcore.ReadTimeout):
                return self._stream.read(max_bytes, self._deadline.within(GLANCE))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), WRITE_CHUNK):
            if self._deadline.passed:
                raise httpcore.WriteTimeout("the time for the whole request is over")
            self._stream.write(buffer[start : start + WRITE_CHUNK], self._deadline.within(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.within(timeout)
        secure = self._stream.start_tls(ssl_context, server_hostname, left)
        return _open(secure, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections within the deadline."""

    def __init__(self, deadline: _Deadline) -> None:
        self._backend = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.within(timeout)
        stream = self._backend.connect_tcp(host, port, left, local_address, socket_options)
        return _open(stream, self._deadline)


class DeadlineTransport(httpx.BaseTransport):
    """HTTP/1.1 to one host, directly or through a proxy; each request is over after `timeout` seconds.

    After an interrupt reads end at once, and writes get a moment for their answer.

    Raises httpcore's exceptions as they are; `translate` knows them. Safe to use from several threads, as
    long as a thread reads one answer to its end before it sends the next request.
    """

    def __init__(
        self,
        timeout: float,
        *,
        tls: bool,
        proxy: str | None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._timeout = timeout
        self._deadline = _Deadline(interrupted)
        # Loading the certificates takes longer than a local request, so only for TLS.
        context = httpx.create_ssl_context() if tls else None
        self._pool = _pool(proxy, context, _DeadlineBackend(self._deadline))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and return once the head of the answer is there; its body is read under the same deadline."""
        self._deadline.start(self._timeout, writes=request.method != "GET")
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.read(),
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


def _open(stream: httpcore.NetworkStream, deadline: _Deadline) -> _DeadlineStream:
    """Looking up a name or trying several addresses may take longer than the timeout."""
    if deadline.passed:
        stream.close()
        raise httpcore.ConnectTimeout("the time for the whole request is over")
    return _DeadlineStream(stream, deadline)


def _pool(
    proxy: str | None, context: ssl.SSLContext | None, backend: httpcore.NetworkBackend
) -> httpcore.ConnectionPool:
    if proxy is None:
        return httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_CONNECTIONS,
            keepalive_expiry=KEEPALIVE_EXPIRY,
            network_backend=backend,
        )
    parsed = httpx.Proxy(proxy)
    return httpcore.HTTPProxy(
        proxy_url=str(parsed.url),
        proxy_auth=parsed.raw_auth,
        ssl_context=context,
        max_connections=MAX_CONNECTIONS,
        max_keepalive_connections=MAX_CONNECTIONS,
        keepalive_expiry=KEEPALIVE_EXPIRY,
        network_backend=backend,
    )
