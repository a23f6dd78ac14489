"""The pace as the server measures it, in simulated time: as fast as allowed, and never one too many."""

from __future__ import annotations

import time as real_time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from campaignctl.api.client import OcambaApi
from campaignctl.plan.model import Request
from campaignctl.sandbox import Control, Sandbox, Switches
from campaignctl.sandbox.clock import SandboxClock
from tests.api.simulated import TOKEN, SimulatedTime, client

SMS = {"name": "m", "channel": "sms", "integration_id": "1996", "sms": {"content": {"en": "Hi"}}}
EPOCH = 2_082_758_400.0


@dataclass
class SharedTime(SimulatedTime):
    """Time that passes for the clients and for the sandbox alike, and only when nothing is on its way.

    So a request takes no time, however long this machine needs for it.
    """

    sandbox: Sandbox | None = None
    clients: list[OcambaApi] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        while any(on_its_way(client) for client in self.clients):
            real_time.sleep(0.0005)
        super().sleep(seconds)
        assert self.sandbox is not None
        self.sandbox.state.clock = SandboxClock(frozen=EPOCH + self.monotonic())


def on_its_way(client: OcambaApi) -> bool:
    """Whether a request of a client has left; one that was granted may still wait for its window."""
    pacer = client._pacer
    with pacer._lock:
        return pacer._parallelism.in_flight > pacer._budget._all.waiting


@pytest.fixture
def time() -> Iterator[SharedTime]:
    with Sandbox(switches=Switches(rate_clock="sandbox", date_header="sandbox")) as sandbox:
        control = Control(sandbox.url)
        control.token(TOKEN, "6197120")
        made = SharedTime(sandbox=sandbox)
        made.sleep(0.0)
        yield made


def api(time: SharedTime) -> OcambaApi:
    assert time.sandbox is not None
    time.clients.append(client(time.sandbox.url, time))
    return time.clients[-1]


def control(time: SharedTime) -> Control:
    assert time.sandbox is not None
    return Control(time.sandbox.url)


def create(api: OcambaApi, names: list[str], parallelism: int) -> None:
    with ThreadPoolExecutor(parallelism) as threads:
        list(
            threads.map(
                lambda name: api.send(Request("create", body={"name": name, "messages": [SMS]})), names
            )
        )


def answers(time: SharedTime, status: int) -> int:
    return [request["status"] for request in control(time).requests()].count(status)


def names_of(time: SharedTime) -> list[Any]:
    return sorted(campaign["requested"]["name"] for campaign in control(time).campaigns())


@pytest.mark.parametrize("number", [300, pytest.param(600, marks=pytest.mark.slow)])
@pytest.mark.parametrize("parallelism", [1, pytest.param(4, marks=pytest.mark.slow), 16])
def test_creates_take_the_bound_of_the_windows_and_meet_no_429(
    time: SharedTime, parallelism: int, number: int
) -> None:
    with api(time) as ours:
        create(ours, [f"C{index:03}" for index in range(number)], parallelism)
    bound = (number // 135) * 60 + (number % 135 - 1) // 10
    assert time.seconds <= bound * 1.03
    assert answers(time, 429) == 0
    assert answers(time, 201) == number


def test_another_client_of_the_account_gets_room(time: SharedTime) -> None:
    ours = [f"ours {number:03}" for number in range(200)]
    theirs = [f"theirs {number:03}" for number in range(200)]
    with api(time) as mine, api(time) as other, ThreadPoolExecutor(2) as both:
        list(both.map(create, (mine, other), (ours, theirs), (4, 4)))
    assert names_of(time) == ours + theirs
    # Ten or so where threads run at once; a machine that starves some of them lets more collide.
    assert answers(time, 429) < 50


@pytest.mark.parametrize(
    "smaller",
    [{"rate_per_minute": 60}, {"rate_per_second": 4}],
    ids=["told by the headers", "told by 429 alone"],
)
def test_a_client_recovers_from_a_budget_that_shrinks_midway(
    time: SharedTime, smaller: dict[str, int]
) -> None:
    first = [f"a{number:03}" for number in range(100)]
    second = [f"b{number:03}" for number in range(150)]
    with api(time) as ours:
        create(ours, first, 8)
        control(time).switch(**smaller)
        create(ours, second, 8)
    assert names_of(time) == first + second
    # Under ten; each burst of eight threads that a busy machine splits adds some.
    assert answers(time, 429) < 40
