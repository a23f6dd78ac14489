"""Whether a saved plan still fits: it is applied exactly as it was reviewed, or not at all."""

from __future__ import annotations

from datetime import datetime
from shlex import quote
from typing import Final

from campaignctl.campaign.live import Live
from campaignctl.errors import Command, PlanRefused, Sentence
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import guardrails
from campaignctl.plan.context import PlanContext, Reading, Subject
from campaignctl.plan.model import Change, Options, Plan
from campaignctl.project.model import Project
from campaignctl.schedule.times import iso
from campaignctl.state.model import Record, State

AGAIN: Final = Sentence("make a new one with ", Command("plan", "-o", "FILE"))


def check(plan: Plan, project: Project, state: State | None, now: datetime) -> None:
    """What can be told without a request. Raises PlanRefused."""
    check_scope(plan, project)
    _check_state(plan, state)
    if plan.valid_until is not None and now > plan.valid_until:
        raise PlanRefused(f"this plan was valid until {iso(plan.valid_until)}", hint=AGAIN)
    options = Options(overrides=plan.overrides)
    ctx = PlanContext(DesiredState(project, {}, plan.manifests_digest), state, Reading(), options, now)
    found = guardrails.objections(plan.changes, ctx)
    if found:
        first = found[0]
        raise PlanRefused(
            f"{first.guardrail}: {first.found}, the limit is {first.limit}",
            detail="keys: " + ", ".join(first.keys[:10]),
            hint=f"plan again with `--override {first.guardrail}` if that is meant",
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
    if plan.url != project.api.url:
        raise PlanRefused(f"this plan is for {plan.url}, not for {project.api.url}", hint=AGAIN)


def _check_state(plan: Plan, state: State | None) -> None:
    """Raise PlanRefused unless the plan was made against this state, or before there was any."""
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
    """The records of the plan's campaigns, by the keys that they will have; adoptions as planned.

    Raises PlanRefused if one has left the state, or one to be adopted is already in it.
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
        found[change.key] = record
    return found


def as_planned(change: Change, record: Record, live: Live | None) -> bool:
    """Whether live is still what the plan was made against: what it read, else what the state recorded."""
    case = Subject(change.key, record, live, True, None)
    if change.live_digest is not None:
        return case.live_digest == change.live_digest
    remembered = Subject(change.key, record, None, False, None)
    return case.status == remembered.status and not case.comparison.changes
