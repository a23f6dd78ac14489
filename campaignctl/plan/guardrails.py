"""The guardrails: the changes of a plan checked against the project's limits and the recorded campaigns.

A check takes changes and returns an objection or None. Changes for whose key its guardrail is lifted are
removed before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from campaignctl.campaign.keys import fits
from campaignctl.errors import Command, Sentence, counted
from campaignctl.plan import frequency, records, runs
from campaignctl.plan.context import PlanContext
from campaignctl.plan.lifts import Lifts
from campaignctl.plan.model import Action, Change, Objection
from campaignctl.project.liftable import Liftable
from campaignctl.project.model import Guardrails
from campaignctl.schedule.humanize import distance, duration_text
from campaignctl.schedule.sends import instants
from campaignctl.schedule.times import iso
from campaignctl.schedule.windows import Refusal, refusal
from campaignctl.state.ledger import Overridden
from campaignctl.state.model import Record

# Below this number of destroyed campaigns, the percentage is not checked.
DESTROY_COUNTS_FROM = 3

# Actions that create a campaign, and so decide its audience and name.
_MAKES = (Action.CREATE, Action.REPLACE)


Changes = tuple[Change, ...]
Check = Callable[[Changes, PlanContext], Objection | None]


def _recorded(ctx: PlanContext) -> Iterable[Record]:
    return ctx.state.campaigns.values() if ctx.state else ()


def destroys(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Whether too many of the recorded, not final campaigns are canceled, or forgotten while able to send."""
    if not any(change.action in (Action.CANCEL, Action.FORGET) for change in changes):
        return None
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
    """Whether too many campaigns send at once."""
    keys, limit = _sending_at_once(changes), ctx.project.guardrails.max_immediate_sends
    return _above(limit, "max_immediate_sends", counted(len(keys), "immediate send"), keys)


