"""Windows of time in which nothing may be armed, or in which alone it may: freezes.

Deny wins: where an allowing and a denying window both hold, nothing is armed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from campaignctl.schedule.cron import parse_cron
from campaignctl.schedule.times import iso, zone_of

Kind = Literal["deny", "allow"]
Scope = Literal["changes", "sends", "both"]


@dataclass(frozen=True, slots=True)
class Window:
    """One window.

    Either `start` and `end` (aware; the end is outside), or `cron` (five fields, on the clock of `tz`) with
    the `length` of each. `scope`: whether it speaks of the moment at which something is changed, of the
    moments at which it sends, or of both.
    """

    kind: Kind = "deny"
    scope: Scope = "both"
    tz: str = "UTC"
    start: datetime | None = None
    end: datetime | None = None
    cron: str | None = None
    length: timedelta = timedelta()
    reason: str = ""

    def covers(self, instant: datetime) -> bool:
        """Whether an instant, which must be aware, lies in the window.

        A window with a cron expression is read from the clocks of its zone: it holds whenever they show a
        time from an opening on and before that plus the length. So a night from 22:00 to 08:00 ends at
        08:00 also where a clock change makes it longer; what clocks show twice is covered twice, what they
        skip is not there. Raises CronError or TimeError for an expression or zone that cannot be used.
        """
        if self.cron is None:
            return (self.start is None or self.start <= instant) and (self.end is None or instant < self.end)
        clock = _clock(instant, self.tz)
        opened = _last_opening(self.cron, clock.replace(second=0, microsecond=0))
        return opened is not None and clock - opened < self.length

    @property
    def words(self) -> str:
        """The window for people, in one line, without its reason."""
        if self.cron is not None:
            return f"cron {self.cron!r} for {_length(self.length)}, {self.tz}"
        begin = f"from {iso(self.start)}" if self.start else ""
        return " ".join(filter(None, (begin, f"to {iso(self.end)}" if self.end else "")))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something may not be armed: a denying window that holds, or an allowing one that does not.

    `instant` is the moment of the change, or that of the send, as `of` says.
    """

    window: Window
    of: Literal["change", "send"]
    instant: datetime


def refusal(windows: Iterable[Window], *, at: datetime, sends: Sequence[datetime]) -> Refusal | None:
    """Which window refuses to arm something at `at` that then sends at the instants of `sends`, if one does.

    All instants are aware. `sends` are those of `campaignctl.schedule.sends.instants`. Denying windows
    speak first. Where there are allowing windows that speak of changes, the change has to lie in one of
    them; where there are some that speak of sends, every send has to.
    """
    known = tuple(windows)
    changed = _refused(known, "change", (at,))
    return changed or _refused(known, "send", sends)


def _refused(
    windows: tuple[Window, ...], of: Literal["change", "send"], instants: Sequence[datetime]
) -> Refusal | None:
    scope = "changes" if of == "change" else "sends"
    speaking = [window for window in windows if window.scope in (scope, "both")]
    denying = [window for window in speaking if window.kind == "deny"]
    allowing = [window for window in speaking if window.kind == "allow"]
    for instant in instants:
        held = next((window for window in denying if window.covers(instant)), None)
        if held is not None:
            return Refusal(held, of, instant)
    for instant in instants:
        if allowing and not any(window.covers(instant) for window in allowing):
            return Refusal(allowing[0], of, instant)
    return None


def _clock(instant: datetime, tz: str) -> datetime:
    """What the clocks of a zone show, without the zone."""
    try:
        return instant.astimezone(zone_of(tz)).replace(tzinfo=None)
    except OverflowError:  # the ends of the calendar
        return instant.replace(tzinfo=None)


@lru_cache(maxsize=4096)
def _last_opening(cron: str, clock: datetime) -> datetime | None:
    """The latest opening at or before a whole minute, on a clock without a zone."""
    from cronsim import CronSim

    # It goes back to what lies strictly before the instant that it is given.
    openings = CronSim(parse_cron(cron).expression, clock + timedelta(seconds=1), reverse=True)
    try:
        return next(openings, None)
    except OverflowError:  # before the year 1
        return None


def _length(length: timedelta) -> str:
    """A duration as a manifest writes it."""
    rest = int(length.total_seconds())
    parts = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
