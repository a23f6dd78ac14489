"""Read-back: confirm writes whose answer has no body by comparing live with the request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import FieldChange, refused, same
from campaignctl.errors import (
    ApiError,
    CampaignctlError,
    Command,
    Interrupted,
    LockLost,
    Sentence,
    StateNotSaved,
    listed,
)
from campaignctl.plan import proof, records
from campaignctl.plan.model import Action, Change
from campaignctl.reconciler.confirm import doubtful, judged, not_shown
from campaignctl.reconciler.refresh import read_records
from campaignctl.reconciler.run import Run
from campaignctl.reconciler.settle import await_age
from campaignctl.review.outcome import ChangeResult, Failure, done, failed, halt_hint, unknown, unrecorded
from campaignctl.state.model import Entry, Intent, Record

_BY_STATUS = (Action.CANCEL, Action.PAUSE, Action.RESUME)
_ANSWERED_BY_NOTHING = (Action.UPDATE, *_BY_STATUS)
# How many results are recorded in one step.
_TOGETHER = 100


# How many fields a failure names.
_NAMED = 5


def is_open(result: ChangeResult) -> bool:
    """Whether only a read can tell the outcome: the answer had no body, or was lost."""
    return result.action in _ANSWERED_BY_NOTHING and result.outcome in ("done", "unknown")


@dataclass(frozen=True, slots=True)
class _Open:
    """A write to look for: its change, its intent, and the record before it. `lost`: it had no answer."""

    change: Change
    intent: Intent
    record: Record
    lost: bool


def read_back(run: Run, answered: list[tuple[Change, ChangeResult]]) -> list[ChangeResult]:
    """The results after reading live, and without the intents of what is known then.

    A write that is not shown has failed; if its answer was lost, only once nothing can still be under way,
    and one that may have sent stays unknown. All that are left stay unknown if a read fails.
    """
    results = {change.key: result for change, result in answered}
    left = {change.key: _opened(run, change, result) for change, result in answered}
    for wait in (timedelta(0), *run.project.api.settle.waits, None):
        lost = [one.intent for one in left.values() if one.lost]
        if not (lost if wait is None else left):
            break
        try:
            if wait is None:
                await_age(run, lost)
            else:
                run.wiring.clock.wait(wait)
            lives = _read(run, left)
        except (ApiError, Interrupted) as error:
            return _unread(results, left, error)
        steps = []
        for key, one in left.items():
            results[key], step = _judge(run, one, lives[key])
            steps += [step] if step else []
        try:
            _record(run, steps)
        except (LockLost, StateNotSaved) as error:
            return _unsaved(run, results, left, error)
        left = {key: one for key, one in left.items() if results[key].outcome != "done"}
    _give_up(run, left)
    return list(results.values())


def _opened(run: Run, change: Change, result: ChangeResult) -> _Open:
    pending, recorded = run.state.pending, run.state.campaigns
    return _Open(change, pending[change.key], recorded[change.key], result.outcome == "unknown")


def _record(run: Run, steps: Sequence[Entry]) -> None:
    """Record what a look showed, many results in one step."""
    for begin in range(0, len(steps), _TOGETHER):
        run.record(proof.together(steps[begin : begin + _TOGETHER]))


def _give_up(run: Run, left: Mapping[str, _Open]) -> None:
    """Drop the intents of writes that are known not to have happened, or not all of it."""
    over = [key for key, one in left.items() if not (one.lost and proof.sends_at_once(one.intent, run.now()))]
    if over:
        run.record(Entry(intents=dict.fromkeys(over)))


def _read(run: Run, wanted: Mapping[str, _Open]) -> dict[str, Live | None]:
    asked = {key: replace(one.record, applied={}) for key, one in wanted.items()}
    ended = any(one.change.action is Action.CANCEL for one in wanted.values())
    lives, _ = read_records(run.api, asked, parallelism=run.wiring.parallelism, live_only=not ended)
    # A list item may omit fields; a write is compared in every field that was set.
    return {key: _whole(run, wanted[key], live) for key, live in lives.items()}


def _whole(run: Run, one: _Open, live: Live | None) -> Live | None:
    change = one.change
    if live is None or live.complete:
        return live
    # A list may show what was before the write: of one without an answer only a cancel, which is final.
    lost = one.lost and change.action is not Action.CANCEL
    if lost or not proof.shows(one.intent, one.record, live, run.project, run.now()):
        return run.api.read(live.id)
    if change.action in (Action.CANCEL, Action.PAUSE):
        return live
    missing = [name for name in change.spec or () if name not in live.fields]
    return run.api.read(live.id) if missing or doubtful(run, change, live) else live


def _unread(
    results: dict[str, ChangeResult], unread: Mapping[str, object], error: CampaignctlError
) -> list[ChangeResult]:
    problem = Failure(
        f"could not be read back: {error.summary}", error.detail, Sentence(Command("plan")), error.trace_id
    )
    return [
        replace(result, outcome="unknown", error=problem) if key in unread else result
        for key, result in results.items()
    ]


# A result, and the step that records it if the write is done.
_Judgement = tuple[ChangeResult, Entry | None]


_DONE = {
    Action.UPDATE: "updated",
    Action.CANCEL: "canceled",
    Action.PAUSE: "paused",
    Action.RESUME: "resumed",
}


def _unsaved(
    run: Run, results: dict[str, ChangeResult], left: Mapping[str, _Open], error: CampaignctlError
) -> list[ChangeResult]:
    """The results if those of this look cannot be recorded."""
    run.broken_off = run.broken_off or error
    told = dict(results)
    for key, one in left.items():
        if told[key].outcome == "done":
            what = f"{one.record.id} was {_DONE[one.change.action]}"
            told[key] = unrecorded(told[key], what, error)
        else:
            told[key] = unknown(one.change, error)
    return list(told.values())


def _judge(run: Run, one: _Open, live: Live | None) -> _Judgement:
    """Compare a write with live. One whose answer was lost is only done if live shows all of it."""
    change, record, intent = one.change, one.record, one.intent
    if live is None:
        return failed(
            change, Failure(f"{change.action} of {change.key}: {record.id} is no longer found")
        ), None
    shown = proof.shows(intent, record, live, run.project, run.now())
    if not shown and (one.lost or change.action in _BY_STATUS):
        return _not_shown(run, one, live), None
    if change.action is Action.UPDATE and (unchanged := refused(record.applied, intent.spec, live)):
        return failed(change, _not_taken(change, live.id, unchanged)), None
    step = proof.done(change.key, intent, record, live, run.project, run.now())
    if change.spec is None:
        gone = records.released(change.key, record, Status.CANCELED, run.now())
        return done(change, record.id), replace(step, records={change.key: None}, released=(gone,))
    after = step.records[change.key] or record
    if change.action in (Action.CANCEL, Action.PAUSE):
        return done(change, record.id), step
    if change.action is Action.RESUME and (other := _other_time(change, after, live)):
        return failed(change, Failure(other, hint=halt_hint(change, Status.SCHEDULED))), step
    return judged(run, change, after, live), step


def _not_shown(run: Run, one: _Open, live: Live) -> ChangeResult:
    change, status = one.change, status_of(live, one.record.applied)
    what = f"{change.action} of {change.key}"
    if one.lost and proof.sends_at_once(one.intent, run.now()):
        return not_shown(change, one.intent, status)
    if change.action in _BY_STATUS:
        return failed(change, Failure(f"{what}: {live.id} is still {status}", hint=Sentence(Command("plan"))))
    return failed(
        change, Failure(f"{what} did not happen, or not all of it", hint=Sentence(Command("apply")))
    )


def _other_time(change: Change, after: Record, live: Live) -> str | None:
    """The time at which a resumed campaign sends instead of the requested one."""
    asked = str((change.requests[0].body or {}).get("scheduled_time", ""))
    shown = live.text("next_run_time")
    if after.status != Status.SCHEDULED or not shown or same("scheduled_time", shown, asked):
        return None
    return f"resume of {change.key}: {live.id} sends next at {shown}, not at {asked}"


def _not_taken(change: Change, campaign_id: str, unchanged: tuple[FieldChange, ...]) -> Failure:
    paths = listed([field.path for field in unchanged], _NAMED)
    kept = [field.path for field in unchanged if field.before is None]
    given_up = f", or leave live as it is: `ignore_changes: [{', '.join(kept)}]` in {change.key}"
    return Failure(
        f"update of {change.key}: the API kept the old value of {paths} in {campaign_id}",
        hint=Sentence(Command("plan"), *([given_up] if kept else [])),
    )
