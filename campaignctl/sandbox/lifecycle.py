"""A campaign's transitions: by a client in which status (API contract, section 4.2), and by time (4.4).

Pure: each takes a campaign and returns another, or raises Rejected. The current time comes in as a stamp;
`settle` makes the transitions by time.
"""

from dataclasses import replace
from typing import Any

from campaignctl.sandbox import altered, checks, clock, validate
from campaignctl.sandbox.model import (
    CANCELED,
    DRAFT,
    MANUAL,
    NEEDS_DECISION,
    PAUSED,
    RUNNING,
    SCHEDULED,
    SENT,
    STATUSES,
    Campaign,
    JsonObject,
    Rejected,
    Send,
)
from campaignctl.sandbox.switches import Switches
from campaignctl.sandbox.validate import window_seconds

_SCHEDULE = {"run_immediately", "scheduled_time", "recurrence", "send_in_profile_time_zone"}


def merge(target: Any, patch: Any) -> Any:
    """Return a JSON value with a JSON Merge Patch applied (RFC 7386): null removes a field."""
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
    """Return a new campaign from a valid definition; ids, company and times are those of `blank`."""
    campaign = _with_definition(blank, kept, immediate=bool(kept.get("run_immediately")))
    _check_scheduled_time(campaign, now, switches)
    return idle(campaign, DRAFT) if kept.get("is_draft") else arm(campaign, now, switches)


def patched(campaign: Campaign, patch: Any, now: str, switches: Switches) -> Campaign:
    """Return the campaign with a merge patch applied; the caller renews message ids."""
    _demand(campaign, "changed", DRAFT, MANUAL, SCHEDULED, PAUSED, *_odd(campaign, switches))
    if not isinstance(patch, dict):
        raise Rejected("body: must be an object")
    patch = {name: value for name, value in patch.items() if name not in switches.patch_ignores}
    run_now = _runs_now(campaign, patch, switches)
    base = {**campaign.body, "is_draft": True} if campaign.status == DRAFT else campaign.body
    # Metadata that was stored before the switch was set does not refuse the other fields of a patch.
    rules = switches if "metadata" in patch else replace(switches, metadata="kept")
    kept = validate.definition(_merged(base, patch, switches), rules)
    kept = altered.stored(kept, base, switches.patch_ignores, switches)
    draft = _stays_draft(campaign, patch, kept, run_now=run_now)
    changed = _with_definition(campaign, kept, immediate=run_now or _still_immediate(campaign, patch))
    if patch.get("scheduled_time") is not None or (campaign.status == DRAFT and not draft):
        _check_scheduled_time(changed, now, switches)
    return _rearmed(changed, patch, now, switches, draft=draft)


def paused(campaign: Campaign, switches: Switches) -> Campaign:
    """Return the campaign paused."""
    _demand(campaign, "paused", RUNNING, SCHEDULED, *_idle_manual(switches), *_odd(campaign, switches))
    interrupted = campaign.interrupted or campaign.status == RUNNING
    return replace(idle(campaign, PAUSED), interrupted=interrupted)


def canceled(campaign: Campaign, switches: Switches) -> Campaign:
    """Return the campaign canceled."""
    also = (*_idle_manual(switches), *_odd(campaign, switches))
    _demand(campaign, "canceled", RUNNING, SCHEDULED, PAUSED, *also)
    return idle(campaign, CANCELED)


def resumed(campaign: Campaign, how: JsonObject, now: str, switches: Switches) -> Campaign:
    """Return a paused campaign resumed: at once, at a time, or on its previous schedule."""
    _demand(campaign, "resumed", PAUSED)
    if "scheduled_time" in how:
        return _resumed_at(campaign, how["scheduled_time"], now, switches)
    if campaign.interrupted:
        return go_on(campaign, now, switches)
    if how:
        return replace(campaign, status=SCHEDULED, next_run=now, due=now, trigger="run_immediately")
    if not campaign.immediate:
        _check_scheduled_time(campaign, now, switches)
    return arm(campaign, now, switches)


