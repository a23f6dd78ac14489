"""Whether two campaigns are twins: the same content to the same audience, sent near each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import Marker
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import content, overlay, requested
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan import records, runs
from campaignctl.plan.arming import has_fired, runs_left, without_event
from campaignctl.plan.model import Change
from campaignctl.plan.subject import Subject
from campaignctl.schedule.collisions import LATELY, SendTimes, near, send_times
from campaignctl.schedule.times import iso, parse_iso
from campaignctl.state.ledger import Released, Sent
from campaignctl.state.model import Foreign, Intent

Spec = Mapping[str, Any]


def _never(_: datetime) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as it is compared with others: what it sends, to whom, and every time at which it sends.

    `key` is None if the state does not know it; `id` is None before it exists. `goes`: it can still send.
    `declared`: a manifest asks for it, or no manifest ever did; `recorded`: the state has a record of it.
    `planned`: it is so once a change of this plan is made. `cancels`: this plan cancels it, and `times` are
    those of its past sends alone. `made_by` is the marker of one that the state does not know. `due` tells of
    a recurring campaign that ended whether it would have sent at a time: a successor's run at that time is no
    second send.
    """

    key: str | None
    id: str | None
    content: str
    times: SendTimes
    status: str = ""
    goes: bool = True
    declared: bool = True
    recorded: bool = False
    planned: bool = False
    cancels: bool = False
    made_by: Marker | None = None
    due: Callable[[datetime], bool] = field(default=_never, compare=False)

    @property
    def name(self) -> str:
        """How it is called in messages."""
        if self.planned:
            return f"{self.key}, in this plan,"
        return (
            f"{self.key} ({self.id or 'id not known'})" if self.key else f"{self.id}, unknown to this state,"
        )


def collide(one: Campaign, other: Campaign, window: timedelta) -> bool:
    """Whether two campaigns send the same to the same people near each other.

    Two that both send at once collide within 30 days; of this state, at any age.
    """
    if one.content != other.content:
        return False
    ours = one.key is not None and other.key is not None
    return near(one.times, other.times, window, lately=timedelta.max if ours else LATELY)


def of_change(change: Change, now: datetime) -> Campaign:
    """The campaign of a change that is made now."""
    spec = change.spec or {}
    sent = spec if change.sends_at_once else without_event(spec)
    times = send_times(sent, at_once=now, since=now)
    return Campaign(change.key, change.id, content(spec), times, planned=True)


def of_record(one: Subject, *, declared: bool, cancels: bool = False) -> Campaign:
    """A recorded campaign, by what was read of it."""
    record, now = one.record, one.now
    spec = overlay(record.applied, one.comparison.changes)
    status = one.status
    last = runs.may_have_begun(record, now) if status is Status.MISSING else one.seen.began
    began = parse_iso(last) if last else None
    goes = status.can_send or (status is Status.SENT and runs_left(record.applied, now))
    started, past = began or parse_iso(record.created_at), _past(spec, began)
    found = Campaign(
        one.key,
        record.id,
        content(record.applied),
        past,
        str(status),
        goes=goes,
        declared=declared,
        recorded=True,
        cancels=goes and cancels,
    )
    if goes and not cancels:
        times = send_times(spec, at_once=started, since=parse_iso(record.created_at))
        return replace(found, times=_with(times, past, status))
    recurring = without_event(spec) if spec.get("recurrence") else None
    return replace(found, due=lambda at: runs.runs_at(recurring, at)) if recurring else found


def _with(times: SendTimes, past: SendTimes, status: Status) -> SendTimes:
    """The times of a campaign that can still send; one that nothing tells may send at any time."""
    both = replace(times, spans=(*times.spans, *past.spans))
    return replace(both, unknown=times.unknown or both.never or status is Status.NEEDS_DECISION)


def _past(spec: Spec, began: datetime | None) -> SendTimes:
    """The sends of a campaign that sends no more."""
    if began is None:
        return SendTimes()
    if has_fired(spec):
        return SendTimes(at_once=began)
    times = SendTimes() if spec.get("recurrence") else send_times(spec, at_once=began, since=began)
    return replace(times, spans=(*times.spans, (began, began)))


