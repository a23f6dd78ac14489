"""The request budget of a company: fixed windows of one second and one minute (API contract, section 6.2)."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Event, Lock, RLock
from typing import Any

from campaignctl.sandbox.clock import Clock
from campaignctl.sandbox.faults import Rule
from campaignctl.sandbox.model import Campaign
from campaignctl.sandbox.store import Store
from campaignctl.sandbox.switches import Switches

_SECOND = 1.0
_MINUTE = 60.0


@dataclass(frozen=True)
class Verdict:
    """Whether a request is let through, and the headers that say so."""

    allowed: bool
    headers: tuple[tuple[str, str], ...]


@dataclass
class _Window:
    """Counts requests; a new count begins each `length` seconds."""

    length: float
    index: int = -1
    used: int = 0

    def turn(self, now: float) -> None:
        index = math.floor(now / self.length)
        if index != self.index:
            self.index, self.used = index, 0

    def left(self, now: float) -> int:
        """Return the whole seconds until this window ends, at least one."""
        return max(1, math.ceil((self.index + 1) * self.length - now))


@dataclass
class _Budget:
    second: _Window = field(default_factory=lambda: _Window(_SECOND))
    minute: _Window = field(default_factory=lambda: _Window(_MINUTE))


class Limits:
    """Counters of all companies. A refused request does not count."""

    def __init__(self) -> None:
        """Begin with empty windows."""
        self._budgets: defaultdict[str, _Budget] = defaultdict(_Budget)
        self._in_flight: defaultdict[str, int] = defaultdict(int)
        self._lock = Lock()

    def enter(self, company: str, switches: Switches) -> bool:
        """Count a request as in flight; False, and not counted, when too many are."""
        with self._lock:
            if switches.parallel_cap and self._in_flight[company] >= switches.parallel_cap:
                return False
            self._in_flight[company] += 1
            return True

    def leave(self, company: str) -> None:
        """Count a request as answered."""
        with self._lock:
            self._in_flight[company] -= 1

    def spend(self, company: str, switches: Switches, sandbox_epoch: float) -> Verdict:
        """Take one request from the budget."""
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
        return Verdict(allowed=True, headers=_headers(window, limit, now, switches))


def refusal(retry_after: int | None) -> Verdict:
    """Return a 429's headers: seconds to wait, -1 for too many at one time, None to say nothing."""
    return Verdict(allowed=False, headers=() if retry_after is None else (("Retry-After", str(retry_after)),))


def _headers(window: _Window, limit: int, now: float, switches: Switches) -> tuple[tuple[str, str], ...]:
    if switches.rate_headers == "none" or not limit:
        return ()
    return (
        ("X-RateLimit-Limit", str(limit)),
        ("X-RateLimit-Remaining", str(limit - window.used)),
        ("X-RateLimit-Reset", str(window.left(now))),
    )


DEFAULT_COMPANY = "6197120"


class World:
    """One account provider. Take `turn()` around everything that reads or changes it."""

    def __init__(self, data: Path | None, switches: Switches) -> None:
        """Open the memory; switches that it kept go before the ones given here."""
        self._lock = RLock()
        self._given = switches
        self.store = Store(data)
        self.closing = Event()
        self.limits = Limits()
        self.clock = Clock()
        self.switches = switches
        self.rules: tuple[Rule, ...] = ()
        self._recall()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Give one thread the world, with all that is due done; what it changed is lasting afterwards."""
        with self._lock:
            self.settle()
            yield
            self.store.commit()

    def close(self) -> None:
        """Wake who waits, and close the memory; a second time does nothing."""
        if self.closing.is_set():
            return
        self.closing.set()
        with self._lock:
            self.store.close()

    def now(self) -> str:
        """Return the sandbox's present moment as a stamp."""
        return self.clock.now()

    def settle(self) -> None:
        """Let everything happen that is due by now."""
        self.store.settle(self.now(), self.switches)

    def set_clock(self, clock: Clock) -> None:
        """Use another clock, and let everything happen that is due by it."""
        self.clock = clock
        self.store.set("clock", asdict(clock))
        self.settle()

    def set_switches(self, values: Mapping[str, Any]) -> None:
        """Set some switches otherwise; BadSwitch for unknown ones."""
        self.switches = self.switches.changed(values)
        self.store.set("switches", self.switches.as_json())

    def set_rules(self, rules: tuple[Rule, ...]) -> None:
        """Use other fault rules."""
        self.rules = rules
        self.store.set("faults", [rule.as_json() for rule in rules])

    def add_token(self, token: str, company: str) -> None:
        """Declare a token; from the first one on, undeclared tokens are refused."""
        self.store.set("tokens", {**self.store.setting("tokens", {}), token: company})

    def company_of(self, token: str) -> str | None:
        """Return the company that a token belongs to, or None for a token that is not valid."""
        tokens = self.store.setting("tokens", {})
        found: str | None = tokens.get(token) if tokens else DEFAULT_COMPANY
        return found if token else None

    def reset(self) -> None:
        """Make everything as it was at the first start."""
        self.store.clear()
        self._recall()

    def blank(self, company: str, messages: int) -> Campaign:
        """Return a new campaign without a definition, with ids for so many messages."""
        now = self.now()
        return Campaign(
            id=self.store.new_campaign_id(),
            company_id=company,
            body={},
            message_ids=self.store.new_message_ids(messages),
            status="",
            create_time=now,
            update_time=now,
            visible_from=self.clock.epoch() + self.switches.list_lag,
        )

    def keep(self, campaign: Campaign) -> Campaign:
        """Keep a changed campaign, its update time now."""
        campaign = replace(campaign, update_time=self.now())
        self.store.put(campaign)
        return campaign

    def _recall(self) -> None:
        self.limits = Limits()
        self.clock = Clock(**self.store.setting("clock", {}))
        self.switches = self._given.changed(self.store.setting("switches", {}))
        self.rules = tuple(Rule(**rule) for rule in self.store.setting("faults", []))
