"""Read-back: confirm writes whose answer has no body by comparing live with the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import FieldChange, refused, same
from campaignctl.errors import ApiError, Command, Sentence
from campaignctl.plan import records
from campaignctl.plan.model import Action, Change
from campaignctl.reconciler.confirm import doubtful, judged
from campaignctl.reconciler.refresh import read_records
from campaignctl.reconciler.run import Run
from campaignctl.review.outcome import ChangeResult, Failure, done, failed, halt_hint
from campaignctl.schedule.times import iso
from campaignctl.state.model import Entry, Record

_ANSWERED_BY_NOTHING = (Action.UPDATE, Action.CANCEL, Action.PAUSE, Action.RESUME)

# A resumed campaign has one of these: its time may have come already.
_GOING = (Status.SCHEDULED, Status.RUNNING, Status.SENT, Status.NEEDS_DECISION)


def is_open(result: ChangeResult) -> bool:
    """Whether only a read can tell the outcome: the answer had no body, or was lost."""
    return result.action in _ANSWERED_BY_NOTHING and result.outcome in ("done", "unknown")


def read_back(run: Run, answered: list[tuple[Change, ChangeResult]]) -> list[ChangeResult]:
    """The results after reading live. An unknown outcome is decided too: done if the read shows the change,
    failed if not, still unknown if the read fails."""
    open_ones = {change.key: (change, result) for change, result in answered if result.outcome != "failed"}
    results = {change.key: result for change, result in answered}
    for wait in (timedelta(0), *run.project.api.settle.waits):
        if not open_ones:
            break
        run.wiring.clock.wait(wait)
        try:
            lives = _read(run, open_ones)
        except ApiError as error:
            return _unread(results, open_ones, error)
        for key, (change, _) in list(open_ones.items()):
            verdict = _judge(run, change, lives[key])
            if isinstance(verdict, ChangeResult):
                results[key] = verdict
                if verdict.outcome == "done":
                    del open_ones[key]
    return list(results.values())


def _read(run: Run, wanted: Mapping[str, tuple[Change, ChangeResult]]) -> dict[str, Live | None]:
    state = run.state
    asked = {key: replace(state.campaigns[key], applied={}, echo={}) for key in wanted}
    ended = any(change.action is Action.CANCEL for change, _ in wanted.values())
    lives, _ = read_records(run.api, asked, parallelism=run.wiring.parallelism, live_only=not ended)
    # A list item may omit fields; a write is compared in every field that was set.
    return {key: _whole(run, wanted[key][0], live) for key, live in lives.items()}


def _whole(run: Run, change: Change, live: Live | None) -> Live | None:
    if live is None or live.complete or change.action in (Action.CANCEL, Action.PAUSE):
        return live
    missing = [name for name in change.spec or () if name not in live.members]
    return run.api.read(live.id) if missing or doubtful(run, change, live) else live


def _unread(
    results: dict[str, ChangeResult], unread: Mapping[str, object], error: ApiError
) -> list[ChangeResult]:
    problem = Failure(
        f"could not be read back: {error.summary}", error.detail, Sentence(Command("plan")), error.trace_id
    )
    return [
        replace(result, outcome="unknown", error=problem) if key in unread else result
        for key, result in results.items()
    ]


def _judge(run: Run, change: Change, live: Live | None) -> ChangeResult:
    """Compare a write with live; record it if it is done."""
    record = run.state.campaigns[change.key]
    if live is None:
        return failed(change, Failure(f"{change.action} of {change.key}: {record.id} is no longer found"))
    if change.action in (Action.CANCEL, Action.PAUSE):
        return _judge_stop(run, change, record, live)
    if change.action is Action.RESUME:
        return _judge_resume(run, change, record, live)
    return _judge_update(run, change, record, live)


def _judge_stop(run: Run, change: Change, record: Record, live: Live) -> ChangeResult:
    """Compare a cancel or pause. A cancel releases the record unless the campaign is still declared."""
    wanted = Status.CANCELED if change.action is Action.CANCEL else Status.PAUSED
    status = status_of(live, record.applied)
    if status is not wanted:
        summary = f"{change.action} of {change.key}: {record.id} is still {status}"
        return failed(change, Failure(summary, hint=Sentence(Command("plan"))))
    if change.spec is None:
        run.release(change.key, record, status)
        return done(change, record.id)
    stopped = replace(
        records.observed(record, live, run.now()),
        paused_by_us=wanted is Status.PAUSED,
        lifecycle=change.lifecycle,
        updated_at=iso(run.now()),
    )
    run.record(Entry(records={change.key: stopped}))
    return done(change, record.id)


def _judge_resume(run: Run, change: Change, record: Record, live: Live) -> ChangeResult:
    status = status_of(live, record.applied)
    if status not in _GOING:
        summary = f"resume of {change.key}: {record.id} is still {status}"
        return failed(change, Failure(summary, hint=Sentence(Command("plan"))))
    spec = change.spec or record.applied
    resumed = _over(run, change, record, spec, live)
    run.record(Entry(records={change.key: replace(resumed, paused_by_us=False)}))
    asked = str((change.requests[0].body or {}).get("scheduled_time", ""))
    shown = live.text("next_run_time")
    if status is Status.SCHEDULED and shown and not same("scheduled_time", shown, asked):
        summary = f"resume of {change.key}: {live.id} sends next at {shown}, not at {asked}"
        return failed(change, Failure(summary, hint=halt_hint(change)))
    return judged(run, change, run.state.campaigns[change.key], live)


def _judge_update(run: Run, change: Change, record: Record, live: Live) -> ChangeResult:
    spec = change.spec or {}
    if unchanged := refused(record.applied, spec, live):
        return failed(change, _not_taken(change, live.id, unchanged))
    applied = _over(run, change, record, spec, live)
    run.record(Entry(records={change.key: applied}))
    return judged(run, change, applied, live)


def _over(run: Run, change: Change, record: Record, spec: Mapping[str, Any], live: Live) -> Record:
    """The record after the spec of a change was applied, as its manifest wants it."""
    wanted = replace(record, source_digest=change.source_digest, lifecycle=change.lifecycle)
    return records.applied_over(record, spec, wanted, live, run.now(), run.project.api.hidden)


def _not_taken(change: Change, campaign_id: str, unchanged: tuple[FieldChange, ...]) -> Failure:
    paths = ", ".join(field.path for field in unchanged[:5])
    kept = [field.path for field in unchanged if field.before is None]
    given_up = f", or leave live as it is: `ignore_changes: [{', '.join(kept)}]` in {change.key}"
    return Failure(
        f"update of {change.key}: the API kept the old value of {paths} in {campaign_id}",
        hint=Sentence(Command("plan"), *([given_up] if kept else [])),
    )
