"""The control API under `/_sandbox/`: edits as in the dashboard, and controls for tests.

It needs no token, and has no limits, log or faults. Errors are `{"error": text}`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from campaignctl.sandbox import api, checks, faults, lifecycle, represent
from campaignctl.sandbox.model import (
    DRAFT,
    MANUAL,
    PAUSED,
    RUNNING,
    SCHEDULED,
    ApiRequest,
    Campaign,
    JsonObject,
    Rejected,
    Reply,
)
from campaignctl.sandbox.server_state import DEFAULT_COMPANY, ServerState

ROOT = "/_sandbox/"

Action = Callable[..., Any]
_DEFINITION = (
    *("name", "description", "labels", "metadata", "messages", "ab_test", "scheduled_time", "recurrence"),
    *("send_in_profile_time_zone", "send_if_profile_time_passed", "quiet_hours", "targeting", "utm_tracking"),
    *("callbacks", "deal_id"),
)
_SCHEDULE = {"scheduled_time", "recurrence", "send_in_profile_time_zone"}


def answer(state: ServerState, request: ApiRequest) -> Reply:
    """Carry out a request of the control API."""
    try:
        return _route(state, request)
    except Rejected as refused:
        return Reply(refused.status, {"error": refused.message})
    except ValueError as error:
        return Reply(400, {"error": str(error)})


def _route(state: ServerState, request: ApiRequest) -> Reply:
    for pattern, methods in _ROUTES:
        match = pattern.fullmatch(request.path)
        if match and request.method in methods:
            result = methods[request.method](state, request, **match.groupdict())
            return Reply(200, {} if result is None else result)
        if match:
            return Reply(405, {"error": f"{request.method} is not possible here"})
    return Reply(404, {"error": "there is nothing at this address"})


def _clock(state: ServerState, _request: ApiRequest) -> JsonObject:
    return {"now": state.now(), "offset": state.clock.offset, "frozen": state.clock.frozen is not None}


def _set_clock(state: ServerState, request: ApiRequest) -> JsonObject:
    fields: dict[str, checks.Check] = {"set": checks.stamp, "advance": _number, "freeze": checks.boolean}
    asked = _read(request, fields)
    if "set" in asked:
        state.set_clock(state.clock.at(asked["set"]))
    if "advance" in asked:
        state.set_clock(state.clock.advanced(asked["advance"]))
    if "freeze" in asked:
        state.set_clock(state.clock.stopped() if asked["freeze"] else state.clock.running())
    return _clock(state, request)


def _requests(state: ServerState, request: ApiRequest) -> JsonObject:
    after = dict(request.query).get("after", "0")
    if not after.isdecimal():
        raise Rejected("after: must be a number")
    return {"items": state.store.requests(int(after))}


def _clear_requests(state: ServerState, _request: ApiRequest) -> None:
    state.store.clear_requests()


def _campaigns(state: ServerState, _request: ApiRequest) -> JsonObject:
    return {"items": [_described(state, campaign) for campaign in state.store.campaigns()]}


def _campaign(state: ServerState, _request: ApiRequest, campaign_id: str) -> JsonObject:
    return _described(state, _found(state, campaign_id))


def _create(state: ServerState, request: ApiRequest) -> JsonObject:
    fields = {**_EDIT, "body": _fields, "company_id": checks.identifier}
    asked = _read(request, fields, "body")
    company = asked.get("company_id", DEFAULT_COMPANY)
    campaign = api.make(state, company, asked["body"], by_client=False)
    return _edited(state, campaign, asked)


def _edit(state: ServerState, request: ApiRequest, campaign_id: str) -> JsonObject:
    return _edited(state, _found(state, campaign_id), _read(request, _EDIT))


def _clone(state: ServerState, request: ApiRequest, campaign_id: str) -> JsonObject:
    original = _found(state, campaign_id)
    blank = state.blank(original.company_id, len(original.message_ids))
    copy = replace(blank, body=original.body, extra=original.extra)
    draft = original.status not in (SCHEDULED, MANUAL, PAUSED, RUNNING)
    copy = lifecycle.idle(copy, DRAFT) if draft else lifecycle.arm(copy, state.now(), state.switches)
    return _edited(state, state.keep(copy), _read(request, _EDIT))


def _edited(state: ServerState, campaign: Campaign, asked: JsonObject) -> JsonObject:
    """Change fields and status, whatever the API would allow."""
    wanted = asked.get("set", {})
    campaign = _with_fields(state, campaign, wanted)
    status = asked.get("status", campaign.status)
    if status != campaign.status or _SCHEDULE & set(wanted):
        campaign = _in_status(state, campaign, status)
    return _described(state, state.keep(campaign) if asked else campaign)


def _with_fields(state: ServerState, campaign: Campaign, wanted: JsonObject) -> Campaign:
    definition = {name: value for name, value in wanted.items() if name in _DEFINITION}
    body = lifecycle.merge(campaign.body, definition)
    others = {name: value for name, value in wanted.items() if name not in _DEFINITION}
    extra = lifecycle.merge(campaign.extra or {}, others) or None
    immediate = campaign.immediate and not _SCHEDULE & set(definition)
    campaign = replace(campaign, body=body, extra=extra, immediate=immediate)
    if "messages" not in definition:
        return campaign
    return replace(campaign, message_ids=state.store.new_message_ids(len(body["messages"])), winner=None)


def _in_status(state: ServerState, campaign: Campaign, status: str) -> Campaign:
    if status == SCHEDULED:
        armed = lifecycle.arm(campaign, state.now(), state.switches)
        return replace(armed, status=SCHEDULED)
    if status == MANUAL and _SCHEDULE & set(campaign.body):
        return lifecycle.arm(campaign, state.now(), state.switches)
    return lifecycle.idle(campaign, status)


def _described(state: ServerState, campaign: Campaign) -> JsonObject:
    return {
        "id": campaign.id,
        "company_id": campaign.company_id,
        "requested": campaign.requested,
        "live": represent.full(campaign, state.switches),
        "sends": [{"campaign_id": campaign.id, "time": s.time, "trigger": s.trigger} for s in campaign.sends],
    }


def _found(state: ServerState, campaign_id: str) -> Campaign:
    campaign = state.store.find(campaign_id)
    if campaign is None:
        raise Rejected(f"no campaign {campaign_id}", 404)
    return campaign


def _switches(state: ServerState, _request: ApiRequest) -> JsonObject:
    return state.switches.as_json()


def _set_switches(state: ServerState, request: ApiRequest) -> JsonObject:
    state.set_switches(_object(request))
    return state.switches.as_json()


def _token(state: ServerState, request: ApiRequest) -> None:
    asked = _read(request, {"token": checks.text(), "company_id": checks.identifier}, "token", "company_id")
    state.add_token(asked["token"], asked["company_id"])


def _faults(state: ServerState, _request: ApiRequest) -> JsonObject:
    return {"items": [rule.as_json() for rule in state.rules]}


def _add_fault(state: ServerState, request: ApiRequest) -> JsonObject:
    state.set_rules((*state.rules, faults.rule_from(_object(request))))
    return _faults(state, request)


def _clear_faults(state: ServerState, _request: ApiRequest) -> None:
    state.set_rules(())


def _reset(state: ServerState, _request: ApiRequest) -> None:
    state.reset()


def _object(request: ApiRequest) -> JsonObject:
    body = request.json()
    if body is not None and not isinstance(body, dict):
        raise Rejected("the body must be an object")
    return dict(body or {})


def _read(request: ApiRequest, fields: Mapping[str, checks.Check], *required: str) -> JsonObject:
    kept: JsonObject = checks.record(fields, required, strict=True)(_object(request), "")
    return kept


def _number(value: Any, path: str) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise checks.Invalid(path, "must be a number of seconds")
    return float(value)


def _fields(value: Any, path: str) -> JsonObject:
    """Take any object; a null in it removes a field."""
    if not isinstance(value, dict):
        raise checks.Invalid(path, "must be an object")
    return dict(value)


_EDIT: Mapping[str, checks.Check] = {"set": _fields, "status": checks.text()}
_ID = r"(?P<campaign_id>\d+)"
_ROUTES: tuple[tuple[re.Pattern[str], dict[str, Action]], ...] = (
    (re.compile(ROOT + "clock"), {"GET": _clock, "POST": _set_clock}),
    (re.compile(ROOT + "requests"), {"GET": _requests, "DELETE": _clear_requests}),
    (re.compile(ROOT + "campaigns"), {"GET": _campaigns, "POST": _create}),
    (re.compile(ROOT + "campaigns/" + _ID), {"GET": _campaign, "POST": _edit}),
    (re.compile(ROOT + "campaigns/" + _ID + "/clone"), {"POST": _clone}),
    (re.compile(ROOT + "switches"), {"GET": _switches, "PATCH": _set_switches}),
    (re.compile(ROOT + "tokens"), {"POST": _token}),
    (re.compile(ROOT + "faults"), {"GET": _faults, "POST": _add_fault, "DELETE": _clear_faults}),
    (re.compile(ROOT + "reset"), {"POST": _reset}),
)
