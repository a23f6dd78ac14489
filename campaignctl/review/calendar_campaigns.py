"""The campaigns of a calendar: what manifests declare, what the state records, and what the account shows.

A campaign is shown with the times of its manifest. If the account has others, both are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import audience, overlay, people, requested
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.plan import halted, proofing, records, runs
from campaignctl.plan.arming import has_fired, known_sends, sends_after, without_event
from campaignctl.plan.subject import Subject
from campaignctl.project.model import Project
from campaignctl.review.calendar import Campaign, Open, Standing, Undated
from campaignctl.schedule import humanize
from campaignctl.schedule.sends import Runs, Sends
from campaignctl.schedule.times import TimeError, parse_gmt, parse_iso
from campaignctl.state.halts import Halts
from campaignctl.state.model import State

Spec = Mapping[str, Any]
Lives = Mapping[str, Live | None]

NOT_CREATED = "not created"

_UNDATED: Mapping[str, Undated] = {"immediately": "at once", "manual": "by hand", "never": "draft"}


def campaigns_of(
    desired: DesiredState, state: State | None, lives: Lives, halts: Halts, now: datetime
) -> Iterator[Campaign]:
    """The campaigns that are declared or recorded; `lives` are those that were read, by key of the record."""
    recorded = dict(state.campaigns) if state else {}
    zone = desired.project.time_zone
    for key, wanted in desired.campaigns.items():
        at = next((known for known in (key, *wanted.moved_from) if known in recorded), key)
        record = recorded.pop(at, None)
        moved = at if record is not None and at != key else None
        one = Subject(key, record, lives.get(at), at in lives, wanted, halts=halts, moved_from=moved, now=now)
        pending = state.pending.get(key) if state else None
        if record is None:
            open_still = pending is not None and pending.phase != "planned"
            yield from _new(one, "unsettled" if open_still else NOT_CREATED, zone)
        else:
            yield from _known(one, zone)
    for key, record in recorded.items():
        yield from _known(
            Subject(key, record, lives.get(key), key in lives, None, halts=halts, now=now), zone
        )


def strangers(
    lives: Mapping[str, Live], desired: DesiredState, state: State | None, now: datetime
) -> Iterator[Campaign]:
    """The campaigns of the account that can send and that no manifest adopts and no record has."""
    ours = {record.id for record in state.campaigns.values()} if state else set()
    ours |= {wanted.adopt for wanted in desired.campaigns.values() if wanted.adopt}
    for live in proofing.without(state, lives.values()):
        if live.id not in ours and status_of(live).can_send:
            yield _stranger(live, desired.project, now)


def _new(one: Subject, status: str, zone: str) -> Iterator[Campaign]:
    """A declared campaign that does not exist yet. One that is declared paused is created when it is active,
    one that is declared canceled never."""
    if one.manifest.lifecycle.phase != "canceled":
        sends = known_sends(one.manifest.spec, one.now)
        found = campaign(
            one.manifest.spec, sends, zone, one.now, key=one.key, status=status, standing="planned"
        )
        yield _as_held(found, one)


def _known(one: Subject, zone: str) -> Iterator[Campaign]:
    """A recorded campaign: as the account has it, as its manifest declares it, or both if they differ."""
    if one.status in (Status.CANCELED, Status.MISSING) or records.final(one.seen, one.now):
        return
    now_has = _in_account(one, zone)
    wanted = _declared(one, zone, one.wanted) if one.wanted else None
    if one.wanted is None:
        yield from _shown(now_has, "undeclared", one)
    elif wanted is None or now_has is None:
        yield from _shown(now_has, "outdated", one)
        yield from _shown(wanted, "planned", one)
    elif _timing(now_has) == _timing(wanted):
        yield from _shown(replace(wanted, skipped=now_has.skipped, undated=now_has.undated), "applied", one)
    else:
        yield from _shown(now_has, "outdated", one)
        yield from _shown(wanted, "planned", one)


def _shown(found: Campaign | None, standing: Standing, one: Subject) -> Iterator[Campaign]:
    if found is not None:
        yield _as_held(replace(found, standing=standing), one)


def _timing(found: Campaign) -> tuple[Any, ...]:
    """What makes two campaigns send at the same times."""
    sends = found.sends
    at = () if found.runs else (sends.at, sends.local)
    return sends.when, at, found.runs


def _in_account(one: Subject, zone: str) -> Campaign | None:
    """The campaign as the account has it; None if it was sent at once and has no other time."""
    applied = one.record.applied
    spec = overlay(applied, one.comparison.changes) if one.live else applied
    if has_fired(applied) and not spec.get("recurrence") and not spec.get("scheduled_time"):
        return None
    found = _recorded(one, without_event(spec), known_sends(without_event(spec), one.now), zone)
    if one.status is Status.NEEDS_DECISION:
        return replace(found, undated="decision")
    skipped = _skipped(one.live) if one.live else ()
    return replace(found, skipped=skipped)


def _declared(one: Subject, zone: str, wanted: DesiredCampaign) -> Campaign | None:
    """The campaign once its manifest is applied; None if that ends it or leaves it no time of its own."""
    sends = sends_after(one.record.applied, one.spec, one.now)
    if wanted.lifecycle.phase == "canceled" or (sends.when == "never" and not one.spec.get("is_draft")):
        return None
    return _recorded(one, one.spec if sends.when == "immediately" else without_event(one.spec), sends, zone)


def _recorded(one: Subject, spec: Spec, sends: Sends, zone: str) -> Campaign:
    status = records.observed_status(one.live, one.record.applied) if one.live else str(one.status)
    found = campaign(spec, sends, zone, one.now, key=one.key, status=status, standing="applied")
    return replace(found, id=one.record.id, read=one.read)


def _as_held(found: Campaign, one: Subject) -> Campaign:
    """The campaign with what holds it back: a halt, a pause of its manifest, or one of others."""
    mark = one.halts.unreadable
    halt = mark.reason if mark else one.halt[0].summary if one.halt else ""
    if halt:
        return replace(found, halt=halt, held="" if halted.goes(one) else "halted")
    paused = one.recorded is not None and one.status is Status.PAUSED
    return replace(found, held="paused" if paused or one.declared_paused else "")


def _stranger(live: Live, project: Project, now: datetime) -> Campaign:
    spec, found = without_event(requested(live)), marker.read(live.fields)
    sends = known_sends(spec, now)
    one = campaign(
        spec, sends, project.time_zone, now, key=None, status=live.status or "", standing="unmanaged"
    )
    shown = records.gmt(live.text("next_run_time"))
    status = status_of(live)
    undated: Undated | None = "decision" if status is Status.NEEDS_DECISION else one.undated
    if undated == "by hand":  # it can send, so it has a time that this answer does not show
        undated = "unknown"
    ours = found is not None and project.owner.made(found)
    return replace(
        one,
        id=live.id,
        name=live.name,
        read=True,
        undated=undated,
        held="paused" if status is Status.PAUSED else "",
        skipped=_skipped(live),
        next=one.next or (parse_iso(shown) if shown else None),
        made_by="" if found is None else "this project" if ours else "another project or environment",
    )


def campaign(
    spec: Spec, sends: Sends, zone: str, now: datetime, *, key: str | None, status: str, standing: Standing
) -> Campaign:
    """A campaign with this spec; `zone` is the project's, in which its recurrence is put into words."""
    recurs = runs.of_spec(spec) if sends.when == "recurring" else None
    said = spec.get("recurrence")
    return Campaign(
        key,
        None,
        str(spec.get("name", "")),
        status,
        standing,
        sends,
        recurs,
        audience=audience(spec),
        people=people(spec),
        undated=_undated(sends, recurs),
        recurrence=humanize.recurrence(said, zone, now, profile_zone=sends.profile_zone)
        if recurs and isinstance(said, Mapping)
        else "",
        channels=_channels(spec),
        open=tuple(_open(spec, sends, recurs)),
        next=next(iter(recurs.next(now)), None) if recurs else _later(sends, now),
    )


