"""One attempt at one change, with every error in its terms; what stops the whole run is remembered."""

from __future__ import annotations

from collections.abc import Sequence

from campaignctl.errors import (
    ApiError,
    CampaignctlError,
    Halted,
    Interrupted,
    Refused,
)
from campaignctl.plan.model import Action, Change
from campaignctl.reconciler import perform
from campaignctl.reconciler.outcome import ChangeResult, Event
from campaignctl.reconciler.readback import is_open
from campaignctl.reconciler.results import failed, failure, not_started
from campaignctl.reconciler.run import Run


def attempt(run: Run, change: Change) -> ChangeResult:
    """Carry one change out, once."""
    if run.broken_off or run.wiring.clock.interrupted or _held_back(run, change):
        return not_started(change)
    run.wiring.on_event(Event("started", change.key, change.key, change.action))
    result = _tried(run, change)
    if is_open(result) and not change.sends_at_once:
        run.answered(result.key, result.action)
    elif result.outcome != "not_started" and not change.sends_at_once:
        run.finished(result.key, result.action, result.outcome)
    run.troubled = run.troubled or result.outcome not in ("done", "not_started")
    return result


def _held_back(run: Run, change: Change) -> bool:
    """After a failure nothing is armed that could send within the horizon."""
    if not run.troubled or not change.arms:
        return False
    return perform.first_send(change) is None or perform.sends_soon(run, change)


def _tried(run: Run, change: Change) -> ChangeResult:
    try:
        if change.action is Action.REPLACE:  # its cancel comes before the last look at the stop mark
            run.not_halted(change.key, change.id)
        return perform.perform(run, change)
    except Halted as error:
        return not_started(change, failure(change, error))
    except Interrupted:
        return not_started(change)
    except CampaignctlError as error:
        if not isinstance(error, ApiError):
            run.broken_off = run.broken_off or error
        return _after_error(run, change, error)


def _after_error(run: Run, change: Change, error: CampaignctlError) -> ChangeResult:
    intent = run.state.pending.get(change.key)
    started = intent is not None and intent.phase != "planned"
    problem = failure(change, error)
    if started and not isinstance(error, Refused):
        return ChangeResult(change.key, change.action, change.id, "unknown", problem, change.name)
    return failed(change, problem)


def moved(run: Run, changes: Sequence[Change]) -> list[ChangeResult]:
    """All moves of a plan, or none of them."""
    if run.broken_off or run.wiring.clock.interrupted:
        return [not_started(change) for change in changes]
    try:
        results = perform.move(run, changes)
    except Interrupted:
        return [not_started(change) for change in changes]
    except CampaignctlError as error:
        run.broken_off = run.broken_off or error
        return [failed(change, failure(change, error)) for change in changes]
    for result in results:
        run.finished(result.key, result.action, result.outcome)
    return results
