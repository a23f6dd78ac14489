"""Whether the changes of a saved plan agree with their own requests.

The digest of a saved plan finds accidents. Whoever edits the file can make the digest fit again; a plan whose
changes no longer show what their requests do is refused then, before anything is read or sent. What the file
cannot tell by itself is checked against the account: that a campaign is still as the plan saw it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from campaignctl.campaign import marker
from campaignctl.campaign.canonical import body_digest
from campaignctl.diff import (
    EVENT,
    FieldChange,
    alike,
    audience,
    before,
    field_changes,
    is_default,
    lookup,
    split,
)
from campaignctl.errors import Command, PlanRefused, Sentence
from campaignctl.plan import guardrails, twin_rules
from campaignctl.plan.arming import (
    changes_sends,
    create_arms,
    known_sends,
    sends_after,
    update_arms,
    without_event,
)
from campaignctl.plan.lifts import Lifts
from campaignctl.plan.model import Action, Blocked, Change, Plan, Request
from campaignctl.project.model import Project
from campaignctl.schedule.sends import Sends
from campaignctl.schedule.times import format_gmt, iso

Spec = Mapping[str, Any]

_AGAIN: Final = Sentence("plan again: ", Command("plan", "-o", "FILE"))
_NEVER: Final = Sends("never")
_SECOND: Final = timedelta(seconds=1)
_METADATA: Final = "metadata"

# The requests of each action, by operation; only those of a create have no id of a campaign.
_CREATES: Final = (("create",), ("create", "update"))
_OF: Final[Mapping[Action, tuple[tuple[str, ...], ...]]] = {
    Action.CREATE: _CREATES,
    Action.REPLACE: (*_CREATES, *(("cancel", *each) for each in _CREATES)),
    Action.UPDATE: (("update",), ("set-winner",)),
    Action.PAUSE: (("pause",),),
    Action.CANCEL: (("cancel",),),
    Action.RESUME: (("resume",),),
    Action.ADOPT: ((), ("update",)),
    Action.MOVE: ((),),
    Action.FORGET: ((),),
}
_APPLYING: Final = (Action.CREATE, Action.REPLACE, Action.UPDATE, Action.RESUME)
# What may be done of a key before the change of it that is blocked.
_BEFORE_A_BLOCK: Final = (Action.MOVE, Action.ADOPT, Action.PAUSE, Action.UPDATE)
# A campaign of one of these statuses takes no update.
_NOT_UPDATED: Final = ("running", "sent", "canceled", "needs_decision", "missing")


def check(plan: Plan, project: Project) -> None:
    """Raise PlanRefused for the first change that does not agree with its own requests."""
    try:
        wrong = next(_wrong(plan, project), None)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        wrong = None, f"a change of it cannot be read: {error}"
    if wrong is not None:
        key, why = wrong
        raise PlanRefused(
            "this plan was edited", detail=f"{why}; nothing was read or sent", hint=_AGAIN, key=key
        )


def _wrong(plan: Plan, project: Project) -> Iterator[tuple[str | None, str]]:
    """Each key, or none, with what is wrong about it."""
    for change in plan.changes:
        for why in _of_change(change, plan.created_at):
            yield change.key, why
        for why in _of_marker(change, project):
            yield change.key, why
    yield from _together(plan)
    yield from _of_waits(plan)
    ends = [change.valid_until for change in plan.changes if change.valid_until]
    # A plan of the version before has one end for all of its changes, and no settings.
    if plan.settings is not None and plan.valid_until != min(ends, default=None):
        yield None, "`valid_until` is not the earliest of its changes"
    if plan.settings is not None:
        yield from _of_lifts(plan, project)


def _of_lifts(plan: Plan, project: Project) -> Iterator[tuple[str | None, str]]:
    """What the overrides of a plan do not agree with: its objections, the lifted rules, and the ends."""
    lifts = Lifts.at(plan.created_at, plan.overrides, project.overrides)
    for objection in plan.objections:
        if objection.guardrail in plan.overrides:
            yield None, f"{objection.guardrail} objects in it and is lifted"
    for lifted in plan.lifted:
        if lifted not in guardrails.overridden(lifted.name, lifted.keys, lifts):
            yield None, f"{lifted.name} is lifted in it without an override"
    again = {key for lifted in plan.lifted if lifted.name == "resend" for key in lifted.keys}
    told = {change.key for change in plan.changes if change.deliberate_resend}
    for change in plan.changes:
        if change.action is Action.REPLACE and not change.deliberate_resend:
            yield change.key, "its replace is not shown as a deliberate second send"
        if change.key in again - told and twin_rules.starts(change):
            yield change.key, "`resend` is lifted for it, and it is not shown as a deliberate second send"
        bound = guardrails.valid_until(change, None, project.guardrails, plan.created_at, lifts)
        # A plan is saved in whole seconds.
        if bound and (change.valid_until is None or change.valid_until - bound > _SECOND):
            yield change.key, f"it is valid after {iso(bound)}"


def _together(plan: Plan) -> Iterator[tuple[str, str]]:
    """What changes of one plan have twice, or do although the key is blocked."""
    by_key: dict[str, list[Change]] = {}
    keys: dict[str, str] = {}
    intents: Counter[str] = Counter()
    for change in plan.changes:
        by_key.setdefault(change.key, []).append(change)
        intents.update(filter(None, [change.intent]))
        if change.id is not None and keys.setdefault(change.id, change.key) != change.key:
            yield change.key, f"{keys[change.id]} changes {change.id} too"
        if change.intent and intents[change.intent] > 1:
            yield change.key, f"its intent {change.intent} is in the plan twice"
    for key, changes in by_key.items():
        if len({change.action for change in changes}) < len(changes):
            yield key, f"it is in the plan twice: {', '.join(change.action for change in changes)}"
        if len({change.id for change in changes}) > 1:
            yield key, "its changes are of two campaigns"
    for blocked in plan.blocked:
        for change in by_key.get(blocked.key, ()):
            if blocked.id == change.id and _contradicts(blocked, change):
                yield blocked.key, f"it is blocked, and the plan has its {change.action}"


def _of_waits(plan: Plan) -> Iterator[tuple[str, str]]:
    """The changes that wait for a cancel which is not in the plan."""
    canceled = {change.id for change in plan.changes if change.action is Action.CANCEL}
    for change in plan.changes:
        if left := set(change.waits_for) - canceled:
            yield change.key, f"it waits until {min(left)} is canceled, and no change cancels that"


def _contradicts(blocked: Blocked, change: Change) -> bool:
    if change.action is Action.UPDATE:
        return blocked.status in _NOT_UPDATED
    return change.action not in _BEFORE_A_BLOCK


def _of_change(change: Change, at: datetime) -> Iterator[str]:
    """What a change and its requests disagree in; `at` is when the plan was made."""
    operations = tuple(request.operation for request in change.requests)
    if operations not in _OF.get(change.action, ()):
        sent = " and ".join(map(_named, change.requests)) or "no request"
        yield f"its {change.action} has {sent}"
        return
    if (change.id is None) is not (change.action is Action.CREATE):
        yield f"its {change.action} has {change.id or 'no id'}"
    if (change.moved_from is None) is (change.action is Action.MOVE):
        yield f"its {change.action} is moved from {change.moved_from or 'no key'}"
    if (change.record and change.record.id) != (change.id if change.action is Action.ADOPT else None):
        yield f"its {change.action} does not record {change.id or 'a campaign'}"
    for request in change.requests:
        yield from _of_request(change, request, made="create" in operations)
    yield from _of_effect(change, at)


def _of_effect(change: Change, at: datetime) -> Iterator[str]:
    """What a change shows of its effect that its action or spec does not have."""
    if change.action not in _APPLYING:
        if change.arms or change.changes_sends or change.intent or change.sends != _NEVER:
            yield f"its {change.action} cannot send, and the plan shows that it does"
    elif change.sets_winner:
        at_once = change.arms and change.intent is not None and change.sends == Sends("immediately")
        if not at_once or not any(each.path.endswith("/winner") for each in change.diff):
            yield "setting a winner sends at once, and the plan does not show that"
    elif change.spec is None:
        yield f"its {change.action} has no spec"
    else:
        yield from _of_spec(change, change.spec, at)


def _of_request(change: Change, request: Request, *, made: bool) -> Iterator[str]:
    """What a change and one of its requests disagree in; `made`: it creates a campaign."""
    if request.id != (None if made and request.operation != "cancel" else change.id):
        yield f"{_named(request)} is not for {change.id or 'a new campaign'}"
    if (request.message is None) is (request.operation == "set-winner"):
        yield f"{_named(request)} is not a request of its {change.action}"
    if not _body_fits(change, request):
        yield f"the body of {_named(request)} is not what its {change.action} shows"


def _named(request: Request) -> str:
    return f"{request.method} {request.path}"


def _of_spec(change: Change, spec: Spec, at: datetime) -> Iterator[str]:
    """What a change disagrees in with the spec that it applies, and with what that sends."""
    if (change.digest, change.name) != (body_digest(spec), str(spec.get("name", ""))):
        yield "its name or digest does not fit its spec"
    if change.audience != audience(spec):
        yield "its audience does not fit its spec"
    if change.action is Action.CREATE and change.diff != field_changes({}, spec):
        yield "its diff does not show its spec"
    if any((*lookup(spec, each.path), None)[0] != each.after for each in change.diff):
        yield "its diff does not fit its spec"
    if (change.sends, change.arms, change.changes_sends) not in _sending(change, spec, at):
        yield "its `sends` or `arms` do not fit its requests"
    needed = change.action in (Action.CREATE, Action.REPLACE) or change.sends_at_once
    if (change.intent is None) is needed:
        yield "it has no intent" if needed else "it has an intent, and does not send at once"


def _sending(change: Change, spec: Spec, at: datetime) -> Iterator[tuple[Sends, bool, bool]]:
    """What a change may say about when its campaign sends, whether it arms, and whether it changes sends."""
    if change.action is Action.RESUME:
        yield known_sends(spec, at), True, False
        yield known_sends(without_event(spec), at), True, False
    elif change.action is Action.UPDATE:
        yield from _unpaused(change, spec, at)
        body = change.requests[0].body or {}
        if not body.get(EVENT) and body.get("is_draft", True):
            yield _NEVER, False, False  # it is paused, and stays so
    else:
        sends = sends_after(None, spec, at)
        yield sends, create_arms(sends), False


def _unpaused(change: Change, spec: Spec, at: datetime) -> Iterator[tuple[Sends, bool, bool]]:
    """The same of an update of a campaign that is not paused."""
    shown = before(spec, change.diff)
    # A diff does not tell an object without fields from none.
    for current in (shown, _without_empty(shown)):
        sends = sends_after(current, spec, at)
        arms = update_arms(current, spec, sends, at)
        yield sends, arms, not arms and changes_sends(current, spec, at)


def needs_pause(change: Change, at: datetime) -> bool:
    """Whether an update shows what is true only of a campaign that is paused: that it sends nothing. `at` is
    when the plan was made."""
    if change.action is not Action.UPDATE or change.sets_winner:
        return False
    shown = change.sends, change.arms, change.changes_sends
    return shown not in _unpaused(change, change.spec or {}, at)


def _without_empty(spec: Spec) -> dict[str, Any]:
    """A spec without objects that have no fields; what is in a list stays."""
    found = {
        name: _without_empty(value) if isinstance(value, Mapping) else value for name, value in spec.items()
    }
    return {name: value for name, value in found.items() if value != {}}


def _body_fits(change: Change, request: Request) -> bool:
    """Whether the body of a request is what its change shows."""
    body, spec = request.body, change.spec or {}
    match request.operation:
        case "set-winner":
            return body is None
        case _ if body is None:
            return False
        case "pause" | "cancel":
            return body.keys() == {"reason"} and isinstance(body["reason"], str)
        case "resume":
            return body == {"scheduled_time": _time(change.sends, spec)}
        case "create":
            two_step = change.requests[-1] is not request
            asked = without_event(spec) if two_step else spec
            return (bool(spec.get(EVENT)) or not two_step) and _bare(body) == _bare(asked)
        case "update" if request.id is None:
            return body == {EVENT: True}
        case "update" if change.action is Action.ADOPT:
            applied = change.record.applied if change.record else {}
            own = {name: value for name, value in applied.items() if name == _METADATA}
            return body.keys() == {_METADATA} and _bare(body) == _bare(own)
    return _is_shown(change.diff, body) and alike(_bare(_patched(spec, body)), _bare(spec))


def _time(sends: Sends, spec: Spec) -> str | None:
    """The time at which a campaign is resumed."""
    if sends.when == "scheduled":
        return str(spec.get("scheduled_time"))
    return sends.local if sends.profile_zone else format_gmt(sends.first) if sends.first else None


def _bare(spec: Spec) -> dict[str, Any]:
    """A spec without our marker."""
    metadata = spec.get(_METADATA)
    if not isinstance(metadata, Mapping):
        return dict(spec)
    rest = {name: value for name, value in metadata.items() if name != marker.FIELD}
    others = {name: value for name, value in spec.items() if name != _METADATA}
    return {**others, _METADATA: rest} if rest else others


def _patched(spec: Spec, patch: Spec) -> dict[str, Any]:
    """A spec after a JSON Merge Patch (RFC 7386), without objects that only its nulls would make."""
    result = dict(spec)
    for name, value in patch.items():
        if isinstance(value, Mapping):
            held = spec.get(name)
            inner = _patched(held if isinstance(held, Mapping) else {}, value)
            if inner or name in spec or not value:
                result[name] = inner
        elif value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def _is_shown(diff: tuple[FieldChange, ...], body: Spec) -> bool:
    """Whether a diff shows every field of a patch, and no other.

    Metadata is patched whole. A field that the API fills in by itself needs no patch to be removed.
    """
    sent, patched = (
        [path[:1] if path[0] == _METADATA else path for path in _paths(each)] for each in (_bare(body), body)
    )
    shown = [split(each.path) for each in diff]
    unsent = [
        each
        for each, path in zip(diff, shown, strict=True)
        if not any(_one_holds(path, other) for other in patched)
    ]
    return all(any(_one_holds(path, other) for other in shown) for path in sent) and all(
        each.after is None and (each.path == EVENT or not each.before or is_default(each.path, each.before))
        for each in unsent
    )


def _paths(patch: Spec) -> Iterator[list[str]]:
    """The paths of a patch; a list is one field."""
    for name, value in patch.items():
        if isinstance(value, Mapping) and value:
            yield from ([name, *rest] for rest in _paths(value))
        else:
            yield [name]


def _one_holds(one: list[str], other: list[str]) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _of_marker(change: Change, project: Project) -> Iterator[str]:
    """What the marker of a create or an adoption says that its change does not."""
    intent = change.record.intent if change.record else change.intent
    for request in change.requests:
        if request.operation != "create" and change.action is not Action.ADOPT:
            continue
        found = marker.read(request.body or {})
        if found is None:
            fits = not project.api.markers
        else:
            ours = project.owner.made(found)
            fits = ours and (found.key, found.intent) == (marker.key_tag(change.key), intent)
        if not fits:
            yield "its marker does not fit its key and intent"
