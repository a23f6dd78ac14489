"""What a client may do to a campaign in which status (API contract, section 4.2).

Pure: each operation takes a campaign and returns another, or raises Refused.
"""

from dataclasses import replace
from typing import Any

from campaignctl.sandbox import checks, lifecycle, validate
from campaignctl.sandbox.model import (
    CANCELED,
    DRAFT,
    MANUAL,
    NEEDS_DECISION,
    PAUSED,
    RUNNING,
    SCHEDULED,
    STATUSES,
    Campaign,
    JsonObject,
    Refused,
)
from campaignctl.sandbox.switches import Switches

_SCHEDULE = {"run_immediately", "scheduled_time", "recurrence", "send_in_profile_time_zone"}


def merge(target: Any, patch: Any) -> Any:
    """Return a JSON value with a JSON Merge Patch applied (RFC 7386): null takes a member out."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def created(blank: Campaign, kept: JsonObject, now: str, switches: Switches) -> Campaign:
    """Return a new campaign from a valid definition; `blank` brings ids, company and times."""
    campaign = _with_definition(blank, kept, immediate=bool(kept.get("run_immediately")))
    _check_scheduled_time(campaign, now, switches)
    return lifecycle.idle(campaign, DRAFT) if kept.get("is_draft") else lifecycle.arm(campaign, now, switches)


def patched(campaign: Campaign, patch: Any, now: str, switches: Switches) -> Campaign:
    """Return the campaign with a merge patch applied; message ids are the caller's to renew."""
    _demand(campaign, "changed", DRAFT, MANUAL, SCHEDULED, PAUSED, *_odd(campaign, switches))
    if not isinstance(patch, dict):
        raise Refused("body: must be an object")
    patch = {name: value for name, value in patch.items() if name not in switches.patch_ignores}
    run_now = _runs_now(campaign, patch, switches)
    kept = validate.definition(_merged(campaign, patch, switches), switches)
    draft = _stays_draft(campaign, patch, kept, run_now=run_now)
    changed = _with_definition(campaign, kept, immediate=run_now or _still_immediate(campaign, patch))
    if patch.get("scheduled_time") is not None or (campaign.status == DRAFT and not draft):
        _check_scheduled_time(changed, now, switches)
    return _rearmed(changed, patch, now, switches, draft=draft)


def paused(campaign: Campaign, switches: Switches) -> Campaign:
    """Return the campaign suspended."""
    _demand(campaign, "paused", RUNNING, SCHEDULED, *_idle_manual(switches), *_odd(campaign, switches))
    interrupted = campaign.interrupted or campaign.status == RUNNING
    return replace(lifecycle.idle(campaign, PAUSED), interrupted=interrupted)


def canceled(campaign: Campaign, switches: Switches) -> Campaign:
    """Return the campaign ended for good."""
    also = (*_idle_manual(switches), *_odd(campaign, switches))
    _demand(campaign, "canceled", RUNNING, SCHEDULED, PAUSED, *also)
    return lifecycle.idle(campaign, CANCELED)


def resumed(campaign: Campaign, how: JsonObject, now: str, switches: Switches) -> Campaign:
    """Return a paused campaign active again: at once, at a time, or by its previous schedule."""
    _demand(campaign, "resumed", PAUSED)
    if "scheduled_time" in how:
        return _resumed_at(campaign, how["scheduled_time"], now, switches)
    if campaign.interrupted:
        return lifecycle.go_on(campaign, now, switches)
    if how:
        return replace(campaign, status=SCHEDULED, next_run=now, due=now, trigger="run_immediately")
    if not campaign.immediate:
        _check_scheduled_time(campaign, now, switches)
    return lifecycle.arm(campaign, now, switches)


def decided(campaign: Campaign, winner: str, now: str, switches: Switches) -> Campaign:
    """Return the campaign with its A/B test finished by a winning message."""
    _demand(campaign, "decided", NEEDS_DECISION)
    if winner not in campaign.message_ids:
        raise Refused("the message does not belong to the campaign")
    return lifecycle.deliver_winner(campaign, winner, now, switches)


