"""The state of the server: storage, clock, switches, fault rules, and the rate limits.

A company's requests are counted in fixed windows of one second and one minute (API contract, section 6.2).
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Event, Lock, RLock
from typing import Any

from campaignctl.sandbox import clock
from campaignctl.sandbox.clock import SandboxClock
from campaignctl.sandbox.faults import Rule
from campaignctl.sandbox.model import Campaign, JsonObject
from campaignctl.sandbox.store import Storage
from campaignctl.sandbox.switches import Switches

_SECOND = 1.0
_MINUTE = 60.0


@dataclass(frozen=True)
class Admission:
    """Whether a request is within the limits, and the rate limit headers of its reply."""

    allowed: bool
    headers: tuple[tuple[str, str], ...]


@dataclass
class _Window:
    """Counts requests; the count restarts every `length` seconds."""

    length: float
    index: int = -1
    used: int = 0

    def turn(self, now: float) -> None:
        index = math.floor(now / self.length)
        if index != self.index:
            self.index, self.used = index, 0

    def left(self, now: float) -> int:
        """Return the seconds until this window ends, rounded up, at least 1."""
        return max(1, math.ceil((self.index + 1) * self.length - now))


@dataclass
class _Budget:
    second: _Window = field(default_factory=lambda: _Window(_SECOND))
    minute: _Window = field(default_factory=lambda: _Window(_MINUTE))


class RateLimits:
    """Counters of all companies. A refused request does not count."""

    def __init__(self) -> None:
        """Start with empty windows."""
        self._budgets: defaultdict[str, _Budget] = defaultdict(_Budget)
        self._in_flight: defaultdict[str, int] = defaultdict(int)
        self._lock = Lock()

    def enter(self, company: str, switches: Switches) -> bool:
        """Count a request as in flight; False, and not counted, if too many are."""
        with self._lock:
            if switches.parallel_cap and self._in_flight[company] >= switches.parallel_cap:
                return False
            self._in_flight[company] += 1
            return True

    def leave(self, company: str) -> None:
        """Count a request as answered."""
        with self._lock:
            self._in_flight[company] -= 1

    def spend(self, company: str, switches: Switches, sandbox_epoch: float) -> Admission:
        """Take one request from the budget; `sandbox_epoch` is in seconds since 1970."""
        now = time.monotonic() if switches.rate_clock == "real" else sandbox_epoch
        budget = self._budgets[company]
        windows = [(budget.minute, switches.rate_per_minute), (budget.second, switches.rate_per_second)]
        for window, _limit in windows:
            window.turn(now)
        for window, limit in windows:
            if limit and window.used >= limit:
                return refusal(window.left(now) if switches.retry_after == "seconds" else None)
        for window, _limit in windows:
            window.used += 1
        window, limit = windows[0 if switches.rate_headers == "minute" else 1]
        return Admission(allowed=True, headers=_headers(window, limit, now, switches))


def refusal(retry_after: int | None) -> Admission:
    """Return a 429 with Retry-After: seconds, -1 for too many requests at a time, None for no header."""
    headers = () if retry_after is None else (("Retry-After", str(retry_after)),)
    return Admission(allowed=False, headers=headers)


def _headers(window: _Window, limit: int, now: float, switches: Switches) -> tuple[tuple[str, str], ...]:
    if switches.rate_headers == "none" or not limit:
        return ()
    return (
        ("X-RateLimit-Limit", str(limit)),
        ("X-RateLimit-Remaining", str(limit - window.used)),
        ("X-RateLimit-Reset", str(window.left(now))),
    )


_DEFAULT_COMPANY = "6197120"
Arrive = Callable[["ServerState", JsonObject], None]


class ServerState:
    """Everything behind the HTTP server. Hold `turn()` around everything that reads or changes it."""

    def __init__(self, data: Path | None, switches: Switches, arrive: Arrive) -> None:
        """Open the storage; its switches override `switches`. `arrive` carries out a late request."""
        self._lock = RLock()
        self._arrive = arrive
        self._moment: float | None = None
        self._given = switches
        self.store = Storage(data)
        self.closing = Event()
        self.limits = RateLimits()
        self.clock = SandboxClock()
        self.switches = switches
        self.rules: tuple[Rule, ...] = ()
        self._load()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Give one thread exclusive access, after all due transitions; commit its changes at the end."""
        with self._lock:
            self.settle()
            yield
            self.store.commit()

    def close(self) -> None:
        """Wake waiting requests and close the storage. May be called twice."""
        if self.closing.is_set():
            return
        self.closing.set()
        with self._lock:
            self.store.close()

    def epoch(self) -> float:
        """Return the sandbox's current time in seconds since 1970; for a late request, when it arrives."""
        return self.clock.epoch() if self._moment is None else self._moment

    def now(self) -> str:
        """Return the same time as a stamp."""
        return clock.stamp(self.epoch())

    def settle(self) -> None:
        """Make all transitions and let all late requests arrive that are due by now, in order of time."""
        if self._moment is None:
            self._let_arrive(self.epoch())
        self.store.settle(self.now(), self.switches)

    @property
    def late(self) -> list[JsonObject]:
        """Requests on their way: `{at, n, company, method, target, body}`, soonest first.

        `at` is in seconds since 1970, `n` the number in the log.
        """
        return list(self.store.setting("late", []))

    def delay(self, request: JsonObject, seconds: float) -> None:
        """Keep a request, which arrives some seconds from now."""
        late = [*self.late, {"at": self.epoch() + seconds, **request}]
        self.store.set("late", sorted(late, key=lambda entry: float(entry["at"])))

    def arrive_now(self) -> None:
        """Let all late requests arrive at once."""
        now = self.epoch()
        self.store.set("late", [{**entry, "at": min(entry["at"], now)} for entry in self.late])
        self.settle()

    def _let_arrive(self, until: float) -> None:
        while (late := self.late) and late[0]["at"] <= until:
            self._moment = late[0]["at"]
            try:
                self.store.settle(self.now(), self.switches)
                self.store.set("late", late[1:])
                self._arrive(self, late[0])
            finally:
                self._moment = None

    def set_clock(self, other: SandboxClock) -> None:
        """Use another clock, and make all transitions that are due by its time."""
        self.clock = other
        self.store.set("clock", asdict(other))
        self.settle()

    def set_switches(self, values: Mapping[str, Any]) -> None:
        """Set some switches; BadSwitch for an unknown name or value."""
        self.switches = self.switches.changed(values)
        self.store.set("switches", self.switches.as_json())

    def set_rules(self, rules: tuple[Rule, ...]) -> None:
        """Replace the fault rules."""
        self.rules = rules
        self.store.set("faults", [rule.as_json() for rule in rules])

    def add_token(self, token: str, company: str) -> None:
        """Declare a token; from the first one on, undeclared tokens are refused."""
        self.store.set("tokens", {**self.store.setting("tokens", {}), token: company})

    def company_of(self, token: str) -> str | None:
        """Return the company of a token, or None for an invalid one."""
        tokens = self.store.setting("tokens", {})
        found: str | None = tokens.get(token) if tokens else self.company
        return found if token else None

    @property
    def company(self) -> str:
        """The company of undeclared tokens and of campaigns made in the dashboard."""
        return str(self.store.setting("company", _DEFAULT_COMPANY))

    def set_company(self, company: str, *, campaigns: bool) -> None:
        """Give the account's tokens, and its campaigns if wanted, to another company."""
        old = self.company
        tokens = self.store.setting("tokens", {})
        self.store.set("tokens", {t: company if owner == old else owner for t, owner in tokens.items()})
        self.store.set("company", company)
        for campaign in self.store.campaigns():
            if campaigns and campaign.company_id == old:
                self.store.put(replace(campaign, company_id=company))

    def reset(self) -> None:
        """Restore the state of the first start."""
        self.store.clear()
        self._load()

    def blank(self, company: str, messages: int) -> Campaign:
        """Return a new campaign without a definition, with ids for that many messages."""
        now = self.now()
        return Campaign(
            id=self.store.new_campaign_id(),
            company_id=company,
            body={},
            message_ids=self.store.new_message_ids(messages),
            status="",
            create_time=now,
            update_time=now,
            visible_from=self.epoch(),
        )

    def keep(self, campaign: Campaign) -> Campaign:
        """Store a changed campaign with the current time as its update time."""
        campaign = replace(campaign, update_time=self.now())
        before = self.store.find(campaign.id)
        campaign = campaign.following(before, self.epoch(), self.switches.list_lag)
        self.store.put(campaign)
        return campaign

    def _load(self) -> None:
        self.limits = RateLimits()
        self.clock = SandboxClock(**self.store.setting("clock", {}))
        self.switches = self._given.changed(self.store.setting("switches", {}))
        self.rules = tuple(Rule(**rule) for rule in self.store.setting("faults", []))