def _later(sends: Sends, now: datetime) -> datetime | None:
    return sends.first if sends.first and (sends.last or sends.first) > now else None


def _undated(sends: Sends, recurs: Runs | None) -> Undated | None:
    if sends.when == "recurring" and recurs is None:
        return "unknown"
    if sends.when == "scheduled" and not sends.at:
        return "unknown"
    return _UNDATED.get(sends.when)


def _open(spec: Spec, sends: Sends, recurs: Runs | None) -> Iterator[Open]:
    if recurs is not None:
        yield "recurrence"
        if len(recurs.readings) > 1:
            yield "weekdays"
        if any(cron.days is not None and cron.weekdays is not None for cron in recurs.readings):
            yield "days"
    if sends.profile_zone:
        yield "profile_zone"
    if spec.get("quiet_hours"):
        yield "quiet_hours"
    if spec.get("ab_test"):
        yield "ab_test"


def _channels(spec: Spec) -> tuple[str, ...]:
    messages = spec.get("messages")
    found = [
        str(message.get("channel"))
        for message in (messages if isinstance(messages, list | tuple) else ())
        if isinstance(message, Mapping)
    ]
    return tuple(dict.fromkeys(found))


def _skipped(live: Live) -> tuple[datetime, ...]:
    """The runs that the account shows as skipped."""
    shown = live.fields.get("scheduled_run_times")
    found = []
    for run in shown if isinstance(shown, list | tuple) else ():
        if isinstance(run, Mapping) and run.get("skip"):
            try:
                found.append(parse_gmt(str(run.get("time"))))
            except TimeError:
                continue
    return tuple(found)
