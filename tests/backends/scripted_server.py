"""An HTTP server that says what a test has written for it, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.serving import serving


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]
    connection: int


@dataclass
class Script:
    """What is answered: status and body by method, one after another, the last one again and again."""

    answers: dict[str, list[tuple[int, bytes]]]
    port: int = 0
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of a state there."""
        return f"http://127.0.0.1:{self.port}/crm"

    @property
    def methods(self) -> list[str]:
        """The methods that it was asked with."""
        return [each.method for each in self.asked]

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        """What is said to a request."""
        self.asked.append(asked)
        left = self.answers.get(asked.method) or [(200, b"")]
        return left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def scripted(**answers: list[tuple[int, bytes]]) -> Iterator[Script]:
    """A server with these answers; 200 and nothing else to any other method."""
    script = Script(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, body, headers, self.client_address[1])
            status, said = script.answer(asked)
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_LOCK = do_UNLOCK = do  # noqa: N815 - the library finds them so

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

    with serving(Quiet(("127.0.0.1", 0), Handler)) as server:
        script.port = server.server_address[1]
        yield script
