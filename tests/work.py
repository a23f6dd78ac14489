"""How much work something is, counted and not timed: machines differ, and so does their load."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def calls(work: Callable[[], object]) -> int:
    """How many functions are called, of Python and of C; each step of a generator is one."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def growth(work: Callable[[int], object], size: int) -> float:
    """How many times as much work twice the size is: 2 if the work is linear, 4 if it is quadratic."""
    work(size)  # what is built once is built now
    return calls(lambda: work(2 * size)) / calls(lambda: work(size))
