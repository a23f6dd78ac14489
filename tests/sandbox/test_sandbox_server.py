"""HTTP itself: keep-alive connections, unreadable bodies, the address."""

import http.client
import json
from collections.abc import Iterator

import pytest

from campaignctl.sandbox import Sandbox
from tests.e2e.harness import until
from tests.sandbox.sandbox_account import CAMPAIGNS, Account, push

HEADERS = {"Authorization": "Bearer t", "Content-Type": "application/json"}


@pytest.fixture
def connection(account: Account) -> Iterator[http.client.HTTPConnection]:
    kept = http.client.HTTPConnection(account.url.removeprefix("http://"), timeout=5)
    yield kept
    kept.close()


def test_one_connection_serves_many_requests(connection: http.client.HTTPConnection) -> None:
    connection.connect()
    socket = connection.sock
    for method, path, body, status in (
        ("POST", CAMPAIGNS, push(is_draft=True), 201),
        ("PATCH", f"{CAMPAIGNS}/1030978", {"name": "n"}, 204),
        ("HEAD", CAMPAIGNS, None, 405),
        ("POST", CAMPAIGNS, {}, 400),
        ("GET", f"{CAMPAIGNS}/1", None, 404),
        ("GET", "/_sandbox/nowhere", None, 404),
        ("DELETE", "/_sandbox/clock", None, 405),
        ("GET", CAMPAIGNS, None, 200),
    ):
        connection.request(method, path, None if body is None else json.dumps(body), HEADERS)
        response = connection.getresponse()
        response.read()
        assert response.status == status, (method, path)
        assert connection.sock is socket


@pytest.mark.parametrize("header", [("Transfer-Encoding", "chunked"), ("Content-Length", "many")])
def test_a_body_without_a_length_is_refused(
    connection: http.client.HTTPConnection, header: tuple[str, str]
) -> None:
    connection.putrequest("POST", CAMPAIGNS)
    for name, value in (*HEADERS.items(), header):
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 400


def test_another_content_type_is_refused(connection: http.client.HTTPConnection) -> None:
    connection.request("POST", CAMPAIGNS, json.dumps(push()), {**HEADERS, "Content-Type": "text/plain"})
    assert connection.getresponse().status == 400


def test_close_drops_connections_and_wakes_waiting_requests() -> None:
    with Sandbox() as sandbox:
        kept = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=5)
        Account(sandbox.url).control.fault({}, {"kind": "delay", "seconds": 60})
        kept.request("POST", CAMPAIGNS, json.dumps(push()), HEADERS)
        until(lambda: Account(sandbox.url).control.faults()[0]["used"])
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        kept.getresponse()
    kept.close()


def test_an_address_in_use_is_an_error() -> None:
    with Sandbox() as sandbox, pytest.raises(OSError, match="in use"):
        Sandbox(port=int(sandbox.url.rpartition(":")[2]))


def answered(sandbox: Sandbox, path: str, *hosts: str) -> int:
    """The status for a request with these `Host` headers."""
    connection = http.client.HTTPConnection("127.0.0.1", int(sandbox.url.rpartition(":")[2]), timeout=5)
    connection.putrequest("GET", path, skip_host=True)
    for host in hosts:
        connection.putheader("Host", host)
    for name, value in HEADERS.items():
        connection.putheader(name, value)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


PATHS = ("/", CAMPAIGNS, "/_sandbox/requests", "/_sandbox/clock")


@pytest.mark.parametrize("path", PATHS)
def test_a_host_of_someone_else_is_not_answered(path: str) -> None:
    """A web page whose own name leads to this machine could read the requests, and send."""
    with Sandbox() as sandbox:
        for host in (
            "evil.example",
            "evil.example:8787",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil-localhost",
            "192.168.1.1",
            "0.0.0.0",
            "x@localhost",
            "localhost/x",
            "",
            "[::1",
        ):
            assert answered(sandbox, path, host) == 421, host
        assert answered(sandbox, path, "evil.example", "localhost") == 421
        for host in ("localhost", "LOCALHOST:1", "127.0.0.1:8787", "127.5.5.5", "[::1]:80", "shop.localhost"):
            assert answered(sandbox, path, host) == 200, host
        assert answered(sandbox, path) == 200


def test_a_sandbox_for_other_machines_answers_to_addresses_and_to_its_own_name() -> None:
    with Sandbox(host="0.0.0.0") as sandbox:
        assert answered(sandbox, CAMPAIGNS, "192.168.1.1:8787") == 200
        assert answered(sandbox, CAMPAIGNS, "evil.example") == 421
    with Sandbox(host="localhost") as sandbox:
        assert answered(sandbox, CAMPAIGNS, "localhost") == 200
