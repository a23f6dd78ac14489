"""How much work something is, without a clock that another process could slow down."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import process_time
from types import FrameType
from typing import Final

#: Four times as much takes four times as long; sixteen times if it grows with the square.
_TIMES: Final = 4
_MOST: Final = 10
#: Seconds of the processor below which no growth can be told.
_LEAST: Final = 0.02


def calls(work: Callable[[], object]) -> int:
    """How many functions are called, those of C included: the same on every machine."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def grows_in_proportion(work: Callable[[int], object], size: int) -> bool:
    """Whether work of this size takes about four times as long as work of a quarter of it.

    For what is done within one call of C, as the search of a pattern is.
    """
    quarter = min(_took(work, size // _TIMES) for _ in range(2))
    return any(_took(work, size) <= _MOST * max(quarter, _LEAST) for _ in range(2))


def _took(work: Callable[[int], object], size: int) -> float:
    began = process_time()
    work(size)
    return process_time() - began
