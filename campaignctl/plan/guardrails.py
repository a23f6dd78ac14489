"""What each guardrail looks at: the changes of a plan, against what is recorded and the project's limits.

Every check is a function of some changes, which answers with an objection or None. What is lifted for a key
is left out of the changes before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from campaignctl.campaign.keys import fits
from campaignctl.campaign.status import Status
from campaignctl.plan import records
from campaignctl.plan.arming import known_sends, without_event
from campaignctl.plan.context import PlanContext
from campaignctl.plan.model import Action, Change, Lifts, Objection
from campaignctl.project.liftable import Liftable
from campaignctl.project.model import Guardrails
from campaignctl.schedule.sends import Sends, instants
from campaignctl.schedule.times import iso, zone_of
from campaignctl.schedule.windows import Refusal, refusal
from campaignctl.state.model import Overridden, Record

# Below this number of destroyed campaigns a percentage says nothing.
DESTROY_COUNTS_FROM = 3

# Shorter durations are said in seconds.
_IN_SECONDS = 120

# How many runs of a recurrence are looked at when the sends of a day are counted.
_RUNS = 100

# What makes a campaign, and so decides whom it reaches and what it is called.
_MAKES = (Action.CREATE, Action.REPLACE)
# After one of these the campaign of a record sends no more.
_ENDS = (Action.CANCEL, Action.PAUSE, Action.REPLACE)


Changes = tuple[Change, ...]
Check = Callable[[Changes, PlanContext], Objection | None]


def _recorded(ctx: PlanContext) -> Iterable[Record]:
    return ctx.state.campaigns.values() if ctx.state else ()


def destroys(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Cancels, and forgets of what could still send, of the recorded campaigns that are not final."""
    alive = {each.id: each for each in _recorded(ctx) if not records.final(each, ctx.now)}
    destroyed = tuple(
        change.key
        for change in changes
        if (record := alive.get(change.id or ""))
        and (
            change.action is Action.CANCEL
            or (change.action is Action.FORGET and records.can_send(record.status))
        )
    )
    limit = ctx.project.guardrails.max_destroy_percent
    percent = 100 * len(destroyed) / len(alive) if alive else 0
    if len(destroyed) < DESTROY_COUNTS_FROM or percent <= limit:
        return None
    counted = f"{len(destroyed)} of {len(alive)} campaigns that are not final ({percent:.0f} %)"
    return Objection("max_destroy_percent", counted, f"{limit} %", destroyed)


def immediate_sends(changes: Changes, ctx: PlanContext) -> Objection | None:
    """How many campaigns are set off at once."""
    keys, limit = _set_off(changes), ctx.project.guardrails.max_immediate_sends
    said = f"{len(keys)} campaigns are set off at once"
    return _above(limit, Objection("max_immediate_sends", said, f"{limit} in one apply", keys))


