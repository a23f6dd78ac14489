"""The campaign API (API contract, section 1): a request from arrival to reply, and its eight endpoints.

A request meets, in this order: token, limits, fault, endpoint, log.
"""

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from campaignctl.sandbox import altered, faults, lifecycle, listing, represent, server_state, validate
from campaignctl.sandbox.faults import Rule
from campaignctl.sandbox.model import ApiRequest, Campaign, JsonObject, Rejected, Reply, error
from campaignctl.sandbox.server_state import ServerState

#: The name of a campaign that the fault `another` makes.
OF_ANOTHER = "Made by somebody else"
_ROOT = "/v1/hood/campaigns"
_DONE = Reply(204, effect=True)
_NO_JSON = "<html><body>Bad gateway</body></html>"
_HIDDEN = "(hidden)"
_SECRET = {"authorization", "cookie", "proxy-authorization"}
_UNTOUCHED = Reply(200)


@dataclass(frozen=True)
class Delivery:
    """What goes over the wire: a reply, or None for a dropped connection.

    `cut` sends half of the body; `held` drops the connection only when the client gives up.
    """

    reply: Reply | None
    cut: bool = False
    held: bool = False


def serve(state: ServerState, request: ApiRequest) -> Delivery:
    """Carry out one request and return the delivery to the client."""
    if state.switches.jitter:
        state.closing.wait(random.SystemRandom().uniform(0, state.switches.jitter))
    company = state.company_of(_token(request))
    with state.turn():
        rule, rules = faults.pick(state.rules, request.method, request.target, request.text)
        if rules != state.rules:
            state.set_rules(rules)
    if company is None:
        return _carried_out(state, request, None, rule)
    if not state.limits.enter(company, state.switches):
        with state.turn():
            refused = Delivery(_limited(server_state.refusal(-1)))
            _log(state, request, refused, effect=False, rule=None)
        return refused
    try:
        return _carried_out(state, request, company, rule)
    finally:
        state.limits.leave(company)


def _carried_out(state: ServerState, request: ApiRequest, company: str | None, rule: Rule | None) -> Delivery:
    if not _waited(state, rule, "before"):
        return Delivery(None)
    with state.turn():
        before = state.store.snapshot() if rule is not None and rule.kind == "not_done" else None
        carry_out = rule is None or rule.takes_effect
        reply = _effect(state, request, company) if carry_out else _UNTOUCHED
        if before is not None:
            state.store.restore(before)
            reply = replace(reply, effect=False)
        if rule is not None and rule.kind == "another" and company is not None:
            reply = _of_another(state, request, company, reply, rule)
        delivery = Delivery(reply) if rule is None else _faulty(rule, request, reply)
        number = _log(state, request, delivery, effect=reply.effect, rule=rule)
        if rule is not None and rule.kind == "late" and company is not None:
            state.delay(_kept_request(request, company, number), rule.fault["seconds"])
    return delivery if _waited(state, rule, "after") else Delivery(None)


def _of_another(state: ServerState, request: ApiRequest, company: str, reply: Reply, rule: Rule) -> Reply:
    """Return the reply to a create with a campaign that somebody makes in the dashboard meanwhile."""
    if not reply.effect or request.method != "POST" or not re.fullmatch(_ROOT, request.path):
        return reply
    theirs = {**request.json(), "name": OF_ANOTHER, "metadata": {}}
    theirs |= {"messages": [{"channel": "sms", "integration_id": "1", "sms": {"content": {"en": "Hi"}}}]}
    shown = represent.created(make(state, company, theirs, by_client=False), state.switches)
    return replace(reply, body={"id": shown["id"]} if rule.fault.get("bare") else shown)


def _kept_request(request: ApiRequest, company: str, number: int) -> JsonObject:
    kept = {"n": number, "company": company, "method": request.method, "target": request.target}
    return {**kept, "body": request.text}


def arrive(state: ServerState, late: JsonObject) -> None:
    """Carry out a late request, whose client has gone; the log then says with which effect and status."""
    headers = {"content-type": "application/json"}
    request = ApiRequest(late["method"], late["target"], headers, late["body"].encode())
    reply = _routed(state, late["company"], request)
    arrived = {"at": state.now(), "status": reply.status}
    state.store.amend(late["n"], {"effect": reply.effect, "arrived": arrived})


def _waited(state: ServerState, rule: Rule | None, when: str) -> bool:
    """Wait for a `delay` fault; False if the sandbox is closed meanwhile."""
    if rule is None or rule.kind != "delay" or rule.fault.get("when", "before") != when:
        return True
    return not state.closing.wait(rule.fault["seconds"])


