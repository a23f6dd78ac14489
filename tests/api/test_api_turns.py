"""Who waits for a slot gets it in the order of coming."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from campaignctl.api.pacing import Turns


def test_first_come_first_served() -> None:
    turns, held, order = Turns(), Event(), []

    def take(number: int) -> None:
        with turns:
            order.append(number)

    def hold() -> None:
        with turns:
            held.set()
            while len(turns._queue) < 21:
                pass

    with ThreadPoolExecutor(32) as pool:
        holder = pool.submit(hold)
        assert held.wait(30)
        for number in range(20):
            pool.submit(take, number)
            while len(turns._queue) < number + 2:
                pass
        holder.result(30)
    assert order == list(range(20))
