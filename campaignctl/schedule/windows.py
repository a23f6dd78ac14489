"""Freezes: windows of time in which nothing may be armed, or the only ones in which something may.

Deny wins: where an allowing and a denying window both apply, nothing is armed.
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

    Either `start` and `end` (aware; the end is excluded), or `cron` (five fields, on the clocks of `tz`) with
    the `length` of each window. `scope`: whether it restricts the time of a change, the times at which the
    campaign sends, or both.
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
        """Whether the window covers an instant, which must be aware.

        A window with a cron expression follows the clocks of its zone: it covers every time that they show
        from an opening until `length` later. A night from 22:00 to 08:00 ends at 08:00 even if a clock change
        makes it longer; a time that clocks show twice is covered twice, a skipped one never. Raises
        `CronError` or `TimeError` for an invalid expression or zone.
        """
        if self.cron is None:
            return (self.start is None or self.start <= instant) and (self.end is None or instant < self.end)
        clock = _clock(instant, self.tz)
        opened = _last_opening(self.cron, clock.replace(second=0, microsecond=0))
        return opened is not None and clock - opened < self.length

    @property
    def words(self) -> str:
        """The window in words, on one line, without its reason."""
        if self.cron is not None:
            return f"cron {self.cron!r} for {_length(self.length)}, {self.tz}"
        begin = f"from {iso(self.start)}" if self.start else ""
        return " ".join(filter(None, (begin, f"to {iso(self.end)}" if self.end else "")))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something may not be armed: a denying window that applies, or an allowing one that does not.

    `instant` is the time of the change or of the send, as `of` says.
    """

    window: Window
    of: Literal["change", "send"]
    instant: datetime


def refusal(windows: Iterable[Window], *, at: datetime, sends: Sequence[datetime]) -> Refusal | None:
    """The window that refuses to arm at `at` a campaign that then sends at `sends`; None if there is none.

    All instants are aware; `sends` come from `campaignctl.schedule.sends.instants`. Denying windows come
    first. If there are allowing windows for changes, one of them must cover the change; if there are allowing
    windows for sends, they must cover every send.
    """
    known = tuple(windows)
    changed = _refused(known, "change", (at,))
    return changed or _refused(known, "send", sends)


def _refused(
    windows: tuple[Window, ...], of: Literal["change", "send"], instants: Sequence[datetime]
) -> Refusal | None:
    scope = "changes" if of == "change" else "sends"
    in_scope = [window for window in windows if window.scope in (scope, "both")]
    denying = [window for window in in_scope if window.kind == "deny"]
    allowing = [window for window in in_scope if window.kind == "allow"]
    for instant in instants:
        denied = next((window for window in denying if window.covers(instant)), None)
        if denied is not None:
            return Refusal(denied, of, instant)
    for instant in instants:
        if allowing and not any(window.covers(instant) for window in allowing):
            return Refusal(allowing[0], of, instant)
    return None


def _clock(instant: datetime, tz: str) -> datetime:
    """What clocks in a zone show, as a naive datetime."""
    try:
        return instant.astimezone(zone_of(tz)).replace(tzinfo=None)
    except OverflowError:  # the ends of the calendar
        return instant.replace(tzinfo=None)


@lru_cache(maxsize=4096)
def _last_opening(cron: str, clock: datetime) -> datetime | None:
    """The latest opening at or before a whole minute; naive."""
    from cronsim import CronSim

    # Backwards, CronSim starts strictly before the given instant.
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
