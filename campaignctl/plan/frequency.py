"""The guardrails on how often campaigns send: per day, and to the same people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache

from campaignctl.diff import overlay, people
from campaignctl.errors import counted
from campaignctl.plan import records, runs
from campaignctl.plan.arming import known_sends, without_event
from campaignctl.plan.context import PlanContext
from campaignctl.plan.model import Action, Change, Objection
from campaignctl.schedule import timeline
from campaignctl.schedule.crowding import EVERYONE, Sending, crowded
from campaignctl.schedule.humanize import duration_text
from campaignctl.schedule.sends import AHEAD, Runs, Sends
from campaignctl.schedule.times import iso, parse_gmt, parse_iso, zone_of

# After one of these actions the recorded campaign sends no more.
_ENDS = (Action.CANCEL, Action.PAUSE, Action.REPLACE)
_MINUTE = timedelta(minutes=1)
# Of single sends further away than recurrences are looked at, how many stretches of that length are compared.
_STRETCHES = 5

Changes = tuple[Change, ...]


@dataclass(frozen=True)
class _Sending:
    """When a campaign sends, and to whom: days in the project's zone with the number of single sends, or
    runs."""

    spec: Mapping[str, object]
    sends: Sends
    runs: Runs | None
    once: Counter[date]

    @classmethod
    def of(cls, spec: Mapping[str, object], sends: Sends, recurs: Runs | None, ctx: PlanContext) -> _Sending:
        return cls(spec, sends, recurs, Counter[date]() if recurs else _days(sends, ctx))

    @cached_property
    def people(self) -> str:
        return people(self.spec)


def sends_per_day(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Whether a day in the project's zone has too many sends, with those that this plan makes or moves.

    Of recurrences, the days of the next 400 count, and those of any one-off send.
    """
    limit = ctx.project.guardrails.max_sends_per_day
    armed = {} if limit is None else _armed(changes, ctx)
    if limit is None or not armed:
        return None
    everything = (*armed.values(), *_standing(changes, ctx))
    daily = _Daily.of(armed.values(), everything, ctx)
    found = daily.above(limit, daily.counts(everything), armed)
    if found is None:
        return None
    day, count, keys = found
    said = f"{counted(count, 'send')} on {day.isoformat()}"
    return Objection("max_sends_per_day", said, f"{limit} a day ({ctx.project.time_zone})", keys)


