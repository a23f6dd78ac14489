"""What each answer of a server that keeps states means, and how its requests are made."""

from __future__ import annotations

import json
import ssl
import time
from base64 import b64encode

import pytest

from campaignctl import __version__
from campaignctl.backends.cas.place import PlaceError
from campaignctl.backends.http import server as http_server
from campaignctl.backends.http.credentials import Login
from campaignctl.backends.http.server import Answer, Server
from tests.backends.scripted_server import scripted

LOGIN = Login("mira", "s3cr3t", "TF_HTTP_PASSWORD")
ENVIRON = {"CAMPAIGNCTL_HTTP_USERNAME": "mira", "CAMPAIGNCTL_HTTP_PASSWORD": "s3cr3t"}
_ADDRESSES = "check `address` and `lock_address` in campaignctl.yaml"
_MAY = (
    "check TF_HTTP_PASSWORD, and what its user may do there"
    " (GitLab: Developer reads a state, Maintainer writes it)"
)
_SET = "set CAMPAIGNCTL_HTTP_USERNAME and CAMPAIGNCTL_HTTP_PASSWORD"
_REDIRECT = "write the address that it leads to in campaignctl.yaml: no password follows a redirect"


@pytest.mark.parametrize(
    ("status", "login", "kind", "hint"),
    [
        *((status, LOGIN, "away", "run the command again") for status in (408, 425, 429, 500, 501, 503, 599)),
        *((status, LOGIN, "refused", _REDIRECT) for status in (300, 302, 308, 399)),
        *((status, LOGIN, "refused", _ADDRESSES) for status in (199, 400, 402, 404, 409, 412, 424, 499)),
        *((status, LOGIN, "refused", _MAY) for status in (401, 403)),
        *((status, None, "refused", _SET) for status in (401, 403)),
        (400, None, "refused", _ADDRESSES),
        (413, None, "refused", "have its limit raised (GitLab: the maximum size of a Terraform state)"),
    ],
)
def test_an_answer_that_is_of_no_use_says_what_to_do(
    status: int, login: Login | None, kind: str, hint: str
) -> None:
    answer = Answer(status, b"", "as it says", "GET https://h/crm")
    assert not answer.done
    trouble = answer.trouble(login)
    assert (trouble.kind, str(trouble.hint)) == (kind, hint)
    assert str(trouble) == f"GET https://h/crm was answered with {status}: as it says"


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_an_answer_of_success_is_one(status: int) -> None:
    assert Answer(status, b"", "", "GET https://h/crm").done


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b'{"message": "no\\nsuch  thing", "error": "e"}', "no such thing"),
        (b'{"error": "only this"}', "only this"),
        (b'{"message": "", "error": ""}', ""),
        (b'{"message": {"base": 1}}', "{'base': 1}"),
        (b'{"other": "word"}', ""),
        (b'["a list"]', '["a list"]'),
        (b"plain\x00\x1b words\t", "plain words"),
        (b" \n<html>Sign in</html>", ""),
        (b"\xffcaf\xc3\xa9", "\N{REPLACEMENT CHARACTER}caf\xe9"),
        (b"[" * 100_000, "[" * 200),
        (b"x" * 201, "x" * 200),
        (b" " * 790 + b"0123456789abcdef", "0123456789"),
        (b"s3cr3t of mira", "[password] of mira"),
        (b64encode(b"mira:s3cr3t"), "[password]"),
    ],
)
def test_the_message_of_a_refusal_is_one_short_line_without_the_password(said: bytes, told: str) -> None:
    with scripted(GET=[(400, said)]) as script:
        answer = Server(script.url, ENVIRON).ask("GET", script.url, 10)
    assert (answer.status, answer.body, answer.told) == (400, said, told)


def test_what_was_asked_for_is_no_message() -> None:
    with scripted(GET=[(200, b"a state")]) as script:
        answer = Server(script.url, {}).ask("GET", script.url, 10)
        assert answer == Answer(200, b"a state", "", f"GET {script.url}")


def test_a_request_says_who_asks_and_what_it_sends() -> None:
    with scripted() as script:
        server = Server(script.url, ENVIRON)
        server.ask("GET", script.url, 10)
        server.ask("POST", script.url, 10, b"{}", ID="a/b")
        server.ask("POST", script.url, 10, b"")
        Server(script.url, {}).ask("GET", script.url, 10)
    first, second, third, other = script.asked
    for each in script.asked:
        assert each.headers["accept"] == "application/json"
        assert each.headers["cache-control"] == "no-cache"
        assert each.headers["user-agent"] == f"campaignctl/{__version__} (campaigns as code)"
    assert first.headers["authorization"] == "Basic " + b64encode(b"mira:s3cr3t").decode()
    assert "authorization" not in other.headers
    assert [each.headers.get("content-type") for each in script.asked] == [
        None,
        "application/json",
        "application/json",
        None,
    ]
    assert [each.path for each in script.asked] == ["/crm", "/crm?ID=a%2Fb", "/crm", "/crm"]
    assert [each.body for each in script.asked] == [b"", b"{}", b"", b""]
    assert other.connection not in (first.connection, second.connection, third.connection)


