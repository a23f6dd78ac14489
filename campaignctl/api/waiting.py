"""Waiting that an interrupt ends: every pause of the client goes through here, on a clock from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from campaignctl.errors import Interrupted

LONGEST_NAP = 0.25
SHORTEST_NAP = 0.001
"""Below this a sleep might not move a coarse clock at all, and the wait would spin."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """The clock, the dice and the stop signal of one run.

    `monotonic` and `sleep` are in seconds, `random` gives values from 0 to 1, `interrupted` says whether
    somebody asked us to stop.
    """

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]
    interrupted: Callable[[], bool]

    def check(self) -> None:
        """Raise `Interrupted` when we were asked to stop; called where nothing is on its way."""
        if self.interrupted():
            raise Interrupted("interrupted; the request that was waiting was not sent")

    def nap(self, seconds: float) -> None:
        """Sleep a part of `seconds`, short enough that an interrupt or a changed limit is noticed."""
        self.sleep(min(max(seconds, SHORTEST_NAP), LONGEST_NAP))

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass. Raises `Interrupted`."""
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > 0:
            self.check()
            self.nap(left)
        self.check()

    def jittered(self, seconds: float) -> float:
        """Between half of `seconds` and all of it, so that many clients do not come back together."""
        return seconds * (0.5 + self.random() / 2)
