"""Slots are given in the order in which they were asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

from campaignctl.api.pacing import Turns
from tests.e2e.harness import until


def are_there(turns: Turns, number: int) -> bool:
    return len(turns._queue) == number


def test_first_come_first_served() -> None:
    turns, held, all_wait, order = Turns(), Event(), Event(), []

    def hold() -> None:
        with turns:
            held.set()
            all_wait.wait(30)

    def take(number: int) -> None:
        with turns:
            order.append(number)

    with ThreadPoolExecutor(32) as pool:
        pool.submit(hold)
        assert held.wait(30)
        for number in range(20):
            pool.submit(take, number)
            until(partial(are_there, turns, number + 2))
        all_wait.set()
    assert order == list(range(20))
