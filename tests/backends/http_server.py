"""A server with the protocol of Terraform's HTTP backend, whose locks and versions are like GitLab's.

Every name is a state below `/api/v4/projects/ID/terraform/state/` (with GitLab's methods) or `/states/ID/`
(with LOCK and UNLOCK). What it keeps is in a directory: `ID/NAME/current.json`, `ID/NAME/lock.json`, and each
version. `switch` changes how the states of an ID behave. `python -m tests.backends.http_server DIR` prints
its port and ends with its standard input.
"""

from __future__ import annotations

import json
import os
import re
import select
import socket
import ssl
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.backends.http_store import Fault, Store, Switches
from tests.serving import serving

_GITLAB = re.compile(r"/api/v4/projects/([^/]+)/terraform/state/([^/]+)(/lock|/versions/\d+)?")
_PLAIN = re.compile(r"/states/([^/]+)/([^/]+)()")
_METHODS = {("POST", "/lock"): "LOCK", ("DELETE", "/lock"): "UNLOCK"}
_PATIENCE = 20.0


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: StateServer
    busy = False

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.server.connections.add(self)

    def finish(self) -> None:
        self.server.connections.discard(self)
        with suppress(OSError):
            super().finish()

    def handle_one_request(self) -> None:
        with suppress(ConnectionError, ValueError):
            super().handle_one_request()
            return
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass

    def do(self) -> None:
        """Any request."""
        self.busy = True
        try:
            self._do()
        finally:
            self.busy = False

    do_GET = do_POST = do_DELETE = do_LOCK = do_UNLOCK = do_PUT = do  # noqa: N815 - the library finds them so

    def _do(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if parts.path.startswith("/_"):
            self._answer(*self.server.control(self, parts.path, body))
            return
        found = _GITLAB.fullmatch(parts.path) or _PLAIN.fullmatch(parts.path)
        if found is None:
            self._answer(*self._elsewhere(body))
            return
        project, name, what = unquote(found[1]), unquote(found[2]), found[3] or ""
        method = _METHODS.get((self.command, what), self.command)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        server = self.server
        server.asked.append(f"{method} {name}")
        server.bytes += len(body)
        fault = server.fault(project, method, name)

        def act() -> tuple[int, Any]:
            with server.acting:
                return server.act(
                    project, name, method + what * what.startswith("/v"), query, body, self._user()
                )

        self._disturbed(fault, act)

    def _disturbed(self, fault: Fault | None, act: Callable[[], tuple[int, Any]]) -> None:
        if fault is None:
            self._answer(*act())
        elif fault.do.isdigit():
            self._answer(int(fault.do), {"message": "out of order"})
        elif fault.do == "late":
            self.server.late(fault.seconds, act)
            self._cut()
        elif fault.do == "cut":
            self._cut()
        else:
            time.sleep(fault.seconds if fault.do == "slow" else 0)
            status, document = act()
            if fault.do == "slow":
                self._answer(status, document)
            else:
                self._cut(
                    _bytes(document)[: len(_bytes(document)) // 2] if fault.do == "half" else None, status
                )

    def _elsewhere(self, body: bytes) -> tuple[int, Any]:
        """What the rest of the host answers, if it has one."""
        if not self.server.rest:
            return 404, {"message": "404 Not Found"}
        connection = HTTPConnection(self.server.rest, timeout=60)
        try:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _user(self) -> tuple[str, str] | None:
        kind, _, code = self.headers.get("Authorization", "").partition(" ")
        if kind != "Basic":
            return None
        name, _, password = b64decode(code).decode().partition(":")
        return name, password

    def _answer(self, status: int, document: Any) -> None:
        body = _bytes(document)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _cut(self, part: bytes | None = None, status: int = 200) -> None:
        if part is not None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(part) * 2 + 1))
            self.end_headers()
            self.wfile.write(part)
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class StateServer(ThreadingHTTPServer):
    """The server."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, store: Store, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.store = store
        self.acting = threading.Lock()
        self.connections: set[Handler] = set()
        self.switches: dict[str, Switches] = {}
        self.asked: list[str] = []
        self.bytes = 0
        #: Host and port of what answers everything but states.
        self.rest = ""
        self._timers: list[threading.Timer] = []
        self._met: dict[str, int] = {}

    def of(self, project: str) -> Switches:
        return self.switches.get(project) or self.switches.get("*") or Switches()

    def fault(self, project: str, method: str, name: str) -> Fault | None:
        """The fault that this request meets."""
        with self.acting:
            here = self.of(project)
            for number, fault in enumerate(here.faults):
                if fault.method == method and fault.times and re.fullmatch(fault.name, name):
                    rest = list(here.faults)
                    waits = fault.after > 0
                    rest[number] = replace(fault, after=fault.after - waits, times=fault.times - (not waits))
                    self.switches[project] = replace(here, faults=tuple(rest))
                    return None if waits else fault
        return None

    def late(self, seconds: float, act: Callable[[], Any]) -> None:
        """Do something later, whatever became of who asked."""
        timer = threading.Timer(seconds, act)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    def act(
        self,
        project: str,
        name: str,
        method: str,
        query: Mapping[str, str],
        body: bytes,
        user: tuple[str, str] | None,
    ) -> tuple[int, Any]:
        """Do one request, as GitLab documents it."""
        here = self.of(project)
        if here.hidden:
            return 404, {"message": "404 Project Not Found"}
        if here.users and (user is None or here.users.get(user[0]) != user[1]):
            return 401, {"message": "401 Unauthorized"}
        if method != "GET" and user and user[0] in here.readers:
            return 403, {"message": "403 Forbidden"}
        if method in ("LOCK", "UNLOCK"):
            return self._locked(
                here, project, name, method, {**query, **(json.loads(body) if body else {})}, user
            )
        if method.startswith("GET"):
            serial = method.rpartition("/versions/")[2]
            found = self.store.version(project, name, int(serial)) if serial.isdecimal() else None
            found = found or (None if serial.isdecimal() else self.store.current(project, name))
            return (200, found) if found else (404, {"message": "404 Not found"})
        return self._posted(here, project, name, query.get("ID"), body) if method == "POST" else (405, {})

    def _locked(
        self,
        here: Switches,
        project: str,
        name: str,
        method: str,
        info: dict[str, Any],
        user: tuple[str, str] | None,
    ) -> tuple[int, Any]:
        if here.no_lock:
            return here.no_lock, {"error": "no such thing"}
        lock = self.store.lock(project, name)
        if method == "UNLOCK":
            if "ID" in info and (lock or {}).get("ID") != info["ID"]:
                return 409, {}
            self.store.set_lock(project, name, None)
            return 200, {}
        wanted = {"ID", "Operation", "Info", "Who", "Version", "Created", "Path"} - info.keys()
        if wanted:
            return 400, {"error": f"{min(wanted)} is missing"}
        if lock is None or here.twice:
            self.store.set_lock(project, name, {**info, "user": user[0] if user else "someone"})
            return 200, info
        if not here.echo:
            return 423, lock
        return 409, {**info, "ID": lock["ID"], "Who": lock["user"], "Created": "2036-01-01T00:00:00.000Z"}

    def _posted(
        self, here: Switches, project: str, name: str, lock_id: str | None, body: bytes
    ) -> tuple[int, Any]:
        lock = self.store.lock(project, name)
        held = lock and lock["ID"]
        if (here.ids == "strict" and held != lock_id) or (here.ids == "held" and held and held != lock_id):
            return here.refused, {"message": "locked"}
        if here.most and len(body) > here.most:
            return 413, {"message": "413 Request Entity Too Large"}
        try:
            serial = json.loads(body)["serial"]
        except (ValueError, LookupError, TypeError):
            return 422, {"message": "invalid JSON, or no serial in payload"}
        if here.serials and self.store.version(project, name, serial) is not None:
            return 422, {"message": "Version has already been taken"}
        self.store.put(project, name, body, serial)
        return 200, {}

    def control(self, asking: Handler, path: str, body: bytes) -> tuple[int, Any]:
        """What tests ask of the server itself."""
        document = json.loads(body) if body else {}
        if path == "/_switch":
            faults = tuple(Fault(**each) for each in document.pop("faults", ()))
            project = document.pop("project")
            with self.acting:
                self.switches[project] = Switches(**document, faults=faults)
        if path == "/_serve":
            with self.acting:
                self.store.root = Path(document["root"])
        if path == "/_settled":
            self._settle(asking)
        asked = {"asked": list(self.asked), "bytes": self.bytes, "faults": [asdict(f) for f in self._open()]}
        if path == "/_forget":
            self.asked, self.bytes = [], 0
        return 200, asked

    def _open(self) -> Iterator[Fault]:
        for here in self.switches.values():
            yield from (fault for fault in here.faults if fault.times)

    def _settle(self, asking: Handler) -> None:
        """Wait until nothing goes on that an ended process has begun."""
        calm, until = 0, time.monotonic() + _PATIENCE
        while calm < 2 and time.monotonic() < until:
            others = [each for each in list(self.connections) if each is not asking]
            readable: list[Any] = []
            with suppress(OSError, ValueError):
                readable = select.select([each.connection for each in others], [], [], 0)[0]
            going = any(each.busy for each in others) or any(timer.is_alive() for timer in self._timers)
            calm = 0 if readable or going else calm + 1
            time.sleep(0.002)


def _bytes(document: Any) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document).encode()


@dataclass(frozen=True)
class Client:
    """A server that runs, as tests see it. Goes to other processes by pickle."""

    port: int
    root: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def store(self) -> Store:
        return Store(self.root)

    def address(self, project: str, name: str = "crm", *, gitlab: bool = True) -> str:
        """The address of a state."""
        return (
            f"{self.api}/projects/{project}/terraform/state/{name}"
            if gitlab
            else f"{self.url}/states/{project}/{name}"
        )

    @property
    def api(self) -> str:
        """What GitLab's jobs have as CI_API_V4_URL."""
        return f"{self.url}/api/v4"

    def switch(self, project: str, *faults: Fault, **switches: Any) -> None:
        """How the states of a project behave from now on."""
        self.control("/_switch", project=project, faults=[asdict(each) for each in faults], **switches)

    def control(self, path: str, **document: Any) -> dict[str, Any]:
        """Ask the server itself."""
        try:
            return self._asked(path, document)
        except ConnectionError:  # once in thousands it ends before the request: the same again is harmless
            return self._asked(path, document)

    def _asked(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", path, json.dumps(document))
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
            return answer
        finally:
            connection.close()


@contextmanager
def running(root: Path, context: ssl.SSLContext | None = None, rest: str = "") -> Iterator[Client]:
    """A server in a thread of this process; `context` for TLS, `rest` answers what is no state."""
    server = StateServer(Store(root))
    server.rest = rest
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server):
        yield Client(server.server_address[1], root)


def serve(root: Path, told: Callable[[int], None], port: int = 0) -> None:
    """Serve from this process, for ever."""
    server = StateServer(Store(root), port)
    told(server.server_address[1])
    server.serve_forever()


def main() -> None:
    """Serve until standard input ends."""

    def ended() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=ended, daemon=True).start()
    serve(Path(sys.argv[1]), lambda port: print(port, flush=True))  # noqa: T201 - whoever started it reads it


if __name__ == "__main__":
    main()
