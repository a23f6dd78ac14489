"""Values to render, as the planner and the reconciler make them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from campaignctl.diff import FieldChange, field_changes
from campaignctl.plan.model import Action, Blocked, Change, Conflict, Drift, Objection, Plan
from campaignctl.project.settings import SettingChange
from campaignctl.schedule.sends import Sends, sends_of
from campaignctl.schedule.times import iso
from campaignctl.state.model import Overridden

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BELGRADE = "Europe/Belgrade"


#: Settings that changed: a looser guardrail, a new override and a stricter guardrail.
SETTINGS = (
    SettingChange("guardrails.max_immediate_sends", 3, 9999, loosens=True),
    SettingChange("overrides", None, {"guardrail": "resend", "keys": ["push/*"]}, loosens=True),
    SettingChange("guardrails.min_lead_time", "10m", "1h", loosens=False),
    SettingChange("ignore", "drafts/*", None, loosens=False),
)


#: A campaign that this change blocks, and two that were blocked before.
BLOCKED = (
    Blocked("push/new", "1", "running", "running", "pause it, or wait"),
    Blocked("push/old", "2", "sent", "already sent", "a new key", before=True),
    Blocked("push/older", "3", "sent", "already sent", "a new key", before=True),
)


def created(key: str, spec: Mapping[str, Any], *, warnings: tuple[str, ...] = ()) -> Change:
    """The creation of a campaign."""
    sends = sends_of(spec, NOW)
    at_once = sends.when == "immediately"
    return Change(
        key=key,
        action=Action.CREATE,
        id=None,
        name=str(spec["name"]),
        reason="not created yet",
        diff=field_changes({}, spec),
        sends=sends,
        arms=sends.when in ("immediately", "scheduled", "recurring"),
        audience=spec.get("targeting") or "everyone",
        undo="never" if at_once else f"until {iso(sends.first)}" if sends.first else "free",
        warnings=warnings,
        spec=spec,
    )


def updated(key: str, *diff: FieldChange) -> Change:
    """The update of a manual campaign."""
    return Change(
        key=key,
        action=Action.UPDATE,
        id="1030978",
        name="Digest",
        reason="changed in the manifest",
        diff=diff,
        sends=sends_of({}, NOW),
        spec={},
    )


def plan(*changes: Change, **fields: Any) -> Plan:
    """A plan of these changes."""
    head = {"created_at": NOW, "project": "acme-crm", "environment": None, "tool_version": "0.1.0"}
    base = {"manifests_digest": "sha256:0", "lineage": None, "serial": 0, "time_zone": BELGRADE}
    place = {"url": "https://api.ocamba.com", "company_id": "6197120", "state": ".campaignctl/state.json"}
    return Plan(**{**head, **base, **place, "changes": changes, **fields})


def hostile_plan(name: str) -> Plan:
    """A plan in which every text from outside is this one."""
    targeting = {name: {"items": [name], "op": name}, "os": name, "custom_properties": {name: name}}
    spec = {
        "name": name,
        "recurrence": {"cron": name},
        "targeting": targeting,
        "metadata": {name: name},
        "labels": [name],
    }
    return plan(
        created("k", {**spec, "recurrence": None}),
        Change(
            name,
            Action.REPLACE,
            name,
            name,
            name,
            diff=(FieldChange(name, name, None), FieldChange(name, None, [name]), FieldChange(name, name, 1)),
            audience=targeting,
            sends=Sends("recurring", (NOW,)),
            undo=f"until {name}",
            warnings=(name,),
            spec=spec,
            moved_from=name,
            conflicts=(Conflict(name, name, name, name),),
        ),
        updated("k", FieldChange("html", f"a\n{name}", f"b\n@{name}")),
        project=name,
        environment=name,
        company_id=name,
        url=name,
        overrides=(name,),
        notes=(name,),
        blocked=(Blocked(name, name, name, name, name),),
        objections=(Objection(name, name, name, (name,)),),
        drift=(Drift(name, name, (FieldChange(name, name, name + "y"),), at=name),),
        lifted=(Overridden(name, (name,), name, name),),
        commit=name,
        state=name,
        settings_changed=(
            SettingChange(name, name, name + "y", loosens=True),
            SettingChange(name, None, {name: [name]}, loosens=False),
        ),
    )
