"""What people do to a campaign in the dashboard, whatever the API would allow.

Each action stores the campaign and returns it; Rejected if it makes no sense.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from campaignctl.sandbox import altered, checks, lifecycle, validate
from campaignctl.sandbox.model import (
    DRAFT,
    MANUAL,
    PAUSED,
    RUNNING,
    SCHEDULED,
    Campaign,
    JsonObject,
    Rejected,
)
from campaignctl.sandbox.server_state import ServerState

_DEFINITION = (
    *("name", "description", "labels", "metadata", "messages", "ab_test", "scheduled_time", "recurrence"),
    *("send_in_profile_time_zone", "send_if_profile_time_passed", "quiet_hours", "targeting", "utm_tracking"),
    *("callbacks", "deal_id"),
)
_SCHEDULE = {"scheduled_time", "recurrence", "send_in_profile_time_zone"}
_PAIR = checks.array(checks.integer(0, 99), 2, 2)

Action = Callable[[ServerState, Campaign, Any], Campaign]


def found(state: ServerState, campaign_id: str, *, deleted: bool = False) -> Campaign:
    """Return a campaign by id; Rejected (404) if there is none, or it is deleted."""
    campaign = state.store.find(campaign_id)
    if campaign is None or (campaign.deleted and not deleted):
        raise Rejected(f"no campaign {campaign_id}", 404)
    return campaign


def edited(
    state: ServerState, campaign: Campaign, fields: Mapping[str, Any], status: str | None = None
) -> Campaign:
    """Change fields and status.

    A name with `/` is a path into the definition, such as `messages/0/push/title/de`. None removes.
    """
    changed = _with_fields(state, campaign, fields)
    wanted = status or changed.status
    if wanted != changed.status or _SCHEDULE & {name.partition("/")[0] for name in fields}:
        changed = _in_status(state, changed, wanted)
    return state.keep(changed)


def cloned(state: ServerState, original: Campaign) -> Campaign:
    """Copy a campaign, metadata included; the copy is armed if the original can send."""
    blank = state.blank(original.company_id, len(original.message_ids))
    copy = replace(blank, body=original.body, extra=original.extra)
    draft = original.status not in (SCHEDULED, MANUAL, PAUSED, RUNNING)
    return state.keep(
        lifecycle.idle(copy, DRAFT) if draft else lifecycle.arm(copy, state.now(), state.switches)
    )


def _with_fields(state: ServerState, campaign: Campaign, wanted: Mapping[str, Any]) -> Campaign:
    body, others, names = campaign.body, {}, set()
    for name, value in wanted.items():
        first, *rest = name.split("/")
        names.add(first)
        if first not in _DEFINITION and rest:
            raise Rejected(f"{name}: is no path into a definition")
        if first in _DEFINITION:
            body = altered.changed_at(body, [first, *rest], value) if rest else _merge(body, name, value)
        else:
            others[name] = value
    extra = lifecycle.merge(campaign.extra or {}, others) or None
    immediate = campaign.immediate and not _SCHEDULE & names
    changed = replace(campaign, body=body, extra=extra, immediate=immediate)
    if "messages" not in wanted and len(body["messages"]) == len(campaign.message_ids):
        return changed
    return replace(changed, message_ids=state.store.new_message_ids(len(body["messages"])), winner=None)


def _merge(body: JsonObject, name: str, value: Any) -> JsonObject:
    merged: JsonObject = lifecycle.merge(body, {name: value})
    return merged


def _in_status(state: ServerState, campaign: Campaign, status: str) -> Campaign:
    if status == SCHEDULED:
        armed = lifecycle.arm(campaign, state.now(), state.switches)
        return replace(armed, status=SCHEDULED)
    if status == MANUAL and _SCHEDULE & set(campaign.body):
        return lifecycle.arm(campaign, state.now(), state.switches)
    return lifecycle.idle(campaign, status)


def _start(state: ServerState, campaign: Campaign, _asked: Any) -> Campaign:
    armed = lifecycle.arm(replace(campaign, immediate=True), state.now(), state.switches)
    state.keep(armed)
    state.settle()
    return state.store.find(campaign.id) or armed


def _pause(state: ServerState, campaign: Campaign, _asked: Any) -> Campaign:
    return state.keep(lifecycle.paused(campaign, state.switches))


def _resume(state: ServerState, campaign: Campaign, asked: Any) -> Campaign:
    how = validate.resumption(asked, replace(state.switches, empty_resume="previous"))
    return state.keep(lifecycle.resumed(campaign, how, state.now(), state.switches))


def _cancel(state: ServerState, campaign: Campaign, _asked: Any) -> Campaign:
    return state.keep(lifecycle.canceled(campaign, state.switches))


def _draft(state: ServerState, campaign: Campaign, _asked: Any) -> Campaign:
    return state.keep(lifecycle.idle(campaign, DRAFT))


def _delete(state: ServerState, campaign: Campaign, _asked: Any) -> Campaign:
    return state.keep(replace(lifecycle.idle(campaign, campaign.status), deleted=True))


def _swap(state: ServerState, campaign: Campaign, asked: Any) -> Campaign:
    """Swap the names of two messages; their contents and ids stay."""
    kept = checks.record({"messages": _PAIR}, strict=True)({} if asked is None else asked, "")
    first, second = kept.get("messages", [0, 1])
    messages = campaign.body["messages"]
    if max(first, second) >= len(messages):
        raise Rejected("messages: there is no such message")
    fields = {
        f"messages/{first}/name": messages[second].get("name"),
        f"messages/{second}/name": messages[first].get("name"),
    }
    return edited(state, campaign, fields)


ACTIONS: Mapping[str, Action] = {
    "start": _start,
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    "draft": _draft,
    "delete": _delete,
    "swap": _swap,
}