def _effect(state: ServerState, request: ApiRequest, company: str | None) -> Reply:
    if company is None:
        return error(401, "The token is missing or not valid.")
    admission = state.limits.spend(company, state.switches, state.clock.epoch())
    if not admission.allowed:
        return _limited(admission)
    reply = _routed(state, company, request)
    return replace(reply, headers=(*reply.headers, *admission.headers))


def _limited(admission: server_state.Admission) -> Reply:
    return error(429, "The rate limit is reached.", admission.headers)


def _faulty(rule: Rule, request: ApiRequest, reply: Reply) -> Delivery:
    """Return a reply as changed by a fault."""
    fault = rule.fault
    altered = reply
    match rule.kind:
        case "lost_answer" | "drop":
            return Delivery(None)
        case "late" if "status" not in fault:
            return Delivery(None, held=fault.get("held", False))
        case "truncate":
            return Delivery(reply if reply.body is not None else None, cut=True)
        case "status" | "late":
            altered = _status(fault, reply)
        case "rate_limit":
            altered = _limited(server_state.refusal(fault.get("retry_after")))
        case "garble":
            altered = replace(reply, status=201 if request.method == "POST" else 200, body=_NO_JSON)
        case "no_id":
            altered = replace(reply, body=_without_id(reply.body))
        case "redirect":
            altered = Reply(fault.get("status", 307), headers=(("Location", fault["location"]),))
        case "echo_token":
            seen = request.headers.get("authorization", "")
            altered = error(fault.get("status", 400), f"Not allowed with Authorization: {seen}")
    return Delivery(altered)


def _status(fault: Any, reply: Reply) -> Reply:
    headers = tuple(fault.get("headers", {}).items())
    if "body" in fault:
        return Reply(fault["status"], fault["body"], headers)
    if fault["status"] < HTTPStatus.MULTIPLE_CHOICES:
        return Reply(fault["status"], None, headers, reply.effect)
    message = "The request is not valid." if fault["status"] == HTTPStatus.BAD_REQUEST else None
    return replace(error(fault["status"], message, headers), effect=reply.effect)


