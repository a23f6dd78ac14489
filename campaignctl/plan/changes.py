"""Builds each kind of change: its requests, diff, sends, audience, and how long it can be undone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from campaignctl.campaign import marker
from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import EVENT, FieldChange, audience, field_changes, join, leaves, requested, uncertain
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan.arming import changes_sends, create_arms, sends_after, update_arms
from campaignctl.plan.context import PlanContext
from campaignctl.plan.model import Action, Change, Operation, Request
from campaignctl.plan.subject import Subject
from campaignctl.project.model import Project
from campaignctl.schedule.sends import Sends
from campaignctl.schedule.times import iso
from campaignctl.state.model import Record

Spec = Mapping[str, Any]


def create(
    ctx: PlanContext,
    wanted: DesiredCampaign,
    *,
    reason: str,
    warnings: tuple[str, ...] = (),
    deliberate: bool = False,
    intent: str | None = None,
) -> Change:
    """Create a campaign, under the id of a known intent or a new one."""
    sends = sends_after(None, wanted.spec, ctx.now)
    intent = intent or ctx.new_id()
    return Change(
        key=wanted.key,
        action=Action.CREATE,
        id=None,
        reason=reason,
        requests=_create_requests(ctx, wanted, intent),
        diff=field_changes({}, wanted.spec),
        warnings=warnings + _doubts(wanted, wanted.spec),
        intent=intent,
        deliberate_resend=deliberate,
        **_sending(wanted.spec, sends, arms=create_arms(sends)),
        **_applying(wanted, wanted.spec),
    )


def _create_requests(ctx: PlanContext, wanted: DesiredCampaign, intent: str) -> tuple[Request, ...]:
    """One POST; with `api.immediate: two_step` a PATCH then arms a campaign that sends at once."""
    spec: Spec = wanted.spec
    two_step = ctx.project.api.immediate == "two_step" and bool(spec.get(EVENT))
    if two_step:
        spec = {name: value for name, value in spec.items() if name != EVENT}
    if ctx.project.api.markers:
        spec = marker.stamp(spec, ctx.project.owner.marker(wanted.key, intent))
    create = Request("create", body=spec)
    return (create, Request("update", body={EVENT: True})) if two_step else (create,)


def _doubts(wanted: DesiredCampaign, spec: Spec) -> tuple[str, ...]:
    """Warnings of the fields that were not checked, and of conditions that may not narrow the audience."""
    warnings = []
    if wanted.unchecked:
        warnings.append(f"sent unchecked, from `extra`: {', '.join(wanted.unchecked)}")
    if paths := uncertain(spec):
        warnings.append(f"may not narrow the audience, so not counted: {', '.join(paths)}")
    return tuple(warnings)


def _sending(spec: Spec, sends: Sends, *, arms: bool) -> dict[str, Any]:
    """The fields of a change that say when its campaign sends, to whom, and until when that can be undone."""
    undo = f"until {iso(sends.first)}" if sends.first else "free"
    if arms and sends.when == "immediately":
        undo = "never"
    return {"sends": sends, "arms": arms, "audience": audience(spec), "undo": undo}


def _applying(wanted: DesiredCampaign, spec: Spec) -> dict[str, Any]:
    """The fields of a change that are recorded: the spec as applied, and the rest of the manifest."""
    return {
        "name": str(spec.get("name", "")),
        "spec": spec,
        "digest": wanted.body_digest if spec is wanted.spec else body_digest(spec),
        "source_digest": wanted.source_digest,
        "lifecycle": wanted.lifecycle,
        "source": str(wanted.source),
        "zone": wanted.zone,
    }


def _keeping_spec(one: Subject, action: Action, reason: str, **more: Any) -> Change:
    """A change of a recorded campaign that keeps the applied spec in its record."""
    kept = {
        "spec": one.record.applied,
        "source_digest": one.record.source_digest,
        "lifecycle": one.manifest.lifecycle,
        "source": str(one.manifest.source),
    }
    return _of_record(one, action, reason, **{**kept, **more})


def _of_record(one: Subject, action: Action, reason: str, **more: Any) -> Change:
    """A change of a recorded campaign that applies no spec."""
    record = one.record
    plain = {
        "name": str(record.applied.get("name", "")),
        "audience": audience(record.applied),
        "digest": record.digest,
        "lifecycle": record.lifecycle,
        "live_digest": one.live_digest,
    }
    return Change(one.key, action, record.id, reason=reason, **{**plain, **more})


def update(
    ctx: PlanContext, one: Subject, current: Spec, spec: Spec, patch: Spec, *, reason: str, **more: Any
) -> Change:
    """Update a campaign with one merge patch; `current` is its live spec as far as known.

    A campaign that stays paused (`held`) cannot send, so the update does not arm it.
    """
    sends = Sends("never") if one.held else sends_after(current, spec, ctx.now)
    arms = not one.held and update_arms(current, spec, sends, ctx.now)
    hidden = join(["metadata", marker.FIELD])
    return Change(
        key=one.key,
        action=Action.UPDATE,
        id=one.record.id,
        reason=reason,
        requests=(Request("update", one.record.id, patch),),
        diff=tuple(change for change in field_changes(current, spec) if change.path != hidden),
        live_digest=one.live_digest,
        warnings=_doubts(one.manifest, spec),
        intent=ctx.new_id() if arms and sends.when == "immediately" else None,
        changes_sends=not (one.held or arms) and changes_sends(current, spec, ctx.now),
        **more,
        **_sending(spec, sends, arms=arms),
        **_applying(one.manifest, spec),
    )


def _stop(ctx: PlanContext, record: Record, operation: Operation, why: str) -> tuple[Request, ...]:
    return (Request(operation, record.id, {"reason": ctx.signed(why)}),)


UNFINISHED = "running: the rest of this run is not sent"


def _cut_short(one: Subject) -> tuple[str, ...]:
    """The warning of a change that stops a campaign in the middle of a run, and what a second run means."""
    if one.status is not Status.RUNNING:
        return ()
    again = "; sending it again needs `--override resend`"
    return (UNFINISHED + ("" if one.record.applied.get("recurrence") else again),)


def cancel(ctx: PlanContext, one: Subject, *, reason: str) -> Change:
    """Cancel a campaign that can still send. This is final."""
    requests = _stop(ctx, one.record, "cancel", reason)
    return _of_record(one, Action.CANCEL, reason, requests=requests, warnings=_cut_short(one), undo="never")


def cancel_for_good(ctx: PlanContext, one: Subject) -> Change:
    """Cancel a campaign that is declared canceled. Its record keeps the applied spec."""
    reason = "declared canceled"
    requests = _stop(ctx, one.record, "cancel", reason)
    return _keeping_spec(
        one, Action.CANCEL, reason, requests=requests, warnings=_cut_short(one), undo="never"
    )


def pause(ctx: PlanContext, one: Subject) -> Change:
    """Pause a campaign. It can be repeated: a pause sends nothing."""
    reason = "declared paused"
    requests = _stop(ctx, one.record, "pause", reason)
    return _keeping_spec(one, Action.PAUSE, reason, requests=requests, warnings=_cut_short(one))


def pause_again(ctx: PlanContext, one: Subject, why: str) -> Change:
    """Pause a campaign that can send although it is halted; nothing else of it changes."""
    record = one.record
    return _of_record(
        one,
        Action.PAUSE,
        f"{why}; it can send all the same",
        requests=_stop(ctx, record, "pause", why),
        warnings=_cut_short(one),
        spec=record.applied,
        source_digest=record.source_digest,
        halts=True,
    )


def resume(one: Subject, spec: Spec, sends: Sends, time: str, *, reason: str) -> Change:
    """Resume a paused campaign at exactly one time, in the API's spelling, and never at once. `spec` is the
    live spec by then."""
    return Change(
        key=one.key,
        action=Action.RESUME,
        id=one.record.id,
        reason=reason,
        requests=(Request("resume", one.record.id, {"scheduled_time": time}),),
        live_digest=one.live_digest,
        **_sending(spec, sends, arms=True),
        **_applying(one.manifest, spec),
    )


def move(one: Subject, record: Record) -> Change:
    """Give a record another key; `record` is the result. The campaign itself is not touched."""
    seen, old = dataclasses.replace(one, recorded=record), one.moved_from
    return _keeping_spec(seen, Action.MOVE, f"recorded as {old}", moved_from=old, live_digest=one.live_digest)


def adopt(one: Subject, record: Record, marking: Request | None) -> Change:
    """Record a live campaign as it is, and mark it; `record` is the result."""
    seen = dataclasses.replace(one, recorded=record)
    reason = f"adopts {record.id}, which is {record.status}"
    if marking is not None:
        reason += ", and puts our marker into its metadata"
    requests = (marking,) if marking else ()
    return _keeping_spec(
        seen, Action.ADOPT, reason, record=record, requests=requests, live_digest=one.live_digest
    )


# The API refuses a PATCH in any other status.
_MARKABLE = (Status.DRAFT, Status.MANUAL, Status.SCHEDULED, Status.PAUSED)


def marking(
    project: Project, markers: bool | None, key: str, record: Record, live: Live, new_id: Callable[[], str]
) -> tuple[Record, Request | None]:
    """The record of a campaign that is taken over, and the request that puts our marker on it, so that it is
    found again if the state is lost. `markers`: whether the account returns them.

    Without a request it has one, or the record says that it is unmarked.
    """
    if record.intent is not None:
        return record, None
    metadata = record.applied.get("metadata") or {}
    works = project.api.markers and markers is not False and isinstance(metadata, Mapping)
    if not works or record.lifecycle.phase == "canceled" or status_of(live, record.applied) not in _MARKABLE:
        return dataclasses.replace(record, unmarked=True), None
    intent = new_id()
    body = {"metadata": {**metadata, marker.FIELD: str(project.owner.marker(key, intent))}}
    return dataclasses.replace(record, intent=intent), Request("update", record.id, body)


def set_winner(
    ctx: PlanContext, one: Subject, index: int, message_id: str, *, warnings: tuple[str, ...]
) -> Change:
    """Set the winner of an A/B test, by the index and id of its message. The API sends it at once to the
    people that the test did not reach: its text stands in the diff, with live's audience."""
    live = requested(one.live) if one.live else one.record.applied
    of_run = (
        f" of run {one.manifest.lifecycle.winner_run or 1}" if one.record.applied.get("recurrence") else ""
    )
    text = leaves({"messages": live["messages"][index : index + 1]})
    sent = [(f"messages/{index}{path.removeprefix('messages/0')}", value) for path, value in text.items()]
    return _keeping_spec(
        one,
        Action.UPDATE,
        f"{one.manifest.lifecycle.winner} wins its A/B test{of_run}",
        requests=(Request("set-winner", one.record.id, message=message_id),),
        diff=(
            FieldChange(join(["messages", index, "winner"]), 0, 1),
            *(FieldChange(path, None, value) for path, value in sent),
        ),
        warnings=warnings,
        intent=ctx.new_id(),
        **_sending(live, Sends("immediately"), arms=True),
    )


