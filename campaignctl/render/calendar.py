"""The words of a calendar, which its forms share, and its JSON document."""

from __future__ import annotations

from calendar import Calendar as Weeks
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from campaignctl.errors import Command, counted
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.cuts import Cuts
from campaignctl.render.escape import escape
from campaignctl.render.values import audience_text
from campaignctl.review.calendar import Calendar, Campaign, Collision, Day, Entry, Freeze, Open
from campaignctl.schedule.cron import MONTHS
from campaignctl.schedule.humanize import day, duration_text, instant
from campaignctl.schedule.times import iso, parse_gmt, zone_of

ALL = Command("calendar", "--format", "json")

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: What marks a day of the month.
MARKS = {"!": "collision", "#": "freeze", "~": "clock change", "-": "held or outdated sends"}

_STANDINGS = {
    "applied": "",
    "planned": "not applied yet",
    "outdated": "as the account has it; an apply changes it",
    "undeclared": "no manifest",
    "unmanaged": "unmanaged",
}
_UNDATED = {
    "at once": "as soon as it is applied",
    "by hand": "when it is started by hand",
    "draft": "never, while it is a draft",
    "decision": "when its A/B test is decided",
    "unknown": "its time cannot be read: at any time",
}
_OPEN: Mapping[Open, tuple[str, str]] = {
    "recurrence": (
        "Recurrences",
        (
            "their times count as GMT, which the API documents only in part; it says nothing about begin, end"
            " and number of runs. Runs that the account shows as skipped are marked; others may be skipped"
            " later."
        ),
    ),
    "weekdays": (
        "Numbered weekdays",
        "the API does not say which day is 1. Every possible day is shown and counted.",
    ),
    "days": (
        "Day of month and weekday",
        "the API does not say whether both must match. Every possible day is shown and counted.",
    ),
    "profile_zone": (
        "Recipients' own zones",
        "a send lasts from 14 hours before its time in GMT to 12 hours after it and counts on the first day.",
    ),
    "quiet_hours": ("Quiet hours", "the API does not document them: messages may come later than shown."),
    "ab_test": (
        "A/B tests",
        "all other recipients get the winner after the evaluation, at a time that is not shown.",
    ),
}


# ------------------------------------------------------------------------------------------ words


def verdict(calendar: Calendar) -> str:
    """How many sends there are, and what needs a look; the name of the project is in it, escaped."""
    days = calendar.days
    held = sum(day.held for day in days)
    collisions = len(calendar.collisions) + calendar.unlisted_collisions
    frozen = sum(entry.frozen and entry.campaign.goes for entry in calendar.entries)
    found = [
        f"{held:,} held back or not up to date" if held else "",
        counted(collisions, "collision") if collisions else "",
        f"{frozen:,} in a freeze" if frozen else "",
        counted(len(calendar.unmanaged), "unmanaged campaign") if calendar.unmanaged else "",
        "nothing applied yet" if calendar.nothing_applied else "",
    ]
    of = f"{calendar.project}, {calendar.environment}" if calendar.environment else calendar.project
    span = f"{day(days[0].date)} to {day(days[-1].date)}"
    said = ", ".join(filter(None, (counted(calendar.sends, "send"), *found)))
    return f"{escape(of)}: {said}. {span}, {calendar.zone}.{_later(calendar)}"


def _later(calendar: Calendar) -> str:
    """The first send after days in which none goes; empty if one does, or if there is none."""
    later = [(one.next, one.label) for one in calendar.campaigns if one.goes and one.next is not None]
    if calendar.sends or not later:
        return ""
    at, label = min(later)
    return f" Next after them: {instant(at, calendar.zone)}: {escape(label)}."


def clock_words(entry: Entry, zone: str) -> str:
    """When an entry sends on its day: on clocks of the project's zone, and in GMT; of many runs, the span."""
    slot = entry.slot
    if slot.local is not None:
        return f"{_hour(parse_gmt(slot.local))} in their zone"
    local = slot.first.astimezone(zone_of(zone))
    if slot.count > 1:
        return f"{_hour(local)} to {_hour(slot.last.astimezone(zone_of(zone)))}"
    if local.utcoffset() == UTC.utcoffset(None):
        return f"{_hour(local)} GMT"
    gmt = slot.first.astimezone(UTC)
    other = "" if gmt.date() == local.date() else f"{WEEKDAYS[gmt.weekday()]} "
    return f"{_hour(local)} ({other}{_hour(gmt)} GMT)"


