"""One request, one answer: sent once, bounded in time and size, redirects not followed; and safe retries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from threading import Lock
from typing import Any, Final

import httpx

from campaignctl.api import translate, wire
from campaignctl.api.address import Address
from campaignctl.api.pacing import LONGEST_PAUSE, TOO_MANY_IN_PARALLEL, Pacer, Slot, Waiter
from campaignctl.api.secret import Token
from campaignctl.api.translate import TOO_MANY, Answer, Call
from campaignctl.api.transport import DeadlineTransport
from campaignctl.errors import ReadFailed

# In seconds: no wait is said to be none.
_LEAST_SAID = 0.1

LARGEST_ANSWER: Final = 32 * 1024 * 1024
FIRST_BYTE: Final = "http11.send_request_headers.started"


class Exchange:
    """The HTTP client, built on the first request and shared by all threads."""

    def __init__(
        self,
        address: Address,
        token: Token,
        *,
        timeout: timedelta,
        user_agent: str,
        transport: httpx.BaseTransport | None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._address = address
        self._token = token
        self._timeout = timeout.total_seconds()
        self._user_agent = user_agent
        self._transport = transport
        self._interrupted = interrupted
        self._lock = Lock()
        self._client: httpx.Client | None = None

    def once(self, call: Call, slot: Slot) -> Answer:
        """Send once and read the whole answer.

        Raises what `translate.failure` says when no whole answer came.
        """
        ready = False
        try:
            client = self._built()
            request = self._request(client, call, slot)
            ready = True
            answer = self._answer(client, request)
        except translate.FOREIGN as error:
            never_sent = not ready or translate.never_sent(error)
            if not never_sent:
                slot.sent()
            raise translate.failure(error, call, self._token, never_sent=never_sent) from error
        slot.sent()
        return answer

    def close(self) -> None:
        """Close every connection. A later request opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _built(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._client = self._build()
            return self._client

    def _build(self) -> httpx.Client:
        transport = self._transport or DeadlineTransport(
            self._timeout,
            tls=self._address.url.startswith("https:"),
            proxy=self._address.proxy(),
            interrupted=self._interrupted,
        )
        return httpx.Client(
            transport=transport,
            timeout=self._timeout,
            follow_redirects=False,
            trust_env=False,
            # Cookies that an answer sets are dropped.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "Authorization": self._token.authorization,
                "User-Agent": self._user_agent,
            },
        )

    def _request(self, client: httpx.Client, call: Call, slot: Slot) -> httpx.Request:
        return client.build_request(
            call.method,
            f"{self._address.url}{call.path}",
            params=dict(call.parameters) or None,
            content=call.body,
            headers={"Content-Type": "application/json"} if call.body is not None else None,
            extensions={"trace": _first_byte(slot.sent)},
        )

    def _answer(self, client: httpx.Client, request: httpx.Request) -> Answer:
        response = client.send(request, stream=True)
        try:
            body, flaw = _body(response)
        finally:
            response.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, body, flaw)


def _first_byte(sent: Callable[[], None]) -> Callable[[str, Mapping[str, Any]], None]:
    def trace(event: str, _info: Mapping[str, Any]) -> None:
        if event == FIRST_BYTE:
            sent()

    return trace


def _body(response: httpx.Response) -> tuple[bytes, str]:
    """The body, and why it cannot be read, if so."""
    # Only gzip was asked for. Stacked encodings turn a few kilobytes into gigabytes.
    if response.headers.get("content-encoding", "identity").lower() not in ("identity", "gzip"):
        return b"", "an encoding that was not requested"
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            return b"", f"more than {LARGEST_ANSWER // 1024 // 1024} MiB"
    return bytes(body), ""


READ_TRIES: Final = 4
FIRST_READ_WAIT: Final = 0.5
LONGEST_RETRY_AFTER: Final = 60.0
REFUSED_FOR: Final = 600.0
"""Seconds of 429 after which a call gives up."""

SERVER_ERRORS: Final = range(500, 600)


class Courier:
    """Sends calls, and repeats them as often as is safe.

    `on_answer` gets every answer and its duration in seconds, without waiting for the rate limit.
    """

    def __init__(
        self,
        exchange: Exchange,
        pacer: Pacer,
        waiter: Waiter,
        token: Token,
        *,
        on_event: Callable[[str], None],
        on_answer: Callable[[Answer, float], None],
        now: Callable[[], datetime],
    ) -> None:
        self._exchange = exchange
        self._pacer = pacer
        self._waiter = waiter
        self._token = token
        self._on_event = on_event
        self._on_answer = on_answer
        self._now = now

    def read(self, call: Call) -> Answer:
        """Make up to four attempts. Returns the last answer, which may be a 5xx, or raises `ReadFailed`."""
        for attempt in range(READ_TRIES - 1):
            try:
                answer = self.send(call)
            except ReadFailed as failed:
                self._pause(attempt, failed.summary)
            else:
                if answer.status not in SERVER_ERRORS:
                    return answer
                self._pause(attempt, f"{call}: {answer.status}", answer)
        return self.send(call)

    def send(self, call: Call) -> Answer:
        """Make one attempt, and more only after a 429.

        Raises `Refused` or `OutcomeUnknown`, of a read `ReadFailed`.
        """
        refused_since: float | None = None
        tries, ticket = 0, self._pacer.ticket()
        while True:
            with self._pacer.slot(reserve=call.reserve, before=call.before, ticket=ticket) as slot:
                began = self._waiter.monotonic()
                answer = self._exchange.once(call, slot)
            self._on_answer(answer, self._waiter.monotonic() - began)
            if answer.status != TOO_MANY:
                self._pacer.observe(answer.headers)
                return answer
            asked = self._asked(answer, call)
            wait = self._pacer.refused(slot, asked, tries)
            refused_since = self._waiter.monotonic() if refused_since is None else refused_since
            if self._waiter.monotonic() + wait - refused_since > REFUSED_FOR:
                raise translate.rejection(answer, call, self._token)
            self._on_event(f"{call}: {TOO_MANY}, again in {max(wait, _LEAST_SAID):.1f} s")
            if asked == TOO_MANY_IN_PARALLEL:
                self._waiter.wait(wait)
            tries += 1

    def _asked(self, answer: Answer, call: Call) -> float | None:
        """The seconds that a 429 asks to wait. Raises `Refused`, of a read `ReadFailed`, for absurd ones."""
        asked = wire.retry_after(answer.headers, self._now())
        if asked is None or asked <= LONGEST_PAUSE:
            return asked
        absurd = f"it asks to wait {asked:,.0f} s, but no window of its rate limit is longer than a minute"
        raise translate.rejection(answer, call, self._token, absurd)

    def _pause(self, attempt: int, failed: str, answer: Answer | None = None) -> None:
        wait = self._waiter.jittered(FIRST_READ_WAIT * 2**attempt)
        if answer is not None:
            asked = wire.retry_after(answer.headers, self._now()) or 0.0
            wait = max(wait, min(asked, LONGEST_RETRY_AFTER))
        self._on_event(f"{failed}; again in {max(wait, _LEAST_SAID):.1f} s")
        self._waiter.wait(wait)
