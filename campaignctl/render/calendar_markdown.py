"""A calendar in a few lines of a comment: a line for each day that has sends."""

from __future__ import annotations

from collections.abc import Iterator

from campaignctl.render.calendar import audience_words, by_day, clock_words, collision_words, remarks, verdict
from campaignctl.render.escape import code_span, prose
from campaignctl.review.calendar import Calendar, Entry
from campaignctl.schedule import humanize

# How many days and collisions have a line, and how many sends of a day are named.
_DAYS, _COLLISIONS, _NAMED = 7, 3, 4


def calendar_markdown(calendar: Calendar) -> list[str]:
    """Lines of Markdown: the verdict, an item for each day, and collisions. Everything foreign is code."""
    lines = [prose(verdict(calendar))]
    for found in calendar.collisions[:_COLLISIONS]:
        named = " ".join(map(code_span, found.labels[:_NAMED]))
        more = f" and {len(found.labels) - _NAMED:,} more" if len(found.labels) > _NAMED else ""
        lines.append(f"- **Collision** {prose(collision_words(found, calendar))}: {named}{more}")
    if more_collisions := len(calendar.collisions[_COLLISIONS:]) + calendar.unlisted_collisions:
        lines.append(f"- and {more_collisions:,} more collisions")
    lines += list(_days(calendar))[:_DAYS]
    return lines


def _days(calendar: Calendar) -> Iterator[str]:
    for day, entries in by_day(calendar).items():
        shown = "; ".join(_entry(entry, calendar) for entry in entries[:_NAMED])
        more = f"; and {len(entries) - _NAMED:,} more" if len(entries) > _NAMED else ""
        yield f"- {prose(humanize.day(day))}: {shown}{more}"


def _entry(entry: Entry, calendar: Calendar) -> str:
    one = entry.campaign
    said = [audience_words(one.audience), *remarks(entry, calendar)]
    time = prose(clock_words(entry, calendar.zone))
    return f"{time} {code_span(one.label)} to {prose(', '.join(said))}"