def _hour(at: datetime) -> str:
    return at.strftime("%H:%M:%S" if at.second else "%H:%M")


def remarks(entry: Entry, calendar: Calendar) -> list[str]:
    """What is to be known about an entry, in words of ours."""
    slot, one, zone = entry.slot, entry.campaign, calendar.zone
    span = ""
    if slot.local is not None:
        span = f"reaches people from {instant(slot.first, zone)} to {instant(slot.last, zone)}"
    found = (
        entry.held.upper(),
        "HALTED, CAN STILL SEND" if one.halt and not one.held else "",
        "IN A FREEZE" if entry.frozen else "",
        f"{slot.count:,} runs" if slot.count > 1 else "",
        "" if calendar.nothing_applied else _STANDINGS[one.standing],
        span,
    )
    return [remark for remark in found if remark]


def audience_words(audience: str | Mapping[str, Any]) -> str:
    """The audience of sends, on one safe line."""
    return audience_text(audience, Cuts())


def collision_words(found: Collision, calendar: Calendar) -> str:
    """A collision in words, without its campaigns."""
    people, begin = audience_words(found.audience), day(found.date)
    if found.kind == "many":
        most = calendar.limits.max_per_day
        return f"{begin}: {counted(found.count, 'send')} to {people}; {most} a day are allowed"
    within = duration_text(calendar.limits.within) if calendar.limits.within else ""
    end = day(found.until.astimezone(zone_of(calendar.zone)))
    when = begin if end == begin else f"{begin} to {end}"
    return f"{when}: {found.count:,} campaigns to {people} within {within} of each other"


def freeze_words(freeze: Freeze, zone: str) -> str:
    """A freeze in words; its reason is foreign text."""
    what = {"both": "changes or sends", "changes": "changes", "sends": "sends"}[freeze.scope]
    only = "no" if freeze.kind == "deny" else "only here"
    reason = f": {escape(freeze.reason)}" if freeze.reason else ""
    return f"{only} {what}, {instant(freeze.start, zone)} to {instant(freeze.end, zone)}{reason}"


def undated_words(one: Campaign) -> str:
    """When a campaign without a time sends."""
    return _UNDATED[one.undated or "unknown"]


def held_words(one: Campaign, zone: str) -> str:
    """What holds a campaign back, and when it would send next."""
    next_send = f"; would send {instant(one.next, zone)}" if one.next and one.held else ""
    if not one.halt:
        return f"paused{next_send}"
    return escape(one.halt) + (next_send if one.held else "; IT CAN STILL SEND")


def stranger_words(one: Campaign, zone: str) -> str:
    """What is known about a campaign that no state knows."""
    when = f"sends {instant(one.next, zone)}" if one.next else undated_words(one)
    made = f"; its marker is of {one.made_by}" if one.made_by else ""
    return f"{escape(one.status)}, {when}, to {audience_words(one.audience)}{made}"


def change_words(calendar: Calendar) -> list[str]:
    """The clock changes of the project's zone, in words."""
    return [
        f"{instant(each.at, calendar.zone)}: clocks go {'forward' if each.after > each.before else 'back'}"
        f" by {abs(each.after - each.before)} minutes"
        for each in calendar.clock_changes
    ]


def open_words(calendar: Calendar) -> list[str]:
    """What the API leaves open about the sends that are listed."""
    return [
        f"{title} ({counted(calendar.open[name], 'campaign')}): {text}"
        for name, (title, text) in _OPEN.items()
        if calendar.open.get(name)
    ]


def marks_of(one: Day) -> str:
    """The marks of a day, as `MARKS` explains them."""
    known = zip(MARKS, (one.collisions, one.frozen, one.clock_change, one.held), strict=True)
    return "".join(mark for mark, shown in known if shown)


def months(days: Sequence[Day]) -> Iterator[tuple[str, list[list[date | None]]]]:
    """Each month with the weeks that have one of the days; None for days of another month."""
    known = {one.date for one in days}
    for year, month in dict.fromkeys((each.year, each.month) for each in sorted(known)):
        weeks = Weeks().monthdatescalendar(year, month)
        cut = [[each if each.month == month else None for each in week] for week in weeks]
        yield f"{MONTHS[month - 1]} {year}", [week for week in cut if known & set(week)]


def by_day(calendar: Calendar) -> Mapping[date, list[Entry]]:
    """The entries by their day in the project's zone; what began earlier is today's."""
    place, today = zone_of(calendar.zone), calendar.days[0].date
    found: defaultdict[date, list[Entry]] = defaultdict(list)
    for entry in calendar.entries:
        found[max(entry.slot.first.astimezone(place).date(), today)].append(entry)
    return found