def decided(campaign: Campaign, winner: str, now: str, switches: Switches) -> Campaign:
    """Return the campaign with its A/B test decided for a message."""
    _demand(campaign, "decided", NEEDS_DECISION)
    if winner not in campaign.message_ids:
        raise Rejected("the message does not belong to the campaign")
    return deliver_winner(campaign, winner, now, switches)


def _demand(campaign: Campaign, what: str, *statuses: str) -> None:
    if campaign.status not in statuses:
        raise Rejected(f"a campaign in status {campaign.status} cannot be {what}")


def _idle_manual(switches: Switches) -> tuple[str, ...]:
    return (MANUAL,) if switches.manual_cancelable else ()


def _odd(campaign: Campaign, switches: Switches) -> tuple[str, ...]:
    """The campaign's status, if it is undocumented and accepted anyway."""
    odd = campaign.status not in STATUSES and switches.odd_statuses == "accepted"
    return (campaign.status,) if odd else ()


def _with_definition(campaign: Campaign, kept: JsonObject, *, immediate: bool) -> Campaign:
    body = {name: value for name, value in kept.items() if name not in ("run_immediately", "is_draft")}
    body["messages"] = [{k: v for k, v in message.items() if k != "id"} for message in kept["messages"]]
    return replace(campaign, body=body, immediate=immediate)


def _runs_now(campaign: Campaign, patch: JsonObject, switches: Switches) -> bool:
    """Return whether a patch sends the campaign at once, an event that leaves its schedule as it is."""
    asked = [name for name in validate.EXECUTION if patch.get(name) not in (None, False, 0)]
    if len(asked) > 1 and switches.exclusive_execution:
        raise checks.Invalid("", f"{' and '.join(asked)} exclude each other")
    if patch.get("run_immediately") is None or not checks.flag(patch["run_immediately"], "run_immediately"):
        return False
    if campaign.status == PAUSED:
        raise checks.Invalid("run_immediately", "a paused campaign is resumed instead")
    return True


def _merged(base: JsonObject, patch: JsonObject, switches: Switches) -> JsonObject:
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
        return arm(campaign, now, switches)
    return campaign


def _resumed_at(campaign: Campaign, time: str, now: str, switches: Switches) -> Campaign:
    check_future(campaign, time, now, switches)
    if "recurrence" in campaign.body:
        afresh = replace(campaign, interrupted=False)
        return wait_until(afresh, time, "recurrence", switches)
    moved = replace(campaign, body={**campaign.body, "scheduled_time": time}, immediate=False)
    return wait_until(moved, time, "scheduled_time", switches)


def _check_scheduled_time(campaign: Campaign, now: str, switches: Switches) -> None:
    if "scheduled_time" in campaign.body:
        check_future(campaign, campaign.body["scheduled_time"], now, switches)


_LAST_ZONE_HOURS = 12
_MOST_STEPS = 100_000


def settle(campaign: Campaign, now: str, switches: Switches) -> Campaign:
    """Return the campaign after every transition that is due by now, each at its own time."""
    for _ in range(_MOST_STEPS):
        if campaign.due is None or campaign.due > now:
            break
        campaign = _step(campaign, switches)
    return campaign


def arm(campaign: Campaign, now: str, switches: Switches) -> Campaign:
    """Return the campaign scheduled for its next run, or idle if it has no execution option."""
    if campaign.immediate:
        return replace(
            campaign,
            status=SCHEDULED,
            next_run=now,
            due=now,
            trigger="run_immediately",
            until=None,
            interrupted=False,
        )
    if "scheduled_time" in campaign.body:
        return wait_until(campaign, campaign.body["scheduled_time"], "scheduled_time", switches)
    if "recurrence" in campaign.body:
        return _await_occurrence(campaign, now, switches)
    return idle(campaign, MANUAL)


def idle(campaign: Campaign, status: str) -> Campaign:
    """Return the campaign in a status in which nothing happens by itself."""
    return replace(campaign, status=status, next_run=None, due=None)


