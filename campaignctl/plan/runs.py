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
from campaignctl.errors import counted
from campaignctl.plan.arming import has_fired, known_sends, without_event
from campaignctl.plan.model import Action, Change, Ran
from campaignctl.schedule.cron import CronError
from campaignctl.schedule.sends import Runs, Sends, last_begin, runs_of
from campaignctl.schedule.times import TimeError, iso, parse_gmt, parse_iso
from campaignctl.state.model import Record

Spec = Mapping[str, Any]

_MOMENT = timedelta(seconds=1)
# How long after its time a run may begin.
_LATE = timedelta(minutes=15)
# How many runs are counted between a plan and its apply at most.
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
    return max(filter(None, (record.began, last, past_run(live, now))), default=iso(now))


def _times_shown(live: Live) -> dict[str, Any]:
    return {name: live.fields[name] for name in TIMES if live.fields.get(name) is not None}


def _has_begun(record: Record, live: Live, status: Status, last: str | None, now: datetime) -> bool:
    recurs = bool(record.applied.get("recurrence"))
    if status in (Status.RUNNING, Status.NEEDS_DECISION) or (status is Status.SENT and not recurs):
        return True
    if not recurs and (is_counted(live) or past_run(live, now) is not None):
        return True
    if last is None:
        return False
    if status in _STOPPED:
        return record.status not in _STOPPED and live.fields.get("was_launched") is not False
    return status in _WAITING


def is_counted(live: Live) -> bool:
    """Whether live counts a run."""
    runs = live.fields.get("run_counter")
    return isinstance(runs, int) and runs > 0


def past_run(live: Live, now: datetime) -> str | None:
    """The last of live's past run times that was not skipped."""
    shown = live.fields.get("scheduled_run_times")
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
    sends = known_sends(without_event(spec), now, 1)
    if sends.when == "scheduled":
        return sends.first if sends.first and sends.first <= now else None
    if sends.when != "recurring":
        return None
    try:
        return last_begin(spec, now)
    except CronError:
        return None


def may_have_begun(record: Record, now: datetime) -> str | None:
    """When a campaign that is missing began last, if it ran until it was deleted: no read can tell that it
    did not. None if no send was due."""
    found = last_run(record.applied, now)
    due = iso(found) if found else None
    if has_fired(record.applied):
        due = due or record.updated_at
    elif record.applied.get("recurrence") and due is not None and due <= record.updated_at:
        due = None
    return max(filter(None, (record.began, due)), default=None)


def ran(live: Live, now: datetime) -> Ran:
    """The runs that live shows."""
    count = live.fields.get("run_counter")
    return Ran(count if isinstance(count, int) else None, past_run(live, now))


def started(one: Record, live: Live, before: Ran, since: datetime, now: datetime) -> str | None:
    """How a recurring campaign has run `since` a plan, if others started it: more often than by itself, or at
    another time. None if they did not, or live does not show it. `before` are its runs at the plan."""
    spec = {**without_event(one.applied), **_times_shown(live)}
    by_itself = status_of(live, one.applied) in _GOING
    seen = ran(live, now)
    if before.count is not None and seen.count is not None:
        own = [at for at in known_sends(spec, since, _MOST_RUNS).at if at <= now] if by_itself else []
        if (more := seen.count - before.count) > len(own):
            return f"{counted(more, 'run')}, {len(own) or 'none'} of them at its own times"
    if seen.last is None or seen.last <= max(iso(since), before.last or ""):
        return None
    return None if by_itself and runs_at(spec, parse_iso(seen.last)) else f"a run at {seen.last}"


def run_by_others(record: Record, live: Live, now: datetime) -> str | None:
    """How others started a recurring campaign since an apply recorded its runs; None if live shows none.

    A run that begins up to `_LATE` after its time is its own, and so is any soon after a write of ours, and
    each in the recipients' own time zones, where one run has many times.
    """
    spec = {**without_event(record.applied), **_times_shown(live)}
    if not record.applied.get("recurrence"):
        return None
    if more := _more_runs(record, spec, ran(live, now), now):
        return more
    last = past_run(live, now)
    if last is None or spec.get("send_in_profile_time_zone"):
        return None
    if last <= max(iso(parse_iso(record.updated_at) + _LATE), record.began or ""):
        return None
    own = known_sends(spec, parse_iso(last) - _LATE, 1).first
    is_own = own is not None and own <= parse_iso(last)
    return None if is_own else f"it ran at {last}, which is no time of its own"


def _more_runs(record: Record, spec: Spec, seen: Ran, now: datetime) -> str | None:
    """How many more runs live counts than there can have been by itself since the record's count."""
    if record.run_counter is None or record.counted_at is None or seen.count is None:
        return None
    since = parse_iso(record.counted_at) - _MOMENT
    own = max(
        sum(at <= now + _MOMENT for at in known_sends(times, since, _MOST_RUNS).at)
        for times in (spec, without_event(record.applied))
    )
    if (more := seen.count - record.run_counter) <= own:
        return None
    return f"{counted(more, 'run')} since {record.counted_at}, {own or 'none'} at its own times"


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


def of_change(change: Change) -> Runs | None:
    """The runs of a campaign that recurs after a change; None for any other."""
    return of_spec(change.spec) if change.sends.when == "recurring" and change.spec else None


def of_spec(spec: Spec) -> Runs | None:
    """The runs of a campaign that recurs; None for any other, and for a recurrence that cannot be parsed."""
    try:
        return runs_of(spec)
    except CronError:  # a recurrence of the dashboard
        return None


def first_possible(change: Change, now: datetime) -> datetime | None:
    """The first send that a change makes possible; None if it sends at once, by hand or never.

    A run that is under way in the recipients' zones goes on in the next of them, or at once in those that it
    has passed (`send_if_profile_time_passed`). A resume sends at its one time.
    """
    runs = of_change(change) if change.sends.profile_zone else None
    if runs is None or change.action is Action.RESUME:
        return change.sends.first
    if (change.spec or {}).get("send_if_profile_time_passed") and runs.under_way(now):
        return now
    return runs.next_instant(now)


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
