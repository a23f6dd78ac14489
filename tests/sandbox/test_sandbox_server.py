"""HTTP itself: keep-alive connections, unreadable bodies, the address."""

import http.client
import json
from collections.abc import Iterator, Mapping

import pytest

from campaignctl.sandbox import Sandbox
from campaignctl.sandbox.control_api import ROUTES
from campaignctl.sandbox.dashboard import ACTIONS
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


# ----------------------------------------------------------------------- other pages of the browser

PUSH = json.dumps({"body": push()})
#: Each write of the page and of the control API: method, path, body.
WRITES = (
    ("POST", "/", "advance=1+day"),
    ("POST", "/", "set=2036-01-02T00:00"),
    ("POST", "/?campaign=1030978", "action=delete"),
    ("POST", "/_sandbox/clock", '{"advance": 1}'),
    ("DELETE", "/_sandbox/requests", ""),
    ("POST", "/_sandbox/campaigns", PUSH),
    ("POST", "/_sandbox/campaigns/1030978", '{"set": {"name": "x"}}'),
    ("POST", "/_sandbox/campaigns/1030978/clone", ""),
    *(("POST", f"/_sandbox/campaigns/1030978/{action}", "") for action in ACTIONS),
    ("POST", "/_sandbox/company", '{"company_id": "7"}'),
    ("PATCH", "/_sandbox/switches", '{"labels": "comma"}'),
    ("POST", "/_sandbox/tokens", '{"token": "t", "company_id": "7"}'),
    ("POST", "/_sandbox/faults", '{"fault": {"kind": "drop"}}'),
    ("DELETE", "/_sandbox/faults", ""),
    ("POST", "/_sandbox/late", ""),
    ("POST", "/_sandbox/reset", ""),
)
OF_OTHERS = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:1"},
    {"Origin": "http://[::1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


def asked(
    account: Account, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(account.url.removeprefix("http://"), timeout=5)
    kind = "application/json" if path.startswith("/_sandbox/") else "application/x-www-form-urlencoded"
    connection.request(method, path, body.encode(), {"Content-Type": kind, **(headers or {})})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_every_write_is_among_those_that_are_tried() -> None:
    tried = {(method, path) for method, path, _ in WRITES}
    for pattern, methods in ROUTES:
        for method in set(methods) - {"GET"}:
            assert any(one == method and pattern.fullmatch(path) for one, path in tried), pattern.pattern


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_another_page_of_the_browser_changes_nothing(
    account: Account, method: str, path: str, body: str
) -> None:
    account.create(push(scheduled_time="2036-03-22 10:00:00"))
    before = [account.control.campaigns(), account.control.clock(), account.control.switches()]
    for headers in OF_OTHERS:
        assert asked(account, method, path, body, headers).status == 403, headers
    after = [account.control.campaigns(), account.control.clock(), account.control.switches()]
    assert (after, len(account.control.requests())) == (before, 1)
    own = {"Origin": account.url, "Sec-Fetch-Site": "same-origin"}
    assert asked(account, method, path, body, own).status != 403
    assert asked(account, method, path, body).status != 403


@pytest.mark.parametrize("path", ["/", "/_sandbox/campaigns"])
def test_another_page_can_neither_frame_nor_read_an_answer(account: Account, path: str) -> None:
    answer = asked(account, "GET", path, headers={"Origin": "https://evil.example"})
    assert answer.getheader("X-Frame-Options") == "DENY"
    assert answer.getheader("Cross-Origin-Resource-Policy") == "same-origin"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize("path", [CAMPAIGNS, "/_sandbox/clock", "/"])
def test_a_browser_that_asks_first_is_not_let_through(account: Account, path: str) -> None:
    """Json, a token and DELETE are sent by other pages only after this question has a yes."""
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = asked(account, "OPTIONS", path, headers=headers)
    assert answer.status in (401, 403, 405)
    assert answer.getheader("Access-Control-Allow-Origin") is None
    assert asked(account, "POST", CAMPAIGNS, json.dumps(push())).status == 401
