"""Carrying out one change: its requests, and what is on record before and after each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import EVENT, FieldChange, mistaken
from campaignctl.errors import ApiError, CampaignctlError, Interrupted, OutcomeUnknown, Refused
from campaignctl.plan import guardrails, records
from campaignctl.plan.model import Action, Change
from campaignctl.plan.options import Lifts
from campaignctl.reconciler.outcome import ChangeResult, Failure
from campaignctl.reconciler.run import AT_ONCE, Run
from campaignctl.schedule.times import iso
from campaignctl.state.model import Entry, Intent, Record, Sent, Watermark

# How long a cancel that was answered may take until a read shows it.
_CONFIRM_WAITS = tuple(timedelta(seconds=seconds) for seconds in (0, 1, 3))


def planned_intent(change: Change, watermark: Watermark) -> Intent:
    """The intent of a create, as it stands on record before anything is sent.

    A two-step create is not armed by its POST: its spec is without the event, and it cannot send.
    """
    two_step = _arming_patch(change) is not None
    spec = change.spec or {}
    if two_step:
        spec = {name: value for name, value in spec.items() if name != EVENT}
    return Intent(
        operation="create",
        intent=change.intent or "",
        phase="planned",
        spec=spec,
        digest=change.digest,
        watermark=watermark,
        first_send=None if two_step else first_send(change),
        source_digest=change.source_digest,
        lifecycle=change.lifecycle,
    )


def first_send(change: Change) -> str | None:
    """The first instant at which a change can send: a time, AT_ONCE, or None."""
    if change.sends.when == "immediately":
        return AT_ONCE
    return iso(change.sends.first) if change.sends.first else None


def failed(change: Change, error: Failure, campaign_id: str | None = None) -> ChangeResult:
    """A change that certainly did not happen, or went wrong."""
    return ChangeResult(change.key, change.action, campaign_id or change.id, "failed", error, change.name)


def failure(change: Change, error: CampaignctlError) -> Failure:
    """An error in terms of the change that met it."""
    verb = f"{change.action} of {change.key}"
    place = f" ({change.source})" if change.source else ""
    return Failure(f"{verb}{place}: {error.summary}", error.detail, error.hint, error.trace_id)


def done(change: Change, campaign_id: str | None) -> ChangeResult:
    """A change that happened and is recorded."""
    return ChangeResult(change.key, change.action, campaign_id, "done", None, change.name)


def unknown(change: Change, error: ApiError, campaign_id: str | None = None) -> ChangeResult:
    """A change of which nobody can say whether it happened."""
    return ChangeResult(
        change.key, change.action, campaign_id or change.id, "unknown", failure(change, error), change.name
    )


def last_look(run: Run, change: Change, lifted: frozenset[str]) -> None:
    """The guardrails that depend on the present, directly before a request. Raises Refused."""
    run.may_send()
    now = run.wiring.clock.now()
    lifts = Lifts.at(now, lifted, run.project.overrides)
    found = guardrails.at_request(change, run.project.guardrails, now, lifts)
    if found is not None:
        raise Refused(found[0], hint=found[1])


def create(run: Run, change: Change, lifted: frozenset[str]) -> ChangeResult:
    """Create a campaign: the intent is started durably, the request leaves, the answer is recorded."""
    intent = run.state.pending[change.key]
    post = next(request for request in change.requests if request.path.endswith("/campaigns"))
    started = replace(intent, phase="started")

    def before() -> None:
        nonlocal started
        last_look(run, change, lifted)
        if run.state.pending[change.key].phase == "planned":
            started = replace(intent, phase="started", at=iso(run.now()))
            run.record(Entry(intents={change.key: started}))

    try:
        live = run.api.create(post.body or {}, before=before)
    except Refused as error:
        run.refused(error)
        run.record(Entry(intents={change.key: None}))
        return failed(change, _refused(run, change, error))
    except OutcomeUnknown as error:
        return unknown(change, error)
    record = run.created(change.key, started, live)
    patch = _arming_patch(change)
    wrong = mistaken(started.spec, live)
    if wrong:
        return failed(change, _wrong(change, live.id, wrong), live.id)
    if patch is not None:
        return set_off(run, replace(change, id=live.id), record, patch, lifted)
    return done(change, live.id)


def _refused(run: Run, change: Change, error: Refused) -> Failure:
    """Why a create was refused; where it is about metadata, our marker may be what the API does not take."""
    problem = failure(change, error)
    if run.project.api.markers and "metadata" in f"{error.summary} {error.detail}":
        hint = "if it is our marker that it does not take: `api.markers: off` in campaignctl.yaml"
        return replace(problem, hint=hint)
    return problem


def _arming_patch(change: Change) -> Mapping[str, Any] | None:
    """The PATCH that arms a two-step create, if this change has one."""
    if change.action not in (Action.CREATE, Action.REPLACE):
        return None
    return next((request.body for request in change.requests if request.method == "PATCH"), None)


def _wrong(change: Change, campaign_id: str, wrong: tuple[FieldChange, ...]) -> Failure:
    what = ", ".join(f"{field.path} is {field.after!r}, not {field.before!r}" for field in wrong[:3])
    return Failure(
        f"{change.action} of {change.key}: {campaign_id} is not what was asked for: {what}",
        "time, audience, channel, sender or draft differ right after the write",
        f"campaignctl destroy --target {change.key}",
    )


def set_off(
    run: Run, change: Change, record: Record, patch: Mapping[str, Any], lifted: frozenset[str]
) -> ChangeResult:
    """Send the PATCH that sets a campaign off, with an intent of its own; it is never repeated."""
    intent = Intent(
        operation="update",
        intent=change.intent or "",
        phase="started",
        spec=change.spec or {},
        digest=change.digest,
        watermark=run.opening.watermark,
        first_send=AT_ONCE,
        id=record.id,
        patch=patch,
        source_digest=change.source_digest,
        lifecycle=change.lifecycle,
    )

    def before() -> None:
        last_look(run, change, lifted)
        if change.key not in run.state.pending:
            run.record(Entry(intents={change.key: replace(intent, at=iso(run.now()))}))

    try:
        run.api.update(record.id, patch, before=before)
    except Refused as error:
        run.refused(error)
        if change.key in run.state.pending:
            run.record(Entry(intents={change.key: None}))
        return failed(change, failure(change, error), record.id)
    except OutcomeUnknown as error:
        return unknown(change, error, record.id)
    live = _read_after(run, record)
    now = run.now()
    run.record(
        Entry(
            records={change.key: records.applied_over(record, intent.spec, intent, live, now)},
            intents={change.key: None},
            sent=(Sent(change.digest, change.key, record.id, iso(now)),),
        )
    )
    return done(change, record.id)


def _read_after(run: Run, record: Record) -> Live:
    """Live after a write that was answered; where it cannot be read, what is known must do."""
    try:
        live = run.api.read(record.id)
    except (ApiError, Interrupted):
        live = None
    return live or Live(record.id, {"status": record.status}, complete=False)


def replace_campaign(run: Run, change: Change, lifted: frozenset[str]) -> ChangeResult:
    """Cancel where it can be, confirm by a read, then create; never the other way round."""
    record = run.state.campaigns[change.key]
    cancels = [request for request in change.requests if request.path.endswith("/cancel")]
    if cancels:
        reason = str((cancels[0].body or {}).get("reason", ""))
        ended = _cancel_and_confirm(run, change, record, reason, lifted)
        if ended is not None:
            return ended
        run.release(change.key, record, Status.CANCELED)
    return create(run, change, lifted)


def _cancel_and_confirm(
    run: Run, change: Change, record: Record, reason: str, lifted: frozenset[str]
) -> ChangeResult | None:
    """None once a read shows that the campaign is canceled; else what to report."""
    problem: ApiError | None = None
    try:
        run.api.cancel(record.id, reason, before=lambda: last_look(run, change, lifted))
    except Refused as error:
        run.refused(error)
        return failed(change, failure(change, error))
    except OutcomeUnknown as error:
        problem = error
    if confirmed(run, record):
        return None
    if problem:
        return unknown(change, problem)
    return failed(change, Failure(f"replace of {change.key}: {record.id} is not shown as canceled"))


def confirmed(run: Run, record: Record) -> bool:
    """Whether a read shows the campaign as canceled, given a moment."""
    for wait in _CONFIRM_WAITS:
        run.wiring.clock.wait(wait)
        live = run.api.read(record.id, reserve=True)
        if live and status_of(live, record.applied) is Status.CANCELED:
            return True
    return False


def forget(run: Run, change: Change) -> ChangeResult:
    """Let a record go; no request."""
    run.may_send()
    record = run.state.campaigns[change.key]
    run.release(change.key, record, record.status)
    return done(change, record.id)
