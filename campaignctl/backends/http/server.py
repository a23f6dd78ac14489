"""Requests to a server that keeps states: once each, bounded, never redirected, with our login."""

from __future__ import annotations

import json
import ssl
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from campaignctl import __version__
from campaignctl.backends.cas.place import PlaceError
from campaignctl.backends.durable import LARGEST
from campaignctl.backends.http.credentials import Login, login_at
from campaignctl.errors import Sentence
from campaignctl.project.validators import is_loopback

if TYPE_CHECKING:
    import httpx

# Seconds after which an idle connection is dropped: servers close them too, and a request may meet that.
_IDLE = 2.0
_SHOWN = 200
_SURROUNDINGS = (
    "SSL_CERT_FILE names a file of certificates; HTTPS_PROXY or ALL_PROXY an http:// or https:// proxy,"
    " or NO_PROXY the server"
)
_HIDDEN = "[password]"
_UNAUTHORIZED, _FORBIDDEN, _TOO_LARGE = 401, 403, 413
_TRY_AGAIN = frozenset({408, 425, 429})
_REDIRECTS, _FAILED = range(300, 400), 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. `told` is its own message, for people, without our password."""

    status: int
    body: bytes
    told: str
    request: str

    @property
    def done(self) -> bool:
        """Whether it did what it was asked."""
        return self.status in range(200, 300)

    def trouble(self, login: Login | None) -> PlaceError:
        """What to do about an answer that is of no use."""
        summary = f"{self.request} was answered with {self.status}"
        if self.status in _TRY_AGAIN or self.status >= _FAILED:
            return PlaceError("away", summary, detail=self.told, hint="run the command again")
        if self.status in _REDIRECTS:
            hint = "write the address that it leads to in campaignctl.yaml: no password follows a redirect"
            return PlaceError("refused", summary, detail=self.told, hint=hint)
        return PlaceError("refused", summary, detail=self.told, hint=_way_out(self.status, login))


class Server:
    """A server that keeps states. Connects at its first use; safe for threads."""

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        self._address = address
        self._environ = environ
        self._opening = threading.Lock()
        self._opened: httpx.Client | None = None
        self._login: Login | None = None

    def ask(
        self, method: str, address: str, seconds: float, content: bytes | None = None, **query: str
    ) -> Answer:
        """Send one request and read its whole answer.

        Raises PlaceError without a whole answer within the time, which says nothing about what was done, and
        for an address that gets nothing from here.
        """
        import httpx

        request = f"{method} {address}"
        try:
            client, until = self._client(), time.monotonic() + seconds
        except (OSError, ImportError, ValueError, httpx.InvalidURL) as error:
            raise PlaceError(
                "setup", f"{request}: not sent", detail=str(error), hint=_SURROUNDINGS
            ) from error
        headers = {"Content-Type": "application/json"} if content is not None else None
        try:
            with client.stream(
                method, address, params=query or None, content=content, headers=headers, timeout=seconds
            ) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > LARGEST:
                        raise PlaceError("refused", f"{request}: more than {LARGEST // 1024 // 1024} MiB")
                    if time.monotonic() > until:
                        raise PlaceError("away", f"{request}: no whole answer in {seconds:.0f} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise self._unanswered(request, error) from error
        told = "" if response.is_success else self._told(bytes(body))
        return Answer(response.status_code, bytes(body), told, request)

    def trouble(self, answer: Answer) -> PlaceError:
        """What to do about an answer that is of no use."""
        return answer.trouble(self._login)

    def _client(self) -> httpx.Client:
        import httpx

        with self._opening:
            if self._opened is None:
                self._login = login = login_at(self._address, self._environ)
                secure = self._address.startswith("https:")
                self._opened = client = httpx.Client(
                    # To load certificates takes longer than a local request; without any, none is trusted.
                    verify=httpx.create_ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                    auth=httpx.BasicAuth(login.username, login.password) if login else None,
                    follow_redirects=False,
                    trust_env=not is_loopback(urlsplit(self._address).hostname or ""),
                    limits=httpx.Limits(keepalive_expiry=_IDLE),
                    headers={
                        "Accept": "application/json",
                        "Cache-Control": "no-cache",
                        "User-Agent": f"campaignctl/{__version__} (campaigns as code)",
                    },
                )
                weakref.finalize(self, client.close)
            return self._opened

    def _unanswered(self, request: str, error: Exception) -> PlaceError:
        detail = self._hidden(str(error)) or type(error).__name__
        if isinstance(error.__cause__, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in detail:
            hint = "if your company signs certificates itself, name its certificates in SSL_CERT_FILE"
            return PlaceError("setup", f"{request}: the server's certificate", detail=detail, hint=hint)
        return PlaceError("away", f"{request}: no answer", detail=detail, hint="run the command again")

    def _told(self, body: bytes) -> str:
        """The message in an answer, as GitLab and most servers write it."""
        text = body[: 4 * _SHOWN].decode("utf-8", "replace")
        try:
            document = json.loads(text)
            text = str(document.get("message") or document.get("error") or "")
        except (ValueError, AttributeError, RecursionError):
            text = "" if text.lstrip().startswith("<") else text
        return " ".join("".join(each if each.isprintable() else " " for each in self._hidden(text)).split())[
            :_SHOWN
        ]

    def _hidden(self, text: str) -> str:
        for secret in self._login.secrets if self._login else ():
            text = text.replace(secret, _HIDDEN)
        return text


def _way_out(status: int, login: Login | None) -> str:
    if status == _TOO_LARGE:
        return "have its limit raised (GitLab: the maximum size of a Terraform state)"
    if status in (_UNAUTHORIZED, _FORBIDDEN) and login is None:
        return "set CAMPAIGNCTL_HTTP_USERNAME and CAMPAIGNCTL_HTTP_PASSWORD"
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        return Sentence(
            f"check {login.variable}, and what its user may do there" if login else "",
            " (GitLab: Developer reads a state, Maintainer writes it)",
        )
    return "check `address` and `lock_address` in campaignctl.yaml"
