"""The control API under `/_sandbox/`: edits as in the dashboard, and controls for tests.

It needs no token, and has no limits, log or faults. Errors are `{"error": text}`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from campaignctl.sandbox import api, checks, dashboard, faults, represent
from campaignctl.sandbox.model import ApiRequest, Campaign, JsonObject, Rejected, Reply
from campaignctl.sandbox.server_state import ServerState

ROOT = "/_sandbox/"

Action = Callable[..., Any]


def answer(state: ServerState, request: ApiRequest) -> Reply:
    """Carry out a request of the control API."""
    try:
        return _route(state, request)
    except Rejected as refused:
        return Reply(refused.status, {"error": refused.message})
    except ValueError as error:
        return Reply(400, {"error": str(error)})


def _route(state: ServerState, request: ApiRequest) -> Reply:
    for pattern, methods in ROUTES:
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
    return _described(state, dashboard.found(state, campaign_id, deleted=True))


def _create(state: ServerState, request: ApiRequest) -> JsonObject:
    fields = {**_EDIT, "body": _fields, "company_id": checks.identifier}
    asked = _read(request, fields, "body")
    company = asked.get("company_id", state.company)
    campaign = api.make(state, company, asked["body"], by_client=False)
    return _edited(state, campaign, asked)


def _edit(state: ServerState, request: ApiRequest, campaign_id: str) -> JsonObject:
    return _edited(state, dashboard.found(state, campaign_id), _read(request, _EDIT))


def _clone(state: ServerState, request: ApiRequest, campaign_id: str) -> JsonObject:
    asked = _read(request, _EDIT)
    return _edited(state, dashboard.cloned(state, dashboard.found(state, campaign_id)), asked)


def _edited(state: ServerState, campaign: Campaign, asked: JsonObject) -> JsonObject:
    if asked.get("set") or asked.get("status"):
        campaign = dashboard.edited(state, campaign, asked.get("set", {}), asked.get("status"))
    return _described(state, campaign)


def _act(state: ServerState, request: ApiRequest, campaign_id: str, action: str) -> JsonObject:
    campaign = dashboard.found(state, campaign_id)
    return _described(state, dashboard.ACTIONS[action](state, campaign, request.json()))


def _described(state: ServerState, campaign: Campaign) -> JsonObject:
    return {
        "id": campaign.id,
        "company_id": campaign.company_id,
        "status": campaign.status,
        "deleted": campaign.deleted,
        "requested": campaign.requested,
        "stored": campaign.body,
        "live": represent.full(campaign, state.switches),
        "sends": [{"campaign_id": campaign.id, "time": s.time, "trigger": s.trigger} for s in campaign.sends],
    }


def _sends(state: ServerState, _request: ApiRequest) -> JsonObject:
    sends = [
        {"campaign_id": campaign.id, "company_id": campaign.company_id, **asdict(send)}
        for campaign in state.store.campaigns()
        for send in campaign.sends
    ]
    return {"items": sends}


def _set_company(state: ServerState, request: ApiRequest) -> None:
    fields: dict[str, checks.Check] = {"company_id": checks.identifier, "campaigns": checks.boolean}
    asked = _read(request, fields, "company_id")
    state.set_company(asked["company_id"], campaigns=asked.get("campaigns", True))


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


def _late(state: ServerState, _request: ApiRequest) -> JsonObject:
    return {"items": state.late}


def _arrive(state: ServerState, _request: ApiRequest) -> None:
    state.arrive_now()


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
ROUTES: tuple[tuple[re.Pattern[str], dict[str, Action]], ...] = (
    (re.compile(ROOT + "clock"), {"GET": _clock, "POST": _set_clock}),
    (re.compile(ROOT + "requests"), {"GET": _requests, "DELETE": _clear_requests}),
    (re.compile(ROOT + "campaigns"), {"GET": _campaigns, "POST": _create}),
    (re.compile(ROOT + "campaigns/" + _ID), {"GET": _campaign, "POST": _edit}),
    (re.compile(ROOT + "campaigns/" + _ID + "/clone"), {"POST": _clone}),
    (re.compile(ROOT + "campaigns/" + _ID + f"/(?P<action>{'|'.join(dashboard.ACTIONS)})"), {"POST": _act}),
    (re.compile(ROOT + "sends"), {"GET": _sends}),
    (re.compile(ROOT + "company"), {"POST": _set_company}),
    (re.compile(ROOT + "switches"), {"GET": _switches, "PATCH": _set_switches}),
    (re.compile(ROOT + "tokens"), {"POST": _token}),
    (re.compile(ROOT + "faults"), {"GET": _faults, "POST": _add_fault, "DELETE": _clear_faults}),
    (re.compile(ROOT + "late"), {"GET": _late, "POST": _arrive}),
    (re.compile(ROOT + "reset"), {"POST": _reset}),
)
