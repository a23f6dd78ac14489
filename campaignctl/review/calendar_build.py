"""Makes the calendar of campaigns: pure, and bounded by the number of campaigns and days."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice, pairwise
from typing import Literal

from campaignctl.project.model import Collisions, Project
from campaignctl.review.calendar import (
    MOST,
    MOST_COLLIDING,
    MOST_COLLISIONS,
    MOST_FREEZES,
    Calendar,
    Campaign,
    ClockChange,
    Collision,
    Day,
    Entry,
    Freeze,
    Held,
)
from campaignctl.schedule import timeline
from campaignctl.schedule.agenda import Days, Slot, counts, slots
from campaignctl.schedule.crowding import Sending, crowded
from campaignctl.schedule.sends import AHEAD, BEHIND
from campaignctl.schedule.times import parse_gmt, zone_of
from campaignctl.schedule.windows import Window, covered

_MINUTE = timedelta(minutes=1)


def calendar(
    campaigns: Iterable[Campaign],
    days: Days,
    project: Project,
    *,
    notes: tuple[str, ...] = (),
    account_read: bool = False,
    listed: int = MOST,
) -> Calendar:
    """The calendar of these campaigns; of the project, the guardrails `collisions` and `freeze` count.

    Takes time and room by the number of campaigns and days, not by how often campaigns recur.
    """
    limits, windows = project.guardrails.collisions, project.guardrails.freeze
    known = tuple(campaigns)
    frozen = _forbidden(windows, days)
    entries = tuple(islice(_entries(known, days, frozen), listed))
    sends, held = _counted(known, days)
    found, left = _collisions(known, days, limits)
    spans = sorted(_freezes(windows, days), key=lambda each: each.start)
    changes = tuple(_clock_changes(days))
    shown = sum(entry.slot.count for entry in entries)
    return Calendar(
        project.name,
        project.environment,
        days.now,
        days.zone,
        limits,
        tuple(_days(days, sends, held, found, spans, changes)),
        known,
        entries,
        unlisted=max(sum(sends.values()) + sum(held.values()) - shown, 0),
        collisions=tuple(found[:MOST_COLLISIONS]),
        unlisted_collisions=len(found[MOST_COLLISIONS:]) + left,
        freezes=tuple(spans[:MOST_FREEZES]),
        unlisted_freezes=len(spans[MOST_FREEZES:]),
        clock_changes=changes,
        notes=notes,
        account_read=account_read,
    )


def _days(
    days: Days,
    sends: Mapping[int, int],
    held: Mapping[int, int],
    found: Iterable[Collision],
    spans: Sequence[Freeze],
    changes: Iterable[ClockChange],
) -> Iterator[Day]:
    collisions = Counter(
        number
        for each in found
        for number in range(days.index(each.at), days.index(each.until - _MINUTE) + 1)
    )
    changed = {days.index(each.at) for each in changes}
    frozen = {
        number
        for span in spans
        if span.kind == "deny"
        for number in range(days.index(span.start), days.index(span.end - _MINUTE) + 1)
    }
    for number, day in enumerate(days.dates):
        yield Day(
            day,
            sends.get(number, 0),
            held.get(number, 0),
            collisions[number],
            number in frozen,
            number in changed,
        )


# ------------------------------------------------------------------------------------------ sends


def _entries(campaigns: Sequence[Campaign], days: Days, frozen: int) -> Iterator[Entry]:
    """Every send in order, one by one: there may be more than fit into memory."""
    streams = [_stream(number, one, days) for number, one in enumerate(campaigns) if one.undated is None]
    for slot, number in merge(*streams):
        one = campaigns[number]
        held: Held = "skipped" if slot.first in one.skipped and not one.held else one.held
        since, until = days.minute(slot.first), days.minute(slot.last)
        yield Entry(one, slot, held, bool(frozen >> max(since, 0) & timeline.bits(0, until - since + 1)))


def _stream(number: int, one: Campaign, days: Days) -> Iterator[tuple[Slot, int]]:
    for slot in slots(one.sends, one.runs, days):
        yield slot, number


def _counted(campaigns: Iterable[Campaign], days: Days) -> tuple[Counter[int], Counter[int]]:
    """How many sends go on each day, and how many are held or outdated."""
    go: Counter[int] = Counter()
    held: Counter[int] = Counter()
    for one in campaigns:
        if one.undated is not None:
            continue
        found = counts(one.sends, one.runs, days)
        (go if one.goes else held).update(found)
        for skipped in one.skipped if one.goes else ():
            if days.now < skipped < days.end and (number := days.index(skipped)) in found:
                go[number] -= 1
                held[number] += 1
    return go, held


# ---------------------------------------------------------------------------------------- freezes


def _forbidden(windows: Sequence[Window], days: Days) -> int:
    """The minutes from the days' base on in which freezes let nothing send."""
    sending = [window for window in windows if window.scope != "changes"]
    denied, allowed = 0, 0
    for window in sending:
        if window.kind == "deny":
            denied |= covered(window, days.base)
        else:
            allowed |= covered(window, days.base)
    whole = timeline.bits(0, days.length * timeline.DAY)
    outside = whole & ~allowed if any(window.kind == "allow" for window in sending) else 0
    return denied & whole | outside


