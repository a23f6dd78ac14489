"""Records made from the applied spec and the live campaign."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from campaignctl.campaign import marker
from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import (
    FieldChange,
    FieldVerdict,
    aligned,
    baseline_of,
    content,
    echo_of,
    following,
    kept,
    leaves,
    lookup,
    means,
    overlay,
    request_of,
    same,
    split,
    unconfirmed,
    unmanaged,
    verdicts,
)
from campaignctl.errors import Command, Sentence
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan import runs
from campaignctl.plan.arming import has_fired, known_sends, runs_left, without_event
from campaignctl.project.model import Project
from campaignctl.schedule.times import TimeError, iso, parse_gmt
from campaignctl.state.ledger import Released, Sent
from campaignctl.state.model import Intent, Origin, Record, State

# Campaigns of these statuses have no next send, whatever `next_run_time` says.
_SILENT = (Status.PAUSED, Status.CANCELED, Status.MISSING, Status.DRAFT, Status.MANUAL)


def observed_status(live: Live, applied: Mapping[str, Any]) -> str:
    """The status to record: ours, or the API's word for a status that is unknown to us."""
    status = status_of(live, applied)
    if status is Status.UNKNOWN:
        return live.status or str(status)
    return str(status)


def can_send(status: str) -> bool:
    """Whether a campaign with that recorded status may still send; one of an unknown status may."""
    return status not in tuple(Status) or Status(status).can_send


def goes(status: Status, applied: Mapping[str, Any], now: datetime) -> bool:
    """Whether a campaign sends by itself as it is now; not if it is paused or waits for a decision."""
    if status is Status.SENT:
        return runs_left(applied, now)
    return status in (Status.SCHEDULED, Status.RUNNING, Status.UNKNOWN)


def final(record: Record, now: datetime) -> bool:
    """Whether a record's campaign never has to be read again: canceled, or sent with no runs left."""
    if record.status == Status.CANCELED:
        return True
    return record.status == Status.SENT and not runs_left(record.applied, now)


def is_over(live: Live, now: datetime) -> bool:
    """Whether a live campaign sends nothing more."""
    status = status_of(live)
    return status is Status.CANCELED or (status is Status.SENT and not runs_left(request_of(live), now))


def gmt(text: str | None) -> str | None:
    """A time of the API as ours."""
    try:
        return iso(parse_gmt(text)) if text else None
    except TimeError:
        return None


def written_at(intent: Intent, now: datetime) -> str:
    """When a write that happened was sent: a halt may pause its campaign before that is recorded. Of what
    sends at once the time of the record, as its first run is no later one."""
    return iso(now) if intent.at_once or intent.at is None else intent.at


def created(intent: Intent, live: Live, now: datetime, hidden: Collection[str]) -> Record:
    """The record of a create whose campaign was read as `live`; `hidden` are the paths of `api.hidden`."""
    spec = intent.spec
    record = Record(
        id=live.id,
        status=observed_status(live, spec),
        applied=spec,
        digest=intent.digest,
        intent=intent.intent,
        created_at=iso(now),
        updated_at=written_at(intent, now),
        source_digest=intent.source_digest,
        lifecycle=intent.lifecycle,
        send_strategy=live.text("send_strategy"),
        next_run_time=gmt(live.text("next_run_time")),
        reposted=intent.phase == "reposted",
        posts=intent.posts,
        named_before=intent.lifecycle.named if intent.operation == "replace" else (),
        run_counter=0 if spec.get("recurrence") else None,
        counted_at=iso(now) if spec.get("recurrence") else None,
    )
    return read_after_create(record, live, now, hidden)


def read_after_create(record: Record, live: Live, now: datetime, hidden: Collection[str]) -> Record:
    """The record of a create after another read of its campaign. A short answer leaves no baseline."""
    told = read_back(record.applied, live, record.lifecycle, hidden)
    whole = "messages" in live.fields
    return replace(
        observed(record, live, now),
        echo=echo_of(told),
        baseline=baseline_of(record.applied, live) if whole else None,
        unconfirmed=unconfirmed(told),
    )


