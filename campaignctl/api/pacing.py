"""Pacing: when a request may start under the rate limit. Every wait ends on an interrupt."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from threading import Event, Lock

from campaignctl.api.budget import CALM_ANSWERS, Budget, Limits, report
from campaignctl.errors import Interrupted

ANNOUNCE_FROM = 5.0
ANNOUNCE_EVERY = 15.0
LONGEST_NAP = 0.25
SHORTEST_NAP = 0.001
"""A shorter sleep might not advance a coarse clock, and the wait would spin."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """The clock, the random source and the interrupt flag of one run.

    `monotonic` and `sleep` are in seconds, `random` gives values from 0 to 1, `interrupted` says whether
    the run was asked to stop.
    """

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]
    interrupted: Callable[[], bool]

    def check(self) -> None:
        """Raise `Interrupted` if the run was asked to stop. Called while nothing is in flight."""
        if self.interrupted():
            raise Interrupted("interrupted; the request that was waiting was not sent")

    def nap(self, seconds: float) -> None:
        """Sleep at most `seconds`, briefly enough to notice an interrupt or a changed limit."""
        self.sleep(min(max(seconds, SHORTEST_NAP), LONGEST_NAP))

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass. Raises `Interrupted`."""
        began = self.monotonic()
        while (left := began + seconds - self.monotonic()) > 0:
            self.check()
            self.nap(left)
        self.check()

    def jittered(self, seconds: float) -> float:
        """A random time from half of `seconds` to all of it, so that clients do not retry in step."""
        return seconds * (0.5 + self.random() / 2)


LONGEST_PAUSE = 120.0
"""Twice the longest window: a server that asks for more is wrong, or means something else."""
LONGEST_DEPARTURE = 1.1
UNLIMITED_FROM = 16
CROWDED_POLL = 0.02
FIRST_BACK_OFF = 1.0
LONGEST_BACK_OFF = 30.0
CROWDED_BACK_OFF = 0.2
TOO_MANY_IN_PARALLEL = -1.0


