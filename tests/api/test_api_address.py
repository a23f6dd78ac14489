"""Where the token may go: HTTPS, or this machine; proxies only where they are meant."""

from __future__ import annotations

import pytest

from campaignctl.api.address import check_address
from campaignctl.errors import OutcomeUnknown, Refused
from tests.api.raw_server import RawServer, silent, whole
from tests.api.simulated import PAUSE, TOKEN, client
from tests.foreign_hosts import FOREIGN_HOSTS

AWAY = "https://api.ocamba.invalid"


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("https://api.ocamba.com", False),
        ("https://api.ocamba.com/", False),
        ("https://ocamba.com", False),
        ("https://eu.api.ocamba.com:8443/v2", False),
        ("https://API.OCAMBA.COM.", False),
        ("http://localhost:8787", True),
        ("http://LOCALHOST:8787", True),
        ("http://127.0.0.1:8787", True),
        ("http://127.5.5.5", True),
        ("http://[::1]:8787", True),
        ("https://localhost", True),
        ("https://[0:0:0:0:0:0:0:1]", True),
    ],
)
def test_https_and_loopback_are_accepted(url: str, loopback: bool) -> None:
    address = check_address(url)
    assert address.loopback is loopback
    assert not address.url.endswith("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.ocamba.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://localhost@api.ocamba.com",
        "https://user:secret@api.ocamba.com",
        "http://0.0.0.0",
        "http://2130706433",
        "http://[::ffff:10.0.0.1]",
        "ftp://127.0.0.1",
        "file:///etc/hosts",
        "api.ocamba.com",
        "//api.ocamba.com",
        "https://",
        "https://api.ocamba.com?x=y",
        "https://api.ocamba.com#x",
        "https://api.ocamba.com:99999999",
        "https://api.ocamba.com:0",
        "https://a b",
        "https://a..b",
        f"https://{'a' * 64}.com",
        "https://[::1",
        "",
        "\x00",
    ],
)
def test_anything_else_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(Refused) as caught:
        check_address(url)
    assert "OCAMBA_API_URL" in caught.value.hint
    assert "secret" not in caught.value.summary + caught.value.detail


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_foreign_host_gets_the_token_only_if_the_environment_names_it(host: str) -> None:
    url = f"https://{host}"
    for trusted in (None, "", "https://api.ocamba.com", "https://other.example", f"https://x.{host}"):
        with pytest.raises(Refused, match=r"token is not sent|cannot be read|name a host") as caught:
            check_address(url, trusted)
        assert "nothing was sent" in caught.value.detail


def test_the_host_of_the_environment_gets_the_token_at_any_port_and_path() -> None:
    url = "https://gateway.example/ocamba/"
    assert check_address(url, url).host == "gateway.example"
    assert check_address(url, "https://GATEWAY.example:8443").host == "gateway.example"
    with pytest.raises(Refused) as caught:
        check_address(url)
    assert caught.value.hint == "export OCAMBA_API_URL=https://gateway.example/ocamba/"


def test_a_base_path_is_kept() -> None:
    with RawServer([whole(204)]) as server, client(f"{server.url}/ocamba/") as api:
        api.send(PAUSE)
        assert api.url == f"{server.url}/ocamba"
    assert server.requests[0].line == "POST /ocamba/v1/hood/campaigns/7/pause HTTP/1.1"


def test_a_loopback_host_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer([whole(204)]) as proxy, RawServer([whole(204)]) as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
            monkeypatch.setenv(name.lower(), proxy.url)
        with client(server.url) as api:
            api.send(PAUSE)
    assert (len(server.requests), len(proxy.requests)) == (1, 0)


def test_a_proxy_of_the_environment_gets_a_tunnel_and_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with RawServer([whole(502)]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("https_proxy", proxy.url)
        with client(AWAY, trusted_url=AWAY) as api, pytest.raises(Refused, match="no connection"):
            api.send(PAUSE)
    assert [request.line for request in proxy.requests] == ["CONNECT api.ocamba.invalid:443 HTTP/1.1"]
    assert TOKEN not in proxy.requests[0].head


def test_a_proxy_that_is_not_http_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("https_proxy", "socks5://me:secret@127.0.0.1:9")
    with client(AWAY, trusted_url=AWAY) as api, pytest.raises(Refused, match="proxy") as caught:
        api.send(PAUSE)
    assert "secret" not in caught.value.summary + caught.value.detail + caught.value.hint


def test_a_silent_proxy_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with RawServer([silent()]) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with (
            client(AWAY, trusted_url=AWAY, timeout=0.1) as api,
            pytest.raises((Refused, OutcomeUnknown)),
        ):
            api.send(PAUSE)
