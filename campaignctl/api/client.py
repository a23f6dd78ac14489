"""The client of one account: list, read by id, and send a planned request.

The largest page size and the fields that can be filtered are not documented (API contract, section 5), so the
client finds out which form of a list request the API accepts.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import KW_ONLY, InitVar, dataclass
from datetime import datetime, timedelta
from threading import Lock
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx

from campaignctl.api import translate, wire
from campaignctl.api.address import check_address
from campaignctl.api.budget import Limits, Report, report
from campaignctl.api.exchange import Courier, Exchange
from campaignctl.api.pacing import Pacer, Waiter
from campaignctl.api.secret import Token
from campaignctl.api.translate import BAD_REQUEST, CREATED, DONE, NO_SUCH_CAMPAIGN, OK, Answer, Call, nothing
from campaignctl.campaign.live import Live, Page
from campaignctl.errors import Command, ReadFailed, Refused, Sentence
from campaignctl.plan.model import CAMPAIGNS, Request, path_of

LIVE: Final = "nin:sent,canceled"
MOST_PAGES: Final = 10_000
"""More pages than any account has: a list that does not end is not read for ever."""

LONGEST_GAP: Final = timedelta(minutes=2)
"""By how much the server's clock may differ from what is expected."""


@dataclass(frozen=True, slots=True)
class ListForm:
    """One form of a list request: with or without the status filter, with or without a size."""

    filtered: bool
    sized: bool

    def parameters(self, number: int, size: int) -> dict[str, str]:
        """The query of page `number` (from 1): newest first, full view."""
        page = f"{number},{size}" if self.sized else str(number)
        parameters = {"page": page, "sort": "-create_time", "view": "full"}
        return {**parameters, "status": LIVE} if self.filtered else parameters


FILTERED: Final = ListForm(filtered=True, sized=True)
SIZED: Final = ListForm(filtered=False, sized=True)
PLAIN: Final = ListForm(filtered=False, sized=False)


