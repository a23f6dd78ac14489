"""The pacer under threads and refusals, in simulated time."""

from __future__ import annotations

import json
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

import pytest

from campaignctl.api.budget import CALM_ANSWERS, Limits
from campaignctl.api.pacing import Pacer, Parallelism, Turn
from campaignctl.errors import Interrupted
from campaignctl.plan.model import Request
from tests.api.raw_server import RawServer, whole
from tests.api.simulated import SimulatedTime, client
from tests.e2e.harness import until

DOCUMENTED = Limits(per_second=10, per_minute=150, reserve_per_minute=15)


def pacer(time: SimulatedTime, events: list[str] | None = None) -> Pacer:
    return Pacer(DOCUMENTED, time.waiter(), (events if events is not None else []).append)


def spend(pacer: Pacer, number: int, *, reserve: bool = False) -> None:
    for _ in range(number):
        with pacer.slot(reserve=reserve) as slot:
            slot.sent()


def test_waiting_takes_no_longer_than_the_windows_require() -> None:
    time = SimulatedTime()
    spend(pacer(time), 600)
    assert 245 <= time.seconds <= 245 * 1.03


def test_sixteen_threads_share_one_budget() -> None:
    time = SimulatedTime()
    paced = pacer(time)
    times: list[float] = []

    def one(_number: int) -> None:
        with paced.slot() as slot:
            slot.sent()
            times.append(time.monotonic())

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(one, range(300)))
    times.sort()
    # Two threads may note their time after a third has moved the clock: one request of leeway.
    for span, limit in ((0.9, 11), (59.5, 136)):
        assert max(bisect_left(times, start + span) - i for i, start in enumerate(times)) <= limit


def test_a_request_that_was_never_sent_costs_nothing() -> None:
    time = SimulatedTime()
    paced = pacer(time)
    for _ in range(500):
        with paced.slot():
            pass
    assert time.seconds == 0


def test_an_interrupt_ends_the_wait() -> None:
    time = SimulatedTime(interrupt_at=20.0)
    paced = pacer(time)
    with pytest.raises(Interrupted):
        spend(paced, 600)
    assert time.seconds < 20.3


def test_a_long_wait_is_announced_and_says_what_is_left() -> None:
    events: list[str] = []
    spend(pacer(SimulatedTime(), events), 140)
    assert events == [f"waiting {left} s for the rate limit" for left in (47, 32, 17)]


def test_retry_after_stops_every_thread() -> None:
    time = SimulatedTime()
    paced = pacer(time)
    with paced.slot() as slot:
        slot.sent()
    assert paced.refused(slot, 7.0, tries=0) == 7.0
    spend(paced, 1)
    assert time.seconds == pytest.approx(7.0)


def test_a_hostile_retry_after_does_not_stop_everything_for_ever() -> None:
    time = SimulatedTime()
    paced = pacer(time)
    with paced.slot() as slot:
        slot.sent()
    assert paced.refused(slot, 1e9, tries=0) == 1e9
    spend(paced, 1)
    assert time.seconds == pytest.approx(120.0)


