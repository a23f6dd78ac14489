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
        with turns.queued(0):
            held.set()
            all_wait.wait(30)

    def take(number: int) -> None:
        with turns.queued(number) as turn:
            turn.comes.wait()
            order.append(number)

    with ThreadPoolExecutor(32) as pool:
        pool.submit(hold)
        assert held.wait(30)
        for number in range(1, 21):
            pool.submit(take, number)
            until(partial(are_there, turns, number + 1))
        all_wait.set()
    assert order == list(range(1, 21))


def test_a_lower_ticket_goes_before_one_that_waits_already() -> None:
    turns = Turns()
    with turns.queued(5) as later:
        assert later.comes.is_set()
        with turns.queued(3) as earlier:
            assert earlier.comes.is_set()
            assert not later.comes.is_set()
        assert later.comes.is_set()