def _without_id(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    if "items" in body:
        return {**body, "items": [_without_id(item) for item in body["items"]]}
    return {name: value for name, value in body.items() if name != "id"}


def _token(request: ApiRequest) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _log(
    state: ServerState, request: ApiRequest, delivery: Delivery, *, effect: bool, rule: Rule | None
) -> int:
    reply = delivery.reply
    entry = {
        "at": state.now(),
        "real_time": time.time(),
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "headers": {**request.headers, **dict.fromkeys(_SECRET & set(request.headers), _HIDDEN)},
        "body": _parsed(request),
        "status": None if reply is None else reply.status,
        "response": None if reply is None else _logged(reply.body, rule),
        "effect": effect,
        "fault": None if rule is None else rule.kind,
    }
    return state.store.log(entry)


def _parsed(request: ApiRequest) -> Any:
    try:
        return replace(request, headers={"content-type": "application/json"}).json()
    except Rejected:
        return request.text


def _logged(body: Any, rule: Rule | None) -> Any:
    """Return a reply's body without the token that a fault put into it."""
    if rule is not None and rule.kind == "echo_token":
        return {**body, "message": _HIDDEN}
    return body


@dataclass(frozen=True)
class EndpointCall:
    """One request on behalf of a company; ids that are not in the path are empty."""

    state: ServerState
    company: str
    request: ApiRequest
    campaign_id: str = ""
    message_id: str = ""


Endpoint = Callable[[EndpointCall], Reply]


def _routed(state: ServerState, company: str, request: ApiRequest) -> Reply:
    try:
        return _route(state, company, request)
    except Rejected as rejected:
        return error(rejected.status, rejected.message)


def _route(state: ServerState, company: str, request: ApiRequest) -> Reply:
    for pattern, methods in _ROUTES:
        match = pattern.fullmatch(request.path)
        if match and request.method in methods:
            return methods[request.method](EndpointCall(state, company, request, **match.groupdict()))
        if match:
            return error(405, f"{request.method} is not possible here", (("Allow", ", ".join(methods)),))
    return error(404, "There is nothing at this address.")


def _create(call: EndpointCall) -> Reply:
    campaign = make(call.state, call.company, call.request.json())
    switches = call.state.switches
    return Reply(switches.create_success, represent.created(campaign, switches), effect=True)


def make(state: ServerState, company: str, body: Any, *, by_client: bool = True) -> Campaign:
    """Create and store a campaign from a request body; Rejected for an invalid body."""
    switches = state.switches
    kept = validate.definition(body, switches)
    if by_client:
        kept = altered.stored(kept, {}, switches.create_ignores, switches)
        kept = lifecycle.merge(kept, validate.part(dict(switches.unasked), switches))
    blank = state.blank(company, len(kept["messages"]))
    blank = replace(blank, requested=body if by_client else None)
    return state.keep(lifecycle.created(blank, kept, state.now(), switches))


def _list(call: EndpointCall) -> Reply:
    state = call.state
    now = state.epoch()
    versions = (campaign.listed(now) for campaign in state.store.campaigns())
    visible = (version for version in versions if version is not None and _shown_to(call, version))
    return Reply(200, listing.page(visible, call.request.query, state.switches))


def _read(call: EndpointCall) -> Reply:
    switches = call.state.switches
    campaign = call.state.store.find(call.campaign_id)
    if campaign is None or not _shown_to(call, campaign):
        if switches.unknown_id == "empty":
            return Reply(200, listing.envelope([], 0, switches))
        raise _unknown(call)
    shown = listing.shown(campaign, dict(call.request.query), switches, default="full")
    return Reply(200, shown if switches.by_id == "bare" else listing.envelope([shown], 1, switches))


def _patch(call: EndpointCall) -> Reply:
    campaign, patch, switches = _found(call), call.request.json(), call.state.switches
    changed = lifecycle.patched(campaign, patch, call.state.now(), switches)
    if "messages" in patch and "messages" not in switches.patch_ignores:
        changed = _with_message_ids(call.state, changed, patch["messages"])
    requested = lifecycle.merge(campaign.requested, patch) if campaign.requested is not None else None
    kept = call.state.keep(replace(changed, requested=requested))
    if switches.patch_success == _DONE.status:
        return _DONE
    return Reply(200, represent.full(kept, switches), effect=True)


def _with_message_ids(state: ServerState, campaign: Campaign, sent: list[dict[str, Any]]) -> Campaign:
    fresh = state.store.new_message_ids(len(sent))
    known = campaign.message_ids if state.switches.keep_message_ids else ()
    ids = [m["id"] if m.get("id") in known else new for m, new in zip(sent, fresh, strict=True)]
    if len(set(ids)) < len(ids):
        raise Rejected("messages: an id stands twice")
    return replace(campaign, message_ids=tuple(ids), winner=None)


def _pause(call: EndpointCall) -> Reply:
    campaign, switches = _found(call), call.state.switches
    validate.reason(call.request.json(), switches)
    return _kept(call, lifecycle.paused(campaign, switches))


def _resume(call: EndpointCall) -> Reply:
    campaign, switches = _found(call), call.state.switches
    how = validate.resumption(call.request.json(), switches)
    return _kept(call, lifecycle.resumed(campaign, how, call.state.now(), switches))


def _cancel(call: EndpointCall) -> Reply:
    campaign, switches = _found(call), call.state.switches
    validate.reason(call.request.json(), switches)
    return _kept(call, lifecycle.canceled(campaign, switches))


def _set_winner(call: EndpointCall) -> Reply:
    try:
        campaign = _found(call)
    except Rejected as refused:
        raise Rejected(refused.message) from refused
    return _kept(call, lifecycle.decided(campaign, call.message_id, call.state.now(), call.state.switches))


def _kept(call: EndpointCall, campaign: Campaign) -> Reply:
    call.state.keep(campaign)
    return _DONE


def _found(call: EndpointCall) -> Campaign:
    campaign = call.state.store.find(call.campaign_id)
    if campaign is None or not _shown_to(call, campaign):
        raise _unknown(call)
    return campaign


def _shown_to(call: EndpointCall, campaign: Campaign) -> bool:
    return campaign.company_id == call.company and not campaign.deleted


def _unknown(call: EndpointCall) -> Rejected:
    return Rejected("There is no such campaign.", 404 if call.state.switches.unknown_id == "404" else 400)


_ONE = _ROOT + r"/(?P<campaign_id>[^/]+)"
_ROUTES: tuple[tuple[re.Pattern[str], dict[str, Endpoint]], ...] = (
    (re.compile(_ROOT), {"GET": _list, "POST": _create}),
    (re.compile(_ONE), {"GET": _read, "PATCH": _patch}),
    (re.compile(_ONE + "/pause"), {"POST": _pause}),
    (re.compile(_ONE + "/resume"), {"POST": _resume}),
    (re.compile(_ONE + "/cancel"), {"POST": _cancel}),
    (re.compile(_ONE + r"/messages/(?P<message_id>[^/]+)/set-winner"), {"POST": _set_winner}),
)