class Parallelism:
    """How many requests may be in flight: no limit until the server sets one.

    `Retry-After: -1` halves it (once for all requests that were refused together); after every
    `CALM_ANSWERS` answers without a refusal it grows by one. `permitted` is None while no limit is known. Not
    thread-safe.
    """

    def __init__(self) -> None:
        self.in_flight = 0
        self.wave = 0
        self.permitted: int | None = None
        self._calm = 0

    @property
    def has_room(self) -> bool:
        """Whether one more may start now."""
        return self.permitted is None or self.in_flight < self.permitted

    def refuse(self, wave: int, in_flight: int) -> None:
        """A request of `wave` was one too many among `in_flight`."""
        self._calm = 0
        if wave == self.wave:
            self.permitted = max(1, in_flight // 2)
            self.wave += 1

    def calm(self) -> None:
        """Record an answer that was not a refusal."""
        if self.permitted is None:
            return
        self._calm += 1
        if self._calm >= CALM_ANSWERS:
            self._calm = 0
            self.permitted = self.permitted + 1 if self.permitted + 1 < UNLIMITED_FROM else None


class Slot:
    """Permission to send one request. Call `sent` when its first byte leaves.

    `granted` is the moment it was given (monotonic seconds). A slot that ends without being sent gives its
    share of the budget back: only a request that provably never left may end so.
    """

    def __init__(self, wave: int, in_flight: int, granted: float, on_sent: Callable[[], None]) -> None:
        self.wave = wave
        self.in_flight = in_flight
        self.granted = granted
        self.departs = False
        self.was_sent = False
        self._on_sent = on_sent

    def sent(self) -> None:
        """The request leaves now. Further calls do nothing."""
        if not self.was_sent:
            self.was_sent = True
            self._on_sent()


@dataclass(order=True, slots=True)
class Turn:
    """A place in the queue; `comes` is set when it is the first."""

    ticket: int
    comes: Event = field(default_factory=Event, compare=False)


class Turns:
    """A queue by tickets, the lowest first: with an ordinary lock a thread could overtake, and the request
    that is due first would not leave first. A refused request keeps its ticket, so it goes before later ones.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._queue: list[Turn] = []

    @contextmanager
    def queued(self, ticket: int) -> Iterator[Turn]:
        """Stand in the queue. Whoever waits for time has to ask `comes` again: a lower ticket may arrive."""
        turn = Turn(ticket)
        with self._lock:
            if self._queue:
                self._queue[0].comes.clear()
            insort(self._queue, turn)
            self._queue[0].comes.set()
        try:
            yield turn
        finally:
            with self._lock:
                self._queue.remove(turn)
                if self._queue:
                    self._queue[0].comes.set()


class Pacer:
    """Hands out slots so that no window of the account is ever exceeded, however it is aligned.

    Normal traffic leaves the reserve alone; `reserve=True` may use all and does not queue behind normal
    traffic. Safe to use from several threads.
    """

    def __init__(self, limits: Limits, waiter: Waiter, on_event: Callable[[str], None]) -> None:
        self._waiter = waiter
        self._on_event = on_event
        self._lock = Lock()
        self._budget = Budget(limits)
        self._parallelism = Parallelism()
        # One thread of each kind waits for its time, the others for their turn.
        self._turns = {False: Turns(), True: Turns()}
        self._tickets = count()
        self._announced = -math.inf

    def ticket(self) -> int:
        """A place in the order of requests, for every attempt of one request."""
        return next(self._tickets)

    @contextmanager
    def slot(
        self, *, reserve: bool = False, before: Callable[[], None] = lambda: None, ticket: int | None = None
    ) -> Iterator[Slot]:
        """Wait for permission to send one request. Raises `Interrupted`; nothing was sent then.

        Requests of a kind leave in the order of their tickets; None: after all before. `before` runs
        last of all. If other requests leave first meanwhile, this one waits once more; if that takes longer
        than a second, `before` runs again.
        """
        slot = self._acquire(self.ticket() if ticket is None else ticket, reserve=reserve)
        try:
            before()
            while not self._departs(slot, reserve=reserve):
                before()
            yield slot
        finally:
            with self._lock:
                self._parallelism.in_flight -= 1
                if not slot.was_sent:
                    self._budget.returned(slot.granted, departing=slot.departs, reserve=reserve)

    def observe(self, headers: Mapping[str, str]) -> None:
        """Take in the rate limit headers (lower-case names) of an answer that was not a refusal."""
        seen = report(headers)
        with self._lock:
            self._parallelism.calm()
            self._budget.calm()
            if seen is not None:
                self._budget.observe(self._waiter.monotonic(), seen)

    def refused(self, slot: Slot, retry_after: float | None, tries: int) -> float:
        """Slow down after a 429, and return the seconds until its request may leave again.

        `retry_after` is what the server said in seconds, -1 for too many in parallel, None for nothing;
        `tries` counts this request's earlier refusals from 0. Its sender has to let them pass after too many
        in parallel; otherwise no slot is given before.
        """
        if retry_after == TOO_MANY_IN_PARALLEL:
            with self._lock:
                in_flight = max(slot.in_flight, self._parallelism.in_flight + 1)
                self._parallelism.refuse(slot.wave, in_flight)
            return self._waiter.jittered(_doubled(CROWDED_BACK_OFF, tries))
        pause = retry_after or self._waiter.jittered(_doubled(FIRST_BACK_OFF, tries))
        with self._lock:
            self._announced = self._waiter.monotonic()
            self._budget.refuse(self._announced, min(pause, LONGEST_PAUSE))
        return pause

    def estimate(self, requests: int) -> timedelta:
        """How long that many normal requests take to start, if nothing else uses the budget."""
        with self._lock:
            return timedelta(seconds=self._budget.estimate(requests, self._waiter.monotonic()))

    def _acquire(self, ticket: int, *, reserve: bool) -> Slot:
        with self._turns[reserve].queued(ticket) as turn:
            while True:
                turn.comes.wait()
                self._waiter.check()
                wait = self._try_grant(reserve=reserve)
                if isinstance(wait, Slot):
                    return wait
                now = self._waiter.monotonic()
                if wait >= ANNOUNCE_FROM and now - self._announced >= ANNOUNCE_EVERY:
                    self._announced = now
                    self._on_event(f"waiting {math.ceil(wait)} s for the rate limit")
                self._waiter.nap(wait)

    def _try_grant(self, *, reserve: bool) -> Slot | float:
        """A slot, or the seconds after which to ask again."""
        with self._lock:
            now = self._waiter.monotonic()
            wait = self._budget.free_at(now, reserve=reserve) - now
            if wait > 0:
                return wait
            if not self._parallelism.has_room:
                return CROWDED_POLL
            self._budget.grant(now, reserve=reserve)
            self._parallelism.in_flight += 1
            return Slot(
                self._parallelism.wave, self._parallelism.in_flight, now, lambda: self._sent(reserve=reserve)
            )

    def _departs(self, slot: Slot, *, reserve: bool) -> bool:
        """Whether the request may leave now; waits for about a second."""
        give_up = self._waiter.monotonic() + LONGEST_DEPARTURE
        while True:
            with self._lock:
                now = self._waiter.monotonic()
                wait = self._budget.departs_at(now, reserve=reserve) - now
                if wait <= 0:
                    self._budget.depart(reserve=reserve)
                    slot.departs = True
                    return True
            if now >= give_up:
                return False
            self._waiter.nap(wait)

    def _sent(self, *, reserve: bool) -> None:
        with self._lock:
            self._budget.sent(self._waiter.monotonic(), reserve=reserve)


def _doubled(first: float, tries: int) -> float:
    return min(first * 2.0 ** min(tries, 10), LONGEST_BACK_OFF)
