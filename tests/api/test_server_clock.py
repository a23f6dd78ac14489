"""The server's clock, while this machine's clocks stand still or are set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from campaignctl.api.client import ServerClock
from tests.api.simulated import START

HOUR = timedelta(hours=1)


@dataclass
class Machine:
    """A wall clock and seconds, each moved by hand."""

    wall: datetime = START
    seconds: float = 0.0

    def clock(self) -> ServerClock:
        return ServerClock(lambda: self.wall, lambda: self.seconds)

    def passes(self, time: timedelta) -> None:
        self.wall += time
        self.seconds += time.total_seconds()


def test_time_is_carried_forward() -> None:
    machine = Machine()
    clock = machine.clock()
    assert (clock.time, clock.jumps) == (None, 0)
    clock.note(START + HOUR)
    machine.passes(HOUR)
    assert clock.time == START + 2 * HOUR
    clock.note(START + 2 * HOUR + timedelta(seconds=119))
    assert clock.jumps == 0


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("ahead", "shown"),
    [(0, 20), (-5, 15), (-20, 0), (-30, 0), (1, 20), (30, 20)],
)
def test_an_old_answer_corrects_only_what_it_proves_wrong(ahead: int, shown: int, first: bool) -> None:
    """The process stood still for 20 seconds while the answer was under way."""
    machine = Machine(wall=START + timedelta(seconds=ahead))
    clock = machine.clock()
    if not first:
        clock.note(machine.wall)
    machine.passes(timedelta(seconds=20))
    clock.note(START, took=20)
    assert (clock.time, clock.jumps) == (START + timedelta(seconds=shown), 0)


@pytest.mark.parametrize("seconds", [121, -121])
def test_an_answer_with_another_time_is_a_jump(seconds: int) -> None:
    """Both clocks stood still, or the server's was set."""
    clock = Machine().clock()
    clock.note(START)
    clock.note(START + timedelta(seconds=seconds))
    assert clock.jumps == 1
    assert clock.time == START + timedelta(seconds=seconds)


@pytest.mark.parametrize("stands", ["wall", "seconds"])
def test_clocks_that_disagree_are_one_jump_and_the_later_counts(stands: str) -> None:
    machine = Machine()
    clock = machine.clock()
    clock.note(START)
    if stands == "wall":
        machine.seconds += HOUR.total_seconds()
    else:
        machine.wall += HOUR
    assert clock.time == START + HOUR
    assert [clock.jumps, clock.jumps] == [1, 1]
    clock.note(START + HOUR)
    assert clock.jumps == 1
    machine.passes(HOUR)
    assert (clock.time, clock.jumps) == (START + 2 * HOUR, 1)


def test_a_clock_that_is_set_back_delays_nothing() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.note(START)
    machine.seconds += 60
    machine.wall -= HOUR
    assert clock.time == START + timedelta(seconds=60)
