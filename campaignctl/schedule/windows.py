"""Freezes: windows of time in which nothing may be armed, or the only ones in which something may.

Deny wins: where an allowing and a denying window both apply, nothing is armed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from campaignctl.schedule import timeline
from campaignctl.schedule.cron import parse_cron
from campaignctl.schedule.sends import Runs
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


def refusal(
    windows: Iterable[Window], *, at: datetime | None, sends: Sequence[datetime] | Runs, now: datetime
) -> Refusal | None:
    """The window that refuses to arm at `at` a campaign that then sends at `sends`; None if there is none.

    `at` is None for a change that does not arm. All instants are aware; `sends` come from
    `campaignctl.schedule.sends.instants`. Denying windows come first. If there are allowing windows for
    changes, one of them must cover the change; if there are allowing windows for sends, they must cover every
    send. Of a recurrence, every run of the next 400 days counts, and of the first 400 days of a denying
    window that begins later.
    """
    known = tuple(windows)
    changed = _refused(known, "change", (at,)) if at else None
    if changed:
        return changed
    if isinstance(sends, Runs):
        return _refused_runs([each for each in known if each.scope in ("sends", "both")], sends, now)
    return _refused(known, "send", sends)


def _refused_runs(windows: Sequence[Window], runs: Runs, now: datetime) -> Refusal | None:
    found = []
    for window in windows:
        if window.kind == "deny":
            begin = _midnight(max(now, window.start or now))
            if inside := runs.minutes(begin, now) & covered(window, begin):
                found.append(Refusal(window, "send", begin + timedelta(minutes=timeline.first(inside))))
    if found:
        return min(found, key=lambda refused: refused.instant)
    allowing = [window for window in windows if window.kind == "allow"]
    begin = _midnight(now)
    outside = runs.minutes(begin, now) if allowing else 0
    for window in allowing:
        outside &= ~covered(window, begin)
    if not outside:
        return None
    return Refusal(allowing[0], "send", begin + timedelta(minutes=timeline.first(outside)))


def _midnight(instant: datetime) -> datetime:
    return datetime.combine(min(instant, timeline.LAST).astimezone(UTC).date(), time(), UTC)


@lru_cache(maxsize=256)
def covered(window: Window, midnight: datetime) -> int:
    """The minutes from a midnight in UTC on, for `timeline.DAYS`, that a window covers, as in
    `Window.covers`."""
    if window.cron is None:
        start = timeline.minute_of(window.start, midnight) if window.start else 0
        end = timeline.minute_of(window.end, midnight) if window.end else timeline.END
        return timeline.bits(start, min(end, timeline.END))
    length = min(-(-window.length // timedelta(minutes=1)), timeline.END)
    # Windows that were opened before the first day, or on a clock that is ahead or behind.
    before = length // timeline.DAY + 2
    days = before + timeline.DAYS + 2
    opened = timeline.clock_times((parse_cron(window.cron),), midnight.date() - timedelta(days=before), days)
    shown = timeline.spread(opened, length) >> (before * timeline.DAY - timeline.DAY)
    found = 0
    for start, end, ahead in timeline.offsets(zone_of(window.tz), midnight, timeline.DAYS):
        stretch = shown >> (timeline.DAY + start + ahead) & timeline.bits(0, end - start)
        found |= stretch << start
    return found


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