def _demand(campaign: Campaign, what: str, *statuses: str) -> None:
    if campaign.status not in statuses:
        raise Refused(f"a campaign in status {campaign.status} cannot be {what}")


def _idle_manual(switches: Switches) -> tuple[str, ...]:
    return (MANUAL,) if switches.manual_cancelable else ()


def _odd(campaign: Campaign, switches: Switches) -> tuple[str, ...]:
    """The status of the campaign where no document names it and that is no obstacle."""
    odd = campaign.status not in STATUSES and switches.odd_statuses == "accepted"
    return (campaign.status,) if odd else ()


def _with_definition(campaign: Campaign, kept: JsonObject, *, immediate: bool) -> Campaign:
    body = {name: value for name, value in kept.items() if name not in ("run_immediately", "is_draft")}
    body["messages"] = [{k: v for k, v in message.items() if k != "id"} for message in kept["messages"]]
    return replace(campaign, body=body, immediate=immediate)


def _runs_now(campaign: Campaign, patch: JsonObject, switches: Switches) -> bool:
    """Tell whether a patch sets the campaign off; it is an event, so what is scheduled stays as it is."""
    asked = [name for name in validate.EXECUTION if patch.get(name) not in (None, False, 0)]
    if len(asked) > 1 and switches.exclusive_execution:
        raise checks.Invalid("", f"{' and '.join(asked)} exclude each other")
    if patch.get("run_immediately") is None or not checks.flag(patch["run_immediately"], "run_immediately"):
        return False
    if campaign.status == PAUSED:
        raise checks.Invalid("run_immediately", "a paused campaign is resumed instead")
    return True


def _merged(campaign: Campaign, patch: JsonObject, switches: Switches) -> JsonObject:
    base = {**campaign.body, "is_draft": True} if campaign.status == DRAFT else campaign.body
    merged: JsonObject = merge(base, patch)
    merged.pop("run_immediately", None)
    if switches.metadata == "replaced_on_patch" and isinstance(patch.get("metadata"), dict):
        merged["metadata"] = patch["metadata"]
    return merged


def _stays_draft(campaign: Campaign, patch: JsonObject, kept: JsonObject, *, run_now: bool) -> bool:
    wanted = bool(kept.get("is_draft"))
    if wanted and campaign.status != DRAFT:
        raise checks.Invalid("is_draft", "nothing becomes a draft again")
    return wanted and not (run_now and not patch.get("is_draft"))


def _still_immediate(campaign: Campaign, patch: JsonObject) -> bool:
    rescheduled = any(patch.get(name) is not None for name in ("scheduled_time", "recurrence"))
    return campaign.immediate and not rescheduled and "run_immediately" not in patch


def _rearmed(campaign: Campaign, patch: JsonObject, now: str, switches: Switches, *, draft: bool) -> Campaign:
    if draft:
        return campaign
    if campaign.status == PAUSED:
        return campaign
    if campaign.status == DRAFT or _SCHEDULE & set(patch):
        return lifecycle.arm(campaign, now, switches)
    return campaign


def _resumed_at(campaign: Campaign, time: str, now: str, switches: Switches) -> Campaign:
    lifecycle.check_future(campaign, time, now, switches)
    if "recurrence" in campaign.body:
        afresh = replace(campaign, interrupted=False)
        return lifecycle.wait_until(afresh, time, "recurrence", switches)
    moved = replace(campaign, body={**campaign.body, "scheduled_time": time}, immediate=False)
    return lifecycle.wait_until(moved, time, "scheduled_time", switches)


def _check_scheduled_time(campaign: Campaign, now: str, switches: Switches) -> None:
    if "scheduled_time" in campaign.body:
        lifecycle.check_future(campaign, campaign.body["scheduled_time"], now, switches)
