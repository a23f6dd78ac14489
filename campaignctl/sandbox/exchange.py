"""One request of the API from arrival to answer: token, limits, fault, effect, log."""

import random
import time
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from campaignctl.sandbox import campaigns_api, faults, server_state
from campaignctl.sandbox.faults import Rule
from campaignctl.sandbox.messages import Answer, Request, error
from campaignctl.sandbox.model import Refused
from campaignctl.sandbox.server_state import World

_NO_JSON = "<html><body>Bad gateway</body></html>"
_HIDDEN = "(hidden)"
_SECRET = {"authorization", "cookie", "proxy-authorization"}
_UNTOUCHED = Answer(200)
_TOO_MANY = "The rate limit is reached."


@dataclass(frozen=True)
class Delivery:
    """What goes over the wire: an answer, or None for a dropped connection; `cut` sends half of the body."""

    answer: Answer | None
    cut: bool = False


def serve(world: World, request: Request) -> Delivery:
    """Carry out one request of the API and return what the client gets."""
    if world.switches.jitter:
        world.closing.wait(random.SystemRandom().uniform(0, world.switches.jitter))
    company = world.company_of(_token(request))
    with world.turn():
        rule, rules = faults.pick(world.rules, request.method, request.target, request.text)
        if rules != world.rules:
            world.set_rules(rules)
    if company is None:
        return _carried_out(world, request, None, rule)
    if not world.limits.enter(company, world.switches):
        with world.turn():
            refused = Delivery(_limited(server_state.refusal(-1)))
            _log(world, request, refused, effect=False, rule=None)
        return refused
    try:
        return _carried_out(world, request, company, rule)
    finally:
        world.limits.leave(company)


def _carried_out(world: World, request: Request, company: str | None, rule: Rule | None) -> Delivery:
    if not _waited(world, rule, "before"):
        return Delivery(None)
    with world.turn():
        carry_out = rule is None or rule.takes_effect
        answer = _effect(world, request, company) if carry_out else _UNTOUCHED
        delivery = Delivery(answer) if rule is None else _faulty(rule, request, answer)
        _log(world, request, delivery, effect=answer.effect, rule=rule)
    return delivery if _waited(world, rule, "after") else Delivery(None)


def _waited(world: World, rule: Rule | None, when: str) -> bool:
    """Wait for a `delay` fault; False when the sandbox is closed meanwhile."""
    if rule is None or rule.kind != "delay" or rule.fault.get("when", "before") != when:
        return True
    return not world.closing.wait(rule.fault["seconds"])


def _effect(world: World, request: Request, company: str | None) -> Answer:
    if company is None:
        return error(401, "The token is missing or not valid.")
    verdict = world.limits.spend(company, world.switches, world.clock.epoch())
    if not verdict.allowed:
        return _limited(verdict)
    answer = campaigns_api.answer(world, company, request)
    return replace(answer, headers=(*answer.headers, *verdict.headers))


def _limited(verdict: server_state.Verdict) -> Answer:
    return error(429, _TOO_MANY, verdict.headers)


def _faulty(rule: Rule, request: Request, answer: Answer) -> Delivery:
    """Return what becomes of an answer under a fault."""
    fault = rule.fault
    altered = answer
    match rule.kind:
        case "lost_answer" | "drop":
            return Delivery(None)
        case "truncate":
            return Delivery(answer if answer.body is not None else None, cut=True)
        case "status":
            altered = _status(fault, answer)
        case "rate_limit":
            altered = _limited(server_state.refusal(fault.get("retry_after")))
        case "garble":
            altered = replace(answer, status=201 if request.method == "POST" else 200, body=_NO_JSON)
        case "no_id":
            altered = replace(answer, body=_without_id(answer.body))
        case "redirect":
            altered = Answer(fault.get("status", 307), headers=(("Location", fault["location"]),))
        case "echo_token":
            seen = request.headers.get("authorization", "")
            altered = error(fault.get("status", 400), f"Not allowed with Authorization: {seen}")
    return Delivery(altered)


def _status(fault: Any, answer: Answer) -> Answer:
    headers = tuple(fault.get("headers", {}).items())
    if "body" in fault:
        return Answer(fault["status"], fault["body"], headers)
    message = "The request is not valid." if fault["status"] == HTTPStatus.BAD_REQUEST else None
    return replace(error(fault["status"], message, headers), effect=answer.effect)


def _without_id(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    if "items" in body:
        return {**body, "items": [_without_id(item) for item in body["items"]]}
    return {name: value for name, value in body.items() if name != "id"}


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _log(world: World, request: Request, delivery: Delivery, *, effect: bool, rule: Rule | None) -> None:
    answer = delivery.answer
    entry = {
        "at": world.now(),
        "real_time": time.time(),
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "headers": {**request.headers, **dict.fromkeys(_SECRET & set(request.headers), _HIDDEN)},
        "body": _parsed(request),
        "status": None if answer is None else answer.status,
        "response": None if answer is None else _logged(answer.body, rule),
        "effect": effect,
        "fault": None if rule is None else rule.kind,
    }
    world.store.log(entry)


def _parsed(request: Request) -> Any:
    try:
        return replace(request, headers={"content-type": "application/json"}).json()
    except Refused:
        return request.text


def _logged(body: Any, rule: Rule | None) -> Any:
    """Return an answer's body without the token that a fault put into it."""
    if rule is not None and rule.kind == "echo_token":
        return {**body, "message": _HIDDEN}
    return body
