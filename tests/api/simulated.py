"""Time that passes only during a sleep, and a client that lives in it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from campaignctl.api.client import OcambaApi
from campaignctl.api.pacing import Waiter
from campaignctl.plan.model import Request

TOKEN = "0123456789abcdef+/=%0123456789abcdef"
PAUSE = Request("pause", "7", {"reason": "why"})
START = datetime(2036, 1, 1, tzinfo=UTC)


@dataclass
class SimulatedTime:
    """Seconds since `start`; `sleep` moves them on, for whichever thread."""

    seconds: float = 0.0
    interrupted: bool = False
    interrupt_at: float | None = None
    start: datetime = START
    lock: threading.Lock = field(default_factory=threading.Lock)

    def monotonic(self) -> float:
        with self.lock:
            return self.seconds

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.monotonic())

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.seconds += seconds

    def is_interrupted(self) -> bool:
        due = self.interrupt_at is not None and self.monotonic() >= self.interrupt_at
        return self.interrupted or due

    def waiter(self) -> Waiter:
        return Waiter(self.monotonic, self.sleep, lambda: 0.5, self.is_interrupted)


def client(
    url: str,
    time: SimulatedTime | None = None,
    *,
    token: str = TOKEN,
    trusted_url: str | None = None,
    timeout: float = 5.0,
    transport: httpx.BaseTransport | None = None,
    on_event: Callable[[str], None] = lambda _event: None,
    per_second: int = 10,
    per_minute: int = 150,
) -> OcambaApi:
    time = time or SimulatedTime()
    return OcambaApi(
        url,
        token,
        trusted_url=trusted_url,
        timeout=timedelta(seconds=timeout),
        per_second=per_second,
        per_minute=per_minute,
        reserve_per_minute=15,
        tool_version="0.0",
        transport=transport,
        now=time.now,
        monotonic=time.monotonic,
        sleep=time.sleep,
        random=lambda: 0.5,
        on_event=on_event,
        interrupted=time.is_interrupted,
    )