class ServerClock:
    """The server's clock: the `Date` of the last answer, carried forward. Safe to use from several threads.

    `now` is this machine's clock, `monotonic` its seconds since some moment. While a machine sleeps, one of
    them stands still, or both; then only the next answer tells.
    """

    def __init__(self, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._now, self._monotonic = now, monotonic
        self._lock = Lock()
        self._last: tuple[datetime, datetime, float] | None = None
        self._jumps = 0
        self._slept = False

    def note(self, date: datetime, took: float = 0.0) -> None:
        """Take over the time of an answer that took so many seconds.

        The server wrote the time at some moment in between: a process that was stopped reads an old answer.
        So the time is corrected only as far as the answer proves it wrong.
        """
        latest = date + timedelta(seconds=took)
        with self._lock:
            self._look()
            expected = self._expected(self._last) if self._last is not None else self._now()
            if not self._slept and self._last is not None:
                self._jumps += max(date - expected, expected - latest) > LONGEST_GAP
            time = min(max(date, expected), latest)
            self._last, self._slept = (time, self._now(), self._monotonic()), False

    @property
    def time(self) -> datetime | None:
        """The server's time now; None before the first answer."""
        with self._lock:
            return self._expected(self._last) if self._last is not None else None

    @property
    def jumps(self) -> int:
        """How often the time was not as expected: this machine's clocks disagree since the last answer, or an
        answer had another time than they say."""
        with self._lock:
            self._look()
            return self._jumps

    def _look(self) -> None:
        if self._last is not None and not self._slept:
            wall, seconds = self._passed(self._last)
            self._slept = abs(wall - seconds) > LONGEST_GAP
            self._jumps += self._slept

    def _passed(self, last: tuple[datetime, datetime, float]) -> tuple[timedelta, timedelta]:
        return self._now() - last[1], timedelta(seconds=self._monotonic() - last[2])

    def _expected(self, last: tuple[datetime, datetime, float]) -> datetime:
        # The later one: a send whose time is past cannot be undone.
        return last[0] + max(self._passed(last))


class ListForms:
    """Remembers which forms the API accepts. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._forms = {True: (FILTERED, SIZED, PLAIN), False: (SIZED, PLAIN)}

    def open_to(self, number: int, *, live_only: bool) -> tuple[ListForm, ...]:
        """The forms to try, in order.

        Only a first page has more than one: later pages in another form would begin at another item, and
        the scan would skip campaigns.
        """
        with self._lock:
            forms = self._forms[live_only]
        return forms if number == 1 else forms[:1]

    def works(self, form: ListForm, *, live_only: bool) -> None:
        """Record that the API accepted this form; forms before it are not tried again."""
        with self._lock:
            forms = self._forms[live_only]
            if form in forms:
                self._forms[live_only] = forms[forms.index(form) :]


T = TypeVar("T")
Before = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Pulse:
    """Latency and rate limit of one answer.

    `latency` is the duration of the request, without waiting for the rate limit; `rate` is what the headers
    say, if anything (API contract, section 6.2).
    """

    latency: timedelta
    rate: Report | None


@dataclass(eq=False, repr=False)
class OcambaApi:
    """The API of one account, for up to 16 threads.

    `timeout` bounds one whole request; the three figures are the account's rate limits in requests, and the
    share per minute kept for settling and halt. `now` is aware; `monotonic` and `sleep` are in seconds.
    `on_event` gets log lines without foreign text. `transport` replaces the network.
    `trusted_url` is OCAMBA_API_URL: its host gets the token, whichever it is. Raises `Refused` for a URL, and
    `TokenRejected` for a token, that cannot be used.

    Every method raises `Interrupted` if `interrupted` says so before its request is sent. `before` runs
    directly before each attempt of a write, after all waiting for the rate limit; what it raises ends the
    method, and that attempt was not sent.
    """

    url: str
    token: InitVar[str]
    _: KW_ONLY
    timeout: timedelta
    per_second: int
    per_minute: int
    reserve_per_minute: int
    tool_version: str
    transport: httpx.BaseTransport | None = None
    trusted_url: str | None = None
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]
    on_event: Callable[[str], None] = lambda _event: None
    interrupted: Callable[[], bool]

    def __post_init__(self, token: str) -> None:
        address = check_address(self.url, self.trusted_url)
        self.url = address.url
        self._token = Token(token)
        waiter = Waiter(self.monotonic, self.sleep, self.random, self.interrupted)
        limits = Limits(self.per_second, self.per_minute, self.reserve_per_minute)
        self._pacer = Pacer(limits, waiter, self.on_event)
        self._exchange = Exchange(
            address,
            self._token,
            timeout=self.timeout,
            user_agent=f"campaignctl/{self.tool_version} (campaigns as code)",
            transport=self.transport,
            interrupted=self.interrupted,
        )
        self._courier = Courier(
            self._exchange,
            self._pacer,
            waiter,
            self._token,
            on_event=self.on_event,
            on_answer=self._note,
            now=self.now,
        )
        self._lists = ListForms()
        self._clock = ServerClock(self.now, self.monotonic)
        self._note_lock = Lock()
        self._pulse: Pulse | None = None

    def __repr__(self) -> str:
        return f"OcambaApi({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection. Safe to call twice."""
        self._exchange.close()

    @property
    def server_time(self) -> datetime | None:
        """The server's clock, carried forward from its last answer; None before the first."""
        return self._clock.time

    @property
    def time_jumps(self) -> int:
        """How often the server's time was not as expected, by more than two minutes."""
        return self._clock.jumps

    @property
    def pulse(self) -> Pulse | None:
        """Latency and rate limit of the last answer, whatever its status; None before the first."""
        with self._note_lock:
            return self._pulse

    def estimate(self, requests: int) -> timedelta:
        """How long that many requests take to start under the rate limit, if nothing else uses it."""
        return self._pacer.estimate(requests)

    def list_page(
        self, number: int, *, size: int = 100, live_only: bool = False, reserve: bool = False
    ) -> Page:
        """One page, newest first, full view. Raises `ReadFailed` or `TokenRejected`.

        If the API refuses the first page for its status filter or size, they are left out one after the
        other and not tried again: pages may hold other statuses, and fewer items.
        """
        if number > MOST_PAGES:
            raise ReadFailed(
                f"the API lists more than {MOST_PAGES:,} pages of campaigns",
                detail="Its list does not seem to end.",
                hint=Sentence("check the address of the API: ", Command("doctor")),
            )
        form, *others = self._lists.open_to(number, live_only=live_only)
        while True:
            call = Call("GET", CAMPAIGNS, form.parameters(number, size), reserve=reserve)
            answer = self._courier.read(call)
            if answer.status != BAD_REQUEST or not others:
                break
            form = others.pop(0)
        if answer.status != OK:
            raise translate.rejection(answer, call, self._token)
        self._lists.works(form, live_only=live_only)
        return self._understood(answer, call, lambda value: wire.page(value, wire.date(answer.headers)))

    def read(self, campaign_id: str, *, reserve: bool = False) -> Live | None:
        """The campaign, or None for 404, 400, or 200 without an item.

        Raises `ReadFailed` or `TokenRejected`.
        """
        if not wire.is_id(campaign_id):
            raise ReadFailed("this cannot be the id of a campaign", detail="nothing was sent")
        call = Call("GET", path_of(campaign_id), reserve=reserve)
        answer = self._courier.read(call)
        if answer.status in NO_SUCH_CAMPAIGN:
            return None
        if answer.status != OK:
            raise translate.rejection(answer, call, self._token)
        return self._understood(answer, call, lambda value: wire.by_id(value, campaign_id))

    def send(self, request: Request, *, before: Before = nothing, reserve: bool = False) -> Live:
        """Send a write exactly as planned. Returns the created campaign; for other writes only the id.

        Raises `Refused` or `OutcomeUnknown`.
        """
        creates = request.operation == "create"
        if not creates and not wire.is_id(request.id):
            raise Refused("this cannot be the id of a campaign", detail="nothing was sent")
        if request.operation == "set-winner" and not wire.is_id(request.message):
            raise Refused("this cannot be the id of a message", detail="nothing was sent")
        call = Call(request.method, request.path, body=_json(request), reserve=reserve, before=before)
        answer = self._courier.send(call)
        if answer.status not in (CREATED if creates else DONE):
            raise translate.rejection(answer, call, self._token)
        if creates:
            return self._understood(answer, call, wire.created)
        return Live(request.id or "", {}, complete=False)

    def _understood(self, answer: Answer, call: Call, read: Callable[[Any], T]) -> T:
        try:
            if answer.flaw:
                raise wire.Unreadable(answer.flaw)
            return read(wire.parse(answer.body, self._token.redact_data))
        except wire.Unreadable as error:
            raise translate.unreadable(answer, call, str(error)) from error

    def _note(self, answer: Answer, seconds: float) -> None:
        date = wire.date(answer.headers)
        with self._note_lock:
            self._pulse = Pulse(timedelta(seconds=seconds), report(answer.headers))
        if date is not None:
            self._clock.note(date, seconds)


def _json(request: Request) -> bytes | None:
    try:
        return None if request.body is None else json.dumps(request.body, allow_nan=False).encode("ascii")
    except (ValueError, TypeError, RecursionError) as error:
        raise Refused(
            f"{request.method} {request.path}: the body cannot be written as JSON", detail="nothing was sent"
        ) from error
