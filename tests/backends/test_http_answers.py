"""What a request carries, how long an answer may take, and what one that is of no use means."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from campaignctl import __version__
from campaignctl.backends.cas.place import PlaceError
from campaignctl.backends.http import server as http
from campaignctl.backends.http.credentials import Login
from campaignctl.backends.http.server import Answer, Server
from tests.serving import serving


@dataclass
class Scripted:
    """A server that gives one answer to every request, in pieces of so many bytes, and keeps what it got."""

    address: str = ""
    status: int = 200
    body: bytes = b"{}"
    piece: int = 1 << 20
    pause: float = 0.0
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            script.asked.append((self.command, self.path, headers, self.rfile.read(length)))
            self.send_response(script.status)
            self.send_header("Content-Length", str(len(script.body)))
            self.end_headers()
            for at in range(0, len(script.body), script.piece):
                try:
                    self.wfile.write(script.body[at : at + script.piece])
                except OSError:
                    return
                time.sleep(script.pause)

        do_POST = do_LOCK = do_GET  # noqa: N815 - the library finds them so

        def log_message(self, *_: object) -> None:
            pass

    with serving(HTTPServer(("127.0.0.1", 0), Handler)) as server:
        script.address = f"http://127.0.0.1:{server.server_port}/crm"
        yield script


def ask(scripted: Scripted, environ: dict[str, str] | None = None, seconds: float = 5) -> Answer:
    return Server(scripted.address, environ or {}).ask("GET", scripted.address, seconds)


def test_a_request_says_who_we_are_and_wants_json_that_is_new(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # this machine is asked without one
    login = {"CAMPAIGNCTL_HTTP_USERNAME": "mira", "CAMPAIGNCTL_HTTP_PASSWORD": "s3cr3t"}
    server = Server(scripted.address, login)
    answer = server.ask("GET", scripted.address, 5)
    assert (answer.status, answer.body, answer.done) == (200, b"{}", True)
    assert answer.request == f"GET {scripted.address}"
    server.ask("LOCK", f"{scripted.address}/lock", 5, b"{}", ID="one two")
    Server(scripted.address, {}).ask("POST", scripted.address, 5, b"")
    (first, second, third) = scripted.asked
    assert (first[0], first[1], first[3]) == ("GET", "/crm", b"")
    assert (second[0], second[1], second[3]) == ("LOCK", "/crm/lock?ID=one+two", b"{}")
    for headers in (first[2], second[2]):
        assert headers["authorization"] == "Basic bWlyYTpzM2NyM3Q="
        assert headers["accept"] == "application/json"
        assert headers["cache-control"] == "no-cache"
        assert headers["user-agent"] == f"campaignctl/{__version__} (campaigns as code)"
    assert "content-type" not in first[2]
    assert [each[2]["content-type"] for each in (second, third)] == ["application/json"] * 2
    assert "authorization" not in third[2]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"message": "no room", "error": "x"}', "no room"),
        (b'{"message": "", "error": "full"}', "full"),
        (b'{"message": 7}', "7"),
        (b"{}", ""),
        (b"", ""),
        (b"[1, 2]", "[1, 2]"),
        (b"<html>Sign in</html>", ""),
        (b" \n<!doctype html>", ""),
        (b"plain\ttext \n of two lines", "plain text of two lines"),
        (b"\x1b[31mred", "[31mred"),
        (b"not \xff UTF-8", "not \N{REPLACEMENT CHARACTER} UTF-8"),
        (b"x" * 900, "x" * 200),
        (b"[" * 100_000, "[" * 200),
        (b'{"message": "for mira: s3cr3t, bWlyYTpzM2NyM3Q="}', "for mira: [password], [password]"),
    ],
)
def test_what_a_server_says_is_told_in_one_short_line_without_our_password(
    scripted: Scripted, body: bytes, told: str
) -> None:
    login = {"CAMPAIGNCTL_HTTP_USERNAME": "mira", "CAMPAIGNCTL_HTTP_PASSWORD": "s3cr3t"}
    scripted.status, scripted.body = 400, body
    assert ask(scripted, login).told == told
    scripted.status = 200
    assert ask(scripted, login).told == ""


@pytest.mark.parametrize(("size", "is_read"), [(99, True), (100, True), (101, False)])
def test_an_answer_that_would_fill_the_memory_is_refused(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch, size: int, is_read: bool
) -> None:
    monkeypatch.setattr(http, "LARGEST", 100)
    scripted.body = b"x" * size
    if is_read:
        assert ask(scripted).body == scripted.body
        return
    with pytest.raises(PlaceError, match="more than 0 MiB") as refused:
        ask(scripted)
    assert refused.value.kind == "refused"


def test_an_answer_that_comes_in_drops_is_not_waited_for(scripted: Scripted) -> None:
    scripted.body, scripted.piece, scripted.pause = b"x" * 100, 1, 0.05
    began = time.monotonic()
    with pytest.raises(PlaceError, match=f"GET {scripted.address}: no whole answer in 0 s") as late:
        ask(scripted, seconds=0.2)
    assert late.value.kind == "away"
    assert 0.2 <= time.monotonic() - began < 2


def test_a_server_that_does_not_answer_is_away(scripted: Scripted) -> None:
    scripted.body, scripted.piece, scripted.pause = b"xx", 1, 0.3
    for address in (scripted.address, "http://127.0.0.1:1/crm"):
        with pytest.raises(PlaceError, match=f"GET {address}: no answer: .") as away:
            Server(address, {}).ask("GET", address, 0.1)
        assert away.value.kind == "away"
        assert away.value.hint == "run the command again"


LOGIN = Login("mira", "s3cr3t", "TF_HTTP_PASSWORD")


@pytest.mark.parametrize(
    ("status", "login", "kind", "hint"),
    [
        (300, None, "refused", "write the address that it leads to"),
        (399, None, "refused", "write the address that it leads to"),
        (400, None, "refused", "check `address` and `lock_address` in campaignctl.yaml"),
        (401, None, "refused", "set CAMPAIGNCTL_HTTP_USERNAME and CAMPAIGNCTL_HTTP_PASSWORD"),
        (403, None, "refused", "set CAMPAIGNCTL_HTTP_USERNAME and CAMPAIGNCTL_HTTP_PASSWORD"),
        (401, LOGIN, "refused", "check TF_HTTP_PASSWORD, and what its user may do there (GitLab: Developer"),
        (403, LOGIN, "refused", "check TF_HTTP_PASSWORD, and what its user may do there (GitLab: Developer"),
        (404, LOGIN, "refused", "check `address` and `lock_address` in campaignctl.yaml"),
        (408, None, "away", "run the command again"),
        (413, LOGIN, "refused", "have its limit raised"),
        (425, None, "away", "run the command again"),
        (429, None, "away", "run the command again"),
        (499, None, "refused", "check `address` and `lock_address` in campaignctl.yaml"),
        (500, LOGIN, "away", "run the command again"),
        (503, None, "away", "run the command again"),
    ],
)
def test_an_answer_that_is_of_no_use_says_what_to_do(
    status: int, login: Login | None, kind: str, hint: str
) -> None:
    answer = Answer(status, b"", "as it says", "GET http://h/crm")
    trouble: Any = answer.trouble(login)
    assert not answer.done
    assert trouble.kind == kind
    assert str(trouble.hint).startswith(hint)
    assert str(trouble) == f"GET http://h/crm was answered with {status}: as it says"


@pytest.mark.parametrize(("status", "done"), [(199, False), (200, True), (299, True), (300, False)])
def test_an_answer_between_200_and_299_has_done_it(status: int, done: bool) -> None:
    assert Answer(status, b"", "", "").done is done