def test_a_connection_that_was_idle_for_two_seconds_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Servers close them too, and a request may meet that."""
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with scripted() as script:
        server = Server(script.url, {})
        server.ask("GET", script.url, 10)
        now += 1.5
        server.ask("GET", script.url, 10)
        now += 2.5
        server.ask("GET", script.url, 10)
    first, second, third = (each.connection for each in script.asked)
    assert first == second != third


def test_a_request_to_this_machine_takes_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with scripted() as script:
        assert Server(script.url, {}).ask("GET", script.url, 10).done


def test_an_answer_is_read_up_to_the_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 2 * 1024 * 1024
    monkeypatch.setattr(http_server, "LARGEST", most)
    with scripted(GET=[(200, b"x" * most), (200, b"x" * (most + 1))]) as script:
        server = Server(script.url, {})
        assert server.ask("GET", script.url, 10).body == b"x" * most
        with pytest.raises(PlaceError) as refused:
            server.ask("GET", script.url, 10)
    assert refused.value.kind == "refused"
    assert str(refused.value) == f"GET {script.url}: more than 2 MiB"


def test_an_answer_that_comes_too_slowly_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its pieces comes in time."""
    with scripted(GET=[(200, b"x")]) as script:
        server = Server(script.url, {})
        server.ask("GET", script.url, 10)
        real, begun = time.monotonic, len(script.asked)
        monkeypatch.setattr(time, "monotonic", lambda: real() + 11 * (len(script.asked) > begun))
        with pytest.raises(PlaceError) as away:
            server.ask("GET", script.url, 10)
    assert away.value.kind == "away"
    assert str(away.value) == f"GET {script.url}: no whole answer in 10 s"


def test_a_server_that_is_not_there_is_away() -> None:
    with scripted() as script:
        pass
    with pytest.raises(PlaceError) as away:
        Server(script.url, {}).ask("GET", script.url, 10)
    assert away.value.kind == "away"
    assert str(away.value).startswith(f"GET {script.url}: no answer: ")
    assert away.value.hint == "run the command again"


_CERTIFICATE = "if your company signs certificates itself, name its certificates in SSL_CERT_FILE"


@pytest.mark.parametrize(
    ("error", "cause", "kind", "told", "hint"),
    [
        (OSError(), None, "away", "no answer: OSError", "run the command again"),
        (OSError("at s3cr3t"), None, "away", "no answer: at [password]", "run the command again"),
        (
            OSError("[SSL: CERTIFICATE_VERIFY_FAILED] x"),
            None,
            "setup",
            "the server's certificate: [SSL: CERTIFICATE_VERIFY_FAILED] x",
            _CERTIFICATE,
        ),
        (
            OSError("x"),
            ssl.SSLCertVerificationError("y"),
            "setup",
            "the server's certificate: x",
            _CERTIFICATE,
        ),
    ],
)
def test_why_there_is_no_answer_is_told(
    error: OSError, cause: Exception | None, kind: str, told: str, hint: str
) -> None:
    error.__cause__ = cause
    with scripted() as script:
        server = Server(script.url, ENVIRON)
        server.ask("GET", script.url, 10)
    found = server._unanswered("GET x", error)
    assert (found.kind, str(found), found.hint) == (kind, f"GET x: {told}", hint)


def test_a_server_that_the_environment_does_not_name_is_asked_nothing() -> None:
    with pytest.raises(PlaceError) as refused:
        Server("https://h.example/crm", {}).ask("GET", "https://h.example/crm", 1)
    assert refused.value.kind == "setup"
    assert str(refused.value) == (
        "nothing is sent to https://h.example, as the environment does not name it:"
        " a checkout alone does not decide where a state and a password go"
    )
    assert str(refused.value.hint) == (
        "if you trust that server: `export CAMPAIGNCTL_HTTP_ADDRESS=https://h.example`"
    )


def test_an_address_that_cannot_be_asked_is_away_and_one_that_cannot_be_opened_needs_a_setup(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    environ = {"CAMPAIGNCTL_HTTP_ADDRESS": "https://h.example"}
    with pytest.raises(PlaceError) as refused:
        Server("https://h.example/crm", environ).ask("GET", "https://h.example/crm", 1)
    assert refused.value.kind == "setup"
    assert str(refused.value).startswith("GET https://h.example/crm: not sent: ")
    assert refused.value.hint == http_server._SURROUNDINGS
    with pytest.raises(PlaceError) as away:
        Server("http://localhost/crm", {}).ask("GET", "http://localhost:999999/crm", 1)
    assert away.value.kind == "away"


def test_a_body_is_a_document_of_the_answer_though_its_message_is_cut() -> None:
    long = json.dumps({"message": "m" * 900}).encode()
    with scripted(GET=[(500, long)]) as script:
        answer = Server(script.url, {}).ask("GET", script.url, 10)
    assert answer.body == long
    assert answer.told == ('{"message": "' + "m" * 900)[:200]
