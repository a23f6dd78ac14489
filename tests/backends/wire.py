"""A TCP connection that can be cut, held, or robbed of its answers, between a client and a server here."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_BLOCK = 1 << 16


class Wire:
    """All connections to `port`, which lead to another port.

    `deaf`: what the server answers is swallowed. With `cut_at` connections end as soon as a client has sent
    these bytes: before they are passed on, or with `after` once the server has answered them. With `deaf_at`
    it gets deaf there. `sent` are the bytes of clients so far, `received` those for them.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self.port = int(self._listener.getsockname()[1])
        self.closed = self.deaf = self.after = False
        self.cut_at: bytes | None = None
        self.deaf_at: bytes | None = None
        self.cuts = self.sent = self.received = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection."""
        self.cuts += 1
        for each in tuple(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self.closed:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._target))
                self._open |= {near, far}
                threading.Thread(target=self._join, args=(near, far), daemon=True).start()

    def _join(self, near: socket.socket, far: socket.socket) -> None:
        leaving = threading.Event()
        back = threading.Thread(target=self._pass_on, args=(far, near, leaving), daemon=True)
        back.start()
        self._pass_on(near, far, leaving, is_client=True)
        back.join()
        self._open -= {near, far}
        near.close()
        far.close()

    def _pass_on(
        self, source: socket.socket, sink: socket.socket, leaving: threading.Event, *, is_client: bool = False
    ) -> None:
        with suppress(OSError):
            while data := source.recv(_BLOCK):
                self.sent += len(data) if is_client else 0
                self.received += 0 if is_client else len(data)
                if is_client and self.cut_at is not None and self.cut_at in data:
                    self.cut_at = None
                    if not self.after:
                        self.cut()
                        break
                    leaving.set()
                if is_client and self.deaf_at is not None and self.deaf_at in data:
                    self.deaf = True
                if not is_client and leaving.is_set():
                    self.cut()
                    break
                if is_client or not self.deaf:
                    sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """A wire to a port of this machine."""
    wire = Wire(port)
    try:
        yield wire
    finally:
        wire.end()
