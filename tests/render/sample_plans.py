"""Values to render, made the way the planner and the reconciler make them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from campaignctl.diff import FieldChange, field_changes
from campaignctl.plan.model import Action, Change, Plan
from campaignctl.schedule.sends import sends_of
from campaignctl.schedule.times import iso

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BELGRADE = "Europe/Belgrade"


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


def plan(*changes: Change, **members: Any) -> Plan:
    """A plan of these changes."""
    head = {"created_at": NOW, "project": "acme-crm", "environment": None, "tool_version": "0.1.0"}
    base = {"manifests_digest": "sha256:0", "lineage": None, "serial": 0, "time_zone": BELGRADE}
    return Plan(**{**head, **base, "changes": changes, **members})
