"""The record of a halt when two runs of it stop the same campaigns."""

from __future__ import annotations

from campaignctl.state.halts import Halt, Halts, Stopped

HALT = Halt("h1", None, "wrong price", "kim", "host", "2036-03-01T10:00:00Z")
ENTRY = Stopped("push/a", "103", "paused", "2036-03-01T10:00:01Z")


def test_a_run_removes_its_own_entry_and_not_that_of_a_parallel_run() -> None:
    both = Halts((HALT,)).with_stopped(HALT, (ENTRY,)).with_stopped(HALT, (ENTRY,))
    one = both.without_stopped(HALT, ENTRY)
    assert one.halts[0].stopped == (ENTRY,)
    assert one.paused("103")
    assert not one.without_stopped(HALT, ENTRY).paused("103")
