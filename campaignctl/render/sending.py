"""When a change sends, and until when it can be taken back: in GMT, in the project's zone, in words."""

from __future__ import annotations

from datetime import datetime

from campaignctl.plan.model import Action, Change
from campaignctl.render.escape import escape
from campaignctl.schedule import words
from campaignctl.schedule.sends import Sends
from campaignctl.schedule.times import TimeError, parse_iso

# They touch no campaign, or end one: what their `sends` says is nothing that a reader waits for.
_SILENT = (Action.CANCEL, Action.FORGET, Action.MOVE, Action.PAUSE, Action.ADOPT)


def sends_lines(change: Change, zone: str, now: datetime, *, distances: bool = True) -> list[str]:
    """When the campaign sends once the change is done; empty where that is no question.

    `distances` adds how far off that is ("in 2 hours"), which is for who reads it at once.
    """
    sends = change.sends
    match sends.when:
        case "immediately":
            return ["AT ONCE, as soon as this is applied"]
        case "scheduled":
            return _scheduled(sends, zone, now, distances)
        case "recurring":
            return _recurring(change, zone, now, distances)
        case "manual":
            return ["only when somebody starts it by hand"]
    if change.action in _SILENT:
        return []
    if change.spec is not None and change.spec.get("is_draft"):
        return ["never, while it is a draft"]
    if change.lifecycle.phase == "paused" or _has_a_time(change):
        return ["not while it is paused"]
    return ["not again by itself"]


def _has_a_time(change: Change) -> bool:
    """Whether the campaign would send by itself, were it not paused."""
    spec = change.spec or {}
    return not spec.get("run_immediately") and bool(spec.get("scheduled_time") or spec.get("recurrence"))


def _scheduled(sends: Sends, zone: str, now: datetime, distances: bool) -> list[str]:
    if sends.first is None:
        return []
    first = words.instant(sends.first, zone) + _distance(sends.first, now, distances)
    if not sends.profile_zone:
        return [first]
    lines = [f"at {escape(sends.local or '')} in each recipient's own zone", f"first {first}"]
    if sends.last is not None:
        lines.append(f"last  {words.instant(sends.last, zone)}")
    return lines


def _recurring(change: Change, zone: str, now: datetime, distances: bool) -> list[str]:
    sends = change.sends
    recurrence = (change.spec or {}).get("recurrence")
    lines = []
    if recurrence:
        lines.append(escape(words.recurrence(recurrence, zone, now, profile_zone=sends.profile_zone), None))
    if not sends.at:
        return [*lines, "no run to come"]
    first, *others = sends.at
    lines.append(f"next  {words.instant(first, zone)} at the earliest{_distance(first, now, distances)}")
    return [*lines, *(f"then  {words.instant(at, zone)}" for at in others)]


def _distance(at: datetime, now: datetime, distances: bool) -> str:
    return f", {words.distance(at, now)}" if distances else ""


def undo_text(undo: str, zone: str) -> str:
    """`Change.undo` in words."""
    if undo == "free":
        return "at any time"
    until = undo.removeprefix("until ")
    if until == undo:
        return escape(undo)
    try:
        return f"until {words.instant(parse_iso(until), zone)}"
    except TimeError:
        return escape(undo)
