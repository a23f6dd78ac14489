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
