"""The calendar on a terminal: months with the number of sends a day, then the sends, within 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from campaignctl.errors import NOWHERE, ProjectPlace, at, counted
from campaignctl.render import calendar as words
from campaignctl.render.cuts import Cuts
from campaignctl.render.escape import columns, escape, pad
from campaignctl.render.table import Style, Tone, wrapped
from campaignctl.review.calendar import Calendar, Day, Entry
from campaignctl.schedule import humanize

# How many sends of a day are listed, how many in all, how many lines any other list has, and how many keys.
_PER_DAY, _LISTED, _LINES, _NAMED = 12, 200, 12, 5
_TIME, _CELL = 20, 11


def calendar_text(calendar: Calendar, *, color: bool, width: int = 80, place: ProjectPlace = NOWHERE) -> str:
    """The verdict, the months, and everything in lists of bounded length; `place` is where commands are
    typed."""
    style = Style(color)
    notes = [f"Note: {escape(at(note, place), None)}" for note in calendar.notes]
    cuts = Cuts(words.ALL)
    parts = [
        _folded([words.verdict(calendar)], width, style, "bold"),
        _folded(notes, width, style, "yellow"),
        *_months(calendar.days, style),
        _folded(_legend(calendar), width, style),
        *(_section(one, width, style, cuts) for one in words.urgent(calendar, _NAMED)),
        _sends(calendar, style, width, cuts),
        *(_section(one, width, style, cuts) for one in words.rest(calendar)),
    ]
    end = f"To see everything:\n  {escape(words.ALL.at(place), None)}" if cuts.count else ""
    return "\n\n".join(filter(None, [*("\n".join(part) for part in parts), end])) + "\n"


def _folded(lines: Iterable[str], width: int, style: Style, *tones: Tone) -> list[str]:
    """Lines, those that are too wide as several."""
    return [style(each, *tones) for line in lines for each in wrapped(line, width)]


def _section(listed: words.Listed, width: int, style: Style, cuts: Cuts) -> list[str]:
    """A list under its title."""
    more = len(listed.items[_LINES:]) + listed.unlisted
    cuts.count += more > 0
    lines = [f"  {f'{name}: ' if name else ''}{words}" for name, words in listed.items[:_LINES]]
    end = [f"  and {more:,} more"] if more else []
    return [style(listed.title, "bold"), *_folded(lines, width, style), *end]


# ---------------------------------------------------------------------------------------- months


def _months(days: Sequence[Day], style: Style) -> Iterator[list[str]]:
    """Each month as a grid of weeks, with the number of sends a day and its marks; 77 columns."""
    by_date = {day.date: day for day in days}
    head = "".join(f"{name:>7}{'':4}" for name in words.WEEKDAYS).rstrip()
    for title, weeks in words.months(days):
        rows = ["".join(_cell(each, by_date, style) for each in week).rstrip() for week in weeks]
        yield [style(title, "bold"), style(head, "dim"), *rows]


def _cell(number: date | None, by_date: Mapping[date, Day], style: Style) -> str:
    if number is None:
        return " " * _CELL
    if (day := by_date.get(number)) is None:
        return style(f"{number.day:>2}", "dim") + " " * (_CELL - 2)
    marks = words.marks_of(day)
    text = f"{_short(day.sends) if day.sends else '.':>5}{marks:<4}"
    tones: tuple[Tone, ...] = ("bold", "red") if "!" in marks else ("bold",)
    return f"{number.day:>2}" + (style(text, *tones) if day.sends else text)


def _short(number: int) -> str:
    return str(number) if number < 10_000 else f"{number // 1_000}k"  # noqa: PLR2004 - five columns


def _legend(calendar: Calendar) -> list[str]:
    used = {mark for day in calendar.days for mark in words.marks_of(day)}
    said = [f"{mark} {meaning}" for mark, meaning in words.MARKS.items() if mark in used]
    return [f"Sends a day; {', '.join(said)}."] if said else []


# ----------------------------------------------------------------------------------------- sends


def _sends(calendar: Calendar, style: Style, width: int, cuts: Cuts) -> list[str]:
    lines: list[str] = []
    listed, later = 0, calendar.unlisted
    for day, entries in words.by_day(calendar).items():
        if listed >= _LISTED:
            later += sum(entry.slot.count for entry in entries)
            continue
        shown = entries[:_PER_DAY]
        lines += [*([""] if lines else []), style(humanize.day(day), "bold")]
        lines += [line for entry in shown for line in _entry(entry, calendar, style, width)]
        lines += [f"  and {len(entries) - _PER_DAY:,} more"] if len(entries) > _PER_DAY else []
        listed += len(entries)
        cuts.count += len(entries) > _PER_DAY
    if later:
        cuts.count += 1
        lines += ["", f"and {counted(later, 'later send')}"]
    return lines or ["There are no sends in these days."]


def _entry(entry: Entry, calendar: Calendar, style: Style, width: int) -> Iterator[str]:
    """One line if everything fits on it, else what is to be known comes below it."""
    one = entry.campaign
    line = f"  {pad(words.clock_words(entry, calendar.zone), _TIME)} {escape(one.label)}"
    more = [words.audience_words(one.audience), *words.remarks(entry, calendar)]
    tone: Tone = "yellow" if entry.held or entry.frozen else "dim"
    if columns(whole := f"{line}  {'; '.join(more)}") <= width:
        yield line + style(whole[len(line) :], tone)
        return
    yield from _folded([line], width, style)
    for below in textwrap.wrap("; ".join(more), width - _TIME - 5, break_on_hyphens=False):
        yield " " * (_TIME + 5) + style(below, tone)