def collisions(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Whether this plan makes campaigns reach the same people too soon after each other, or too often a day.

    People are the same if the audiences are equal, or one is everyone. Days as in `sends_per_day`; sends of
    recorded campaigns that are under way or over count too.
    """
    limits = ctx.project.guardrails.collisions
    unset = limits.within is None and limits.max_per_day is None
    armed = {} if unset else _armed(changes, ctx)
    if not armed:
        return None
    found = None
    if limits.within is not None:
        found = _too_near(armed, changes, limits.within, ctx)
    if found is None and limits.max_per_day is not None:
        found = _too_many(armed, tuple(_standing(changes, ctx)), limits.max_per_day, ctx)
    return found


def _armed(changes: Changes, ctx: PlanContext) -> dict[str, _Sending]:
    """What this plan makes or moves, by key."""
    return {
        change.key: _Sending.of(change.spec or {}, change.sends, runs.of_change(change), ctx)
        for change in changes
        if change.moves_sends
    }


def _standing(changes: Changes, ctx: PlanContext) -> Iterator[_Sending]:
    """The sends of recorded campaigns that this plan does not affect, as they were read in this run."""
    gone = {change.id for change in changes if change.moves_sends or change.action in _ENDS}
    for key, record in ctx.records.items():
        if record.id in gone:
            continue
        one = ctx.seen(key, record)
        spec = without_event(overlay(record.applied, one.comparison.changes))
        if records.goes(one.status, spec, ctx.now):
            yield _Sending.of(spec, known_sends(spec, ctx.now), runs.of_spec(spec), ctx)


# -------------------------------------------------------------------------------------------- days


_Stretches = tuple[tuple[date, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Daily:
    """Counts the sends of some days."""

    days: tuple[date, ...]
    stretches: _Stretches

    @classmethod
    def of(cls, armed: Iterable[_Sending], everything: Iterable[_Sending], ctx: PlanContext) -> _Daily:
        """For the days of single sends and, if what is armed recurs, the next 400."""
        days = {day for each in everything for day in each.once}
        if any(each.runs for each in armed):
            today = ctx.now.astimezone(zone_of(ctx.project.time_zone)).date()
            days |= {today + timedelta(days=number) for number in range(timeline.DAYS)}
        return cls(tuple(sorted(days)), _stretches(sorted(days), ctx))

    def counts(self, sendings: Iterable[_Sending]) -> list[int]:
        """How many sends there are on each day."""
        once: Counter[date] = Counter()
        recurring: Counter[Runs] = Counter()
        for each in sendings:
            once.update(each.once)
            recurring.update([each.runs] if each.runs else [])
        found = [once[day] for day in self.days]
        for series, number in recurring.items():
            found = [
                known + number * more
                for known, more in zip(found, _counts(series, self.stretches), strict=True)
            ]
        return found

    def above(
        self, limit: int, numbers: Sequence[int], armed: Mapping[str, _Sending]
    ) -> tuple[date, int, tuple[str, ...]] | None:
        """The first day above the limit on which something armed sends, with the number and the keys."""
        for index, (day, count) in enumerate(zip(self.days, numbers, strict=True)):
            if count <= limit:
                continue
            keys = tuple(
                key
                for key, each in armed.items()
                if each.once[day] or (each.runs and _counts(each.runs, self.stretches)[index])
            )
            if keys:
                return day, count, keys
        return None


def _stretches(days: Iterable[date], ctx: PlanContext) -> _Stretches:
    """The days in stretches without a gap, each with a day in UTC and, in minutes from its begin, the begin
    of each day in the project's zone and the end of the last; of today only the rest counts."""
    zone = zone_of(ctx.project.time_zone)
    found: list[list[datetime]] = []
    for day in days:
        begin, end = (
            max(datetime.combine(each, time(), zone).astimezone(UTC), ctx.now)
            for each in (day, day + timedelta(days=1))
        )
        if not found or found[-1][-1] != begin:
            found.append([begin])
        found[-1].append(end)
    return tuple(
        (
            edges[0].date(),
            tuple(timeline.minute_of(edge, datetime.combine(edges[0].date(), time(), UTC)) for edge in edges),
        )
        for edges in found
    )


@lru_cache(maxsize=1024)
def _counts(series: Runs, stretches: _Stretches) -> tuple[int, ...]:
    """How many runs first send on each of the days."""
    return tuple(count for day, edges in stretches for count in series.counts(day, edges))


def _days(sends: Sends, ctx: PlanContext) -> Counter[date]:
    """How many sends fall on each day. A send in the recipients' own zones counts on its first day."""
    zone = zone_of(ctx.project.time_zone)
    times = (ctx.now,) if sends.when == "immediately" else sends.at
    counted = (instant for instant in times if ctx.now <= instant < timeline.LAST)
    return Counter(instant.astimezone(zone).date() for instant in counted)


# ------------------------------------------------------------------------------------ same people


def _too_many(
    armed: Mapping[str, _Sending], standing: Sequence[_Sending], limit: int, ctx: PlanContext
) -> Objection | None:
    everything = (*armed.values(), *standing)
    daily = _Daily.of(armed.values(), everything, ctx)
    by_people: dict[str, list[_Sending]] = {EVERYONE: []}
    for each in everything:
        by_people.setdefault(each.people, []).append(each)
    everyone = daily.counts(by_people[EVERYONE])
    # What is armed for everyone reaches all the others too.
    touched = set(by_people) if any(not each.people for each in armed.values()) else set()
    for group in sorted({each.people for each in armed.values()} | touched):
        own = {key: each for key, each in armed.items() if each.people in (group, EVERYONE)}
        numbers = everyone
        if group:
            numbers = [a + b for a, b in zip(everyone, daily.counts(by_people[group]), strict=True)]
        if found := daily.above(limit, numbers, own):
            day, count, keys = found
            said = f"{counted(count, 'send')} to the same people on {day.isoformat()}"
            return Objection("collisions", said, f"{limit} a day ({ctx.project.time_zone})", keys)
    return None


def _too_near(
    armed: Mapping[str, _Sending], changes: Changes, within: timedelta, ctx: PlanContext
) -> Objection | None:
    sendings = [
        *(_minutes(key, each, ctx.now, ctx) for key, each in armed.items()),
        *(_minutes("", each, ctx.now - within, ctx) for each in _standing(changes, ctx)),
        *_past(changes, within, ctx),
    ]
    hits: dict[str, datetime] = {}
    for base in _bases(armed, within, ctx):
        for one, minutes in crowded(sendings, within, base, timeline.DAYS):
            if one.name:
                first = base + timeline.first(minutes) * _MINUTE - (AHEAD if one.zoned else timedelta())
                hits.setdefault(one.name, first)
    if not hits:
        return None
    said = f"{counted(len(hits), 'campaign')} near another send to the same people, the first at"
    limit = f"{duration_text(within)} between campaigns to the same people"
    return Objection("collisions", f"{said} {iso(min(hits.values()))}", limit, tuple(hits))


def _minutes(name: str, one: _Sending, since: datetime, ctx: PlanContext) -> Sending:
    sends, zoned = one.sends, one.sends.profile_zone
    at = (ctx.now,) if sends.when == "immediately" else sends.at
    if one.runs is not None:
        at = ()
    elif zoned and sends.local:
        at = (parse_gmt(sends.local),)
    return Sending(name, one.people, since, at, one.runs, zoned)


def _past(changes: Changes, within: timedelta, ctx: PlanContext) -> Iterator[Sending]:
    """The last sends of recorded campaigns that this plan does not move."""
    gone = {change.id for change in changes if change.moves_sends}
    for key, record in ctx.records.items():
        began = None if record.id in gone else ctx.seen(key, record).seen.began
        if began and (at := parse_iso(began)) >= ctx.now - within:
            yield Sending("", people(record.applied), at, (at,))


def _bases(armed: Mapping[str, _Sending], within: timedelta, ctx: PlanContext) -> list[datetime]:
    """The midnights from which sends are compared: for the next 400 days, and around later single sends."""
    reach = min(within, timedelta(days=timeline.DAYS // 4)) + AHEAD
    singles = (each.sends.at[-1] for each in armed.values() if each.runs is None and each.sends.at)
    found: list[datetime] = []
    for instant in sorted({ctx.now, *(each for each in singles if ctx.now < each < timeline.LAST)}):
        end = found[-1] + timedelta(days=timeline.DAYS) - reach if found else instant
        if not found or instant >= end:
            found.append(datetime.combine((instant - reach).date(), time(), UTC))
    return found[:_STRETCHES]
