"""The request budget of a company: fixed windows of one second and one minute (API contract, section 6.2)."""

import math
import time
from collections import defaultdict
from dataclasses import dataclass, field
from threading import Lock

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