def wait_until(campaign: Campaign, time: str, trigger: str, switches: Switches) -> Campaign:
    """Return the campaign scheduled for a time, with the trigger of that run."""
    due = clock.shift(time, hours=-lead_hours(campaign, switches))
    return replace(campaign, status=SCHEDULED, next_run=time, due=due, trigger=trigger)


def lead_hours(campaign: Campaign, switches: Switches) -> float:
    """Return how many hours before the GMT reading of its time a campaign starts to send."""
    return switches.profile_zone_lead_hours if campaign.profile_time else 0


def check_future(campaign: Campaign, time: str, now: str, switches: Switches) -> None:
    """Refuse a past time; in profile time it is past when it is past in the last zone."""
    if switches.past_times == "accepted":
        return
    over = clock.shift(time, hours=_LAST_ZONE_HOURS) if lead_hours(campaign, switches) else time
    if over < now:
        raise Rejected("scheduled_time: lies in the past")


def go_on(campaign: Campaign, now: str, switches: Switches) -> Campaign:
    """Return an interrupted campaign running again; this is not a new send."""
    at_least = clock.shift(now, seconds=switches.running_seconds)
    until = max(campaign.until or at_least, now)
    return replace(campaign, status=RUNNING, next_run=None, due=until, until=until, interrupted=False)


def deliver_winner(campaign: Campaign, winner: str, at: str, switches: Switches) -> Campaign:
    """Return the campaign sending the winning message to the rest of the audience."""
    until = clock.shift(at, seconds=switches.running_seconds)
    sends = (*campaign.sends, Send(at, "winner", campaign.body, campaign.message_ids.index(winner)))
    return replace(
        campaign,
        status=RUNNING,
        winner=winner,
        evaluating=False,
        sends=sends,
        until=until,
        due=until,
        next_run=None,
    )


def _step(campaign: Campaign, switches: Switches) -> Campaign:
    at = campaign.due or ""
    if campaign.status == SCHEDULED:
        return _start(campaign, at, switches)
    if campaign.status == RUNNING and campaign.evaluating:
        return _judge(campaign, at, switches)
    if campaign.status == RUNNING:
        return _finish(campaign, at, switches)
    return replace(campaign, due=None)


def _start(campaign: Campaign, at: str, switches: Switches) -> Campaign:
    if campaign.interrupted:
        return go_on(campaign, at, switches)
    test = campaign.body.get("ab_test")
    seconds = window_seconds(test.get("evaluation_window", "1D")) if test else switches.running_seconds
    until = clock.shift(at, seconds=seconds)
    return replace(
        campaign,
        status=RUNNING,
        next_run=None,
        until=until,
        due=until,
        evaluating=bool(test),
        winner=None,
        immediate=campaign.immediate and "recurrence" not in campaign.body,
        run_counter=campaign.run_counter + 1,
        sends=(*campaign.sends, Send(at, campaign.trigger, campaign.body)),
    )


def _judge(campaign: Campaign, at: str, switches: Switches) -> Campaign:
    """End the evaluation; the first message wins an automatic test, unless it ends in a draw."""
    test = campaign.body["ab_test"]
    if test.get("winner_delivery_mode") == "automatic" and not switches.ab_draw:
        return deliver_winner(campaign, campaign.message_ids[0], at, switches)
    body = {**campaign.body, "ab_test": {**test, "winner_delivery_mode": "manual"}}
    return replace(idle(campaign, NEEDS_DECISION), body=body, until=None, evaluating=False)


def _finish(campaign: Campaign, at: str, switches: Switches) -> Campaign:
    done = replace(campaign, until=None)
    return _await_occurrence(done, at, switches) if "recurrence" in campaign.body else idle(done, SENT)


def _await_occurrence(campaign: Campaign, after: str, switches: Switches) -> Campaign:
    earliest = clock.shift(after, hours=lead_hours(campaign, switches))
    found = clock.next_run(campaign.body["recurrence"], earliest, switches)
    return wait_until(campaign, found, "recurrence", switches) if found else idle(campaign, SENT)