@dataclass(frozen=True, slots=True)
class Listed:
    """A list with a title: items with a name, or none, and words about each, all of them safe.

    `unlisted` is the number of items that the calendar leaves out; `loud`: it asks for a look.
    """

    title: str
    items: tuple[tuple[str, str], ...]
    unlisted: int = 0
    loud: bool = False


def urgent(calendar: Calendar, named: int) -> list[Listed]:
    """What asks for a look, before the sends; of a collision as many campaigns are `named`."""
    zone = calendar.zone
    collisions = [
        (collision_words(each, calendar), Cuts().items(each.labels, named)) for each in calendar.collisions
    ]
    held = [(_name(one), held_words(one, zone)) for one in calendar.held]
    unmanaged = [(_name(one), stranger_words(one, zone)) for one in calendar.unmanaged]
    lists = [
        Listed("Collisions", tuple(collisions), calendar.unlisted_collisions, loud=True),
        Listed("Held back", tuple(held), loud=True),
        Listed("Unmanaged: no state knows them", tuple(unmanaged), loud=True),
    ]
    return [one for one in lists if one.items]


def rest(calendar: Calendar) -> list[Listed]:
    """What else there is to know, after the sends."""
    undated = [one for one in calendar.undated if one.standing != "unmanaged"]
    lists = [
        Listed("Without a time", tuple((_name(one), undated_words(one)) for one in undated)),
        Listed(
            "Freezes",
            tuple(("", freeze_words(each, calendar.zone)) for each in calendar.freezes),
            calendar.unlisted_freezes,
        ),
        Listed("Clock changes", tuple(("", words) for words in change_words(calendar))),
        Listed("Not known", tuple(("", words) for words in open_words(calendar))),
    ]
    return [one for one in lists if one.items]


def _name(one: Campaign) -> str:
    name = f" ({escape(one.name, 40)})" if one.key is None and one.name else ""
    return escape(one.label) + name


# ------------------------------------------------------------------------------------------- JSON


def calendar_json(calendar: Calendar) -> dict[str, Any]:
    """The document of `calendar --format json`; times are `YYYY-MM-DDTHH:MM:SSZ`."""
    return {
        "format_version": FORMAT_VERSION,
        "project": calendar.project,
        "environment": calendar.environment,
        "created_at": iso(calendar.now),
        "time_zone": calendar.zone,
        "account_read": calendar.account_read,
        "days": [{**asdict(one), "date": one.date.isoformat()} for one in calendar.days],
        "sends": [_send(entry) for entry in calendar.entries],
        "unlisted_sends": calendar.unlisted,
        "campaigns": [_campaign(one) for one in calendar.campaigns],
        "collisions": [_collision(each) for each in calendar.collisions],
        "unlisted_collisions": calendar.unlisted_collisions,
        "freezes": [_freeze(each) for each in calendar.freezes],
        "unlisted_freezes": calendar.unlisted_freezes,
        "clock_changes": [{**asdict(each), "at": iso(each.at)} for each in calendar.clock_changes],
        "notes": list(calendar.notes),
        "not_known": open_words(calendar),
    }


def _send(entry: Entry) -> dict[str, Any]:
    one, slot = entry.campaign, entry.slot
    return {
        "key": one.key,
        "id": one.id,
        "first": iso(slot.first),
        "last": iso(slot.last),
        "count": slot.count,
        "local": slot.local,
        "standing": one.standing,
        "held": entry.held,
        "frozen": entry.frozen,
    }


def _campaign(one: Campaign) -> dict[str, Any]:
    return {
        "key": one.key,
        "id": one.id,
        "name": one.name,
        "status": one.status,
        "read": one.read,
        "standing": one.standing,
        "when": one.sends.when,
        "undated": one.undated,
        "next": iso(one.next) if one.next else None,
        "recurrence": one.recurrence,
        "audience": one.audience,
        "channels": list(one.channels),
        "held": one.held,
        "halt": one.halt,
        "not_known": list(one.open),
        "made_by": one.made_by,
    }


def _freeze(found: Freeze) -> dict[str, Any]:
    return {**asdict(found), "start": iso(found.start), "end": iso(found.end)}


def _collision(found: Collision) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "date": found.date.isoformat(),
        "audience": found.audience,
        "campaigns": list(found.labels),
        "count": found.count,
        "at": iso(found.at),
        "until": iso(found.until),
    }
