"""Changes, put together: requests, diff, when it sends, whom it reaches, until when it can be undone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaignctl.campaign import marker
from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.status import Status
from campaignctl.diff import EVENT, FieldChange, field_changes, join
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan.arming import creates_arm, sends_after, update_arms
from campaignctl.plan.model import Action, Change, Lifts
from campaignctl.plan.request import Operation, Request
from campaignctl.project.model import Project
from campaignctl.schedule.sends import Sends
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halts
from campaignctl.state.model import Record

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Site:
    """What every change of one plan is built with."""

    project: Project
    now: datetime
    new_id: Callable[[], str]
    commit: str | None = None
    who: str = ""
    lifts: Lifts = Lifts()
    halts: Halts = Halts()

    def signed(self, why: str) -> str:
        """The reason of a cancel or pause, which the dashboard shows: with commit and user, where known."""
        commit = f"commit {self.commit[:12]}" if self.commit else ""
        by = f"by {self.who}" if self.who else ""
        signature = ", ".join(filter(None, (commit, by)))
        return f"campaignctl: {why}" + (f" ({signature})" if signature else "")


def undo(sends: Sends, *, arms: bool) -> str:
    """Until when a change can be taken back before anybody is reached."""
    if arms and sends.when == "immediately":
        return "never"
    return f"until {iso(sends.first)}" if sends.first else "free"


def audience(spec: Spec) -> str | Spec:
    """Whom a spec reaches; no targeting means everyone."""
    return spec.get("targeting") or "everyone"


def _stop_request(site: Site, record: Record, operation: Operation, why: str) -> Request:
    return Request(operation, record.id, {"reason": site.signed(why)})


def _create_requests(site: Site, wanted: DesiredCampaign, intent: str) -> tuple[Request, ...]:
    """One POST; with `api.immediate: two_step` a campaign that sends at once is armed by a PATCH after it."""
    spec: Spec = wanted.spec
    two_step = site.project.api.immediate == "two_step" and bool(spec.get(EVENT))
    if two_step:
        spec = {name: value for name, value in spec.items() if name != EVENT}
    if site.project.api.markers:
        made_by = marker.make(site.project.name, site.project.environment, wanted.key, intent)
        spec = marker.stamp(spec, made_by)
    create = Request("create", body=spec)
    if not two_step:
        return (create,)
    return create, Request("update", body={EVENT: True})


def create(
    site: Site,
    wanted: DesiredCampaign,
    *,
    reason: str,
    warnings: tuple[str, ...] = (),
    deliberate: bool = False,
) -> Change:
    """A campaign that is not there yet."""
    sends = sends_after(None, wanted.spec, site.now)
    arms = creates_arm(sends)
    intent = site.new_id()
    return Change(
        key=wanted.key,
        action=Action.CREATE,
        id=None,
        name=str(wanted.spec.get("name", "")),
        reason=reason,
        requests=_create_requests(site, wanted, intent),
        diff=field_changes({}, wanted.spec),
        sends=sends,
        arms=arms,
        audience=audience(wanted.spec),
        undo=undo(sends, arms=arms),
        warnings=warnings + _unchecked(wanted),
        spec=wanted.spec,
        digest=body_digest(wanted.spec),
        intent=intent,
        source_digest=wanted.source_digest,
        lifecycle=wanted.lifecycle,
        source=str(wanted.source),
        deliberate_resend=deliberate,
    )


def _unchecked(wanted: DesiredCampaign) -> tuple[str, ...]:
    if not wanted.unchecked:
        return ()
    return (f"sent unchecked, from `extra`: {', '.join(wanted.unchecked)}",)


@dataclass(frozen=True, slots=True)
class Edit:
    """An update in the making: `current` is what is live as far as known, `spec` what shall be.
    `stays_paused`: it is paused, and this alone sets nothing going."""

    wanted: DesiredCampaign
    record: Record
    current: Spec
    spec: Spec
    patch: Spec
    live_digest: str | None
    stays_paused: bool = False


def update(site: Site, edit: Edit, *, reason: str, warnings: tuple[str, ...] = ()) -> Change:
    """One merge patch with only what changed. What stays paused cannot send, and is not armed by it."""
    sends = Sends("never") if edit.stays_paused else sends_after(edit.current, edit.spec, site.now)
    arms = not edit.stays_paused and update_arms(edit.current, edit.spec, sends, site.now)
    at_once = arms and sends.when == "immediately"
    return Change(
        key=edit.wanted.key,
        action=Action.UPDATE,
        id=edit.record.id,
        name=str(edit.spec.get("name", "")),
        reason=reason,
        requests=(Request("update", edit.record.id, edit.patch),),
        diff=_shown(edit),
        sends=sends,
        arms=arms,
        audience=audience(edit.spec),
        undo=undo(sends, arms=arms),
        live_digest=edit.live_digest,
        warnings=warnings + _unchecked(edit.wanted),
        spec=edit.spec,
        digest=body_digest(edit.spec),
        intent=site.new_id() if at_once else None,
        source_digest=edit.wanted.source_digest,
        lifecycle=edit.wanted.lifecycle,
        source=str(edit.wanted.source),
    )


def _shown(edit: Edit) -> tuple[FieldChange, ...]:
    """The fields of the patch, old against new."""
    hidden = join(["metadata", marker.MEMBER])
    return tuple(change for change in field_changes(edit.current, edit.spec) if change.path != hidden)


def cancel(site: Site, key: str, record: Record, live_digest: str | None, *, reason: str) -> Change:
    """The end of a campaign that can still send. Final."""
    return Change(
        key=key,
        action=Action.CANCEL,
        id=record.id,
        name=str(record.applied.get("name", "")),
        reason=reason,
        requests=(_stop_request(site, record, "cancel", reason),),
        audience=audience(record.applied),
        undo="never",
        live_digest=live_digest,
        digest=record.digest,
        lifecycle=record.lifecycle,
    )


def cancel_for_good(site: Site, wanted: DesiredCampaign, record: Record, live_digest: str | None) -> Change:
    """The end of a campaign that is still declared, as canceled: its record stays, as it was applied."""
    ended = cancel(site, wanted.key, record, live_digest, reason="declared canceled")
    return dataclasses.replace(ended, **_kept(wanted, record))


def pause(site: Site, wanted: DesiredCampaign, record: Record, live_digest: str | None) -> Change:
    """A campaign that shall not send for now. May be repeated: it sends nothing."""
    return Change(
        key=wanted.key,
        action=Action.PAUSE,
        id=record.id,
        name=str(record.applied.get("name", "")),
        reason="declared paused",
        requests=(_stop_request(site, record, "pause", "declared paused"),),
        audience=audience(record.applied),
        live_digest=live_digest,
        **_kept(wanted, record),
    )


def _kept(wanted: DesiredCampaign, record: Record) -> dict[str, Any]:
    """What a change that touches no member leaves on record as applied."""
    return {
        "spec": record.applied,
        "digest": record.digest,
        "source_digest": record.source_digest,
        "lifecycle": wanted.lifecycle,
        "source": str(wanted.source),
    }


@dataclass(frozen=True, slots=True)
class Resumption:
    """A resume in the making: `spec` is what will be live by then, `time` as the API takes it."""

    wanted: DesiredCampaign
    record: Record
    spec: Spec
    sends: Sends
    time: str
    live_digest: str | None


def resume(again: Resumption, *, reason: str) -> Change:
    """A paused campaign set going again at exactly one time. It never sends at once."""
    return Change(
        key=again.wanted.key,
        action=Action.RESUME,
        id=again.record.id,
        name=str(again.spec.get("name", "")),
        reason=reason,
        requests=(Request("resume", again.record.id, {"scheduled_time": again.time}),),
        sends=again.sends,
        arms=True,
        audience=audience(again.spec),
        undo=undo(again.sends, arms=True),
        live_digest=again.live_digest,
        spec=again.spec,
        digest=body_digest(again.spec),
        source_digest=again.wanted.source_digest,
        lifecycle=again.wanted.lifecycle,
        source=str(again.wanted.source),
    )


def move(wanted: DesiredCampaign, record: Record, old: str, live_digest: str | None) -> Change:
    """A record that gets another key; the campaign itself is not touched."""
    return Change(
        key=wanted.key,
        action=Action.MOVE,
        id=record.id,
        name=str(record.applied.get("name", "")),
        reason=f"recorded as {old}",
        audience=audience(record.applied),
        live_digest=live_digest,
        moved_from=old,
        **_kept(wanted, record),
    )


def adopt(wanted: DesiredCampaign, record: Record, live_digest: str | None) -> Change:
    """A live campaign that is put on record as it is; it is not touched."""
    return Change(
        key=wanted.key,
        action=Action.ADOPT,
        id=record.id,
        name=str(record.applied.get("name", "")),
        reason=f"takes over {record.id}, which is {record.status}",
        audience=audience(record.applied),
        live_digest=live_digest,
        record=record,
        **_kept(wanted, record),
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """The end of an A/B test in the making: the message that wins, by its place and id."""

    wanted: DesiredCampaign
    record: Record
    index: int
    message_id: str
    live_digest: str | None


def set_winner(site: Site, decision: Decision, *, warnings: tuple[str, ...]) -> Change:
    """The winner of an A/B test, which is sent at once to everybody whom the test did not reach."""
    record = decision.record
    sends = Sends("immediately")
    return Change(
        key=decision.wanted.key,
        action=Action.UPDATE,
        id=record.id,
        name=str(record.applied.get("name", "")),
        reason=f"{decision.wanted.lifecycle.winner} wins its A/B test",
        requests=(Request("set-winner", record.id, message=decision.message_id),),
        diff=(FieldChange(join(["messages", decision.index, "winner"]), 0, 1),),
        sends=sends,
        arms=True,
        audience=audience(record.applied),
        undo=undo(sends, arms=True),
        live_digest=decision.live_digest,
        warnings=warnings,
        intent=site.new_id(),
        **_kept(decision.wanted, record),
    )


def forget(
    key: str, record: Record, live_digest: str | None, *, reason: str, warnings: tuple[str, ...] = ()
) -> Change:
    """A record that leaves the state; the campaign itself is not touched."""
    return Change(
        key=key,
        action=Action.FORGET,
        id=record.id,
        name=str(record.applied.get("name", "")),
        reason=reason,
        audience=audience(record.applied),
        live_digest=live_digest,
        warnings=warnings,
        digest=record.digest,
        lifecycle=record.lifecycle,
    )


def replace(
    site: Site, wanted: DesiredCampaign, record: Record, status: Status, live_digest: str | None
) -> Change:
    """A new campaign in the place of a recorded one, which is cancelled first where it can be."""
    cancels = status in (Status.SCHEDULED, Status.PAUSED, Status.RUNNING, Status.UNKNOWN)
    left_behind = status in (Status.DRAFT, Status.MANUAL)
    resends = not cancels and not left_behind
    warnings: tuple[str, ...] = ()
    if left_behind:
        warnings = (f"the API cannot delete a {status} campaign: {record.id} is left behind",)
    elif status in (Status.SENT, Status.NEEDS_DECISION, Status.RUNNING):
        still = "" if status is Status.SENT else ", and may reach more"
        warnings = (f"a deliberate second send: {record.id} has reached people already{still}",)
    made = create(site, wanted, reason=f"--replace; now {status}", warnings=warnings, deliberate=resends)
    first = (_stop_request(site, record, "cancel", "replaced"),) if cancels else ()
    return Change(
        key=made.key,
        action=Action.REPLACE,
        id=record.id,
        name=made.name,
        reason=made.reason,
        requests=first + made.requests,
        diff=field_changes(record.applied, wanted.spec),
        sends=made.sends,
        arms=made.arms,
        audience=made.audience,
        undo="never" if cancels else made.undo,
        live_digest=live_digest,
        warnings=made.warnings,
        spec=made.spec,
        digest=made.digest,
        intent=made.intent,
        source_digest=made.source_digest,
        lifecycle=made.lifecycle,
        source=made.source,
        deliberate_resend=True,
    )