def read_back(
    spec: Mapping[str, Any], live: Live, lifecycle: Lifecycle, hidden: Collection[str]
) -> tuple[FieldVerdict, ...]:
    """What live says of every field of a spec that it does not simply confirm."""
    return tuple(verdicts(spec, live, hidden=hidden, accepted=lifecycle.accept_stored))


def applied_over(
    record: Record,
    spec: Mapping[str, Any],
    desired: Record | DesiredCampaign | Intent,
    live: Live,
    now: datetime,
    hidden: Collection[str],
) -> Record:
    """The record after `spec` was applied to its campaign and the campaign read back; its baseline stays, in
    what the spec does not set. `hidden` are the paths of `api.hidden`."""
    told = read_back(spec, live, desired.lifecycle, hidden)
    return replace(
        observed(record, live, now, record.applied),
        applied=spec,
        digest=body_digest(spec),
        updated_at=iso(now),
        source_digest=desired.source_digest,
        echo={**_unseen(record, spec, live), **echo_of(told)},
        lifecycle=desired.lifecycle,
        named_before=still_named(record, desired.lifecycle),
        baseline=None
        if record.baseline is None
        else kept(following(record.baseline, record.applied, spec), spec),
        unconfirmed=unconfirmed(told),
    )


def _unseen(record: Record, spec: Mapping[str, Any], live: Live) -> dict[str, Any]:
    """The echo of unchanged fields that this answer does not show."""
    if live.complete:
        return {}
    was, shall = leaves(record.applied), leaves(spec)
    return {
        path: echo
        for path, echo in record.echo.items()
        if split(path)[0] not in live.fields
        and path in was
        and path in shall
        and same(path, was[path], shall[path])
    }


def still_named(record: Record, lifecycle: Lifecycle) -> tuple[str, ...]:
    """The winner of an earlier campaign, as long as the manifest names it without a change."""
    return record.named_before if lifecycle.named == record.named_before else ()


def next_send(record: Record, now: datetime) -> str | None:
    """When a record's campaign sends next, if known. The recorded time of a paused or final campaign does not
    count."""
    when = record.next_run_time
    if when is None or record.status in _SILENT:
        return None
    return None if record.status == Status.SENT and when <= iso(now) else when


def observed(record: Record, live: Live, now: datetime, spec: Mapping[str, Any] | None = None) -> Record:
    """The record with the observed status and runs; a list item may not show them all. `spec` decided its
    runs so far; without it live's does.

    A campaign that is no longer paused was resumed, so its next pause is not ours until we pause it.
    """
    status = observed_status(live, record.applied)
    return replace(
        record,
        status=status,
        paused_by_us=record.paused_by_us and status == Status.PAUSED,
        unconfirmed=_still_unconfirmed(record, live) if record.unconfirmed else (),
        send_strategy=live.text("send_strategy") or record.send_strategy,
        next_run_time=gmt(live.text("next_run_time"))
        if live.complete or "next_run_time" in live.fields
        else record.next_run_time,
        began=runs.began(record, live, now, spec),
        **_counted(record, live, now, written=spec is not None),
    )


def _counted(record: Record, live: Live, now: datetime, *, written: bool) -> dict[str, Any]:
    """How many runs live counts of one that recurs, and when: after a write (`written`), else if it counts
    more."""
    count = live.fields.get("run_counter") if live.fields.get("recurrence") else None
    if not isinstance(count, int) or isinstance(count, bool) or not (written or count != record.run_counter):
        return {}
    return {"run_counter": count, "counted_at": iso(now)}


