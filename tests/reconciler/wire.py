"""The network between a client and the sandbox in simulated time: late effects, and what is on record."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from campaignctl.sandbox import Control
from campaignctl.state.model import Intent, State
from tests.api.simulated import SimulatedTime


@dataclass(frozen=True)
class Write:
    """A write as it left: its path's last word, and what the state had on record at that moment."""

    name: str
    at: float
    state: State | None

    def intent(self, key: str) -> Intent | None:
        return self.state.pending.get(key) if self.state else None


@dataclass
class Wire(httpx.BaseTransport):
    """Carries every request to the sandbox, whose clock it keeps at the simulated time.

    `lose` lets the next writes of a kind have no answer, after `answer` seconds; they take effect `effect`
    seconds after they left, or never. `on_write` is called directly before a write leaves, `after_write` once
    it has left.
    """

    time: SimulatedTime
    control: Control
    recorded: Callable[[], State | None] = lambda: None
    on_write: Callable[[str], object] = lambda _name: None
    after_write: Callable[[str], object] = lambda _name: None
    sent: list[Write] = field(default_factory=list)
    _lost: list[tuple[str, float, float | None]] = field(default_factory=list)
    _under_way: list[tuple[float, httpx.Request]] = field(default_factory=list)
    _shown: str = ""
    # Without certificates: reading them takes longer than a test.
    _carrier: httpx.HTTPTransport = field(default_factory=lambda: httpx.HTTPTransport(verify=False))

    def lose(self, name: str, *, effect: float | None, answer: float = 30.0, times: int = 1) -> None:
        self._lost += [(name, answer, effect)] * times

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        if request.method == "GET":
            return self._carried(request)
        name = name_of(request.method, request.url.path)
        self.on_write(name)
        self.sent.append(Write(name, self.time.monotonic(), self.recorded()))
        rule = next((rule for rule in self._lost if rule[0] == name), None)
        if rule is None:
            response = self._carried(request)
            self.after_write(name)
            return response
        self._lost.remove(rule)
        _, answer, effect = rule
        if effect is not None:
            self._under_way.append((self.time.monotonic() + effect, request))
        self.after_write(name)
        self.time.sleep(answer)
        self.arrive()
        raise httpx.ReadTimeout("no answer", request=request)

    def _carried(self, request: httpx.Request) -> httpx.Response:
        self.arrive()
        return self._carrier.handle_request(request)

    def arrive(self) -> None:
        """Let everything take effect that is due by now."""
        due = [one for one in self._under_way if one[0] <= self.time.monotonic()]
        self._under_way = [one for one in self._under_way if one not in due]
        for moment, request in sorted(due, key=lambda one: one[0]):
            self._clock(moment)
            self._carrier.handle_request(request).read()
        self._clock(self.time.monotonic())

    def _clock(self, seconds: float) -> None:
        moment = f"{self.time.start + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}"
        if moment != self._shown:
            self.control.set_clock(moment)
            self._shown = moment

    def close(self) -> None:
        self._carrier.close()


def name_of(method: str, path: str) -> str:
    """A write by the last word of its path."""
    if method == "PATCH":
        return "update"
    return "create" if re.fullmatch(r".*/campaigns", path) else path.rsplit("/", 1)[-1]
