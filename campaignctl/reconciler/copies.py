"""Second copies: campaigns of creates that were posted twice, or given up and created again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import Marker
from campaignctl.plan import records
from campaignctl.schedule.times import iso, parse_iso
from campaignctl.state.model import Entry, Record, State

if TYPE_CHECKING:
    from campaignctl.api.client import OcambaApi

# How long after its last POST a copy may have been created, and for how long those of creates that were given
# up are looked for.
_LATE, _LONG = timedelta(hours=1), timedelta(days=30)
_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Watched:
    """A create whose campaign may be in the account a second time: its key, the id of the campaign that is
    kept, and between which times a copy was created. `scanned`: the whole list was read after that."""

    key: str
    id: str
    since: datetime
    until: datetime
    scanned: bool


def watched(state: State | None, now: datetime) -> dict[str, Watched]:
    """The creates to look for, by intent: of records until their first send and, if they were posted twice,
    until the whole list was read after that; of those given up a month."""
    if state is None:
        return {}
    found = {}
    for key, record in state.campaigns.items():
        if record.intent and _is_open(record, now):
            # A state of the version before does not know when the first POST left.
            posts = record.posts or (iso(parse_iso(record.created_at) - _LONG), record.created_at)
            found[record.intent] = _watched(key, record.id, posts, scanned=not record.reposted)
    late = [one for one in state.dropped if parse_iso(max(one.posts)) > now - _LONG]
    recorded = {record.intent for record in state.campaigns.values()} if late else set()
    own = {entry.intent: entry.id for entry in state.released} if late else {}
    for one in late:
        kept = own.get(one.intent) or (one.key in state.campaigns and state.campaigns[one.key].id)
        if kept and one.intent not in recorded:
            found[one.intent] = _watched(one.key, kept, one.posts, scanned=one.scanned)
    return found


def _is_open(record: Record, now: datetime) -> bool:
    if record.reposted:
        return True
    waits = record.began is None and records.can_send(record.status) and not records.final(record, now)
    return len(record.posts) > 1 and waits


def _watched(key: str, campaign_id: str, posts: Iterable[str], *, scanned: bool) -> Watched:
    times = sorted(map(parse_iso, posts))
    return Watched(key, campaign_id, times[0] - _MOMENT, times[-1] + _LATE, scanned)


def of(mine: Iterable[tuple[Live, Marker]], known: Mapping[str, Watched]) -> Iterator[tuple[str, Live]]:
    """The second copies among campaigns with our marker, by key. One that was created later is a clone."""
    for live, made_by in mine:
        one = known.get(made_by.intent)
        if one is not None and live.id != one.id and _is_of_then(live, one):
            yield one.key, live


def _is_of_then(live: Live, one: Watched) -> bool:
    made = records.gmt(live.create_time)
    return made is None or one.since <= parse_iso(made) <= one.until


def reaches(lives: Sequence[Live], known: Mapping[str, Watched]) -> bool:
    """Whether a list of campaigns, newest first, reaches down to the time of the first POST."""
    if not known:
        return True
    made = records.gmt(lives[-1].create_time) if lives else None
    return made is not None and parse_iso(made) < min(one.since for one in known.values())


def look(api: OcambaApi, known: Mapping[str, Watched], seen: Iterable[Live] = ()) -> list[Live]:
    """The campaigns `seen`, and those of list pages down to the time of the first POST; none without one."""
    lives = {live.id: live for live in seen}
    counted: set[str] = set()
    number = 0
    while known:
        number += 1
        page = api.list_page(number)
        fresh = {live.id: live for live in page.items if live.id not in counted}
        counted |= set(fresh)
        lives |= {each: live for each, live in fresh.items() if each not in lives}
        if not fresh or page.ends(len(counted)) or reaches(page.items, known):
            break
    return list(lives.values())


def of_then(lives: Iterable[Live], known: Mapping[str, Watched]) -> tuple[Live, ...]:
    """Those that may have been created by one of these POSTs."""
    return tuple(live for live in lives if any(_is_of_then(live, one) for one in known.values()))


def needs_scan(known: Mapping[str, Watched], now: datetime) -> bool:
    """Whether an opening read has to read the whole list once: no copy can still be created."""
    return any(not one.scanned and one.until < now for one in known.values())


def scanned(state: State, now: datetime) -> Entry:
    """The step after the whole list was read: later reads look among the times of the POSTs alone."""
    known = watched(state, now)
    over = {intent for intent, one in known.items() if not one.scanned and one.until < now}
    return Entry(
        records={
            key: replace(record, reposted=False)
            for key, record in state.campaigns.items()
            if record.intent in over
        },
        dropped=tuple(replace(one, scanned=True) for one in state.dropped if one.intent in over),
    )
