"""The account's two rate limits as arithmetic: when may the next request start? No threads, no clock.

The server counts in fixed windows whose start we do not know (API contract, section 6.2). A sliding window
of the same length never holds more than any fixed one may, however that is aligned.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

SECOND = 1.0
MINUTE = 60.0
MARGIN = 0.02
"""Seconds added to each window: requests may reach the server a little closer together than they left."""

UNSENT_POLL = 0.005
CALM_ANSWERS = 20
AT_ONCE = -math.inf


@dataclass(frozen=True, slots=True)
class Limits:
    """The account's windows in requests; normal traffic leaves `reserve_per_minute` alone."""

    per_second: int
    per_minute: int
    reserve_per_minute: int


@dataclass(frozen=True, slots=True)
class Report:
    """What the `X-RateLimit-*` headers of one answer say; `reset` is in seconds."""

    limit: int
    remaining: int
    reset: float


def report(headers: Mapping[str, str]) -> Report | None:
    """The headers as a `Report`; None if one is missing or invalid.

    No window lasts longer than a minute, so a longer `reset`, as a moment in place of seconds, is invalid.
    """
    try:
        limit, remaining = int(headers["x-ratelimit-limit"]), int(headers["x-ratelimit-remaining"])
        reset = float(headers["x-ratelimit-reset"])
    except (KeyError, ValueError):
        return None
    sound = limit > 0 and 0 <= remaining <= limit and 0 <= reset <= MINUTE
    return Report(limit, remaining, reset) if sound else None


class Track:
    """The requests of one kind: when they were sent, and how many may be sent at any moment.

    A grant depends on earlier grants, because preparations may take longer than a window; a departure depends
    on when others were sent. A departing request may still be opening its connection: until it is sent it
    counts as sent just now, or a slow first connection would push a whole burst into the next window.
    """

    def __init__(self, keep: int) -> None:
        self.grants: deque[float] = deque(maxlen=keep)
        self.times: deque[float] = deque(maxlen=keep)
        self.waiting = 0
        self.departing = 0

    def free_at(self, limit: int, span: float, now: float, *, departs: bool) -> float:
        """When one more may be granted, or depart, so that no `span` ever holds more than `limit`."""
        room = limit - self.departing
        times = self.times if departs else self.grants
        if room <= 0:
            return now + UNSENT_POLL
        return times[-room] + span + MARGIN if len(times) >= room else AT_ONCE

    @property
    def unsent(self) -> int:
        """How many are granted and not sent yet."""
        return self.waiting + self.departing

    def within(self, span: float, now: float) -> int:
        """How many belong to the last `span` seconds, or will soon."""
        return self.unsent + sum(1 for time in self.times if time > now - span)


