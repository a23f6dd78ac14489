"""The campaigns that send around the sends of a plan, so that its reviewers see them next to each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from campaignctl.campaign.status import Status
from campaignctl.plan import runs
from campaignctl.plan.arming import SENDING, known_sends, without_event
from campaignctl.plan.context import PlanContext
from campaignctl.plan.model import Action, Change
from campaignctl.schedule import timeline
from campaignctl.schedule.agenda import Days, slots

#: How many days from the first send of a plan on belong to it.
WEEK = 7
#: How many neighbours a plan names.
MOST = 100

# What decides when and to whom a campaign sends, and how it is called.
_FIELDS = ("name", "scheduled_time", "recurrence", "send_in_profile_time_zone", "targeting")
# After one of these actions the recorded campaign sends no more.
_ENDS = (Action.CANCEL, Action.PAUSE)


def neighbours(changes: Iterable[Change], ctx: PlanContext) -> dict[str, dict[str, Any]]:
    """The recorded campaigns that send in the week from the first send of these changes on, and that none of
    them touches: by key, the fields of their specs that decide when and to whom they send."""
    planned = tuple(changes)
    firsts = [change.sends.first for change in planned if change.sends.when in SENDING and change.sends.first]
    if not firsts or ctx.state is None or min(firsts) >= timeline.LAST:
        return {}
    days = Days.around(min(firsts), ctx.now, ctx.project.time_zone, WEEK)
    return dict(islice(_within(planned, days, ctx), MOST)) if days.end > ctx.now else {}


def _within(
    changes: tuple[Change, ...], days: Days, ctx: PlanContext
) -> Iterator[tuple[str, dict[str, Any]]]:
    touched = {change.id for change in changes if change.moves_sends or change.action in _ENDS}
    touched |= {change.id for change in changes if change.ends}
    records = ctx.state.campaigns if ctx.state else {}
    for key in sorted(records):
        record = records[key]
        if record.id not in touched and record.status in (Status.SCHEDULED, Status.RUNNING):
            spec = without_event(record.applied)
            sends = known_sends(spec, ctx.now)
            recurs = runs.of_spec(spec) if sends.when == "recurring" else None
            if next(slots(sends, recurs, days), None):
                yield key, {name: spec[name] for name in _FIELDS if spec.get(name)}