def _freezes(windows: Iterable[Window], days: Days) -> Iterator[Freeze]:
    shown = timeline.bits(days.minute(days.now), days.minute(days.end))
    for window in windows:
        for since, until in timeline.stretches(covered(window, days.base) & shown):
            start, end = (days.base + minute * _MINUTE for minute in (since, until))
            yield Freeze(start, end, window.kind, window.scope, window.reason)


def _clock_changes(days: Days) -> Iterator[ClockChange]:
    shown = pairwise(timeline.offsets(zone_of(days.zone), days.base, days.length))
    for (_, end, before), (_, _, after) in shown:
        if days.now < (at := days.base + end * _MINUTE) < days.end:
            yield ClockChange(at, before, after)


# ------------------------------------------------------------------------------------- collisions


def _collisions(campaigns: Sequence[Campaign], days: Days, limits: Collisions) -> tuple[list[Collision], int]:
    """The collisions in order, and how many campaigns near others were not looked at."""
    going = [one for one in campaigns if one.goes]
    near, left = _near(going, days, limits.within) if limits.within else ([], 0)
    many = [] if limits.max_per_day is None else list(_many(going, days, limits.max_per_day))
    return sorted((*near, *many), key=lambda each: (each.at, each.labels)), left


def _sending(number: int, one: Campaign, days: Days) -> Sending:
    """A campaign's sends, named by its number."""
    at = (parse_gmt(one.sends.local),) if one.sends.local else one.sends.at
    since = days.base if one.sends.profile_zone else days.now
    return Sending(str(number), one.people, since, () if one.runs else at, one.runs, one.sends.profile_zone)


#: The minutes from the days' base on in which campaigns, by their number, are near others.
_Hits = dict[int, int]


def _near(going: Sequence[Campaign], days: Days, within: timedelta) -> tuple[list[Collision], int]:
    sendings = [_sending(number, one, days) for number, one in enumerate(going)]
    hits = crowded(sendings, within, days.base, days.length)
    found: defaultdict[str, _Hits] = defaultdict(dict)
    for one, hit in islice(hits, MOST_COLLIDING):
        # A clock time is in some zone for 26 hours.
        span = timeline.spread(hit, (AHEAD + BEHIND) // _MINUTE + 1) >> AHEAD // _MINUTE
        found[one.audience][int(one.name)] = span if one.zoned else hit
    left = sum(1 for _ in hits)
    everyone = found.pop("", {})
    reach = min(within // _MINUTE, days.length * timeline.DAY)
    groups: list[_Hits] = [*found.values(), {}]
    collisions = [
        each
        for own in groups
        for each in _episodes(going, days, {**own, **everyone}, reach, set(own) or set(everyone))
    ]
    return collisions, left


def _episodes(
    going: Sequence[Campaign], days: Days, hits: _Hits, reach: int, wanted: set[int]
) -> Iterator[Collision]:
    """The stretches in which sends follow each other within `reach`, with one of the `wanted` among them."""
    union = 0
    for minutes in hits.values():
        union |= minutes
    shown = timeline.bits(max(days.minute(days.now), 0), days.minute(days.end))
    stretches = list(timeline.stretches(timeline.spread(union & shown, reach + 1)))
    begins = [since for since, _ in stretches]
    among: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for number, minutes in hits.items():
        rest, passed = minutes & shown, 0
        while rest:
            first = passed + timeline.first(rest)
            episode = bisect_right(begins, first) - 1
            among[episode][number] = first
            passed = stretches[episode][1]
            rest = (minutes & shown) >> passed
    for episode, members in among.items():
        if len(members) > 1 and not wanted.isdisjoint(members):
            until = days.base + (stretches[episode][1] - reach) * _MINUTE
            firsts = {number: days.base + minute * _MINUTE for number, minute in members.items()}
            yield _collision("near", going, days, firsts, len(members), until)


def _many(going: Sequence[Campaign], days: Days, most: int) -> Iterator[Collision]:
    by_people: defaultdict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(going):
        by_people[one.people].append(number)
    everyone = by_people.pop("", [])
    for numbers in (*by_people.values(), []):
        total: Counter[int] = Counter()
        on: defaultdict[int, list[int]] = defaultdict(list)
        for number in (*numbers, *everyone):
            for day, count in counts(going[number].sends, going[number].runs, days).items():
                total[day] += count
                on[day].append(number)
        for day, count in total.items():
            if count > most and (not numbers or on[day][0] in numbers):
                begin = max(days.edges[day], days.now)
                yield _collision(
                    "many", going, days, dict.fromkeys(on[day], begin), count, days.edges[day + 1]
                )


def _collision(
    kind: Literal["near", "many"],
    going: Sequence[Campaign],
    days: Days,
    firsts: Mapping[int, datetime],
    count: int,
    until: datetime,
) -> Collision:
    ordered = sorted(firsts, key=lambda number: (firsts[number], number))
    narrow = next((going[number] for number in ordered if going[number].people), going[ordered[0]])
    at = firsts[ordered[0]]
    labels = tuple(going[number].label for number in ordered)
    return Collision(kind, days.dates[days.index(at)], narrow.audience, labels, count, at, until)
