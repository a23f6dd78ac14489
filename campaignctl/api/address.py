"""Where the API is, and which hosts get the token: HTTPS or loopback, and none that a file alone names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote
from typing import Final
from urllib.request import getproxies, proxy_bypass

import httpx

from campaignctl.errors import Refused, Shell
from campaignctl.project.validators import is_loopback, is_ours

HOST_NAME: Final = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?", re.IGNORECASE)
LAST_PORT: Final = 65535
HINT: Final = "set api.url in campaignctl.yaml, or OCAMBA_API_URL, to something like https://api.ocamba.com"


@dataclass(frozen=True, slots=True)
class Address:
    """The checked base URL, without a trailing slash, and whether it is this machine."""

    url: str
    host: str
    loopback: bool

    def proxy(self) -> str | None:
        """The proxy that the environment names for this host; a loopback host is always reached directly.

        Raises `Refused` for one that is not an HTTP proxy.
        """
        if self.loopback or proxy_bypass(self.host):
            return None
        proxies = getproxies()
        proxy = proxies.get("https") or proxies.get("all")
        return _checked_proxy(proxy) if proxy else None


def check_address(url: str, trusted: str | None = None) -> Address:
    """Raises `Refused` unless the token may be sent to this URL.

    `trusted` is the URL that the environment names, whatever its host is.
    """
    parsed = _parsed(url)
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise _refusal("the URL of the API may hold no user name, query or fragment")
    if parsed.scheme not in ("http", "https") or not _names_a_host(parsed):
        raise _refusal("the URL of the API must begin with https:// and name a host")
    loopback = is_loopback(parsed.host)
    if parsed.scheme == "http" and not loopback:
        raise _refusal("the token is sent over HTTPS only, unless the API is on this machine")
    host = parsed.raw_host.decode("ascii")
    if not (loopback or is_ours(host) or (trusted and _parsed(trusted).raw_host == parsed.raw_host)):
        raise Refused(
            "the API token is not sent to the host of api.url",
            detail="nothing was sent; a host outside ocamba.com needs OCAMBA_API_URL",
            hint=Shell(f"export OCAMBA_API_URL={quote(str(parsed))}"),
        )
    return Address(str(parsed).rstrip("/"), parsed.host, loopback)


def _parsed(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise Refused("the URL of the API cannot be read", detail="nothing was sent", hint=HINT) from error


def _names_a_host(url: httpx.URL) -> bool:
    """Checked here, because sockets raise unpredictable errors for an invalid host or port."""
    host = url.raw_host.decode("ascii")
    port_fits = url.port is None or 0 < url.port <= LAST_PORT
    return port_fits and (":" in host or HOST_NAME.fullmatch(host) is not None)


def _checked_proxy(proxy: str) -> str:
    url = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parsed = httpx.URL(url)
        usable = parsed.scheme in ("http", "https") and _names_a_host(parsed)
    except httpx.InvalidURL:
        usable = False
    if not usable:
        # The value may hold a password: it is not shown.
        raise Refused(
            "the proxy that the environment names cannot be used: it must be an http:// or https:// URL",
            detail="nothing was sent",
            hint="set HTTPS_PROXY to an HTTP proxy, or name the API's host in NO_PROXY",
        )
    return url


def _refusal(summary: str) -> Refused:
    return Refused(summary, detail="nothing was sent", hint=HINT)