def of_intent(key: str, intent: Intent, now: datetime, *, declared: bool) -> Campaign:
    """A create with an unknown outcome, which may have made its campaign."""
    at = parse_iso(intent.at) if intent.at else now
    times = send_times(intent.spec, at_once=at, since=at)
    return Campaign(key, None, content(intent.spec), times, "unsettled", declared=declared)


def of_entry(entry: Sent | Released, status: Status = Status.SENT, shown: str = "") -> Campaign:
    """A campaign of the ledger, or a released one with the status that it has now."""
    sends = tuple(map(parse_iso, entry.sends))
    at = parse_iso(entry.at)
    begun = [time for time in sends if time <= at]
    later = frozenset(sends) - frozenset(begun)
    times = SendTimes(spans=tuple((time, time) for time in begun))
    if entry.at_once:
        times = SendTimes(at_once=max(begun, default=at))
    return Campaign(
        entry.key,
        entry.id,
        entry.content,
        times,
        shown or str(status),
        goes=status.can_send,
        declared=False,
        due=later.__contains__,
    )


def of_release(found: Campaign, entry: Released, live: Live | None, now: datetime, *, goes: bool) -> Campaign:
    """A released campaign with what live shows of it: it had the runs of live, and those that were due by now
    unless it was stopped before. Nothing tells that of one that is missing."""
    found = replace(found, goes=goes)
    if live is None:
        return found if entry.ended else _having(found, (one for one in entry.sends if one <= iso(now)))
    stopped = entry.status == Status.PAUSED or live.fields.get("was_launched") is False
    never = stopped and status_of(live) is Status.CANCELED
    due = () if never else (time for time in entry.sends if time <= iso(now))
    had = tuple(filter(None, (*due, runs.past_run(live, now))))
    if status_of(live) is Status.SENT and not had:
        had = (entry.at,)
    return replace(_having(found, had), due=found.due if live.fields.get("recurrence") else _never)


def _having(found: Campaign, sends: Iterable[str]) -> Campaign:
    """A campaign that has these sends too."""
    more = ((time, time) for time in map(parse_iso, sends))
    return replace(found, times=replace(found.times, spans=(*found.times.spans, *more)))


def of_live(live: Live, now: datetime, digest: str) -> Campaign | None:
    """A live campaign that the state does not know, with its content; None if it cannot send and has not."""
    status = status_of(live)
    if not (status.can_send or status is Status.SENT):
        return None
    made, last = records.gmt(live.create_time), runs.past_run(live, now)
    created = parse_iso(made) if made else now
    spec, started = requested(live), parse_iso(last) if last else created
    times = send_times(spec, at_once=started, since=created)
    if status is Status.SENT:
        last_run = runs.last_run(spec, now)
        times = _past(spec, parse_iso(last) if last else last_run or created)
    elif times.never or status is Status.NEEDS_DECISION:
        times = replace(times, unknown=True)
    shown = live.status or str(status) if status is Status.UNKNOWN else str(status)
    made_by = marker.read(live.fields)
    return Campaign(None, live.id, digest, times, shown, goes=status.can_send, made_by=made_by)


def is_stored_as(live: Live, wanted: DesiredCampaign | Change) -> bool:
    """Whether a live campaign has the content of another one, apart from texts that the API may rewrite."""
    accepted = wanted.lifecycle.accept_stored
    return bool(accepted) and content(live.fields, accepted) == content(wanted.spec or {}, accepted)


def of_foreign(campaign_id: str, known: Foreign) -> Campaign:
    """A campaign of the account that is not of this state, as an earlier opening read saw it."""
    sends = tuple(map(parse_iso, known.sends))
    times = SendTimes(spans=tuple((time, time) for time in sends), unknown=not sends)
    goes = records.can_send(known.status)
    return Campaign(None, campaign_id, known.content or "", times, known.status, goes=goes)


def of_lost(campaign_id: str, known: Foreign, now: datetime) -> Campaign:
    """One of those that is missing now: what was due by now may have been sent."""
    found = replace(of_foreign(campaign_id, known), times=SendTimes(), status=str(Status.MISSING), goes=False)
    return _having(found, due_by(known, now))


def due_by(known: Foreign, now: datetime) -> tuple[str, ...]:
    """The sends of such a campaign that were due by now."""
    return tuple(time for time in known.sends if time <= iso(now))
