"""Guardrails: limits that a team sets against its own accidents, checked at plan and per request.

An objection says what was found, the limit and the keys; it is lifted by naming the guardrail, never by
one big force: for some keys by a reviewed entry of `overrides`, or once on the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from campaignctl.manifest.desired import Guardrails, Liftable
from campaignctl.plan import checks
from campaignctl.plan.checks import Check, Ground, words
from campaignctl.plan.model import Action, Change, Objection
from campaignctl.plan.options import Lifts
from campaignctl.schedule.times import iso
from campaignctl.state.model import Overridden

_CHECKS: dict[Liftable, Check] = {
    "max_destroy_percent": checks.destroys,
    "max_immediate_sends": checks.immediate_sends,
    "forbid_immediate": checks.forbidden_immediate,
    "max_arming_changes": checks.arming_changes,
    "max_sends_per_day": checks.sends_per_day,
    "min_lead_time": checks.lead_times,
    "require_targeting": checks.targeting,
    "require_labels": checks.labels,
    "freeze": checks.freeze,
}


def objections(changes: Iterable[Change], ground: Ground, lifts: Lifts) -> tuple[Objection, ...]:
    """Every guardrail that these changes would break, but for those of which it is lifted."""
    planned = tuple(changes)
    found = (check(_bound(name, planned, lifts), ground) for name, check in _CHECKS.items())
    return tuple(objection for objection in found if objection)


def lifted(changes: Iterable[Change], ground: Ground, lifts: Lifts) -> tuple[Overridden, ...]:
    """What would have objected, or bounded the age of the plan, and was lifted, with the keys for which."""
    planned = tuple(changes)
    found = (check(planned, ground) for check in _CHECKS.values())
    broken = {objection.guardrail: objection.keys for objection in found if objection}
    if at_once := tuple(change.key for change in planned if change.sends_at_once):
        broken["max_plan_age"] = at_once
    return tuple(each for name, keys in broken.items() for each in _overridden(name, keys, lifts))


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
    if not lifts.lifts(lead, change.key) and checks.too_late(change, limits, now):
        return (
            f"its first send is less than {words(limits.min_lead_time)} away",
            f"set a later time in {change.key}, or plan again with `--override {lead}`",
        )
    found = checks.frozen(change, limits, now)
    if found is not None and not lifts.lifts("freeze", change.key):
        return (
            f"frozen: {checks.frozen_words(found)}, in the window {found.window.words}",
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
