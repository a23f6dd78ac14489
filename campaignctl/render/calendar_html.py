"""The calendar as one self-contained page without a script, and as a part of other pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from campaignctl.errors import ProjectPlace, at
from campaignctl.render import calendar as words
from campaignctl.render.escape import escape
from campaignctl.render.mail_html import policy
from campaignctl.render.pages import printable, template
from campaignctl.review.calendar import Calendar, Day, Entry
from campaignctl.schedule import humanize
from campaignctl.schedule.times import iso

# How many sends a page lists, how many of a day, and how many items any other list has.
_LISTED, _PER_DAY, _ITEMS = 2_000, 200, 200
# How many campaigns of a collision are named.
_NAMED = 50
# How many sends a part of another page lists.
_IN_PART = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """A day in a month: its number, its day of the calendar if it is one, marks, and what they mean."""

    number: int
    day: Day | None
    marks: str
    words: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Send:
    """A send in the list."""

    time: str
    instant: str
    label: str
    audience: str
    everyone: bool
    remarks: tuple[str, ...]
    loud: bool


def calendar_page(calendar: Calendar, place: ProjectPlace) -> str:
    """The whole page; commands in it are typed at `place`."""
    nonce = sha256(repr(calendar).encode(errors="replace")).hexdigest()[:32]
    drawn = template("calendar.html").render(
        **_view(calendar),
        level=2,
        title=escape(calendar.project),
        notes=[escape(at(note, place), None) for note in calendar.notes],
        command=escape(words.ALL.at(place), None),
        nonce=nonce,
        policy=policy(nonce),
    )
    return printable(drawn)


def calendar_fragment(calendar: Calendar, level: int = 3) -> str:
    """The calendar as safe HTML for a part of another page, which includes the style sheet `calendar.css`;
    `level` is that of its headings."""
    parts: Any = template("calendar_parts.html").module
    return printable(str(parts.body(**_view(calendar, _IN_PART), level=level)))


def _view(calendar: Calendar, left: int = _LISTED) -> dict[str, object]:
    shown: dict[date, list[Entry]] = {}
    for day, entries in words.by_day(calendar).items():
        if kept := entries[: min(_PER_DAY, left)]:
            shown[day] = kept
            left -= len(kept)
    listed = sum(entry.slot.count for entries in shown.values() for entry in entries)
    total = sum(day.sends + day.held for day in calendar.days)
    return {
        "verdict": words.verdict(calendar),
        "weekdays": words.WEEKDAYS,
        "months": [
            (name, [[_cell(each, calendar.days, shown) for each in week] for week in weeks])
            for name, weeks in words.months(calendar.days)
        ],
        "legend": [(mark, meaning) for mark, meaning in words.MARKS.items() if _used(mark, calendar)],
        "urgent": words.urgent(calendar, _NAMED),
        "days": [
            (_anchor(day), humanize.day(day), [_send(entry, calendar) for entry in entries])
            for day, entries in shown.items()
        ],
        "unlisted": max(total - listed, 0),
        "rest": words.rest(calendar),
        "most": _ITEMS,
    }


def _anchor(day: date) -> str:
    return f"day-{day.isoformat()}"


def _used(mark: str, calendar: Calendar) -> bool:
    return any(mark in words.marks_of(day) for day in calendar.days)


def _cell(number: date | None, days: Sequence[Day], shown: dict[date, list[Entry]]) -> Cell | None:
    if number is None:
        return None
    index = (number - days[0].date).days
    day = days[index] if 0 <= index < len(days) else None
    marks = words.marks_of(day) if day else ""
    meanings = ", ".join(words.MARKS[mark] for mark in marks)
    return Cell(number.day, day, marks, meanings, _anchor(number) if number in shown else "")


def _send(entry: Entry, calendar: Calendar) -> Send:
    one = entry.campaign
    return Send(
        words.clock_words(entry, calendar.zone),
        iso(entry.slot.first),
        escape(one.label),
        words.audience_words(one.audience),
        not one.people,
        tuple(escape(each, None) for each in words.remarks(entry, calendar)),
        bool(entry.held or entry.frozen),
    )
