"""Which call is sent again, when, and until when.

A 429 proves that nothing happened: every call is repeated after it. Beyond that only reads are, on
time-outs, resets and 5xx. Nothing else is ever sent twice ("Talking to the API").
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from campaignctl.api import translate, wire
from campaignctl.api.exchange import Exchange, Outgoing
from campaignctl.api.pacing import Pacer
from campaignctl.api.secret import Token
from campaignctl.api.translate import TOO_MANY, Answer, Call
from campaignctl.api.waiting import Waiter
from campaignctl.errors import ReadFailed

READ_TRIES: Final = 4
FIRST_READ_WAIT: Final = 0.5
LONGEST_RETRY_AFTER: Final = 60.0
REFUSED_FOR: Final = 600.0
"""Seconds of 429 after which a call gives up."""

SERVER_ERRORS: Final = range(500, 600)


class Courier:
    """Brings a call to the API and its answer back, as often as is safe.

    `on_answer` gets every answer, and the seconds that it took from when the request might start.
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

    def write(self, call: Call, outgoing: Outgoing) -> Answer:
        """One attempt, and further ones after a 429 alone. Raises `Refused` or `OutcomeUnknown`."""
        return self._paced(call, outgoing)

    def read(self, call: Call, outgoing: Outgoing) -> Answer:
        """Up to four attempts. Raises `ReadFailed`, or gives the last answer, which may be a 5xx."""
        for attempt in range(READ_TRIES - 1):
            try:
                answer = self._paced(call, outgoing)
            except ReadFailed as failed:
                self._pause(attempt, failed.summary)
            else:
                if answer.status not in SERVER_ERRORS:
                    return answer
                self._pause(attempt, f"{call}: {answer.status}", answer)
        return self._paced(call, outgoing)

    def _paced(self, call: Call, outgoing: Outgoing) -> Answer:
        refused_since: float | None = None
        tries = 0
        while True:
            with self._pacer.slot(reserve=call.reserve, before=call.before) as slot:
                began = self._waiter.monotonic()
                answer = self._exchange.once(call, outgoing, slot)
            self._on_answer(answer, self._waiter.monotonic() - began)
            if answer.status != TOO_MANY:
                self._pacer.observe(answer.headers)
                return answer
            wait = self._pacer.refused(slot, wire.retry_after(answer.headers, self._now()), tries)
            refused_since = self._waiter.monotonic() if refused_since is None else refused_since
            if self._waiter.monotonic() + wait - refused_since > REFUSED_FOR:
                raise translate.rejection(answer, call, self._token)
            self._on_event(f"{call}: {TOO_MANY}, again in {wait:.1f} s")
            self._waiter.wait(wait)
            tries += 1

    def _pause(self, attempt: int, failed: str, answer: Answer | None = None) -> None:
        wait = self._waiter.jittered(FIRST_READ_WAIT * 2**attempt)
        if answer is not None:
            asked = wire.retry_after(answer.headers, self._now()) or 0.0
            wait = max(wait, min(asked, LONGEST_RETRY_AFTER))
        self._on_event(f"{failed}; again in {wait:.1f} s")
        self._waiter.wait(wait)