@dataclass(slots=True)
class Burst:
    """How many requests may leave within a second, learned from refusals that say nothing else.

    A refusal halves it (once a second: those of one burst are one fact); after every `CALM_ANSWERS` answers
    it grows by one, up to the configured limit. So clients of one account share it evenly.
    """

    configured: int
    permitted: int
    _halved: float = AT_ONCE
    _calm: int = 0

    def refuse(self, now: float) -> None:
        """The server counted one request too many."""
        self._calm = 0
        if now - self._halved >= SECOND:
            self.permitted = max(1, self.permitted // 2)
            self._halved = now

    def calm(self) -> None:
        """Record an answer that was not a refusal."""
        self._calm += 1
        if self._calm >= CALM_ANSWERS:
            self._calm = 0
            self.permitted = min(self.permitted + 1, self.configured)


@dataclass(slots=True)
class Rest:
    """What is left of a window that others use too, as the server says."""

    remaining: int
    until: float


class Budget:
    """Both windows, the reserve, the server's reports and a requested pause. Not thread-safe."""

    def __init__(self, limits: Limits) -> None:
        keep = max(limits.per_second, limits.per_minute)
        self._configured = {SECOND: limits.per_second, MINUTE: limits.per_minute}
        self._limit = dict(self._configured)
        self._burst = Burst(limits.per_second, limits.per_second)
        self._reserve = limits.reserve_per_minute
        self._all = Track(keep)
        self._normal = Track(keep)
        self._rests: dict[float, Rest] = {}
        self._paused_until = AT_ONCE

    def free_at(self, now: float, *, reserve: bool) -> float:
        """When the next request may be granted; at or before `now` means at once."""
        times = [self._rest_free_at(span, rest, reserve=reserve) for span, rest in self._rests.items()]
        return max(*times, self._paused_until, self._windows_free_at(now, reserve=reserve, departs=False))

    def departs_at(self, now: float, *, reserve: bool) -> float:
        """When a granted request may leave; at or before `now` means at once."""
        return self._windows_free_at(now, reserve=reserve, departs=True)

    def _windows_free_at(self, now: float, *, reserve: bool, departs: bool) -> float:
        spans = ((SECOND, self._second_limit), (MINUTE, self._limit[MINUTE]))
        times = [self._all.free_at(limit, span, now, departs=departs) for span, limit in spans]
        if not reserve:
            times.append(self._normal.free_at(self._normal_limit, MINUTE, now, departs=departs))
        return max(times)

    def grant(self, now: float, *, reserve: bool) -> None:
        """A request will be sent as soon as its preparations are done."""
        for track in self._tracks(reserve=reserve):
            track.grants.append(now)
            track.waiting += 1
        for rest in self._rests.values():
            if now < rest.until:
                rest.remaining -= 1

    def depart(self, *, reserve: bool) -> None:
        """The preparations of a granted request are done."""
        for track in self._tracks(reserve=reserve):
            track.waiting -= 1
            track.departing += 1

    def sent(self, now: float, *, reserve: bool) -> None:
        """A departing request leaves now."""
        for track in self._tracks(reserve=reserve):
            track.departing -= 1
            track.times.append(now)

    def returned(self, granted: float, *, departing: bool, reserve: bool) -> None:
        """The request that was granted then was never sent."""
        for track in self._tracks(reserve=reserve):
            track.waiting -= not departing
            track.departing -= departing
            if granted in track.grants:
                track.grants.remove(granted)

    def refuse(self, now: float, pause: float) -> None:
        """Nothing starts for `pause` seconds after a refusal; one of a second or less halves the burst."""
        self._paused_until = max(self._paused_until, now + pause)
        if pause <= SECOND:
            self._burst.refuse(now)

    def calm(self) -> None:
        """Record an answer that was not a refusal."""
        self._burst.calm()

    def observe(self, now: float, seen: Report) -> None:
        """Take in what an answer says about one of the windows.

        A limit below the configured one holds until an answer says otherwise; a higher one is not used. The
        rest of the window binds only when the server counts more than we sent: then others use the same
        budget.
        """
        span = self._described(seen)
        self._limit[span] = min(self._configured[span], seen.limit)
        if seen.limit - seen.remaining > self._all.within(span, now):
            self._rests[span] = Rest(seen.remaining, now + min(seen.reset, span) + MARGIN)
        else:
            self._rests.pop(span, None)

    def estimate(self, requests: int, now: float) -> float:
        """Seconds until that many more normal requests have started, if nothing else uses the budget."""
        times = [*self._normal.times, *[now] * self._normal.unsent]
        start = max(now, self._paused_until)
        for _ in range(requests):
            for span, limit in ((SECOND, self._second_limit), (MINUTE, self._normal_limit)):
                if len(times) >= limit:
                    start = max(start, times[-limit] + span + MARGIN)
            times.append(start)
        return start - now

    @property
    def _kept(self) -> int:
        """The reserve; a smaller budget than the configured one keeps the same part of it."""
        return self._reserve * self._limit[MINUTE] // self._configured[MINUTE]

    @property
    def _second_limit(self) -> int:
        return min(self._limit[SECOND], self._burst.permitted)

    @property
    def _normal_limit(self) -> int:
        return max(1, self._limit[MINUTE] - self._kept)

    def _tracks(self, *, reserve: bool) -> tuple[Track, ...]:
        return (self._all,) if reserve else (self._all, self._normal)

    def _rest_free_at(self, span: float, rest: Rest, *, reserve: bool) -> float:
        kept = self._kept if span == MINUTE and not reserve else 0
        return AT_ONCE if rest.remaining > kept else rest.until

    def _described(self, seen: Report) -> float:
        """Which window the headers describe: undocumented, so the figures decide."""
        if seen.reset > SECOND:
            return MINUTE
        return min(self._configured, key=lambda span: abs(math.log(seen.limit / self._configured[span])))
