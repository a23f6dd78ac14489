"""`preview --serve`: one page on this machine that is drawn again when a file of the project changes.

Only this machine reaches it, only under a path that cannot be guessed, and only by a name of this machine: a
web page of anyone may lead a browser here by a name of its own, and could read the answers otherwise.
"""

from __future__ import annotations

import errno
import os
import secrets
import signal
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from threading import Thread

from campaignctl.errors import CampaignctlError, Command, Sentence

LOOPBACK = "127.0.0.1"
_NAMES = (LOOPBACK, "localhost")
_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: Folders with files that no manifest reads and that may be many.
_OTHERS = frozenset({"node_modules", "__pycache__"})
# Seconds: between two looks at the files, at most as much of the time as this; and until a save is complete.
_PAUSE, _SHARE, _SETTLED = 0.3, 20, 0.05

Draw = Callable[[str], str]


class PreviewServer(ThreadingHTTPServer):
    """Hands out one page, and its version to the page that looks for a newer one."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int) -> None:
        """Listen on the loopback interface; port 0 takes a free one. OSError if it is in use."""
        self.folder = f"/{secrets.token_urlsafe(16)}/"
        self.version, self.page = "0", b""
        super().__init__((LOOPBACK, port), _Handler)

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{LOOPBACK}:{self.server_port}{self.folder}"

    def server_bind(self) -> None:
        """Bind without a reverse DNS lookup, which may take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, int(self.server_address[1])

    def show(self, draw: Draw) -> None:
        """Draw the page again and hand it out from now on."""
        version = str(int(self.version) + 1)
        page = draw(version).encode("utf-8", "replace")
        self.page, self.version = page, version

    def answer(self, host: str | None, path: str) -> tuple[int, str, bytes]:
        """The status, the type and the body for a request."""
        if host not in {f"{name}:{self.server_port}" for name in _NAMES}:
            return 403, "text/plain", b"This page has another address.\n"
        if secrets.compare_digest(path.encode(), self.folder.encode()):
            return 200, "text/html", self.page
        if secrets.compare_digest(path.encode(), f"{self.folder}version".encode()):
            return 200, "text/plain", self.version.encode()
        return 404, "text/plain", b"There is nothing here.\n"

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: a browser may leave at any time, and the next request has its own answer."""


class _Handler(BaseHTTPRequestHandler):
    server: PreviewServer
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        status, kind, body = self.server.answer(self.headers.get("Host"), self.path)
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": f"{kind}; charset=utf-8"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def version_string(self) -> str:
        return "campaignctl"

    def log_message(self, *_: object) -> None:
        """Requests are not logged: their paths are secret."""


def serve(draw: Draw, port: int, files: Callable[[], Hashable], say: Callable[[str], None]) -> None:
    """Serve until Ctrl-C; draw again whenever `files` returns another value. Raises CampaignctlError."""
    server = _listening(port)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        seen = files()
        server.show(draw)
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        say(server.url)
        while True:
            seen = _changed(files, seen)
            server.show(draw)
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGINT, before)
        server.server_close()


def _listening(port: int) -> PreviewServer:
    try:
        return PreviewServer(port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CampaignctlError(
                f"Port {port} is in use",
                detail="Perhaps another preview is running.",
                hint=Sentence("take a free port: ", Command("preview", "--serve", "--port", "0")),
            ) from error
        raise CampaignctlError(f"Cannot listen on port {port}", detail=f"{error.strerror}.") from error


def _changed(files: Callable[[], Hashable], seen: Hashable) -> Hashable:
    """Wait until the files are others than were seen, and stay so."""
    while True:
        start = time.monotonic()
        found = files()
        time.sleep(max(_PAUSE, _SHARE * (time.monotonic() - start)) if found == seen else _SETTLED)
        if found != seen and files() == found:
            return found


def fingerprint(folder: Path, others: Iterable[Path] = ()) -> Hashable:
    """What tells one state of a folder's files from another: names, times and sizes, not contents."""
    return frozenset((*_below(str(folder)), *(_mark(str(other)) for other in others)))


def _below(folder: str) -> Iterator[tuple[str, int, int, int]]:
    waiting = [folder]
    while waiting:
        with _entries(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name in _OTHERS:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield _mark(entry.path)


@contextmanager
def _entries(folder: str) -> Iterator[Iterable[os.DirEntry[str]]]:
    """What is in a folder; nothing if it has gone or cannot be read."""
    try:
        entries = os.scandir(folder)
    except OSError:
        yield ()
        return
    with entries:
        yield entries


def _mark(path: str) -> tuple[str, int, int, int]:
    try:
        found = Path(path).stat()
    except OSError:
        return path, 0, 0, 0
    return path, found.st_mtime_ns, found.st_size, found.st_ino
