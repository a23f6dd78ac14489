"""Declared, recorded and live campaigns, and the plan for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.errors import Source
from campaignctl.manifest.model import DesiredCampaign, DesiredState, Removed
from campaignctl.plan import codec, shape
from campaignctl.plan.context import PlanContext, Reading
from campaignctl.plan.model import Change, Options, Plan
from campaignctl.plan.planner import decide
from campaignctl.project.model import Project
from campaignctl.state.model import Account, Intent, Record, State, Watermark

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PROJECT = Project("acme-crm", "/project")
KEY = "push/welcome"
ID = "1030978"

Spec = dict[str, Any]


def message(channel: str = "push", **fields: Any) -> Spec:
    """A message of a channel."""
    return {"channel": channel, channel: {"title": {"en": "Hello"}}, **fields}


def body(**fields: Any) -> Spec:
    """A manual campaign, with these fields set."""
    return {"name": "Welcome", "messages": [message()], **fields}


def own(spec: Spec, text: str) -> Spec:
    """The spec with a text of its own, so that it is no twin of another campaign."""
    return {**spec, "messages": [message(push={"title": {"en": text}})]}


MANUAL = body()
SCHEDULED = body(scheduled_time="2036-12-24 10:00:00")
RECURRING = body(recurrence={"cron": "0 9 * * *"})
IMMEDIATE = body(run_immediately=True)
DRAFT = body(is_draft=True)


def wanted(
    spec: Spec,
    key: str = KEY,
    *,
    manifest: str = "sha256:manifest",
    lifecycle: Lifecycle | None = None,
    unchecked: tuple[str, ...] = (),
    adopt: str | None = None,
    moved_from: tuple[str, ...] = (),
) -> DesiredCampaign:
    """A declared campaign; `manifest` is the digest of the manifest itself."""
    source = Source(f"campaigns/{key}.yaml", 1, 1)
    return DesiredCampaign(
        key, spec, source, manifest, lifecycle or Lifecycle(), unchecked, adopt, moved_from
    )


def record(spec: Spec, status: str = "scheduled", campaign_id: str = ID, **fields: Any) -> Record:
    """A record of a campaign to which the spec was applied."""
    base: dict[str, Any] = {
        "digest": body_digest(spec),
        "intent": "intent-of-old",
        "created_at": "2026-11-01T00:00:00Z",
        "updated_at": "2026-11-01T00:00:00Z",
        "source_digest": "sha256:manifest",
        "baseline": {},
    }
    return Record(campaign_id, status, spec, **{**base, **fields})


def live(spec: Spec, status: str = "scheduled", campaign_id: str = ID, **fields: Any) -> Live:
    """The answer of a read by id; the event is not echoed."""
    shown = {name: value for name, value in spec.items() if name != "run_immediately"}
    return Live(campaign_id, {**shown, "id": campaign_id, "status": status, **fields}, complete=True)


def state(
    campaigns: Mapping[str, Record] | None = None, *, pending: Mapping[str, Intent] | None = None, **rest: Any
) -> State:
    """A state of this project."""
    account = Account("https://api.ocamba.com", "6197120", markers=True)
    return State(
        "lineage-1", 7, None, account, "0.1.0", campaigns=campaigns or {}, pending=pending or {}, **rest
    )


def intent(spec: Spec, *, phase: Any = "started", first_send: str | None = None) -> Intent:
    """A recorded intent of a create."""
    return Intent(
        "create", "intent-pending", phase, spec, body_digest(spec), Watermark(("9",), None), first_send
    )


def decided(
    *desired: DesiredCampaign,
    known: State | None = None,
    reading: Reading | None = None,
    options: Options | None = None,
    project: Project = PROJECT,
    now: datetime = NOW,
    removed: Mapping[str, Removed] | None = None,
    **signed: Any,
) -> Plan:
    """The plan for these campaigns. Without a reading, every live campaign agrees with its record."""
    numbers = count(1)
    return decide(
        PlanContext(
            DesiredState(project, {one.key: one for one in desired}, "sha256:project", removed=removed or {}),
            known,
            reading or Reading(live={k: live(dict(r.applied), r.status, r.id) for k, r in _records(known)}),
            options or Options(),
            now,
            lambda: f"intent-{next(numbers):04d}",
            "0.1.0",
            **signed,
        )
    )


def plan_of(*desired: DesiredCampaign, project: Project = PROJECT, **given: Any) -> Plan:
    """The same, and a saved plan of it is not refused: its changes agree with their requests."""
    plan = decided(*desired, project=project, **given)
    shape.check(codec.decode(codec.dumps(plan)), project)
    return plan


def _records(known: State | None) -> Iterable[tuple[str, Record]]:
    return known.campaigns.items() if known else ()


def only(plan: Plan) -> Change:
    """The only change of a plan without blocks."""
    assert not plan.blocked
    (change,) = plan.changes
    return change
