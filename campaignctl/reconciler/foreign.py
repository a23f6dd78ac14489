"""Campaigns of the account that the state does not know: what of them a plan may repeat, and what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import alike, content, requested
from campaignctl.errors import Command, PlanRefused, Sentence, counted
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.plan import codec, proofing, records, twin_rules, twins
from campaignctl.plan.arming import known_sends
from campaignctl.plan.context import PlanContext, Reading
from campaignctl.plan.model import Change, Clone, Options, Plan
from campaignctl.project.model import Project
from campaignctl.reconciler.opening import ours, spread, unknown_to
from campaignctl.review.reports import UnmanagedRow
from campaignctl.schedule.collisions import LATELY, SendTimes, near, send_times
from campaignctl.schedule.humanize import instant
from campaignctl.schedule.times import iso, parse_iso
from campaignctl.state.archive import NO_ARCHIVE
from campaignctl.state.model import Foreign, State

if TYPE_CHECKING:
    from campaignctl.api.client import OcambaApi

Lives = Mapping[str, Live | None]
Wanted = DesiredCampaign | Change

# How many campaigns whose messages the list does not show are read by id, and how many overdue ones.
_MOST, _MOST_OVERDUE = 20, 5

_IDLE = (Status.PAUSED, Status.DRAFT, Status.MANUAL)
_FINAL = (Status.SENT, Status.CANCELED, Status.MISSING)


def starting(desired: DesiredState, state: State | None) -> list[DesiredCampaign]:
    """The declared campaigns that a plan may let send what they do not send yet."""
    recorded = state.campaigns if state else {}
    return [
        wanted
        for key, wanted in desired.campaigns.items()
        if (record := recorded.get(key)) is None
        or record.status in _IDLE
        or not alike(wanted.spec, record.applied)
    ]


def look(
    api: OcambaApi,
    seen: Iterable[Live],
    state: State | None,
    wanted: Sequence[Wanted],
    project: Project,
    now: datetime,
    parallelism: int = 1,
) -> tuple[Lives, tuple[str, ...]]:
    """The campaigns that the state does not know, by id, and notes.

    Those are the ones that were `seen`, and, read by id, those with the content of a `wanted` campaign; None
    for one that no longer exists.
    """
    found = strangers(seen, state)
    # Those that carry our marker hold back everything already, as the state is behind.
    lost = {live.id for live, _ in unknown_to(state, ours(found.values(), project, state))}
    lives: dict[str, Live | None] = {each: live for each, live in found.items() if each not in lost}
    kept = state.foreign if wanted and state else {}
    # Not even one of 10,000 changed campaigns has to be compared if the account has no others.
    contents = {content(one.spec or {}) for one in wanted if lives or kept}
    hits = [each for each, entry in kept.items() if each not in lives and entry.content in contents]
    names = {(one.spec or {}).get("name") for one in wanted}
    times = [_times(one.spec, now) for one in wanted if lives]
    window = project.guardrails.twin_window
    short = []
    for live in filter(None, lives.values() if wanted else ()):
        if status_of(live).can_send or status_of(live) is Status.SENT:
            if "messages" not in live.fields:
                own = _times(requested(live), now)
                may_be = live.name in names or any(_may_meet(own, each, window) for each in times)
                short += [live.id] if may_be else []
            elif content(live.fields) in contents or any(twins.is_stored_as(live, one) for one in wanted):
                hits.append(live.id)
    # One that was read by its id in this run, as those that manifests adopt, is not read again.
    whole = {each for each, live in lives.items() if live and live.complete}
    asked = [each for each in (*hits, *short[:_MOST]) if each not in whole]
    lives |= dict(zip(asked, spread(api.read, asked, parallelism), strict=True))
    if (left := len(short) - _MOST) <= 0:
        return lives, ()
    return lives, (f"{counted(left, 'campaign')} of the account not compared: the list shows no messages",)


def strangers(seen: Iterable[Live], state: State | None) -> dict[str, Live]:
    """The campaigns that the state neither records nor has released, by id; without its proofs."""
    if not (lives := list(proofing.without(state, seen))):
        return {}
    known = {record.id for record in state.campaigns.values()} if state else set()
    known |= {entry.id for entry in state.released} if state else set()
    left = {live.id: live for live in lives if live.id not in known}
    # The archive is read only if something carries our marker.
    marked = any(marker.read(live.fields) for live in left.values())
    old = state.archive if state and marked else NO_ARCHIVE
    return {each: live for each, live in left.items() if not old.has_id(each)}


def unmanaged(seen: Iterable[Live], state: State | None, desired: DesiredState) -> list[UnmanagedRow]:
    """The live campaigns among those `seen` that no state of ours knows: without those that a manifest adopts
    or that carry a marker. Those that send are first, the soonest before the others."""
    adopted = {one.adopt for one in desired.campaigns.values()}
    rows = [
        UnmanagedRow(
            live.id,
            live.name,
            live.status or str(status_of(live)),
            status_of(live).can_send,
            records.gmt(live.text("next_run_time")),
            records.gmt(live.create_time),
        )
        for live in strangers(seen, state).values()
        if status_of(live) not in _FINAL and live.id not in adopted and not _is_marked(live)
    ]
    return sorted(rows, key=lambda row: (not row.can_send, row.next_run is None, row.next_run or "", row.id))


def _is_marked(live: Live) -> bool:
    return (marker.read(live.fields) or marker.read_proof(live.fields)) is not None


def unmanaged_note(seen: Iterable[Live], state: State | None, desired: DesiredState) -> Iterator[Sentence]:
    """A line about campaigns that can send and that no state of ours knows, if there are some."""
    rows = [row for row in unmanaged(seen, state, desired) if row.can_send]
    if rows:
        zone, first = desired.project.time_zone, rows[0].next_run
        when = f", the next on {instant(parse_iso(first), zone)}" if first else ""
        are = "is" if len(rows) == 1 else "are"
        said = (
            f"{counted(len(rows), 'campaign')} of the account can send and {are} in no state of ours{when}: "
        )
        yield Sentence(said, Command("status", "--unmanaged"))


def _times(spec: Mapping[str, Any] | None, now: datetime) -> SendTimes:
    return send_times(spec or {}, at_once=now, since=now)


def _may_meet(one: SendTimes, other: SendTimes, window: timedelta) -> bool:
    """Whether two campaigns may send near each other; two recurrences always may."""
    return bool(one.runs and other.runs) or near(one, other, window)


def overdue(state: State, lives: Lives, now: datetime) -> list[str]:
    """The first few kept campaigns that should have been sent long ago, and were not seen since."""
    return [
        each
        for each, entry in state.foreign.items()
        if each not in lives
        and not (entry.recurs or entry.status in _FINAL)
        and max(_last(entry), parse_iso(entry.at)) < now - LATELY
    ][:_MOST_OVERDUE]


def noted(lives: Lives, clones: Iterable[Clone], state: State, now: datetime) -> dict[str, Foreign | None]:
    """What a state keeps of campaigns that can send or were sent within 30 days, and of clones: new and
    changed entries, and None for those that are final and older, or known by now."""
    found: dict[str, Foreign | None] = {
        clone.id: Foreign(clone.status, iso(now)) for clone in clones if clone.id not in state.foreign
    }
    for campaign_id, live in lives.items():
        old = state.foreign.get(campaign_id)
        if live is None:
            found |= {campaign_id: _lost(old, now)} if old else {}
            continue
        entry = _entry(live, now)
        if old is None:
            worth = status_of(live).can_send or status_of(live) is Status.SENT
            found |= {campaign_id: entry} if worth and not _is_over(entry, now) else {}
        else:
            entry = entry if entry.content else replace(entry, content=old.content)
            same = entry == replace(old, at=entry.at) and parse_iso(old.at) >= now - LATELY
            found |= {} if same else {campaign_id: entry}
    known = {record.id for record in state.campaigns.values()} | {one.id for one in state.released}
    return found | {
        each: None
        for each, entry in {**state.foreign, **found}.items()
        if each in known or (entry and _is_over(entry, now))
    }


def _entry(live: Live, now: datetime) -> Foreign:
    digest = content(live.fields) if "messages" in live.fields else None
    spec, status = requested(live), records.observed_status(live, {})
    sends = list(known_sends(spec, now).at)
    if seen := twins.of_live(live, now, ""):
        sends += [seen.times.at_once] if seen.times.at_once else []
    return Foreign(status, iso(now), digest, tuple(map(iso, sends)), bool(spec.get("recurrence")))


def _lost(entry: Foreign, now: datetime) -> Foreign | None:
    """What is kept of one that no longer exists: its sends that were due, as it may have been sent."""
    if not (due := twins.due_by(entry, now)):
        return None
    return entry if entry.status == Status.MISSING else replace(entry, status=str(Status.MISSING), sends=due)


def _last(entry: Foreign) -> datetime:
    return max(map(parse_iso, entry.sends), default=parse_iso(entry.at))


def _is_over(entry: Foreign, now: datetime) -> bool:
    return entry.status in _FINAL and _last(entry) < now - LATELY


def check_saved(
    api: OcambaApi, seen: Mapping[str, Live], plan: Plan, state: State | None, project: Project, now: datetime
) -> Lives:
    """The campaigns as `look` finds them. Raises PlanRefused if a change of a saved plan would repeat one
    that was created in the account since."""
    asked = {key for lifted in plan.lifted if lifted.name == "resend" for key in lifted.keys}
    made = [change for change in plan.changes if twin_rules.starts(change) and change.key not in asked]
    lives, _ = look(api, seen.values(), state, made, project, now)
    desired = DesiredState(project, {}, plan.manifests_digest)
    ctx = PlanContext(desired, state, Reading(foreign=lives), Options(), now)
    for change in made:
        if why := twin_rules.twin_of_others(ctx, change):
            raise PlanRefused(f"{change.key}: {why}", hint=codec.AGAIN)
    return lives
