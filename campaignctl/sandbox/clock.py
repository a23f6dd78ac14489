"""Timestamps of the API: `YYYY-MM-DD HH:MM:SS`, GMT, no offset (API contract, section 0).

Because the form has a fixed width, two stamps compare as strings the way their instants compare.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FORMAT = "%Y-%m-%d %H:%M:%S"
_SHAPE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\Z", re.ASCII)


def parse(text: str) -> datetime:
    """Read a stamp as a naive datetime in GMT; ValueError for any other form or an impossible date."""
    if not _SHAPE.match(text):
        raise ValueError("must look like YYYY-MM-DD HH:MM:SS")
    return datetime.strptime(text, FORMAT)  # noqa: DTZ007 - the form has no offset, every stamp is GMT


def write(moment: datetime) -> str:
    """Write a naive GMT datetime as a stamp, cutting fractions of a second."""
    return moment.replace(microsecond=0).isoformat(" ")


def shift(stamp: str, *, seconds: float = 0, hours: float = 0) -> str:
    """Return the stamp moved by an amount; moving past the calendar's ends stops at the end."""
    try:
        return write(parse(stamp) + timedelta(seconds=seconds, hours=hours))
    except OverflowError:
        return write(datetime.max if seconds + hours > 0 else datetime.min)  # noqa: DTZ901 - naive GMT as above


# Adding offsets may lose a moment's last digit: a clock set to a second would show the one before.
_ROUNDING = 1e-6


def _epoch(stamp: str) -> float:
    return parse(stamp).replace(tzinfo=UTC).timestamp()


def _stamp(epoch: float) -> str:
    return write(datetime.fromtimestamp(epoch + _ROUNDING, UTC).replace(tzinfo=None))


@dataclass(frozen=True)
class Clock:
    """A reading rule for time: `offset` seconds from real time, or stopped at `frozen` (seconds since 1970).

    A value: setting, advancing and freezing return another clock.
    """

    offset: float = 0.0
    frozen: float | None = None

    def epoch(self) -> float:
        """Return the present moment in seconds since 1970, with fractions."""
        return time.time() + self.offset if self.frozen is None else self.frozen

    def now(self) -> str:
        """Return the present moment as a stamp of the API."""
        return _stamp(self.epoch())

    def at(self, stamp: str) -> Clock:
        """Return this clock set to a stamp; ValueError for a malformed one."""
        return self._moved(_epoch(stamp) - self.epoch())

    def advanced(self, seconds: float) -> Clock:
        """Return this clock moved by seconds (negative: back); ValueError beyond the calendar."""
        moved = self._moved(seconds)
        try:
            moved.now()
        except (OverflowError, OSError, ValueError) as error:
            raise ValueError("the clock cannot go there") from error
        return moved

    def stopped(self) -> Clock:
        """Return this clock standing still at the present moment."""
        return Clock(self.offset, self.epoch())

    def running(self) -> Clock:
        """Return this clock going on from where it stands."""
        return self if self.frozen is None else Clock(self.frozen - time.time())

    def _moved(self, seconds: float) -> Clock:
        if self.frozen is None:
            return Clock(self.offset + seconds)
        return Clock(self.offset, self.frozen + seconds)
