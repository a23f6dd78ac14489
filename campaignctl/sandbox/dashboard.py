"""The control API under `/_sandbox/`: what a person does in the account's dashboard, and what a test needs.

It asks for no token, is not limited, not logged and never met by a fault. Errors are `{"error": text}`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from campaignctl.sandbox import campaigns_api, checks, faults, lifecycle, operations, represent
from campaignctl.sandbox.messages import Answer, Request
from campaignctl.sandbox.model import (
    DRAFT,
    MANUAL,
    PAUSED,
    RUNNING,
    SCHEDULED,
    Campaign,
    JsonObject,
    Refused,
)
from campaignctl.sandbox.server_state import DEFAULT_COMPANY, World

ROOT = "/_sandbox/"

Action = Callable[..., Any]
_DEFINITION = (
    *("name", "description", "labels", "metadata", "messages", "ab_test", "scheduled_time", "recurrence"),
    *("send_in_profile_time_zone", "send_if_profile_time_passed", "quiet_hours", "targeting", "utm_tracking"),
    *("callbacks", "deal_id"),
)
_SCHEDULE = {"scheduled_time", "recurrence", "send_in_profile_time_zone"}


def answer(world: World, request: Request) -> Answer:
    """Carry out a control request."""
    try:
        return _route(world, request)
    except Refused as refused:
        return Answer(refused.status, {"error": refused.message})
    except ValueError as error:
        return Answer(400, {"error": str(error)})


def _route(world: World, request: Request) -> Answer:
    for pattern, methods in _ROUTES:
        match = pattern.fullmatch(request.path)
        if match and request.method in methods:
            result = methods[request.method](world, request, **match.groupdict())
            return Answer(200, {} if result is None else result)
        if match:
            return Answer(405, {"error": f"{request.method} is not possible here"})
    return Answer(404, {"error": "there is nothing at this address"})


def _clock(world: World, _request: Request) -> JsonObject:
    return {"now": world.now(), "offset": world.clock.offset, "frozen": world.clock.frozen is not None}


def _set_clock(world: World, request: Request) -> JsonObject:
    members: dict[str, checks.Check] = {"set": checks.stamp, "advance": _number, "freeze": checks.boolean}
    asked = _read(request, members)
    if "set" in asked:
        world.set_clock(world.clock.at(asked["set"]))
    if "advance" in asked:
        world.set_clock(world.clock.advanced(asked["advance"]))
    if "freeze" in asked:
        world.set_clock(world.clock.stopped() if asked["freeze"] else world.clock.running())
    return _clock(world, request)


def _requests(world: World, request: Request) -> JsonObject:
    after = dict(request.query).get("after", "0")
    if not after.isdecimal():
        raise Refused("after: must be a number")
    return {"items": world.store.requests(int(after))}


def _clear_requests(world: World, _request: Request) -> None:
    world.store.clear_requests()


def _campaigns(world: World, _request: Request) -> JsonObject:
    return {"items": [_described(world, campaign) for campaign in world.store.campaigns()]}


def _campaign(world: World, _request: Request, campaign_id: str) -> JsonObject:
    return _described(world, _found(world, campaign_id))


def _create(world: World, request: Request) -> JsonObject:
    members = {**_EDIT, "body": _members, "company_id": checks.identifier}
    asked = _read(request, members, "body")
    company = asked.get("company_id", DEFAULT_COMPANY)
    campaign = campaigns_api.make(world, company, asked["body"], by_client=False)
    return _edited(world, campaign, asked)


def _edit(world: World, request: Request, campaign_id: str) -> JsonObject:
    return _edited(world, _found(world, campaign_id), _read(request, _EDIT))


def _clone(world: World, request: Request, campaign_id: str) -> JsonObject:
    original = _found(world, campaign_id)
    blank = world.blank(original.company_id, len(original.message_ids))
    copy = replace(blank, body=original.body, extra=original.extra)
    draft = original.status not in (SCHEDULED, MANUAL, PAUSED, RUNNING)
    copy = lifecycle.idle(copy, DRAFT) if draft else lifecycle.arm(copy, world.now(), world.switches)
    return _edited(world, world.keep(copy), _read(request, _EDIT))


def _edited(world: World, campaign: Campaign, asked: JsonObject) -> JsonObject:
    """Change members and status without asking what the API would allow."""
    wanted = asked.get("set", {})
    campaign = _with_members(world, campaign, wanted)
    status = asked.get("status", campaign.status)
    if status != campaign.status or _SCHEDULE & set(wanted):
        campaign = _in_status(world, campaign, status)
    return _described(world, world.keep(campaign) if asked else campaign)


def _with_members(world: World, campaign: Campaign, wanted: JsonObject) -> Campaign:
    definition = {name: value for name, value in wanted.items() if name in _DEFINITION}
    body = operations.merge(campaign.body, definition)
    others = {name: value for name, value in wanted.items() if name not in _DEFINITION}
    extra = operations.merge(campaign.extra or {}, others) or None
    immediate = campaign.immediate and not _SCHEDULE & set(definition)
    campaign = replace(campaign, body=body, extra=extra, immediate=immediate)
    if "messages" not in definition:
        return campaign
    return replace(campaign, message_ids=world.store.new_message_ids(len(body["messages"])), winner=None)


def _in_status(world: World, campaign: Campaign, status: str) -> Campaign:
    if status == SCHEDULED:
        armed = lifecycle.arm(campaign, world.now(), world.switches)
        return replace(armed, status=SCHEDULED)
    if status == MANUAL and _SCHEDULE & set(campaign.body):
        return lifecycle.arm(campaign, world.now(), world.switches)
    return lifecycle.idle(campaign, status)


def _described(world: World, campaign: Campaign) -> JsonObject:
    return {
        "id": campaign.id,
        "company_id": campaign.company_id,
        "requested": campaign.requested,
        "live": represent.full(campaign, world.switches),
        "sends": [{"campaign_id": campaign.id, "time": s.time, "trigger": s.trigger} for s in campaign.sends],
    }


def _found(world: World, campaign_id: str) -> Campaign:
    campaign = world.store.find(campaign_id)
    if campaign is None:
        raise Refused(f"no campaign {campaign_id}", 404)
    return campaign


def _switches(world: World, _request: Request) -> JsonObject:
    return world.switches.as_json()


def _set_switches(world: World, request: Request) -> JsonObject:
    world.set_switches(_object(request))
    return world.switches.as_json()


def _token(world: World, request: Request) -> None:
    asked = _read(request, {"token": checks.text(), "company_id": checks.identifier}, "token", "company_id")
    world.add_token(asked["token"], asked["company_id"])


def _faults(world: World, _request: Request) -> JsonObject:
    return {"items": [rule.as_json() for rule in world.rules]}


def _add_fault(world: World, request: Request) -> JsonObject:
    world.set_rules((*world.rules, faults.rule_from(_object(request))))
    return _faults(world, request)


def _clear_faults(world: World, _request: Request) -> None:
    world.set_rules(())


def _reset(world: World, _request: Request) -> None:
    world.reset()


def _object(request: Request) -> JsonObject:
    body = request.json()
    if body is not None and not isinstance(body, dict):
        raise Refused("the body must be an object")
    return dict(body or {})


def _read(request: Request, members: Mapping[str, checks.Check], *required: str) -> JsonObject:
    kept: JsonObject = checks.record(members, required, strict=True)(_object(request), "")
    return kept


def _number(value: Any, path: str) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise checks.Invalid(path, "must be a number of seconds")
    return float(value)


def _members(value: Any, path: str) -> JsonObject:
    """Take an object as it is: a null in it takes a member out."""
    if not isinstance(value, dict):
        raise checks.Invalid(path, "must be an object")
    return dict(value)


_EDIT: Mapping[str, checks.Check] = {"set": _members, "status": checks.text()}
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
