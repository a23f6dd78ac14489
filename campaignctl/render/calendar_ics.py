"""The calendar as a file that calendar programs subscribe to (RFC 5545), by the library icalendar.

Runs are events of their own and no rules: a rule would promise more than the API does, and know no freeze,
halt or skipped run. An event keeps its UID while its send is the same one: a single send may move, a run that
moves is another run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from campaignctl.errors import listed
from campaignctl.render.calendar import audience_words, collision_words, freeze_words, remarks
from campaignctl.render.escape import escape
from campaignctl.review.calendar import Calendar, Entry
from campaignctl.schedule.times import iso

if TYPE_CHECKING:
    from icalendar import Event

_PRODUCT = "-//campaignctl//calendar//EN"
# How many campaigns of a collision are named.
_NAMED = 50
# Programs ask again this often, if they heed it.
_AGAIN = timedelta(hours=1)


def calendar_ics(calendar: Calendar) -> bytes:
    """The file: an event for each listed send, collision, freeze and clock change."""
    from icalendar import Calendar as File

    file = File()
    name = " ".join(filter(None, (calendar.project, calendar.environment)))
    file.add("prodid", _PRODUCT)
    file.add("version", "2.0")
    file.add("method", "PUBLISH")
    file.add("name", _safe(name))
    file.add("x-wr-calname", _safe(name))
    file.add("x-wr-timezone", calendar.zone)
    file.add("description", "\n".join(map(_safe, calendar.notes)) or "All sends")
    file.add("refresh-interval", _AGAIN, parameters={"value": "DURATION"})
    file.add("x-published-ttl", "PT1H")
    for event in _events(calendar):
        file.add_component(event)
    return bytes(file.to_ical())


def _events(calendar: Calendar) -> Iterator[Event]:
    for entry in calendar.entries:
        yield _send(calendar, entry)
    for each in calendar.collisions:
        words = collision_words(each, calendar)
        identity = ("collision", each.kind, iso(each.at), *each.labels)
        named = listed(each.labels, _NAMED)
        yield _event(calendar, f"Collision: {words}", each.at, each.until, identity, named)
    for freeze in calendar.freezes:
        words = freeze_words(freeze, calendar.zone)
        identity = ("freeze", freeze.kind, freeze.scope, iso(freeze.start), iso(freeze.end), freeze.reason)
        yield _event(calendar, f"Freeze: {words}", freeze.start, freeze.end, identity)
    for change in calendar.clock_changes:
        words = f"Clock change: {calendar.zone} {change.after - change.before:+} minutes"
        yield _event(calendar, words, change.at, change.at, ("clock", calendar.zone, iso(change.at)))


def _send(calendar: Calendar, entry: Entry) -> Event:
    one, slot = entry.campaign, entry.slot
    said = remarks(entry, calendar)
    held = f"{entry.held.upper()}: " if entry.held else ""
    lines = [
        f"To {audience_words(one.audience)}",
        *said,
        *([f"In each recipient's own zone at {slot.local}"] if slot.local else []),
        *([escape(one.recurrence, None)] if one.recurrence else []),
        *([escape(one.halt, None)] if one.halt else []),
        f"{escape(one.name)} ({escape(one.id or 'not created')})",
    ]
    # A run is known by its time, a single send by its campaign.
    time = (slot.local or iso(slot.first)) if one.runs else ""
    identity = ("send", one.key or "", "" if one.key else one.id or "", str(one.standing == "outdated"), time)
    title = f"{held}{escape(one.label)} to {audience_words(one.audience)}"
    event = _event(calendar, title, slot.first, slot.last, identity, "\n".join(lines))
    sure = one.standing in ("applied", "unmanaged", "undeclared") and not entry.held
    event.add("status", "CONFIRMED" if sure else "TENTATIVE")
    if one.channels:
        event.add("categories", [_safe(channel) for channel in one.channels])
    return event


def _event(
    calendar: Calendar,
    title: str,
    start: datetime,
    end: datetime,
    identity: tuple[str, ...],
    text: str = "",
) -> Event:
    from icalendar import Event

    of = (calendar.project, calendar.environment or "", *identity)
    event = Event()
    event.add("uid", f"{sha256(repr(of).encode(errors='replace')).hexdigest()[:32]}@campaignctl")
    event.add("dtstamp", calendar.now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", start.astimezone(UTC))
    if end > start:  # an event of no length has no end
        event.add("dtend", end.astimezone(UTC))
    event.add("summary", _safe(title))
    if text:
        event.add("description", "\n".join(map(_safe, text.split("\n"))))
    event.add("transp", "TRANSPARENT")
    return event


def _safe(text: str) -> str:
    """One line of text; nothing in it is a command to a runner that shows it (`##[...]`), which would be
    rewritten on its way out."""
    return escape(text, None).replace("##", "# #")