def forbidden_immediate(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Whether a campaign sends at once although that is forbidden."""
    keys, limit = _sending_at_once(changes), 0 if ctx.project.guardrails.forbid_immediate else None
    return _above(limit, "forbid_immediate", counted(len(keys), "immediate send"), keys, "none at all")


def arming_changes(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Whether too many changes arm a campaign."""
    keys, limit = (
        _keys(change for change in changes if change.arms),
        ctx.project.guardrails.max_arming_changes,
    )
    return _above(limit, "max_arming_changes", f"{counted(len(keys), 'campaign')} armed", keys)


def targeting(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Whether a campaign without an audience may send although `targeting` is required."""
    # A campaign that can be started by hand may send too.
    keys = _keys(
        change
        for change in changes
        if change.audience == "everyone"
        and (change.arms or (change.action in _MAKES and change.sends.when == "manual"))
    )
    limit, found = 0 if ctx.project.guardrails.require_targeting else None, counted(len(keys), "campaign")
    return _above(limit, "require_targeting", f"{found} for everyone", keys, "a `targeting` in each")


def _sending_at_once(changes: Changes) -> tuple[str, ...]:
    return _keys(change for change in changes if change.sends_at_once)


def _above(
    limit: int | None, name: Liftable, found: str, keys: tuple[str, ...], words: str = ""
) -> Objection | None:
    """An objection if there are more keys than the limit (None: no limit), which `words` describe."""
    if limit is None or len(keys) <= limit:
        return None
    return Objection(name, found, words or f"{limit} in one apply", keys)


def lead_times(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Whether a first send is less than the lead time away."""
    limit = ctx.project.guardrails.min_lead_time
    late = tuple(change for change in changes if too_late(change, ctx.project.guardrails, ctx.now))
    if not late:
        return None
    first = min(filter(None, (runs.first_possible(change, ctx.now) for change in late)))
    return Objection(
        "min_lead_time",
        f"the first send {'was' if first < ctx.now else 'is'} possible at {iso(first)},"
        f" {_distance(first, ctx.now)}",
        f"{duration_text(limit)} between the request and the first send",
        _keys(late),
    )


def too_late(change: Change, limits: Guardrails, now: datetime) -> bool:
    """Whether the first send that this change makes possible is less than the lead time away.

    A change that sends at once has no lead time; `max_immediate_sends` and `max_plan_age` limit it.
    """
    first = runs.first_possible(change, now) if change.arms else None
    return first is not None and first - now < limits.min_lead_time


def labels(changes: Changes, ctx: PlanContext) -> Objection | None:
    """Whether created and armed campaigns have the required labels."""
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
    """Whether a change arms a campaign in a freeze window, or the campaign then sends in one."""
    found = ((change.key, frozen(change, ctx.project.guardrails, ctx.now)) for change in changes)
    refused = {key: window for key, window in found if window is not None}
    if not refused:
        return None
    first = next(iter(refused.values()))
    inside = "nothing" if first.window.kind == "deny" else "only"
    reason = f" ({first.window.reason})" if first.window.reason else ""
    limit = f"{inside} in the window {first.window.words}{reason}"
    return Objection("freeze", frozen_words(first), limit, tuple(refused))


def frozen(change: Change, limits: Guardrails, now: datetime) -> Refusal | None:
    """The window that forbids this change now, if any; if the change does not arm, only because of its
    sends."""
    if not change.moves_sends or not limits.freeze:
        return None
    sends = runs.of_change(change) or instants(change.sends, now)
    return refusal(limits.freeze, at=now if change.arms else None, sends=sends, now=now)


def frozen_words(found: Refusal) -> str:
    """What a window refuses, in words."""
    return f"{'it is armed' if found.of == 'change' else 'it sends'} at {iso(found.instant)}"


def _keys(changes: Iterable[Change]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(change.key for change in changes))


def _distance(instant: datetime, now: datetime) -> str:
    gap = abs(instant - now)
    if gap >= timedelta(hours=2):
        said = distance(instant, now)
        return said if instant < now else f"{said.removeprefix('in ')} from now"
    said = duration_text(gap) if gap >= timedelta(seconds=1) else "less than a second"
    return f"{said} {'ago' if instant < now else 'from now'}"


_CHECKS: dict[Liftable, Check] = {
    "max_destroy_percent": destroys,
    "max_immediate_sends": immediate_sends,
    "forbid_immediate": forbidden_immediate,
    "max_arming_changes": arming_changes,
    "max_sends_per_day": frequency.sends_per_day,
    "collisions": frequency.collisions,
    "min_lead_time": lead_times,
    "require_targeting": targeting,
    "require_labels": labels,
    "freeze": freeze,
}


def objections(changes: Iterable[Change], ctx: PlanContext) -> tuple[Objection, ...]:
    """The objections to these changes. Each guardrail ignores the changes for which it is lifted."""
    planned = tuple(changes)
    found = (
        check(tuple(change for change in planned if not ctx.lifts.lifts(name, change.key)), ctx)
        for name, check in _CHECKS.items()
    )
    return tuple(filter(None, found))


def lifted(changes: Iterable[Change], ctx: PlanContext) -> tuple[Overridden, ...]:
    """The lifted guardrails that would have objected or limited the age of the plan, with their keys."""
    planned, lifts = tuple(changes), ctx.lifts
    names = {*lifts.once, *(override.guardrail for override in lifts.standing)}
    found = (check(planned, ctx) for name, check in _CHECKS.items() if name in names)
    broken = {objection.guardrail: objection.keys for objection in found if objection}
    if at_once := tuple(change.key for change in planned if change.sends_at_once):
        broken["max_plan_age"] = at_once
    return tuple(each for name, keys in broken.items() for each in overridden(name, keys, lifts))


def rules_lifted(names: Mapping[str, Iterable[str]], lifts: Lifts) -> tuple[Overridden, ...]:
    """The rules that had to be lifted, such as `resend`, with their keys. `names` has them by key."""
    by_name: dict[str, list[str]] = {}
    for key, lifted_for in names.items():
        for name in dict.fromkeys(lifted_for):
            by_name.setdefault(name, []).append(key)
    found = sorted(by_name.items())
    return tuple(each for name, keys in found for each in overridden(name, tuple(keys), lifts))


def overridden(name: str, keys: tuple[str, ...], lifts: Lifts) -> Iterator[Overridden]:
    """A lifted guardrail or rule for these keys, by each override that lifts it."""
    if name in lifts.once:
        yield Overridden(name, keys)
        return
    for override in lifts.standing:
        own = tuple(key for key in keys if lifts.override(name, key, override.against) == override)
        if own:
            yield Overridden(name, own, override.reason, iso(override.until))


def at_request(change: Change, limits: Guardrails, now: datetime, lifts: Lifts) -> tuple[str, str] | None:
    """Why a change may not be sent at this moment, and a hint; None if it may. The guardrails that depend on
    the time, checked again directly before each request."""
    lead = "min_lead_time"
    if not lifts.lifts(lead, change.key) and too_late(change, limits, now):
        return (
            f"its first send is less than {duration_text(limits.min_lead_time)} away",
            f"set a later time in {change.key}, or plan again with `--override {lead}`",
        )
    found = frozen(change, limits, now)
    if found is not None and not lifts.lifts("freeze", change.key):
        return (
            f"frozen: {frozen_words(found)}, in the window {found.window.words}",
            "wait until the window ends, or plan again with `--override freeze`",
        )
    if change.valid_until is not None and now > change.valid_until:
        return f"it was valid until {iso(change.valid_until)}", Sentence(Command("apply"))
    return None


def valid_until(
    change: Change, before: Mapping[str, Any] | None, limits: Guardrails, now: datetime, lifts: Lifts
) -> datetime | None:
    """Until when a change may be applied; None if there is no limit.

    At most `max_plan_age` if it sends at once. The lead time before its first send, of a recurring campaign
    only after a create or a resume. And the next run of what is live (`before`), if a new one follows soon.
    """
    bounds: list[datetime] = []
    if change.sends_at_once:
        if not lifts.lifts("max_plan_age", change.key):
            bounds.append(now + limits.max_plan_age)
    elif change.arms and _limits_validity(change):
        bounds += filter(None, [_last_chance(change, limits, now, lifts)])
    if before is not None and change.spec is not None and not lifts.lifts("resend", change.key):
        bounds += filter(None, [runs.ends(before, change.spec, change.sends, now)])
    return min(bounds, default=None)


def _last_chance(change: Change, limits: Guardrails, now: datetime, lifts: Lifts) -> datetime | None:
    """The latest time for a change that arms: the lead time before its first send. If that is lifted, the
    first send; if that is past too, as in the first of the recipients' zones, the last one."""
    first = change.sends.first
    if first is None or not lifts.lifts("min_lead_time", change.key):
        return first and first - limits.min_lead_time
    return first if first > now else change.sends.last


def expired(change: Change, until: datetime | None, now: datetime, lifts: Lifts) -> bool:
    """Whether a reviewed change was valid until a time that is past, and nothing lifts that."""
    names = ("max_plan_age",) if change.sends_at_once else ("resend", "min_lead_time")
    return until is not None and now > until and not any(lifts.lifts(name, change.key) for name in names)


def _limits_validity(change: Change) -> bool:
    counted = (Action.CREATE, Action.REPLACE, Action.RESUME)
    return change.sends.when == "scheduled" or change.action in counted
