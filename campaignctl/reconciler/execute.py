"""Execute: one plan, exactly, stage by stage. The plan is never changed here.

What stops sending goes first, what sends at once last and one at a time. A failure stops every change
that arms and could send within the horizon; the others go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from campaignctl.diff import equal
from campaignctl.errors import (
    ApiError,
    CampaignctlError,
    Interrupted,
    LockLost,
    OutcomeUnknown,
    Refused,
    StateNotSaved,
)
from campaignctl.plan.model import Action, Change, Plan
from campaignctl.plan.order import stages
from campaignctl.reconciler import perform, settle
from campaignctl.reconciler.outcome import ChangeResult, Event, Failure, Outcome
from campaignctl.reconciler.readback import read_back
from campaignctl.reconciler.run import AT_ONCE, Run, new_state, observed_entry
from campaignctl.reconciler.scan import spread
from campaignctl.schedule.times import parse_iso
from campaignctl.state.model import Entry, HistoryEntry, Intent, Record

CREATING = (Action.CREATE, Action.REPLACE)


def begin(
    run: Run, plan: Plan, observed: Iterable[tuple[str, Record]], history: HistoryEntry | None = None
) -> None:
    """Everything that is put on record before the first request: the intents of all creates as planned,
    what was seen, what was missed, and that an apply begins. Writes nothing where there is nothing to say."""
    intents: dict[str, Intent | None] = {
        change.key: perform.planned_intent(change, run.opening.watermark)
        for change in plan.changes
        if change.action in CREATING
    }
    applies = (history,) if history else ()
    state = run.session.state
    if state is None:
        if not plan.changes and not plan.missed:
            return
        state = new_state(run)
        run.session.write(state.after(Entry(intents=intents, missed=plan.missed, history=applies)))
        return
    seen = run.opening.mark(state, run.now())
    noted = observed_entry(state, observed, run.now())
    noted = replace(noted, seen=seen, account=replace(state.account, url=run.api.url), history=applies)
    if intents or plan.missed:
        run.session.write(state.after(noted).after(Entry(intents=intents, missed=plan.missed)))
    elif noted.records or noted.sent or applies or (seen and seen != state.seen):
        run.record(noted)


def execute(run: Run, plan: Plan) -> Outcome:
    """Carry the plan out; every change of it is in the outcome."""
    lifted = frozenset(plan.overrides)
    results: dict[str, ChangeResult] = {}
    if plan.changes:
        run.ahead = {(change.key, change.action): len(change.requests) for change in plan.changes}
        run.wiring.on_event(Event("phase", "apply", total=len(plan.changes), remaining=run.remaining()))
    for stage in stages(plan.changes):
        _carry_stage(run, stage, lifted, results)
        if run.halted:
            break
    _finish(run)
    return _outcome(run, plan, results)


def _carry_stage(
    run: Run, stage: tuple[Change, ...], lifted: frozenset[str], results: dict[str, ChangeResult]
) -> None:
    """One stage to its end. What was held back by a trouble that settling cleared is taken up again."""
    todo = list(stage)
    while todo:
        results.update({result.key: result for result in _batch(run, todo, lifted)})
        _settle_unknown(run, todo, results)
        run.troubled = any(result.outcome not in ("done", "not_started") for result in results.values())
        left = [c for c in todo if c.key not in results or results[c.key].outcome == "not_started"]
        if run.troubled or run.halted or run.wiring.clock.interrupted or len(left) == len(todo):
            return
        todo = left


def _held_back(run: Run, change: Change) -> bool:
    """After a failure nothing is armed that could send within the horizon."""
    if not run.troubled or not change.arms:
        return False
    first = perform.first_send(change)
    if first is None or first == AT_ONCE:
        return True
    return parse_iso(first) - run.now() < run.project.api.settle.horizon


def _batch(run: Run, todo: list[Change], lifted: frozenset[str]) -> list[ChangeResult]:
    """Changes of one stage; what sends at once goes alone, and stops at its first trouble."""
    if any(change.sends_at_once for change in todo):
        return _one_by_one(run, todo, lifted)
    rest, results = list(todo), []
    while (first := _proving(run, rest)) is not None:
        rest.remove(first)
        results.append(_carry_out(run, first, lifted))
    results += spread(lambda change: _carry_out(run, change, lifted), rest, run.wiring.parallelism)
    return _read_back(run, todo, results)


def _read_back(run: Run, todo: list[Change], results: list[ChangeResult]) -> list[ChangeResult]:
    """The results after reading back what answers with nothing."""
    changes = {change.key: change for change in todo}
    judged = [(changes[result.key], result) for result in results if _is_open(result)]
    if not judged or isinstance(run.halted, LockLost | StateNotSaved):
        return results
    try:
        seen = {result.key: result for result in read_back(run, judged)}
    except (LockLost, StateNotSaved, Interrupted) as error:
        run.halted = run.halted or error
        seen = {
            result.key: replace(result, outcome="unknown", error=Failure(str(error))) for _, result in judged
        }
    for result in seen.values():
        run.finished(result.key, result.action, result.outcome)
    return [seen.get(result.key, result) for result in results]


def _is_open(result: ChangeResult) -> bool:
    """Whether only a read can say what became of a change: its answer says nothing, or was lost."""
    return result.action in (Action.UPDATE, Action.CANCEL) and result.outcome in ("done", "unknown")


def _proving(run: Run, todo: list[Change]) -> Change | None:
    """The first create of an account goes alone, one that cannot send if there is such: its answer shows
    whose account this is and whether markers come back."""
    creating = [change for change in todo if change.action in CREATING]
    account = run.state.account
    if not creating or run.halted or (account.markers is not None and account.company_id is not None):
        return None
    quiet = [change for change in creating if not change.arms]
    return (quiet or creating)[0]


def _one_by_one(run: Run, todo: list[Change], lifted: frozenset[str]) -> list[ChangeResult]:
    results: list[ChangeResult] = []
    for change in todo:
        result = _carry_out(run, change, lifted)
        if result.outcome == "unknown":
            result = _settle_one(run, change, result)
        results.append(result)
        if result.outcome == "not_started":
            break
        run.finished(result.key, result.action, result.outcome)
        if result.outcome != "done":
            break
    return results


def _carry_out(run: Run, change: Change, lifted: frozenset[str]) -> ChangeResult:
    """One change, with every error in its terms; what stops the whole run is remembered."""
    if run.halted or run.wiring.clock.interrupted or _held_back(run, change):
        return _not_started(change)
    run.wiring.on_event(Event("started", change.key, change.key, change.action))
    result = _attempt(run, change, lifted)
    if result.outcome != "not_started" and not change.sends_at_once and not _is_open(result):
        run.finished(result.key, result.action, result.outcome)
    run.troubled = run.troubled or result.outcome not in ("done", "not_started")
    return result


def _attempt(run: Run, change: Change, lifted: frozenset[str]) -> ChangeResult:
    try:
        return _perform(run, change, lifted)
    except (LockLost, StateNotSaved) as error:
        run.halted = run.halted or error
        return _after_halt(run, change, error)
    except Interrupted:
        return _not_started(change)
    except CampaignctlError as error:
        if not isinstance(error, ApiError):
            run.halted = run.halted or error
        return _after_halt(run, change, error)


def _after_halt(run: Run, change: Change, error: CampaignctlError) -> ChangeResult:
    intent = run.state.pending.get(change.key)
    started = intent is not None and intent.phase != "planned"
    outcome = "unknown" if started and not isinstance(error, Refused) else "failed"
    problem = perform.failure(change, error)
    if outcome == "unknown":
        return ChangeResult(change.key, change.action, change.id, "unknown", problem, change.name)
    return perform.failed(change, problem)


def _not_started(change: Change) -> ChangeResult:
    return ChangeResult(change.key, change.action, change.id, "not_started", None, change.name)


def _perform(run: Run, change: Change, lifted: frozenset[str]) -> ChangeResult:
    if change.action is Action.CREATE:
        return perform.create(run, change, lifted)
    if change.action is Action.REPLACE:
        return perform.replace_campaign(run, change, lifted)
    if change.action is Action.FORGET:
        return perform.forget(run, change)
    request = change.requests[0]
    if change.sends_at_once:
        record = run.state.campaigns[change.key]
        return perform.set_off(run, change, record, request.body or {}, lifted)
    return _write(run, change, lifted)


def _write(run: Run, change: Change, lifted: frozenset[str]) -> ChangeResult:
    """An update or a cancel: sent once; what its answer leaves open, the read-back decides."""
    body = change.requests[0].body or {}
    campaign_id = change.id or ""

    def before() -> None:
        perform.last_look(run, change, lifted)

    try:
        if change.action is Action.CANCEL:
            run.api.cancel(campaign_id, str(body.get("reason", "")), before=before)
        else:
            run.api.update(campaign_id, body, before=before)
    except Refused as error:
        run.refused(error)
        return perform.failed(change, perform.failure(change, error))
    except OutcomeUnknown as error:
        return perform.unknown(change, error)
    return perform.done(change, campaign_id)


def _settle_unknown(run: Run, todo: list[Change], results: dict[str, ChangeResult]) -> None:
    """Settle what a stage left unknown before anything else is armed."""
    for change in todo:
        result = results.get(change.key)
        if result and result.outcome == "unknown" and change.action is not Action.CANCEL:
            results[change.key] = _settle_one(run, change, result)


def _settle_one(run: Run, change: Change, result: ChangeResult) -> ChangeResult:
    """What an unknown outcome turns out to be, or the result as it is where that cannot be told."""
    if isinstance(run.halted, LockLost | StateNotSaved):
        return result
    if change.key in run.state.pending:
        try:
            left = settle.settle(run)
        except (LockLost, StateNotSaved) as error:
            run.halted = error
            return result
        except (ApiError, Interrupted):
            return result
        if change.key in left:
            problem = result.error or Failure("its outcome is not known")
            return replace(result, error=replace(problem, hint=left[change.key].hint))
    elif change.action is Action.UPDATE and not change.sends_at_once:
        return result
    return _after_settling(run, change, result)


def _after_settling(run: Run, change: Change, result: ChangeResult) -> ChangeResult:
    record = run.state.campaigns.get(change.key)
    if record is not None and record.digest == change.digest and equal(record.applied, change.spec or {}):
        return replace(result, outcome="done", id=record.id, error=None)
    what = f"{change.action} of {change.key} did not happen, or not all of it"
    return replace(result, outcome="failed", error=Failure(what, hint="campaignctl apply"))


def _finish(run: Run) -> None:
    """Drop the intents that were never sent."""
    if run.session.state is None or isinstance(run.halted, LockLost | StateNotSaved):
        return
    try:
        settle.drop_planned(run)
    except (LockLost, StateNotSaved) as error:
        run.halted = error


def _outcome(run: Run, plan: Plan, results: dict[str, ChangeResult]) -> Outcome:
    ordered = tuple(results.get(change.key) or _not_started(change) for change in plan.changes)
    clean = all(result.outcome == "done" for result in ordered) and not plan.blocked and not run.halted
    result = (
        "interrupted" if run.wiring.clock.interrupted and not clean else "done" if clean else "incomplete"
    )
    state = run.session.state
    notes = (_halt_note(run.halted),) if run.halted else ()
    return Outcome(
        result="done" if result == "done" else "interrupted" if result == "interrupted" else "incomplete",
        changes=ordered,
        lineage=state.lineage if state else None,
        serial=state.serial if state else 0,
        next=_next(ordered, plan),
        notes=notes,
        blocked=len(plan.blocked),
    )


def _halt_note(error: Exception) -> str:
    if isinstance(error, CampaignctlError):
        return " ".join(filter(None, (error.summary, error.detail, error.hint)))
    return str(error)


def _next(results: tuple[ChangeResult, ...], plan: Plan) -> tuple[str, ...]:
    """The commands to run next, most pressing first, each once."""
    unknown = [r.error.hint for r in results if r.outcome == "unknown" and r.error and r.error.hint]
    failed = [r.error.hint for r in results if r.outcome == "failed" and r.error and r.error.hint]
    again = ["campaignctl apply"] if any(r.outcome == "not_started" for r in results) else []
    blocked = [b.hint for b in plan.blocked]
    commands = [hint for hint in (*unknown, *failed, *blocked) if hint.startswith("campaignctl ")]
    return tuple(dict.fromkeys([*commands, *again]))
