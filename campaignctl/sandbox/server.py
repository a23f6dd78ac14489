"""The sandbox over HTTP: sockets, headers and bytes.

HTTP/1.1 with connections that are kept, on the loopback interface unless told otherwise.
"""

import socket
import sys
import time
from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from threading import Lock, Thread
from typing import Any, Self

from campaignctl.sandbox import dashboard, exchange, page
from campaignctl.sandbox.exchange import Delivery
from campaignctl.sandbox.faults import Rule
from campaignctl.sandbox.messages import Answer, Request, error
from campaignctl.sandbox.server_state import World
from campaignctl.sandbox.switches import Switches

_LARGEST_BODY = 8 * 1024 * 1024


class Sandbox:
    """An Ocamba account of one's own, served over HTTP as long as it is started.

    `data` is an SQLite file that keeps everything; without it all is forgotten at the end. Port 0 takes a
    free port. Switches kept in the file go before `switches`. OSError when the address is taken,
    sqlite3.Error when the file cannot be used.
    """

    def __init__(
        self,
        data: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        switches: Switches | None = None,
    ) -> None:
        """Take the address and open the memory; requests are answered from `start` on."""
        self.world = World(data, switches or Switches())
        try:
            self._server = _Server((host, port), self.world)
        except OSError:
            self.world.close()
            raise
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The address without a slash at the end."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def prepare(self, switches: Mapping[str, Any], rules: tuple[Rule, ...]) -> None:
        """Set some switches otherwise, over those that are kept, and the fault rules if there are any.

        BadSwitch for a switch that does not exist.
        """
        with self.world.turn():
            if switches:
                self.world.set_switches(switches)
            if rules:
                self.world.set_rules(rules)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering, drop all connections and keep the memory's last word. May be called twice."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self.world.close()
        self._server.drop_connections()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], world: World) -> None:
        self.world = world
        self._connections: set[socket.socket] = set()
        self._connections_lock = Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Take the address without asking a name server what it is called, which may take seconds."""
        TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        with self._connections_lock:
            for connection in self._connections:
                _shut(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away; anything else is a fault of the sandbox."""
        gone = isinstance(sys.exception(), (ConnectionError, TimeoutError)) or self.world.closing.is_set()
        if not gone:
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def __getattr__(self, name: str) -> Any:
        """Every method is served the same way; which one is possible where is not HTTP's matter."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        """Print nothing: the request log is kept elsewhere."""

    def _serve(self) -> None:
        raw = self._body()
        if raw is None:
            self.close_connection = True
            self._send(Delivery(error(400, "A body needs a Content-Length of at most 8 MiB.")))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, raw)
        self._send(self._answered(request))

    def _answered(self, request: Request) -> Delivery:
        world = self.server.world
        if request.path == page.ADDRESS:
            with world.turn():
                return Delivery(page.answer(world, request))
        if not request.path.startswith(dashboard.ROOT):
            return exchange.serve(world, request)
        with world.turn():
            return Delivery(dashboard.answer(world, request))

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > _LARGEST_BODY:
            return None
        return self.rfile.read(int(length))

    def _send(self, delivery: Delivery) -> None:
        answer = delivery.answer
        if answer is None:
            self.close_connection = True
            _shut(self.connection)
            return
        payload = answer.payload()
        self._send_head(answer, len(payload))
        if delivery.cut:
            self.close_connection = True
            payload = payload[: len(payload) // 2]
        if self.command != "HEAD":
            self.wfile.write(payload)

    def _send_head(self, answer: Answer, length: int) -> None:
        self.send_response_only(answer.status)
        self.send_header("Date", self._date())
        for name, value in answer.headers:
            self.send_header(name, value)
        if length:
            kind = "text/html; charset=utf-8" if isinstance(answer.body, str) else "application/json"
            self.send_header("Content-Type", kind)
        if length or answer.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _date(self) -> str:
        world = self.server.world
        epoch = world.clock.epoch() if world.switches.date_header == "sandbox" else time.time()
        return formatdate(epoch + world.switches.date_skew, usegmt=True)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