@pytest.mark.parametrize(("reset", "waits"), [("60", 60.02), ("61", 0.0), ("1796068871", 0.0)])
def test_an_absurd_reset_is_not_waited_for(reset: str, waits: float) -> None:
    time = SimulatedTime()
    paced = pacer(time)
    spend(paced, 1)
    headers = {"x-ratelimit-limit": "150", "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    paced.observe(headers)
    spend(paced, 1)
    assert time.seconds == pytest.approx(waits)


def test_without_a_time_the_wait_doubles_up_to_half_a_minute() -> None:
    paced = pacer(SimulatedTime())
    with paced.slot() as slot:
        slot.sent()
    waits = [paced.refused(slot, None, tries) for tries in range(8)]
    assert waits[:5] == [0.75 * 2**tries for tries in range(5)]
    assert waits[-1] == 0.75 * 30


def test_too_many_in_parallel_halves_once_for_requests_refused_together() -> None:
    parallelism = Parallelism()
    for _ in range(5):
        parallelism.refuse(wave=0, in_flight=8)
    assert parallelism.permitted == 4
    parallelism.refuse(wave=1, in_flight=4)
    parallelism.refuse(wave=2, in_flight=2)
    parallelism.refuse(wave=3, in_flight=1)
    assert parallelism.permitted == 1


def test_calm_answers_bring_the_parallelism_back_slowly() -> None:
    parallelism = Parallelism()
    parallelism.refuse(wave=0, in_flight=4)
    for _ in range(CALM_ANSWERS):
        parallelism.calm()
    assert parallelism.permitted == 3
    for _ in range(CALM_ANSWERS * 13):
        parallelism.calm()
    assert parallelism.permitted is None


def test_after_too_many_in_parallel_one_waits_until_another_is_done() -> None:
    time = SimulatedTime(interrupt_at=3.0)
    paced = pacer(time)
    with paced.slot() as first:
        first.sent()
        with paced.slot() as second:
            second.sent()
        assert paced.refused(second, -1.0, tries=0) < 1
        with pytest.raises(Interrupted), paced.slot():
            pass
    time.interrupt_at = None
    with paced.slot() as third:
        third.sent()
    assert third.in_flight == 1


def test_the_estimate_follows_the_windows() -> None:
    assert pacer(SimulatedTime()).estimate(100).total_seconds() == pytest.approx(9 * 1.02)


def test_a_refused_request_leaves_before_all_that_came_after_it() -> None:
    time = SimulatedTime()
    paced = Pacer(Limits(per_second=1, per_minute=150, reserve_per_minute=15), time.waiter(), print)
    refused = paced.ticket()
    with paced.slot(ticket=refused) as slot:
        slot.sent()
    paced.refused(slot, 1.0, 0)
    granted: dict[int, float] = {}

    def one(ticket: int) -> None:
        with paced.slot(ticket=ticket) as slot:
            slot.sent()
            granted[ticket] = slot.granted

    later = [paced.ticket() for _ in range(7)]
    queue = paced._turns[False]._queue
    with ThreadPoolExecutor(8) as threads, time.lock:
        for number, ticket in enumerate((*later, refused)):
            threads.submit(one, ticket)
            until(partial(lambda number: len(queue) > number, number))
    assert sorted(granted, key=granted.__getitem__) == [refused, *later]


class Halting(SimulatedTime):
    """Whoever waits for time sleeps until `goes` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.sleeps, self.goes = Event(), Event()

    def sleep(self, seconds: float) -> None:
        self.sleeps.set()
        assert self.goes.wait(30)
        super().sleep(seconds)


def test_a_request_that_is_sent_again_goes_before_one_that_was_made_meanwhile() -> None:
    time, created = Halting(), json.dumps({"id": 1, "company_id": 2, "status": "draft"})
    create = {name: Request("create", body={"name": name}) for name in ("first", "second")}
    answers = [whole(429, Retry_After="7"), whole(201, created), whole(201, created)]
    meanwhile: list[Turn] = []

    def on_event(said: str) -> None:
        if "429" in said:
            threads.submit(api.send, create["second"])
            assert time.sleeps.wait(30)
            meanwhile.extend(api._pacer._turns[False]._queue)

    with (
        RawServer(answers) as server,
        client(server.url, time, on_event=on_event) as api,
        ThreadPoolExecutor(2) as threads,
    ):
        threads.submit(api.send, create["first"])
        queue = api._pacer._turns[False]._queue
        until(lambda: len(queue) == 2)
        last = queue[1]
        time.goes.set()
    # In which order they arrive is up to their connections.
    assert meanwhile == [last]
    assert sorted(json.loads(each.body)["name"] for each in server.requests) == ["first", "first", "second"]
