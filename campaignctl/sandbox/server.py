"""The sandbox over HTTP/1.1: sockets, headers and bytes; on the loopback interface by default."""

import re
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from socketserver import TCPServer
from threading import Lock, Thread
from typing import Any, Self
from urllib.parse import urlsplit

from campaignctl.sandbox import api, control_api, page
from campaignctl.sandbox.api import Delivery
from campaignctl.sandbox.faults import Rule
from campaignctl.sandbox.model import ApiRequest, Reply, error
from campaignctl.sandbox.page import Draw
from campaignctl.sandbox.page_parts import ADDRESS
from campaignctl.sandbox.server_state import ServerState
from campaignctl.sandbox.switches import Switches

_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_LARGEST_BODY = 8 * 1024 * 1024
# The page and the control API have no token that would keep other pages of the browser out.
_FOR_OURSELVES = (
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    # With `no-referrer` a browser would not name the origin of our own forms.
    ("Referrer-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)


class Sandbox:
    """A local Ocamba account, served over HTTP between `start` and `close`.

    `data` is an SQLite file that keeps everything; without it everything is lost at the end. Port 0 picks a
    free port. Switches stored in the file override `switches`. `draw` draws the previews of the page. OSError
    if the address is in use, sqlite3.Error if the file cannot be used.
    """

    def __init__(
        self,
        data: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        switches: Switches | None = None,
        draw: Draw | None = None,
    ) -> None:
        """Bind the address and open the storage; requests are answered from `start` on."""
        self.state = ServerState(data, switches or Switches(), api.arrive)
        try:
            self._server = _Server((host, port), self.state, draw)
        except OSError:
            self.state.close()
            raise
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The URL, without a trailing slash."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def prepare(self, switches: Mapping[str, Any], rules: tuple[Rule, ...]) -> None:
        """Set switches, overriding stored ones, and fault rules if there are any.

        BadSwitch for an unknown switch or value.
        """
        with self.state.turn():
            if switches:
                self.state.set_switches(switches)
            if rules:
                self.state.set_rules(rules)

    def start(self) -> None:
        """Start answering requests."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering, drop all connections, commit and close the storage. May be called twice."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self.state.close()
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

    def __init__(self, address: tuple[str, int], state: ServerState, draw: Draw | None) -> None:
        self.state, self.draw = state, draw
        self._connections: set[socket.socket] = set()
        self._connections_lock = Lock()
        self._name = address[0].lower()
        super().__init__(address, _Handler)

    def answers_to(self, host: str | None) -> bool:
        """Whether a request with this `Host` is meant for the sandbox.

        A web page of anyone can name a host of its own that leads to this machine, and read the answers then.
        It cannot do so with a loopback name, an address, or the name that the sandbox was given. Browsers
        always send the header.
        """
        if host is None:
            return True
        name = urlsplit(f"//{host}").hostname if _HOST.fullmatch(host) else None
        if name is not None and (name in ("localhost", self._name) or name.endswith(".localhost")):
            return True
        try:
            address, ours = ip_address(name or ""), ip_address(str(self.server_address[0]))
        except ValueError:
            return False
        return address.is_loopback or not ours.is_loopback

    def server_bind(self) -> None:
        """Bind without a reverse DNS lookup, which may take seconds."""
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
        """Stay silent about clients that disconnected; anything else is a bug of the sandbox."""
        gone = isinstance(sys.exception(), (ConnectionError, TimeoutError)) or self.state.closing.is_set()
        if not gone:
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def __getattr__(self, name: str) -> Any:
        """Serve every HTTP method the same way; the endpoints decide which they allow."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        """Print nothing: the storage has the request log."""

    def _serve(self) -> None:
        raw = self._body()
        if not self.server.answers_to(self.headers.get("Host")):
            self.close_connection = True
            said = "The sandbox answers to localhost and to its own address, and to no other Host."
            self._send(Delivery(error(HTTPStatus.MISDIRECTED_REQUEST, said)))
            return
        if raw is None:
            self.close_connection = True
            self._send(Delivery(error(400, "A body needs a Content-Length of at most 8 MiB.")))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = ApiRequest(self.command, self.path, headers, raw)
        self._send(self._answered(request))

    def _answered(self, request: ApiRequest) -> Delivery:
        state, ours = self.server.state, request.path.startswith(control_api.ROOT)
        if request.path != ADDRESS and not ours:
            return api.serve(state, request)
        if request.from_elsewhere and request.method not in {"GET", "HEAD"}:
            reply = Reply(403, {"error": "a page of another address cannot change the sandbox"})
        elif ours:
            with state.turn():
                reply = control_api.answer(state, request)
        else:
            reply = page.answer(state, request, self.server.draw)
        return Delivery(replace(reply, headers=(*reply.headers, *_FOR_OURSELVES)))

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > _LARGEST_BODY:
            return None
        return self.rfile.read(int(length))

    def _send(self, delivery: Delivery) -> None:
        reply = delivery.reply
        if reply is None:
            self.close_connection = True
            if delivery.held:
                self.connection.recv(1)
            _shut(self.connection)
            return
        payload = reply.payload()
        self._send_head(reply, len(payload))
        if delivery.cut:
            self.close_connection = True
            payload = payload[: len(payload) // 2]
        if self.command != "HEAD":
            self.wfile.write(payload)

    def _send_head(self, reply: Reply, length: int) -> None:
        self.send_response_only(reply.status)
        self.send_header("Date", self._date())
        for name, value in reply.headers:
            self.send_header(name, value)
        if length:
            kind = "text/html; charset=utf-8" if isinstance(reply.body, str) else "application/json"
            self.send_header("Content-Type", kind)
        if length or reply.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _date(self) -> str:
        state = self.server.state
        epoch = state.clock.epoch() if state.switches.date_header == "sandbox" else time.time()
        return formatdate(epoch + state.switches.date_skew, usegmt=True)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
