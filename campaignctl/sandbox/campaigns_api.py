"""The eight endpoints of the campaign API (API contract, section 1)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from campaignctl.sandbox import listing, operations, represent, validate
from campaignctl.sandbox.messages import Answer, Request, error
from campaignctl.sandbox.model import Campaign, Refused
from campaignctl.sandbox.server_state import World
from campaignctl.sandbox.switches import Switches

_ROOT = "/v1/hood/campaigns"
_DONE = Answer(204, effect=True)


@dataclass(frozen=True)
class Call:
    """One request on behalf of a company; ids are empty where the path has none."""

    world: World
    company: str
    request: Request
    campaign_id: str = ""
    message_id: str = ""


Endpoint = Callable[[Call], Answer]


def answer(world: World, company: str, request: Request) -> Answer:
    """Carry out a request; what is refused comes back as an error body."""
    try:
        return _route(world, company, request)
    except Refused as refused:
        return error(refused.status, refused.message)


def _route(world: World, company: str, request: Request) -> Answer:
    for pattern, methods in _ROUTES:
        match = pattern.fullmatch(request.path)
        if match and request.method in methods:
            return methods[request.method](Call(world, company, request, **match.groupdict()))
        if match:
            return error(405, f"{request.method} is not possible here", (("Allow", ", ".join(methods)),))
    return error(404, "There is nothing at this address.")


def _create(call: Call) -> Answer:
    campaign = make(call.world, call.company, call.request.json())
    switches = call.world.switches
    return Answer(switches.create_success, represent.created(campaign, switches), effect=True)


def make(world: World, company: str, body: Any, *, by_client: bool = True) -> Campaign:
    """Create a campaign from a request body and keep it; Refused when the body is not valid."""
    kept = validate.definition(body, world.switches)
    blank = world.blank(company, len(kept["messages"]))
    blank = replace(blank, requested=body if by_client else None)
    return world.keep(operations.created(blank, kept, world.now(), world.switches))


def _list(call: Call) -> Answer:
    world = call.world
    now = world.clock.epoch()
    visible = (c for c in world.store.campaigns() if c.company_id == call.company and c.visible_from <= now)
    return Answer(200, listing.page(visible, call.request.query, world.switches))


def _read(call: Call) -> Answer:
    switches = call.world.switches
    campaign = call.world.store.find(call.campaign_id)
    if campaign is None or campaign.company_id != call.company:
        if switches.unknown_id == "empty":
            return Answer(200, listing.envelope([], 0, switches))
        raise _unknown(call)
    shown = listing.shown(campaign, dict(call.request.query), switches, default="full")
    return Answer(200, shown if switches.by_id == "bare" else listing.envelope([shown], 1, switches))


def _patch(call: Call) -> Answer:
    campaign, patch, switches = _found(call), call.request.json(), call.world.switches
    changed = operations.patched(campaign, patch, call.world.now(), switches)
    if "messages" in patch and "messages" not in switches.patch_ignores:
        changed = _with_message_ids(call.world, changed, patch["messages"])
    requested = operations.merge(campaign.requested, patch) if campaign.requested is not None else None
    kept = call.world.keep(replace(changed, requested=requested))
    return _DONE if switches.patch_success == _DONE.status else _shown(kept, switches)


def _shown(campaign: Campaign, switches: Switches) -> Answer:
    return Answer(200, represent.full(campaign, switches), effect=True)


def _with_message_ids(world: World, campaign: Campaign, sent: list[dict[str, Any]]) -> Campaign:
    fresh = world.store.new_message_ids(len(sent))
    known = campaign.message_ids if world.switches.keep_message_ids else ()
    ids = [m["id"] if m.get("id") in known else new for m, new in zip(sent, fresh, strict=True)]
    if len(set(ids)) < len(ids):
        raise Refused("messages: an id stands twice")
    return replace(campaign, message_ids=tuple(ids), winner=None)


def _pause(call: Call) -> Answer:
    campaign, switches = _found(call), call.world.switches
    validate.reason(call.request.json(), switches)
    return _kept(call, operations.paused(campaign, switches))


def _resume(call: Call) -> Answer:
    campaign, switches = _found(call), call.world.switches
    how = validate.resumption(call.request.json(), switches)
    return _kept(call, operations.resumed(campaign, how, call.world.now(), switches))


def _cancel(call: Call) -> Answer:
    campaign, switches = _found(call), call.world.switches
    validate.reason(call.request.json(), switches)
    return _kept(call, operations.canceled(campaign, switches))


def _set_winner(call: Call) -> Answer:
    try:
        campaign = _found(call)
    except Refused as refused:
        raise Refused(refused.message) from refused
    return _kept(call, operations.decided(campaign, call.message_id, call.world.now(), call.world.switches))


def _kept(call: Call, campaign: Campaign) -> Answer:
    call.world.keep(campaign)
    return _DONE


def _found(call: Call) -> Campaign:
    campaign = call.world.store.find(call.campaign_id)
    if campaign is None or campaign.company_id != call.company:
        raise _unknown(call)
    return campaign


def _unknown(call: Call) -> Refused:
    return Refused("There is no such campaign.", 404 if call.world.switches.unknown_id == "404" else 400)


_ONE = _ROOT + r"/(?P<campaign_id>[^/]+)"
_ROUTES: tuple[tuple[re.Pattern[str], dict[str, Endpoint]], ...] = (
    (re.compile(_ROOT), {"GET": _list, "POST": _create}),
    (re.compile(_ONE), {"GET": _read, "PATCH": _patch}),
    (re.compile(_ONE + "/pause"), {"POST": _pause}),
    (re.compile(_ONE + "/resume"), {"POST": _resume}),
    (re.compile(_ONE + "/cancel"), {"POST": _cancel}),
    (re.compile(_ONE + r"/messages/(?P<message_id>[^/]+)/set-winner"), {"POST": _set_winner}),
)