def forbidden_immediate(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Whether anything is set off at once where nothing may be."""
    keys, limit = _set_off(changes), 0 if ctx.project.guardrails.forbid_immediate else None
    said = f"{_campaigns(keys)} set off at once"
    return _above(limit, Objection("forbid_immediate", said, "none at all", keys))


def arming_changes(changes: Changes, ctx: PlanContext) -> Objection | None:
    """How many changes let a campaign send what it could not before."""
    keys = _keys(change for change in changes if change.arms)
    limit, said = ctx.project.guardrails.max_arming_changes, f"{_campaigns(keys)} armed"
    return _above(limit, Objection("max_arming_changes", said, f"{limit} in one apply", keys))


def targeting(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Whether something may be sent to everyone where an audience is required."""
    # What somebody can start by hand may go out too.
    keys = _keys(
        change
        for change in changes
        if change.audience == "everyone"
        and (change.arms or (change.action in _MAKES and change.sends.when == "manual"))
    )
    limit, said = 0 if ctx.project.guardrails.require_targeting else None, f"{_campaigns(keys)} for everyone"
    return _above(limit, Objection("require_targeting", said, "a `targeting` in each", keys))


def _set_off(changes: Changes) -> tuple[str, ...]:
    return _keys(change for change in changes if change.sends_at_once)


def _above(limit: int | None, objection: Objection) -> Objection | None:
    """The objection, if it is to more keys than the limit."""
    return objection if limit is not None and len(objection.keys) > limit else None


def lead_times(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Whether a first send is nearer than the lead time."""
    limit = ctx.project.guardrails.min_lead_time
    late = tuple(change for change in changes if too_late(change, ctx.project.guardrails, ctx.now))
    if not late:
        return None
    first = min(change.sends.first for change in late if change.sends.first)
    return Objection(
        "min_lead_time",
        f"the first send is possible at {iso(first)}, {_distance(first, ctx.now)}",
        f"{words(limit)} between the request and the first send",
        _keys(late),
    )


def too_late(change: Change, limits: Guardrails, now: datetime) -> bool:
    """Whether the first send that this change makes possible is nearer than the lead time allows.

    What sends at once has no lead time; `max_immediate_sends` and the age of the plan bound it.
    """
    first = change.sends.first
    return change.arms and first is not None and first - now < limits.min_lead_time


def labels(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Whether what is made or armed carries the labels that the team asks for."""
    wanted = ctx.project.guardrails.require_labels
    lacking = {
        change.key: missing
        for change in changes
        if (change.arms or change.action in _MAKES) and (missing := _missing_labels(change, wanted))
    }
    if not lacking:
        return None
    unmet = sorted({pattern for patterns in lacking.values() for pattern in patterns})
    limit = "a label that fits each of " + ", ".join(wanted)
    return Objection("require_labels", f"no label fits {', '.join(unmet)}", limit, tuple(lacking))


def _missing_labels(change: Change, wanted: tuple[str, ...]) -> tuple[str, ...]:
    given = [str(label) for label in (change.spec or {}).get("labels") or ()]
    return tuple(pattern for pattern in wanted if not any(fits(pattern, label) for label in given))


def freeze(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Whether something is armed in a window in which nothing may be, or sends in one."""
    looked = ((change.key, frozen(change, ctx.project.guardrails, ctx.now)) for change in changes)
    refused = {key: found for key, found in looked if found is not None}
    if not refused:
        return None
    first = next(iter(refused.values()))
    return Objection("freeze", frozen_words(first), _window_words(first), tuple(refused))


def frozen(change: Change, limits: Guardrails, now: datetime) -> Refusal | None:
    """The window that refuses to arm this change now, if one does."""
    if not change.arms or not limits.freeze:
        return None
    return refusal(limits.freeze, at=now, sends=instants(change.sends, now))


def frozen_words(found: Refusal) -> str:
    """What a window refuses, for people."""
    what = "it is armed" if found.of == "change" else "it sends"
    return f"{what} at {iso(found.instant)}"


def _window_words(found: Refusal) -> str:
    reason = f" ({found.window.reason})" if found.window.reason else ""
    inside = "nothing" if found.window.kind == "deny" else "only"
    return f"{inside} in the window {found.window.words}{reason}"


def sends_per_day(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Whether a day of the project's zone gets more sends than it may, with what this plan arms."""
    limit = ctx.project.guardrails.max_sends_per_day
    if limit is None:
        return None
    armed = {change.key: _days(_runs(change, ctx), ctx) for change in changes if change.arms}
    if not any(armed.values()):
        return None
    total: Counter[date] = Counter()
    for days in armed.values():
        total.update(days)
    total.update(_standing(changes, ctx))
    over = sorted(day for days in armed.values() for day in days if total[day] > limit)
    if not over:
        return None
    day = over[0]
    keys = tuple(key for key, days in armed.items() if any(each in over for each in days))
    found = f"{total[day]} sends on {day.isoformat()}"
    return Objection("max_sends_per_day", found, f"{limit} a day ({ctx.project.time_zone})", keys)


def _runs(change: Change, ctx: PlanContext) -> Sends:
    """When it sends, with more runs of a recurrence than a plan shows."""
    if change.sends.when != "recurring" or change.spec is None:
        return change.sends
    return known_sends(without_event(change.spec), ctx.now, _RUNS)


def _standing(changes: Changes, ctx: PlanContext) -> Counter[date]:
    """The sends of what is recorded and goes on as it is."""
    gone = {change.id for change in changes if change.arms or change.action in _ENDS}
    days: Counter[date] = Counter()
    for record in _recorded(ctx):
        if record.id not in gone and record.status in (Status.SCHEDULED, Status.RUNNING):
            days.update(_days(known_sends(without_event(record.applied), ctx.now, _RUNS), ctx))
    return days


def _days(sends: Sends, ctx: PlanContext) -> Counter[date]:
    """How many sends fall on each day. A send in everybody's own zone counts on the day that begins it."""
    zone = zone_of(ctx.project.time_zone)
    times = (ctx.now,) if sends.when == "immediately" else sends.at
    return Counter(instant.astimezone(zone).date() for instant in times if instant >= ctx.now)


def _keys(changes: Iterable[Change]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(change.key for change in changes))


def _campaigns(keys: tuple[str, ...]) -> str:
    return f"{len(keys)} campaign{'s' if len(keys) != 1 else ''}"


def _distance(instant: datetime, now: datetime) -> str:
    return f"{words(instant - now)} from now" if instant >= now else f"{words(now - instant)} ago"


def words(duration: timedelta) -> str:
    """A duration as a person writes it: `45s`, `10m`, `2h`, `3d`."""
    seconds = int(duration.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s" if abs(seconds) < _IN_SECONDS else f"{seconds // 60}m"


_CHECKS: dict[Liftable, Check] = {
    "max_destroy_percent": destroys,
    "max_immediate_sends": immediate_sends,
    "forbid_immediate": forbidden_immediate,
    "max_arming_changes": arming_changes,
    "max_sends_per_day": sends_per_day,
    "min_lead_time": lead_times,
    "require_targeting": targeting,
    "require_labels": labels,
    "freeze": freeze,
}


def objections(changes: Iterable[Change], ctx: PlanContext) -> tuple[Objection, ...]:
    """Every guardrail that these changes would break, without the changes for which it is lifted."""
    planned = tuple(changes)
    found = (check(_bound(name, planned, ctx.lifts), ctx) for name, check in _CHECKS.items())
    return tuple(objection for objection in found if objection)


def lifted(changes: Iterable[Change], ctx: PlanContext) -> tuple[Overridden, ...]:
    """What would have objected, or bounded the age of the plan, and was lifted, with the keys for which."""
    planned = tuple(changes)
    found = (check(planned, ctx) for check in _CHECKS.values())
    broken = {objection.guardrail: objection.keys for objection in found if objection}
    if at_once := tuple(change.key for change in planned if change.sends_at_once):
        broken["max_plan_age"] = at_once
    return tuple(each for name, keys in broken.items() for each in _overridden(name, keys, ctx.lifts))


def rules_lifted(names: Mapping[str, Iterable[str]], lifts: Lifts) -> tuple[Overridden, ...]:
    """The rules that had to be lifted, `resend` and the like, from the names by key."""
    by_name: dict[str, list[str]] = {}
    for key, lifted_for in names.items():
        for name in dict.fromkeys(lifted_for):
            by_name.setdefault(name, []).append(key)
    found = sorted(by_name.items())
    return tuple(each for name, keys in found for each in _overridden(name, tuple(keys), lifts))


def _bound(name: str, changes: tuple[Change, ...], lifts: Lifts) -> tuple[Change, ...]:
    """The changes for which a guardrail is not lifted."""
    return tuple(change for change in changes if not lifts.lifts(name, change.key))


def _overridden(name: str, keys: tuple[str, ...], lifts: Lifts) -> Iterator[Overridden]:
    if name in lifts.once:
        yield Overridden(name, keys)
        return
    for override in lifts.standing:
        own = tuple(key for key in keys if lifts.override(name, key) == override)
        if own:
            yield Overridden(name, own, override.reason, iso(override.until))


def at_request(change: Change, limits: Guardrails, now: datetime, lifts: Lifts) -> tuple[str, str] | None:
    """Why a change may not be sent at this moment, and what to do: what depends on the present, asked again
    directly before each request."""
    lead = "min_lead_time"
    if not lifts.lifts(lead, change.key) and too_late(change, limits, now):
        return (
            f"its first send is less than {words(limits.min_lead_time)} away",
            f"set a later time in {change.key}, or plan again with `--override {lead}`",
        )
    found = frozen(change, limits, now)
    if found is not None and not lifts.lifts("freeze", change.key):
        return (
            f"frozen: {frozen_words(found)}, in the window {found.window.words}",
            "wait for the end of the window, or plan again with `--override freeze`",
        )
    return None


def valid_until(
    changes: Iterable[Change], limits: Guardrails, now: datetime, lifts: Lifts
) -> datetime | None:
    """Until when a saved plan may be applied: the earliest one-off send that it arms less the lead time,
    and at most `max_plan_age` when something sends at once. A recurring campaign bounds it only by its
    first run after a create or a resume. None where nothing bounds it."""
    bounds: list[datetime] = []
    for change in changes:
        if change.sends_at_once:
            if not lifts.lifts("max_plan_age", change.key):
                bounds.append(now + limits.max_plan_age)
        elif change.arms and change.sends.first and _bounds(change):
            lead = timedelta(0) if lifts.lifts("min_lead_time", change.key) else limits.min_lead_time
            bounds.append(change.sends.first - lead)
    return min(bounds, default=None)


def _bounds(change: Change) -> bool:
    counted = (Action.CREATE, Action.REPLACE, Action.RESUME)
    return change.sends.when == "scheduled" or change.action in counted