def _still_unconfirmed(record: Record, live: Live) -> tuple[str, ...]:
    """The unconfirmed paths that live does not show as they were applied."""
    shown = aligned(record.applied, live)
    told = verdicts(record.applied, live)
    unmatched = "messages" not in live.fields or any(one.of_messages for one in told)
    return tuple(
        path
        for path in record.unconfirmed
        if (was := lookup(record.applied, path))
        and (
            unmatched
            if path == "messages"
            else not ((found := lookup(shown.fields, path)) and means(path, was[0], found[0]))
        )
    )


def accepted(record: Record, drift: tuple[FieldChange, ...], live: Live, now: datetime) -> Record:
    """The record with the drift accepted as if it had been applied (`apply --refresh-only`)."""
    spec = overlay(record.applied, drift)
    seen = observed(record, live, now)
    beyond = unmanaged(spec, live) if "messages" in live.fields else record.baseline
    echo = echo_of(verdicts(spec, live))
    return replace(seen, applied=spec, digest=body_digest(spec), echo=echo, baseline=beyond)


# How many of the next sends a release keeps.
_NEXT = 3


def released(key: str, record: Record, status: str, now: datetime) -> Released:
    """The entry that stays in the state when a record is removed; what began and sends once has no next."""
    due = () if runs.is_begun(record) else known_sends(without_event(record.applied), now, _NEXT).at
    began = runs.may_have_begun(record, now) if status == Status.MISSING else record.began
    return Released(
        key,
        record.id,
        record.intent,
        record.digest,
        status,
        iso(now),
        content=content(record.applied),
        sends=tuple(dict.fromkeys((*filter(None, [began]), *map(iso, due)))),
        at_once=has_fired(record.applied),
    )


def sent(
    key: str, campaign_id: str, spec: Mapping[str, Any], digest: str, now: datetime, began: str | None = None
) -> Sent:
    """The ledger's entry of a campaign that sent or may have, when it `began`, else now."""
    return Sent(
        digest,
        key,
        campaign_id,
        iso(now),
        content=content(spec),
        sends=(began or iso(now),),
        at_once=has_fired(spec),
    )


def record_of(
    live: Live,
    state: State | None,
    project: Project,
    now: datetime,
    lifecycle: Lifecycle,
    origin: Origin = "adopt",
) -> Record:
    """The record of a campaign that someone else created: its live spec counts as applied, so that every
    difference from a manifest is shown as an update.

    A marker of ours counts, but not that of another record, of which it is a clone.
    """
    spec = request_of(live)
    found = marker.read(live.fields)
    taken = {record.intent for record in state.campaigns.values()} if state else set()
    ours = found is not None and project.owner.made(found) and found.intent not in taken
    record = Record(
        id=live.id,
        status="",
        applied=spec,
        digest=body_digest(spec),
        intent=found.intent if found and ours else None,
        baseline={},
        origin=origin,
        created_at=iso(now),
        updated_at=iso(now),
        lifecycle=lifecycle,
    )
    # Its runs so far are those since it was created.
    created = gmt(live.create_time) or iso(now)
    seen = observed(replace(record, updated_at=created), live, now)
    return replace(seen, updated_at=record.updated_at)


def why_not(live: Live, project: Project, company_id: str | None) -> tuple[str, str] | None:
    """Why a live campaign may not be adopted, with a hint; None if it may."""
    if company_id and live.company_id and live.company_id != company_id:
        reason = f"{live.id} belongs to company {live.company_id}, this state to {company_id}"
        return reason, "set OCAMBA_TOKEN for the right account, or adopt a campaign of this one"
    if marker.read_proof(live.fields):
        reason = f"{live.id} is a proof of a campaign, which reaches seeds alone"
        return reason, Sentence("send it again with ", Command("proof", "KEY"))
    found = marker.read(live.fields)
    if found and not project.owner.made(found):
        reason = f"{live.id} has the marker of another project or environment, which manages it"
        hint = Sentence(
            "forget it there (",
            Command("state", "rm", "KEY"),
            f"), remove `{marker.FIELD}` from the metadata of {live.id} in the dashboard, then plan again",
        )
        return reason, hint
    return None
