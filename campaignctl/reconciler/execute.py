"""Execute a plan: stage by stage, each change once, unknown outcomes settled before anything else arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from campaignctl.diff import equal
from campaignctl.errors import (
    ApiError,
    CampaignctlError,
    Command,
    Halted,
    Interrupted,
    LockLost,
    Refused,
    Sentence,
    StateNotSaved,
    commands_of,
)
from campaignctl.plan import ledger
from campaignctl.plan.context import Unsettled
from campaignctl.plan.model import Action, Change, Plan
from campaignctl.plan.planner import stages
from campaignctl.reconciler import bookkeeping, requests, settle
from campaignctl.reconciler.intents import CREATING, first_send
from campaignctl.reconciler.opening import spread
from campaignctl.reconciler.readback import is_open, read_back
from campaignctl.reconciler.run import Run
from campaignctl.review.outcome import (
    ChangeId,
    ChangeResult,
    Event,
    Failure,
    Outcome,
    change_id,
    failed,
    failure,
    not_started,
    unknown,
)
from campaignctl.state.model import Record


def attempt(run: Run, change: Change) -> ChangeResult:
    """Execute one change once. An error that ends the whole run is kept in `run.broken_off`."""
    if run.broken_off or run.wiring.clock.interrupted or _held_back(run, change):
        return not_started(change)
    run.wiring.on_event(Event("started", change.key, change.key, change.action))
    try:
        result = requests.perform(run, change)
    except Halted as error:
        result = not_started(change, failure(change, error))
    except Interrupted as error:
        result = unknown(change, error) if _may_have_left(run, change) else not_started(change)
    except CampaignctlError as error:
        if not isinstance(error, ApiError):
            run.broken_off = run.broken_off or error
        lost = _may_have_left(run, change) and not isinstance(error, Refused)
        result = unknown(change, error) if lost else failed(change, failure(change, error))
    if result.outcome != "not_started" and not change.sends_at_once:
        if is_open(result):
            run.answered(result.key, result.action)
        else:
            run.finished(result.key, result.action, result.outcome)
    run.troubled = run.troubled or result.outcome not in ("done", "not_started")
    return result


def _may_have_left(run: Run, change: Change) -> bool:
    intent = run.state.pending.get(change.key)
    return intent is not None and intent.phase != "planned"


def _held_back(run: Run, change: Change) -> bool:
    """Whether an earlier failure holds this change back: it arms, and could send within the horizon."""
    if not run.troubled or not change.arms:
        return False
    return first_send(change, run.now()) is None or requests.sends_soon(run, change)


def moved(run: Run, changes: Sequence[Change]) -> list[ChangeResult]:
    """Execute all moves of a plan, or none."""
    if run.broken_off or run.wiring.clock.interrupted:
        return [not_started(change) for change in changes]
    try:
        results = bookkeeping.move(run, changes)
    except Interrupted:
        return [not_started(change) for change in changes]
    except CampaignctlError as error:
        run.broken_off = run.broken_off or error
        return [failed(change, failure(change, error)) for change in changes]
    for result in results:
        run.finished(result.key, result.action, result.outcome)
    return results


Results = dict[ChangeId, ChangeResult]

# Repeating one of these sends nothing.
_REPEATABLE = (Action.CANCEL, Action.PAUSE)


def execute(run: Run, plan: Plan) -> Outcome:
    """Execute the plan. The outcome lists every change."""
    results: Results = {}
    if plan.changes:
        run.ahead = {(change.key, change.action): len(change.requests) for change in plan.changes}
        run.wiring.on_event(Event("phase", "apply", total=len(plan.changes), remaining=run.remaining()))
    for stage in stages(plan.changes):
        _carry_stage(run, stage, results)
        if run.broken_off:
            break
    _drop_planned(run)
    return _outcome(run, plan, results)


def _drop_planned(run: Run) -> None:
    """Drop intents that were never sent."""
    if run.session.state is None or isinstance(run.broken_off, LockLost | StateNotSaved):
        return
    try:
        settle.drop_planned(run)
    except (LockLost, StateNotSaved) as error:
        run.broken_off = error


def _carry_stage(run: Run, stage: tuple[Change, ...], results: Results) -> None:
    """Execute one stage. Changes that a failure held back are retried once settling has cleared it."""
    undone = {result.key for result in results.values() if result.outcome != "done"}
    todo = [change for change in stage if change.key not in undone]
    while todo:
        results.update({change_id(result): result for result in _batch(run, todo)})
        _settle_unknown(run, todo, results)
        run.troubled = any(result.outcome not in ("done", "not_started") for result in results.values())
        left = [change for change in todo if _is_left(results.get(change_id(change)))]
        if run.troubled or run.broken_off or run.wiring.clock.interrupted or len(left) == len(todo):
            return
        todo = left


def _is_left(result: ChangeResult | None) -> bool:
    """Whether a change has not had its turn. One that was stopped for a reason of its own has."""
    return result is None or (result.outcome == "not_started" and result.error is None)


def _batch(run: Run, todo: list[Change]) -> list[ChangeResult]:
    """Execute changes of one stage. Changes that send at once go one by one and stop at the first failure."""
    if any(change.sends_at_once for change in todo):
        return _one_by_one(run, todo)
    moves = [change for change in todo if change.action is Action.MOVE]
    results = moved(run, moves) if moves else []
    rest = [change for change in todo if change.action is not Action.MOVE]
    run.writes.expect(rest)
    while (first := _proving(run, rest)) is not None:
        rest.remove(first)
        results.append(attempt(run, first))
    for some, threads in _groups(run, rest):
        results += spread(lambda change: attempt(run, change), some, threads)
    _end_writes(run)
    return _read_back(run, todo, results)


def _end_writes(run: Run) -> None:
    """Drop the intents of writes that never left."""
    if isinstance(run.broken_off, LockLost | StateNotSaved):
        return
    try:
        run.writes.end()
    except (LockLost, StateNotSaved) as error:
        run.broken_off = error


def _groups(run: Run, changes: list[Change]) -> list[tuple[list[Change], int]]:
    """The changes in their order, in groups, each with how many may run in parallel.

    Where the backend writes many steps together, creates that a dead run could settle by itself come last
    and run wider than the requests.
    """
    narrow = run.wiring.parallelism
    if narrow == 1 or run.session.companions == 1:
        return [(changes, narrow)]

    def far(change: Change) -> bool:
        return change.action is Action.CREATE and not requests.sends_soon(run, change)

    near = [change for change in changes if not far(change)]
    return [(near, narrow), ([change for change in changes if far(change)], narrow * run.session.companions)]


def _read_back(run: Run, todo: list[Change], results: list[ChangeResult]) -> list[ChangeResult]:
    """The results after reading back changes whose answer has no body. A cancel or pause with an unknown
    outcome is sent once more if the read does not show it."""
    changes = {change.key: change for change in todo}
    judged = [(changes[result.key], result) for result in results if is_open(result)]
    seen = _looked_at(run, judged)
    lost = {result.key for _, result in judged if result.outcome == "unknown"}
    again = [
        changes[result.key]
        for result in seen.values()
        if result.key in lost and result.outcome == "failed" and result.action in _REPEATABLE
    ]
    run.writes.expect(again)
    second = [attempt(run, change) for change in again]
    _end_writes(run)
    seen.update(_looked_at(run, [(changes[r.key], r) for r in second if is_open(r)]))
    for result in seen.values():
        run.finished(result.key, result.action, result.outcome)
    return [seen.get(result.key, result) for result in results]


def _looked_at(run: Run, judged: list[tuple[Change, ChangeResult]]) -> dict[str, ChangeResult]:
    if not judged:
        return {}
    try:
        return {result.key: result for result in read_back(run, judged)}
    except (LockLost, StateNotSaved, Interrupted) as error:
        run.broken_off = run.broken_off or error
        return {
            result.key: replace(result, outcome="unknown", error=Failure(str(error))) for _, result in judged
        }


def _proving(run: Run, todo: list[Change]) -> Change | None:
    """The create that goes first and alone in a new account, or one that no read has proven: its answer shows
    the company and whether metadata comes back. Preferably it cannot send, else it leaves most time to cancel
    it."""
    creating = [change for change in todo if change.action in CREATING]
    account = run.state.account
    known = run.proven and account.markers is not None and account.company_id is not None
    if not creating or run.broken_off or known:
        return None
    quiet = [change for change in creating if not change.arms]
    return quiet[0] if quiet else max(creating, key=lambda change: change.sends.first or run.now())


def _one_by_one(run: Run, todo: list[Change]) -> list[ChangeResult]:
    """Execute changes until one is held back: by a failure, for all of them send at once."""
    results: list[ChangeResult] = []
    for change in todo:
        result = attempt(run, change)
        if result.outcome == "unknown":
            result = _settle_one(run, change, result)
        results.append(result)
        if _is_left(result):
            break
        run.finished(result.key, result.action, result.outcome)
    return results


def _settle_unknown(run: Run, todo: list[Change], results: Results) -> None:
    """Settle unknown outcomes of a stage before anything else is armed."""
    for change in todo:
        result = results.get(change_id(change))
        if result and result.outcome == "unknown" and change.action in (*CREATING, Action.UPDATE):
            results[change_id(change)] = _settle_one(run, change, result)


def _settle_one(run: Run, change: Change, result: ChangeResult) -> ChangeResult:
    """The result after settling an unknown outcome; unchanged if it is still unknown."""
    if isinstance(run.broken_off, LockLost | StateNotSaved):
        return result
    if change.key in run.state.pending:
        try:
            left = settle.settle(run)
        except (LockLost, StateNotSaved) as error:
            run.broken_off = error
            return result
        except (ApiError, Interrupted):
            return result
        if change.key in left:
            if _may_repeat(run, change, left[change.key]):
                second = attempt(run, change)
                return result if second.outcome == "not_started" else second
            problem = result.error or Failure("its outcome is not known")
            return replace(result, error=replace(problem, hint=left[change.key].hint))
    elif change.action is Action.UPDATE and not change.sends_at_once:
        return result
    record = run.state.campaigns.get(change.key)
    if record is not None and _shows(record, change):
        return replace(result, outcome="done", id=record.id, error=None)
    what = f"{change.action} of {change.key} did not happen, or not all of it"
    hint = requests.again(run.overrides, [] if _is_half_done(run, change) else [change])
    return replace(result, outcome="failed", error=Failure(what, hint=Sentence(hint)))


def _is_half_done(run: Run, change: Change) -> bool:
    """Whether a replacement is half done: an apply goes on with it by itself."""
    intent = run.state.pending.get(change.key)
    return intent is not None and intent.half_done


def _may_repeat(run: Run, change: Change, left: Unsettled) -> bool:
    """Whether a create that this run lost may be posted again by it: one that cannot send by itself."""
    intent = run.state.pending[change.key]
    if change.action is not Action.CREATE or not left.not_found or intent.first_send is not None:
        return False
    return (
        intent.phase == "started" and ledger.again_from(run.state, run.project, intent, run.now()) is not None
    )


def _shows(record: Record, change: Change) -> bool:
    """Whether the record shows this change as done."""
    if change.sets_winner:
        return record.winner == change.lifecycle.winner
    if change.action is Action.REPLACE and record.id == change.id:
        return False
    return record.digest == change.digest and equal(record.applied, change.spec or {})


def _outcome(run: Run, plan: Plan, results: Results) -> Outcome:
    ordered = tuple(results.get(change_id(change)) or not_started(change) for change in plan.changes)
    blocked = not all(one.before for one in plan.blocked)
    clean = all(result.outcome == "done" for result in ordered) and not blocked and not run.broken_off
    interrupted = run.wiring.clock.interrupted and not clean
    state = run.session.state
    return Outcome(
        result="interrupted" if interrupted else "done" if clean else "incomplete",
        changes=ordered,
        lineage=state.lineage if state else None,
        serial=state.serial if state else 0,
        next=_next(run, ordered, plan),
        notes=(run.broken_off.told,) if run.broken_off else (),
        blocked=plan.blocked,
    )


def _next(run: Run, results: tuple[ChangeResult, ...], plan: Plan) -> tuple[Command, ...]:
    """The commands to run next, most urgent first, each once."""
    unknown = [r.error.hint for r in results if r.outcome == "unknown" and r.error]
    failed = [r.error.hint for r in results if r.outcome == "failed" and r.error]
    blocked = [b.hint for b in plan.blocked]
    left = [change for change, result in zip(plan.changes, results, strict=True) if _is_left(result)]
    told = {r.key for r in results if r.error and commands_of(r.error.hint)}
    unsaved = [r for r in results if r.error and r.error.unrecorded]
    halves = [change for change in plan.changes if change.key not in told and _is_half_done(run, change)]
    unfinished = unsaved or halves
    whole = [change for change in left if not _is_half_done(run, change)]
    rest = [requests.again(plan.overrides if left else (), whole)] if left or unfinished else []
    commands = [command for hint in (*unknown, *failed, *blocked) for command in commands_of(hint)]
    return tuple(dict.fromkeys([*commands, *rest]))