def forget(one: Subject, *, reason: str, warnings: tuple[str, ...] = ()) -> Change:
    """Drop a record from the state. The campaign itself is not touched."""
    return _of_record(one, Action.FORGET, reason, warnings=warnings)


def left_behind(one: Subject) -> str:
    """The warning that a campaign outlives its record."""
    return f"the API cannot delete a {one.status} campaign: {one.record.id} is left behind"


def replace(ctx: PlanContext, one: Subject) -> Change:
    """Create a campaign in place of a recorded one, which is canceled first where possible."""
    record, status = one.record, one.status
    cancels = status in (Status.SCHEDULED, Status.PAUSED, Status.RUNNING, Status.UNKNOWN)
    warnings: tuple[str, ...] = ()
    if status in (Status.DRAFT, Status.MANUAL):
        warnings = (left_behind(one),)
    elif status is Status.RUNNING:
        warnings = (UNFINISHED,)
    made = create(ctx, one.manifest, reason=f"--replace; now {status}", warnings=warnings)
    return dataclasses.replace(
        made,
        action=Action.REPLACE,
        id=record.id,
        requests=(_stop(ctx, record, "cancel", "replaced") if cancels else ()) + made.requests,
        diff=field_changes(record.applied, one.manifest.spec),
        undo="never" if cancels else made.undo,
        live_digest=one.live_digest,
        deliberate_resend=True,
    )
