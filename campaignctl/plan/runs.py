"""When a campaign began to send, and when another run would follow too soon.

A second send to the same people is a decision of its own (`--override resend`), whether it comes by a new
time, a resume or a replacement. A one-off campaign that began counts as sent. A recurring one sends again and
again; there it is a new run soon after the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.plan.arming import has_fired, known_sends, without_event
from campaignctl.schedule.sends import Sends
from campaignctl.schedule.times import TimeError, iso, parse_gmt
from campaignctl.state.model import Record

Spec = Mapping[str, Any]

_MOMENT = timedelta(seconds=1)
# How far back the last run is looked for, the nearest first, and how many runs are read there at most.
_BACK = tuple(timedelta(days=days) for days in (1, 8, 32, 367))
_MOST_RUNS = 2000
# The runs whose distances show how often a campaign recurs, and the runs of live after which a plan may end.
_RUNS = 60

# Fields that decide when a campaign sends.
TIMES = frozenset({"scheduled_time", "recurrence", "run_immediately", "send_in_profile_time_zone"})

_GOING = (Status.SCHEDULED, Status.RUNNING)
_WAITING = (Status.SCHEDULED, Status.UNKNOWN)
_STOPPED = (Status.PAUSED, Status.CANCELED)


def began(record: Record, live: Live, now: datetime, spec: Spec | None = None) -> str | None:
    """When the last run of a campaign began, as far as live and record show it; None if none is known.

    `spec` decided its times until a write of ours; without it live's do. A campaign that was stopped counts
    as begun if its time is past and it was not seen stopped before, unless live says that it was never
    launched.
    """
    status = status_of(live, record.applied)
    times = dict(spec) if spec is not None else {**record.applied, **_times_shown(live)}
    if status is not Status.DRAFT:
        times.pop("is_draft", None)
    found = last_run(times, now)
    last = iso(found) if found else None
    if spec is not None and record.status not in _GOING:
        last = None  # this write is what sets it going
    # The first run of a recurrence that was set after that time is still to come.
    if times.get("recurrence") and last is not None and last <= record.updated_at:
        last = None
    if has_fired(record.applied) and record.began is None:
        last = last or record.updated_at
    if not _has_begun(record, live, status, last, now):
        return record.began
    last = last or past_run(live, now)
    return max(filter(None, (record.began, last)), default=iso(now))


def _times_shown(live: Live) -> dict[str, Any]:
    return {name: live.members[name] for name in TIMES if live.members.get(name) is not None}


def _has_begun(record: Record, live: Live, status: Status, last: str | None, now: datetime) -> bool:
    recurs = bool(record.applied.get("recurrence"))
    if status in (Status.RUNNING, Status.NEEDS_DECISION) or (status is Status.SENT and not recurs):
        return True
    if not recurs and (_counted(live) or past_run(live, now) is not None):
        return True
    if last is None:
        return False
    if status in _STOPPED:
        return record.status not in _STOPPED and live.members.get("was_launched") is not False
    return status in _WAITING


def _counted(live: Live) -> bool:
    runs = live.members.get("run_counter")
    return isinstance(runs, int) and runs > 0


def past_run(live: Live, now: datetime) -> str | None:
    """The last of live's past run times that was not skipped."""
    shown = live.members.get("scheduled_run_times")
    found = []
    for run in shown if isinstance(shown, list | tuple) else ():
        if isinstance(run, Mapping) and not run.get("skip"):
            try:
                found.append(parse_gmt(str(run.get("time"))))
            except TimeError:
                continue
    return max((iso(time) for time in found if time <= now), default=None)


def last_run(spec: Spec, now: datetime) -> datetime | None:
    """The last time until now at which a campaign with this spec began to send, each at its earliest."""
    plain = without_event(spec)
    sends = known_sends(plain, now, 1)
    if sends.when == "scheduled":
        return sends.first if sends.first and sends.first <= now else None
    if sends.when != "recurring":
        return None
    for back in _BACK:
        runs = [at for at in known_sends(plain, now - back, _MOST_RUNS).at if at <= now]
        if runs:
            return runs[-1]
    return None


def is_begun(record: Record) -> bool:
    """Whether a record's campaign is a one-off that began to send."""
    return record.began is not None and not record.applied.get("recurrence")


def follows_soon(before: Spec, sends: Sends, last: datetime, after: Spec, now: datetime) -> datetime | None:
    """The next new run, if it follows within half of the campaign's interval after its last run.

    `before` is the spec that had the last run; a run that it has as well is no new one. `sends` are those of
    the spec `after`.
    """
    if sends.when == "immediately":
        return now
    first = sends.first
    if first is None or runs_at(before, first):
        return None
    interval = min(filter(None, (_interval(before, last), _interval(after, last))), default=None)
    return first if interval is not None and first - last <= interval / 2 else None


def ends(before: Spec, after: Spec, sends: Sends, now: datetime) -> datetime | None:
    """The next run of what is live after which this change would send again within half of the interval."""
    for last in known_sends(without_event(before), now, _RUNS).at if before.get("recurrence") else ():
        later = sends
        if sends.when == "recurring":
            later = known_sends(without_event(after), last, 1)
        elif sends.first is not None and sends.first <= last:
            return None
        if follows_soon(before, later, last, after, last) is not None:
            return last
    return None


def runs_at(spec: Spec, instant: datetime) -> bool:
    """Whether a campaign with this spec first sends at an instant."""
    return known_sends(without_event(spec), instant - _MOMENT, 1).first == instant


def _interval(spec: Spec, after: datetime) -> timedelta | None:
    """The longest distance of the next runs of a recurrence."""
    if not spec.get("recurrence"):
        return None
    runs = known_sends(without_event(spec), after, _RUNS).at
    return max((later - earlier for earlier, later in pairwise(runs)), default=None)
