"""Apply: lock, opening read, settle, refresh, plan, approve, execute, unlock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.errors import CampaignctlError, Command, LockLost, PlanRefused, Sentence, StateNotSaved
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import guardrails, records
from campaignctl.plan.context import RECOVER, Case, Reading, Unsettled, ids_of
from campaignctl.plan.decide import DESTROYED
from campaignctl.plan.guardrails import Ground
from campaignctl.plan.model import Change, Lifts, Options, Plan
from campaignctl.plan.planner import decide
from campaignctl.plan.reviewed import overrides_of
from campaignctl.project.model import Project
from campaignctl.reconciler import history, settle
from campaignctl.reconciler.beginning import begin
from campaignctl.reconciler.execute import execute
from campaignctl.reconciler.opening import check_company, check_environment, opening_read
from campaignctl.reconciler.plan import question, stop_mark
from campaignctl.reconciler.ports import Session
from campaignctl.reconciler.refresh import observe, read_records
from campaignctl.reconciler.run import Run, Wiring
from campaignctl.review.outcome import ChangeResult, Event, Outcome
from campaignctl.schedule.times import iso
from campaignctl.state.model import Record, State

if TYPE_CHECKING:
    from campaignctl.api.client import OcambaApi

# A release with one of these was over when it left.
_FINAL = (Status.SENT, Status.CANCELED)

_NAMED = 10

Approve = Callable[[Plan], bool]

_AGAIN = Sentence("make a new one with ", Command("plan", "-o", "FILE"))


@contextmanager
def locked(wiring: Wiring, operation: str) -> Iterator[Session]:
    """The state under our lock, given back whatever happens."""
    session = wiring.backend.acquire(operation, wiring.lock_timeout)
    try:
        yield session
    finally:
        session.release()


def api_of(wiring: Wiring) -> OcambaApi:
    """The API, or an error that says what to set."""
    if wiring.api is None:
        raise CampaignctlError(
            "there is no token, and nothing can be applied without one",
            hint="set OCAMBA_TOKEN (in the dashboard: profile menu, API Tokens)",
        )
    return wiring.api


def apply(wiring: Wiring, desired: DesiredState, options: Options, approve: Approve) -> Outcome:
    """Make the account agree with the manifests, as far as `approve` says yes to the plan.

    Raises what stops a whole apply: LockHeld, AccountMismatch, StateDamaged, ReadFailed, TokenRejected.
    """
    api_of(wiring)
    desired = _as_reviewed(desired, options)
    with locked(wiring, "apply") as session:
        run, unsettled = _open(wiring, session, desired)
        now = wiring.clock.now()
        reading = _reading(run, desired, options, unsettled, now)
        plan = decide(question(wiring, desired, options, session.state, reading, now))
        if plan.objections:
            approve(plan)
            return _refused(plan, session.state)
        if plan.changes and not _approved(plan, approve, wiring.clock.now):
            return _refused(plan, session.state)
        if not plan.changes:
            approve(plan)
        began = history.begun(wiring, plan, _operation(options))
        begin(run, plan, _seen(session.state, reading, plan.observed), began)
        settle.cancel_copies(run)
        outcome = history.ended(run, began, execute(run, plan))
        if options.destroy:
            outcome = _gone_on_with(outcome, options.targets)
        return _given_back(session, _with_taken_over(outcome, plan, options))


def _approved(plan: Plan, approve: Approve, now: Callable[[], datetime]) -> bool:
    """Whether somebody says yes to a plan. Raises PlanRefused when it was valid when they were asked, and is
    not when they answer."""
    asked = now()
    if not approve(plan):
        return False
    if plan.valid_until is not None and asked <= plan.valid_until < now():
        raise PlanRefused(
            f"this plan was valid until {iso(plan.valid_until)}, and the answer came later",
            detail="nothing was done",
            hint="run the same command again: it plans afresh",
        )
    return True


def _gone_on_with(outcome: Outcome, destroyed: Iterable[str]) -> Outcome:
    """The outcome with the command that goes on with a destroy: an apply would make anew what is gone."""
    targets = tuple(word for target in destroyed for word in ("--target", target))
    instead = {
        Command("apply"): Command("destroy", *targets),
        Command("plan"): Command("plan", "--destroy", *targets),
    }

    def named(hint: str) -> str:
        return Sentence(
            *(instead.get(part, part) if isinstance(part, Command) else part for part in Sentence(hint).parts)
        )

    def told(result: ChangeResult) -> ChangeResult:
        error = result.error
        return replace(result, error=replace(error, hint=named(error.hint))) if error else result

    changes = map(told, outcome.changes)
    return replace(
        outcome, changes=tuple(changes), next=tuple(instead.get(command, command) for command in outcome.next)
    )


def _with_taken_over(outcome: Outcome, plan: Plan, options: Options) -> Outcome:
    """The outcome of `--refresh-only`, which says that the record has changed, though the account has not."""
    keys = [drift.key for drift in plan.drift if drift.key in plan.observed] if options.refresh_only else []
    if not keys:
        return outcome
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    note = f"what differs live is on record now as if it had been applied: {', '.join(keys[:_NAMED])}{more}"
    shown = "the next plan shows where the manifests say otherwise"
    return replace(outcome, notes=(*outcome.notes, f"{note}; {shown}"))


def _operation(options: Options) -> str:
    """What an apply is called in the history."""
    if options.reviewed is not None:
        return "apply of reviewed plans"
    return "destroy" if options.destroy else "apply"


def _as_reviewed(desired: DesiredState, options: Options) -> DesiredState:
    """The desired state with what the reviewed plans lifted. Raises PlanRefused for a plan of elsewhere."""
    if options.reviewed is None:
        return desired
    project = desired.project
    for plan in options.reviewed:
        _check_scope(plan, project)
    lifted = tuple(overrides_of(options.reviewed))
    return replace(desired, project=replace(project, overrides=(*project.overrides, *lifted)))


def _given_back(session: Session, outcome: Outcome) -> Outcome:
    """The outcome after the state was folded and the lock given back; trouble with that is part of it."""
    try:
        session.release()
    except (LockLost, StateNotSaved) as error:
        note = error.told
        return replace(outcome, result="incomplete", notes=tuple(dict.fromkeys([*outcome.notes, note])))
    return outcome


def _open(wiring: Wiring, session: Session, desired: DesiredState) -> tuple[Run, dict[str, Unsettled]]:
    """The opening read, and the intents of earlier runs settled."""
    state, api = session.state, api_of(wiring)
    check_environment(state, desired.project)
    wiring.on_event(Event("phase", "reading the account"))
    opening = opening_read(api, state, desired.project, desired.campaigns, wiring.clock.now())
    run = Run(wiring, session, api, desired.project, opening)
    if (dead := session.taken_over) is not None:
        run.note(f"took the lock over from process {dead.process} on {dead.host}, which is gone")
    for note in opening.notes:
        run.note(note)
    if state is None:
        return run, {}
    settle.drop_planned(run)
    return run, settle.settle(run)


def _reading(
    run: Run, desired: DesiredState, options: Options, unsettled: dict[str, Unsettled], now: datetime
) -> Reading:
    if not options.refresh:
        reading = Reading(refreshed=False, company_id=run.opening.company_id)
    else:
        reading = observe(
            run.api,
            run.session.state,
            desired,
            now,
            parallelism=run.wiring.parallelism,
            at_hand=run.opening.lives,
        )
    halts = stop_mark(run.wiring)
    behind = {found.id: found for found in (*run.opening.behind, *reading.behind)}
    return replace(reading, unsettled=unsettled, behind=tuple(behind.values()), halts=halts)


def _refused(plan: Plan, state: State | None) -> Outcome:
    results = tuple(
        ChangeResult(change.key, change.action, change.id, "not_started", None, change.name)
        for change in plan.changes
    )
    return Outcome(
        "refused",
        results,
        state.lineage if state else None,
        state.serial if state else 0,
        blocked=plan.blocked,
        objections=plan.objections,
    )


def _seen(state: State | None, reading: Reading, observed: object) -> list[tuple[str, Record]]:
    """Every record as this run saw it; what the plan says of it counts over what was merely read."""
    if state is None:
        return []
    seen = {
        key: records.observed(state.campaigns[key], live)
        for key, live in reading.live.items()
        if live and key in state.campaigns
    }
    if isinstance(observed, dict):
        seen.update(observed)
    return list(seen.items())


def apply_saved(wiring: Wiring, project: Project, plan: Plan) -> Outcome:
    """Apply a saved plan exactly, or not at all.

    Raises PlanRefused when the state moved on, a campaign that it touches changed, its time is over, or
    it is for another project, environment or account.
    """
    api_of(wiring)
    with locked(wiring, "apply of a saved plan") as session:
        state = session.state
        check_environment(state, project)
        _check_plan(plan, project, state, wiring.clock.now())
        desired = DesiredState(project, {}, plan.manifests_digest)
        run, unsettled = _open(wiring, session, desired)
        check_company(run.opening.company_id, state, project)
        _check_hold(run, plan, unsettled)
        reading = _check_live(run, plan)
        began = history.begun(wiring, plan, "apply of a saved plan")
        begin(run, plan, _seen(session.state, reading, None), began)
        settle.cancel_copies(run)
        outcome = history.ended(run, began, execute(run, plan))
        if any(change.reason == DESTROYED for change in plan.changes):
            outcome = _gone_on_with(outcome, [each.key for each in outcome.changes if each.outcome != "done"])
        return _given_back(session, outcome)


def _check_plan(plan: Plan, project: Project, state: State | None, now: datetime) -> None:
    """What can be told without a request."""
    _check_scope(plan, project)
    _check_state(plan, state)
    if plan.valid_until is not None and now > plan.valid_until:
        raise PlanRefused(f"this plan was valid until {iso(plan.valid_until)}", hint=_AGAIN)
    lifts = Lifts.at(now, plan.overrides, project.overrides)
    found = guardrails.objections(plan.changes, Ground(project, state, now), lifts)
    if found:
        first = found[0]
        raise PlanRefused(
            f"{first.guardrail}: {first.found}, the limit is {first.limit}",
            detail="keys: " + ", ".join(first.keys[:10]),
            hint=f"plan again with `--override {first.guardrail}` if that is meant",
        )


def _check_scope(plan: Plan, project: Project) -> None:
    """A plan fits the project, environment and API that it was made for, and no other."""
    mine = (project.name, project.environment)
    if (plan.project, plan.environment) != mine:
        theirs = f"{plan.project}, environment {plan.environment or 'without a name'}"
        here = f"choose it: campaignctl -e {quote(plan.environment)} ..." if plan.environment else ""
        elsewhere = "apply it in the project that made it"
        raise PlanRefused(
            f"this plan is for {theirs}", hint=here if here and plan.project == project.name else elsewhere
        )
    if plan.url != project.api.url:
        raise PlanRefused(f"this plan is for {plan.url}, not for {project.api.url}", hint=_AGAIN)


def _check_state(plan: Plan, state: State | None) -> None:
    """A plan fits the very state that it was made against; one made before there was a state, only none."""
    if state is None:
        if plan.lineage is not None:
            raise PlanRefused("there is no state any more that this plan was made against", hint=_AGAIN)
        return
    if plan.lineage is None:
        raise PlanRefused("a state was made since this plan, which was made without one", hint=_AGAIN)
    if plan.lineage != state.lineage:
        raise PlanRefused(
            "this plan was made against another state",
            detail=f"the plan's lineage is {plan.lineage}, the state's {state.lineage}",
            hint=_AGAIN,
        )
    if plan.serial != state.serial:
        raise PlanRefused(
            f"the state has moved on since this plan was made (serial {plan.serial}, now {state.serial})",
            hint=_AGAIN,
        )


def _check_hold(run: Run, plan: Plan, unsettled: dict[str, Unsettled]) -> None:
    """What an earlier run left open stops a saved plan that creates or arms, as a whole."""
    arming = [change.key for change in plan.changes if change.arms or change.intent]
    at_once = [known for known in unsettled.values() if known.at_once]
    if arming and at_once:
        raise PlanRefused(f"{at_once[0].key}: {at_once[0].reason}", hint=at_once[0].hint)
    if arming and run.opening.behind:
        raise PlanRefused(
            f"the state is behind: it does not know {ids_of(run.opening.behind)} of this project",
            hint=RECOVER,
        )


def _check_live(run: Run, plan: Plan) -> Reading:
    """Look again at every live campaign that the plan touches, and at what its creates would repeat."""
    state = run.session.state
    if state is not None:
        _check_released(run, plan, state)
    recorded = _touched(plan, state)
    alive = {key: record for key, record in recorded.items() if not records.final(record, run.now())}
    lives, _ = read_records(run.api, alive, parallelism=run.wiring.parallelism, at_hand=run.opening.lives)
    for change in plan.changes:
        if change.key in alive and not _as_planned(change, alive[change.key], lives[change.key]):
            raise PlanRefused(
                f"{change.key}: {change.id} was changed in the account since this plan was made",
                hint=_AGAIN,
            )
    return Reading(live=lives)


def _touched(plan: Plan, state: State | None) -> dict[str, Record]:
    """The records of the plan's campaigns by the key that they will have; those to be adopted as planned.

    Raises PlanRefused when one is not in the state, or is in it already.
    """
    known = state.campaigns if state else {}
    moved = {change.key: change.moved_from for change in plan.changes if change.moved_from}
    found = {change.key: change.record for change in plan.changes if change.record}
    taken = {record.id for record in known.values()}
    if double := next((record for key, record in found.items() if record.id in taken or key in known), None):
        raise PlanRefused(f"{double.id}, or its key, is in the state already", hint=_AGAIN)
    for change in plan.changes:
        if not change.id or change.key in found:
            continue
        record = known.get(moved.get(change.key, change.key))
        if record is None or record.id != change.id:
            raise PlanRefused(f"{change.key} is not in the state any more", hint=_AGAIN)
        found[change.key] = record
    return found


def _as_planned(change: Change, record: Record, live: Live | None) -> bool:
    """Whether live is what the plan was made against: what it read, or else what the state recorded."""
    case = Case(change.key, record, live, True, None)
    if change.live_digest is not None:
        return case.live_digest == change.live_digest
    remembered = Case(change.key, record, None, False, None)
    return case.status == remembered.status and not case.comparison.changes


def _check_released(run: Run, plan: Plan, state: State) -> None:
    """A create must not repeat what left the state and can send again since the plan was made."""
    keys = {change.key for change in plan.changes if change.intent and change.id is None}
    bodies = {change.digest for change in plan.changes if change.intent and change.id is None}
    for entry in state.released:
        if entry.status in _FINAL or not (entry.key in keys or entry.digest in bodies):
            continue
        live = run.api.read(entry.id)
        if live is not None and status_of(live).can_send:
            raise PlanRefused(f"{entry.id}, once {entry.key}, can send again", hint=_AGAIN)
