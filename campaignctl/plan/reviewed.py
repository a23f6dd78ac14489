"""Reviewed plans: a saved plan is applied exactly as it is, or not at all; with `--reviewed` a fresh plan is
applied, of which a reviewed plan has to contain each change.

The plans of `--reviewed` were made on a branch, perhaps days ago and before other branches were merged. So a
fresh plan is made, and a change in it counts as reviewed when one of the reviewed plans contains the same
key, action, requests, sends and audience, or when an earlier apply left it of a reviewed change. Fields that
always differ between two plans are not compared: intent ids, reasons of cancels, the commit, the clock, the
serial.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from shlex import quote
from types import MappingProxyType
from typing import Any, Final

from campaignctl.campaign import marker
from campaignctl.campaign.canonical import digest
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status
from campaignctl.diff import holds_arming_back, leaves
from campaignctl.errors import Command, PlanRefused, Sentence, listed
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import guardrails, runs, shape
from campaignctl.plan.codec import AGAIN
from campaignctl.plan.context import PlanContext, Reading
from campaignctl.plan.model import Action, Blocked, Change, Options, Plan, Request
from campaignctl.plan.subject import OUTSIDE, Subject
from campaignctl.plan.verdict import Verdict
from campaignctl.project.model import Project
from campaignctl.project.settings import SettingChange, changed, recorded
from campaignctl.schedule.times import iso
from campaignctl.state.model import Record, State

# How many settings or keys an error names.
_NAMED = 10
_NONE_READ: Final[Mapping[str, Live]] = MappingProxyType({})
_NO_END = datetime.max.replace(tzinfo=UTC, microsecond=0)
_HAVE_REVIEWED: Final = Sentence(
    "have its plan reviewed (",
    Command("plan", "-o", "FILE"),
    "), then ",
    Command("apply", "--reviewed", "FILE"),
)


def substance(change: Change) -> str:
    """A digest of everything in a change that a reviewer approves."""
    return digest(
        {
            "key": change.key,
            "action": str(change.action),
            "id": change.id,
            "from": change.moved_from,
            "requests": [_asked(request) for request in change.requests],
            "sends": _times(change),
            "arms": change.arms,
            "audience": change.audience,
        }
    )


def _times(change: Change) -> Mapping[str, Any]:
    """When it sends, without times that depend on the clock: the rule of a recurrence, not its next runs."""
    sends = change.sends
    if sends.when == "recurring":
        return {"when": sends.when, "recurrence": (change.spec or {}).get("recurrence")}
    return {"when": sends.when, "at": [iso(instant) for instant in sends.at], "local": sends.local}


def _asked(request: Request) -> Mapping[str, Any]:
    """A request without our marker, and without the reason, which names a commit and a user."""
    body = {name: value for name, value in (request.body or {}).items() if name != "reason"}
    metadata = body.pop("metadata", None)
    if isinstance(metadata, Mapping):
        metadata = {name: value for name, value in metadata.items() if name != marker.FIELD}
    return {"method": request.method, "path": request.path, "body": body, "metadata": metadata or None}


def admitted(
    ctx: PlanContext, verdicts: Mapping[str, Verdict], reviewed: Iterable[Plan]
) -> dict[str, Verdict]:
    """The verdicts with only the reviewed changes; the others are blocked.

    The review of a change ends at its `valid_until`, unless that is lifted for its key. The first change of a
    key that was not reviewed blocks those after it. The pause of what is halted needs no review.
    """
    reviewed = tuple(reviewed)
    containing = _containing(ctx, reviewed)
    by_key: dict[str, list[tuple[Plan, Change]]] = {}
    for plan, change in (each for known in containing.values() for each in known):
        by_key.setdefault(change.key, []).append((plan, change))

    def why_not(change: Change) -> str | None:
        of_key = by_key.get(change.key, [])
        known = containing.get(substance(change)) or [
            (plan, seen) for plan, seen in of_key if _is_rest(ctx, change, seen)
        ]
        if not known and _is_withdrawn(ctx, change, reviewed):
            return None
        if not known:
            if of_key:
                return f"this {change.action} of {change.key} differs from the reviewed plans"
            return f"no reviewed plan contains this {change.action}{_cause(ctx, change)}"
        until = max(_end(plan, seen) for plan, seen in known)
        if guardrails.expired(change, until, ctx.now, ctx.lifts):
            why = (
                "it sends at once, and the reviewed plan"
                if change.sends_at_once
                else "the reviewed plan of it"
            )
            return f"{why} was valid until {iso(until)}"
        return _changed_since(ctx, change, known)

    kept = dict(verdicts)
    for key, verdict in verdicts.items():
        for index, change in enumerate(verdict.changes):
            if not change.halts and (reason := why_not(change)):
                blocked = Blocked(
                    key, change.id, "not reviewed", reason, ctx.options.how_to_review or _HAVE_REVIEWED
                )
                kept[key] = verdict.up_to(index, verdict.blocked or blocked)
                break
    return kept


def _cause(ctx: PlanContext, change: Change) -> str:
    """Whether a change that was not reviewed comes from the account, as no manifest newly asks for it."""
    one = ctx.subject(change.key, replacing=False)
    drifted = one.wanted is not None and one.recorded is not None and not one.edited
    return "; the manifest is as it was applied: this undoes a change in the account" if drifted else ""


def _containing(ctx: PlanContext, reviewed: Iterable[Plan]) -> dict[str, list[tuple[Plan, Change]]]:
    """The reviewed changes by their substance, and what is left of those that are half done."""
    found: dict[str, list[tuple[Plan, Change]]] = {}
    for plan in reviewed:
        for change in plan.changes:
            found.setdefault(substance(change), []).append((plan, change))
            half = ctx.half_done(change.key)
            if half and change.action is Action.REPLACE and change.id == half.id:
                rest = replace(change, action=Action.CREATE, id=None, requests=change.requests[1:])
                found.setdefault(substance(rest), []).append((plan, rest))
    return found


# A campaign of one of these statuses no longer sends.
_OVER = (Status.CANCELED, Status.SENT, Status.MISSING)


def _is_rest(ctx: PlanContext, change: Change, seen: Change) -> bool:
    """Whether a change is what is left of a reviewed one.

    An update is left of a create or update if an earlier merge was applied since the review. It ends in the
    campaign that the review showed, changes nothing that the review did not show, and begins with what we
    applied: without an edit in the account, and without fields that were set there at the review. Of a cancel
    that took effect, it is left to forget the campaign; of a create under a new key, to move what was created
    under the old one.
    """
    if change.action is Action.MOVE:
        return seen.action is Action.CREATE and change.moved_from in seen.formerly
    if change.action is Action.FORGET:
        over = ctx.subject(change.key, replacing=False).status in _OVER
        return over and seen.action is Action.CANCEL and (seen.id, seen.spec) == (change.id, None)
    if change.action is not Action.UPDATE or _end_of(change) != _end_of(seen) or change.arms > seen.arms:
        return False
    one = ctx.subject(change.key, replacing=False)
    if seen.unmanaged or not as_planned(replace(change, live_digest=None), one.record, one.live):
        return False
    if seen.action is not Action.UPDATE:
        return seen.action is Action.CREATE
    left, shown = (leaves({"all": [*map(_asked, each.requests)]}) for each in (change, seen))
    return change.id == seen.id and all(shown.get(path, ...) == value for path, value in left.items())


def _is_withdrawn(ctx: PlanContext, change: Change, reviewed: Iterable[Plan]) -> bool:
    """Whether a change stops exactly the campaign that a reviewed plan shows as removed or stopped before it
    was created: an earlier merge was applied since."""
    record = ctx.records.get(change.key)
    if record is None or change.action not in (Action.CANCEL, Action.FORGET, Action.PAUSE):
        return False
    return record.digest in (plan.withdrawn.get(change.key) for plan in reviewed)


def _end_of(change: Change) -> tuple[str, Any]:
    """What a campaign is after a change, when it sends and to whom, without our marker."""
    whole = _asked(Request("create", None, change.spec or {}))
    return digest(whole), (_times(change), change.audience)


# Changes that stop a campaign or leave it alone: no edit of it in the account keeps them from being applied.
_STOPS = (Action.CANCEL, Action.PAUSE, Action.FORGET, Action.MOVE, Action.ADOPT)


def _changed_since(ctx: PlanContext, change: Change, known: list[tuple[Plan, Change]]) -> str | None:
    """Why the campaign of a change is not as it was in any of the reviewed plans that contain it.

    An edit that a review showed may have been undone by an apply since.
    """
    if change.action in _STOPS or change.id is None:
        return None
    one = ctx.subject(change.key, replacing=False)
    as_read = [
        (plan, seen)
        for plan, seen in known
        if seen.live_digest in (None, change.live_digest)
        or _is_rest(ctx, change, seen)
        or _is_second_half(plan, seen, one)
    ]
    if not as_read:
        return f"{change.id} was changed in the account since the reviewed plan was made"
    ways = [started_since(plan, seen, one.record, one.live, ctx.now) for plan, seen in as_read]
    return None if None in ways else ways[-1]


# A campaign of one of these statuses can be paused.
_GOING = (Status.SCHEDULED, Status.RUNNING, Status.UNKNOWN)


def _is_second_half(plan: Plan, seen: Change, one: Subject) -> bool:
    """Whether a reviewed change comes after another one of its campaign that an earlier run has done, and the
    campaign is exactly as that left it: as the review showed it but for our pause, or as our update made it.
    """
    before = {each.action: each for each in plan.changes if each.id == seen.id}
    if seen.action is Action.UPDATE and Action.PAUSE in before:
        return one.paused_by_us and seen.live_digest in [one.digest_with(status) for status in _GOING]
    update = before.get(Action.UPDATE) if seen.action is Action.RESUME else None
    applied = update is not None and update.digest == one.record.digest
    return applied and as_planned(replace(seen, live_digest=None), one.record, one.live)


def not_paused(plan: Plan, change: Change, record: Record, live: Live | None) -> str | None:
    """Why an update that shows no send may send: its campaign is not paused. None if it cannot."""
    paused = Subject(change.key, record, live, True, None).status is Status.PAUSED
    if paused or not shape.needs_pause(change, plan.created_at):
        return None
    if any(each.id == change.id and each.action is Action.PAUSE for each in plan.changes):
        return None
    return f"the plan shows that it sends nothing, and {change.id} is not paused"


def started_since(plan: Plan, change: Change, record: Record, live: Live | None, now: datetime) -> str | None:
    """How others started a recurring campaign since a plan; None if they did not."""
    if change.ran is None or live is None:
        return None
    how = runs.started(record, live, change.ran, plan.created_at, now)
    return how and f"{change.id} was started {OUTSIDE} since the plan was made: {how}"


def _end(plan: Plan, change: Change) -> datetime:
    """Until when a reviewed change is valid. What sends at once ends with a plan of the version before."""
    each = any(one.valid_until for one in plan.changes)
    whole = plan.valid_until if change.sends_at_once and not each else None
    return change.valid_until or whole or _NO_END


def check_settings(
    project: Project, state: State | None, reviewed: Iterable[Plan], how_to_review: str | None = None
) -> None:
    """Raise PlanRefused for a setting that differs from the one of the last apply, unless a reviewed plan
    shows that it changes to this. `how_to_review` is that of the options."""
    if unseen := _unseen(state, recorded(project), reviewed):
        names = listed(list(dict.fromkeys(each.path for each in unseen)), _NAMED)
        raise PlanRefused(
            f"no reviewed plan shows this change of settings: {names}",
            detail=f"{_words(unseen)}; nothing was read or sent",
            hint=Sentence(how_to_review or _HAVE_REVIEWED, "; or set them back in campaignctl.yaml"),
        )


def _unseen(
    state: State | None, settings: Mapping[str, Any] | None, plans: Iterable[Plan]
) -> list[SettingChange]:
    """The settings that differ from those of the last apply, and that none of these plans shows."""
    shown = {change.identity for plan in plans for change in plan.settings_changed}
    found = changed(state.settings if state else None, settings)
    return [each for each in found if each.identity not in shown]


def _words(changes: Sequence[SettingChange]) -> str:
    """How settings change, in words."""
    values = [(each.path, *(_value(value) for value in (each.before, each.after))) for each in changes]
    return listed([f"{path}: {before} -> {after}" for path, before, after in values], _NAMED)


def _value(value: Any) -> str:
    return "nothing" if value is None else str(value)


def check_saved(plan: Plan, project: Project, state: State | None) -> None:
    """Check a saved plan as far as possible without a request. Raises PlanRefused."""
    check_scope(plan, project)
    if other := changed(plan.settings, recorded(project)):
        raise PlanRefused("this plan was made with other settings", detail=_words(other), hint=AGAIN)
    shape.check(plan, project)
    _check_state(plan, state)
    if unseen := _unseen(state, plan.settings, [plan]):
        reason = "this plan does not show how the settings differ from the last apply's"
        raise PlanRefused(reason, detail=_words(unseen), hint=AGAIN)


def check_in_time(
    plan: Plan, project: Project, state: State | None, now: datetime, lives: Mapping[str, Live] = _NONE_READ
) -> None:
    """Check a saved plan at this moment, by the server's clock. Raises PlanRefused if it has expired or a
    guardrail objects. `lives` are campaigns that this run has read, by id."""
    if plan.valid_until is not None and now > plan.valid_until:
        raise PlanRefused(f"this plan was valid until {iso(plan.valid_until)}", hint=AGAIN)
    options = Options(overrides=plan.overrides)
    known = state.campaigns if state else {}
    read = Reading(live={key: lives[one.id] for key, one in known.items() if one.id in lives})
    ctx = PlanContext(DesiredState(project, {}, plan.manifests_digest), state, read, options, now)
    found = guardrails.objections(plan.changes, ctx)
    if found:
        first = found[0]
        raise PlanRefused(
            f"{first.guardrail}: {first.found}, the limit is {first.limit}",
            detail=f"keys: {listed(first.keys, _NAMED)}",
            hint=f"plan again with `--override {first.guardrail}` if that is intended",
        )


def check_scope(plan: Plan, project: Project) -> None:
    """Raise PlanRefused unless the plan was made for this project, environment and API."""
    mine = (project.name, project.environment)
    if (plan.project, plan.environment) != mine:
        theirs = f"{plan.project}, environment {plan.environment or 'without a name'}"
        here = f"choose it: campaignctl -e {quote(plan.environment)} ..." if plan.environment else ""
        elsewhere = "apply it in the project that made it"
        raise PlanRefused(
            f"this plan is for {theirs}", hint=here if here and plan.project == project.name else elsewhere
        )
    if plan.project_id is not None and plan.project_id != project.id:
        raise PlanRefused(
            f"this plan is for the project with the id {plan.project_id}",
            detail=f"this one is also called {project.name}; its id is {project.id or 'not set'}",
            hint="apply it in the project that made it",
        )
    if plan.url != project.api.url:
        raise PlanRefused(f"this plan is for {plan.url}, not for {project.api.url}", hint=AGAIN)


def _check_state(plan: Plan, state: State | None) -> None:
    """Raise PlanRefused unless the plan was made against this state, or there was and is none."""
    if state is None:
        if plan.lineage is not None:
            raise PlanRefused("the state that this plan was made against no longer exists", hint=AGAIN)
        return
    if plan.lineage is None:
        raise PlanRefused("this plan was made before there was a state, and now there is one", hint=AGAIN)
    if plan.lineage != state.lineage:
        raise PlanRefused(
            "this plan was made against another state",
            detail=f"the plan's lineage is {plan.lineage}, the state's {state.lineage}",
            hint=AGAIN,
        )
    if plan.serial != state.serial:
        raise PlanRefused(
            f"the state has moved on since this plan was made (serial {plan.serial}, now {state.serial})",
            hint=AGAIN,
        )


def touched(plan: Plan, state: State | None) -> dict[str, Record]:
    """The records of the plan's campaigns, by their keys after the apply; adoptions as planned.

    Raises PlanRefused if one is no longer in the state, or protected since, or one to be adopted is already
    in it.
    """
    known = state.campaigns if state else {}
    moved = {change.key: change.moved_from for change in plan.changes if change.moved_from}
    found = {change.key: change.record for change in plan.changes if change.record}
    taken = {record.id for record in known.values()}
    if double := next((record for key, record in found.items() if record.id in taken or key in known), None):
        raise PlanRefused(f"{double.id} or its key is already in the state", hint=AGAIN)
    for change in plan.changes:
        if not change.id or change.key in found:
            continue
        record = known.get(moved.get(change.key, change.key))
        if record is None or record.id != change.id:
            raise PlanRefused(f"{change.key} is no longer in the state", hint=AGAIN)
        if change.ends and record.lifecycle.prevent_destroy and not change.lifecycle.prevent_destroy:
            raise PlanRefused(f"{change.key} has been protected by prevent_destroy since", hint=AGAIN)
        found[change.key] = record
    return found


def as_planned(change: Change, record: Record, live: Live | None) -> bool:
    """Whether live is still as when the plan was made: as it was read then, else as it was recorded."""
    subject = Subject(change.key, record, live, True, None, written=change.spec or {})
    if change.live_digest is not None:
        return subject.live_digest == change.live_digest
    remembered = Subject(change.key, record, None, False, None)
    same = subject.status == remembered.status and not subject.comparison.changes
    return same and not any(holds_arming_back(one.path) for one in subject.outside)
