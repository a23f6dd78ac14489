"""The requests of Google Cloud Storage that the backend makes, answered as its documentation says.

No emulator is known that keeps preconditions, so this is a server of ours: it shows what is asked, not what
Google answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Lock
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.serving import serving

_DATE = "Tue, 01 Jan 2036 00:00:00 GMT"
_STAMP = "2036-01-01T00:00:00.000Z"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mutex = Lock()
        self.generations = count(1)
        self.objects: dict[str, tuple[int, bytes]] = {}
        self.conditions: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        name = unquote(urlsplit(self.path).path)
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        condition = self.headers.get("x-goog-if-generation-match")
        with self.server.mutex:
            self.server.conditions.append(condition or "none")
            present = self.server.objects.get(name, (0, b""))[0]
            if condition is not None and int(condition) != present:
                self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
                return
            generation = next(self.server.generations)
            self.server.objects[name] = (generation, data)
        self._answer(200, b"", generation)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if "list-type" in query:
            self._list(unquote(parts.path), query.get("prefix", ""), query.get("delimiter"))
            return
        with self.server.mutex:
            generation, data = self.server.objects.get(unquote(parts.path), (0, b""))
        if not generation:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        elif self.headers.get("If-None-Match") == f'"{generation}"':
            self._answer(304, b"", generation)
        else:
            self._answer(200, data, generation)

    def do_DELETE(self) -> None:
        with self.server.mutex:
            found = self.server.objects.pop(unquote(urlsplit(self.path).path), None)
        self._answer(204 if found else 404, b"")

    def _list(self, bucket: str, prefix: str, delimiter: str | None) -> None:
        with self.server.mutex:
            names = {name.removeprefix(f"{bucket}/"): each for name, each in self.server.objects.items()}
        found, below = [], set()
        for name, (generation, data) in sorted(names.items()):
            rest = name.removeprefix(prefix)
            if not name.startswith(prefix):
                continue
            if delimiter and delimiter in rest:
                below.add(prefix + rest.partition(delimiter)[0] + delimiter)
                continue
            found.append(
                f"<Contents><Key>{escape(name)}</Key><LastModified>{_STAMP}</LastModified>"
                f'<ETag>"{generation}"</ETag><Size>{len(data)}</Size></Contents>'
            )
        prefixes = [
            f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>" for each in sorted(below)
        ]
        self._answer(200, f"<ListBucketResult>{''.join(found + prefixes)}</ListBucketResult>".encode())

    def _answer(self, status: int, data: bytes, generation: int = 0) -> None:
        self.send_response_only(status)
        self.send_header("Last-Modified", _DATE)
        if generation:
            self.send_header("ETag", f'"{generation}"')
            self.send_header("x-goog-generation", str(generation))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


@contextmanager
def gcs_server(folder: Path) -> Iterator[tuple[dict[str, str], list[str]]]:
    """The variables by which a run finds it, and the conditions of the writes that it has got."""
    server = _Server()
    account = folder / "service-account.json"
    key = {"client_email": "", "private_key": "", "private_key_id": ""}
    base = f"http://127.0.0.1:{server.server_port}"
    account.write_text(json.dumps({**key, "gcs_base_url": base, "disable_oauth": True}))
    with serving(server):
        yield {"GOOGLE_BASE_URL": base, "GOOGLE_SERVICE_ACCOUNT": str(account)}, server.conditions
