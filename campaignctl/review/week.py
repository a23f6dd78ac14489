"""The week of a plan: its sends in the days from the first one on, with those of other campaigns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from campaignctl.errors import PlanRefused
from campaignctl.plan.arming import SENDING, known_sends, without_event
from campaignctl.plan.codec import AGAIN
from campaignctl.plan.model import Change, Plan
from campaignctl.plan.neighbours import WEEK
from campaignctl.plan.runs import TIMES
from campaignctl.project.model import Collisions, Guardrails, Project
from campaignctl.project.validators import duration
from campaignctl.review.calendar import Calendar, Campaign
from campaignctl.review.calendar_build import calendar
from campaignctl.review.calendar_campaigns import campaign
from campaignctl.schedule.agenda import Days
from campaignctl.schedule.times import parse_iso
from campaignctl.schedule.windows import Window

Spec = Mapping[str, Any]


def calendar_of(plan: Plan, count: int = WEEK) -> Calendar | None:
    """The calendar of `count` days from the day on which the campaigns that a plan changes first send.

    None if they do not send by themselves. It has the plan's `neighbours` too; collisions and freezes are
    those of its settings. Raises `TimeError` if the plan's zone does not exist, `PlanRefused` for settings of
    no known form.
    """
    changed = [*_changed(plan)]
    firsts = [one.next for one in changed if one.next is not None and one.standing != "outdated"]
    if not firsts:
        return None
    days = Days.around(min(firsts), plan.created_at, plan.time_zone, count)
    others = [
        replace(_campaign(plan, key, spec, days.now), standing="applied")
        for key, spec in plan.neighbours.items()
        if key not in {one.key for one in changed}
    ]
    project = Project(
        plan.project,
        "",
        plan.environment,
        time_zone=plan.time_zone,
        guardrails=_guardrails(plan.settings or {}),
    )
    return calendar([*changed, *others], days, project, account_read=plan.refreshed)


def _campaign(plan: Plan, key: str, spec: Spec, now: datetime) -> Campaign:
    return campaign(spec, known_sends(spec, now), plan.time_zone, now, key=key, status="", standing="planned")


def _changed(plan: Plan) -> Iterator[Campaign]:
    """The campaigns that send after a change, and their times until now if it moves them."""
    last = {change.key: change for change in plan.changes if change.spec and change.sends.when in SENDING}
    for key, change in last.items():
        spec = change.spec or {}
        sent = spec if change.sends_at_once else without_event(spec)
        before, found = _before(change), _campaign(plan, key, sent, plan.created_at)
        stays = change.id is not None and before is None and not change.arms
        yield replace(found, id=change.id, standing="applied" if stays else "planned")
        if before is not None:
            old = _campaign(plan, key, before, plan.created_at)
            yield replace(old, id=change.id, standing="outdated")


def _before(change: Change) -> Spec | None:
    """The spec with the times before this change; None if it moves nothing."""
    was = {each.path: each.before for each in change.diff if each.path in TIMES}
    if change.id is None or not any(was.values()):
        return None
    kept = {name: value for name, value in (change.spec or {}).items() if name not in was}
    return without_event({**kept, **{name: value for name, value in was.items() if value is not None}})


def _guardrails(settings: Mapping[str, Any]) -> Guardrails:
    """The guardrails that a calendar shows, as a plan keeps them. Raises PlanRefused if it keeps others."""
    try:
        within, most = (settings.get(f"guardrails.collisions.{name}") for name in ("within", "max_per_day"))
        limits = Collisions(duration(within) if within else None, None if most is None else int(most))
        freeze = tuple(map(_window, settings.get("guardrails.freeze") or ()))
    except (TypeError, ValueError, AttributeError) as error:
        raise PlanRefused(
            "the saved plan has settings that cannot be shown", detail=str(error), hint=AGAIN
        ) from error
    return Guardrails(collisions=limits, freeze=freeze)


def _window(kept: Mapping[str, Any]) -> Window:
    start, end = (parse_iso(kept[name]) if name in kept else None for name in ("from", "to"))
    return Window(
        start=start,
        end=end,
        length=duration(kept.get("duration", "0s")),
        **{name: kept[name] for name in ("kind", "scope", "tz", "cron", "reason") if name in kept},
    )
