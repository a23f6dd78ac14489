"""Send the requests of one change, each with the guarantee that it needs, and record the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.errors import (
    CampaignctlError,
    Command,
    Halted,
    Interrupted,
    LockLost,
    OutcomeUnknown,
    ReadFailed,
    Refused,
    Sentence,
    StateNotSaved,
    TokenRejected,
)
from campaignctl.plan import guardrails, proof, records
from campaignctl.plan.context import LIFT_UNPROVEN, UNPROVEN
from campaignctl.plan.lifts import Lifts
from campaignctl.plan.model import Action, Change, Request
from campaignctl.reconciler import adopt, bookkeeping
from campaignctl.reconciler.confirm import confirmed, judged, not_shown, read_after
from campaignctl.reconciler.created import answered, created
from campaignctl.reconciler.intents import first_send, is_ordinary, planned, written
from campaignctl.reconciler.run import READ_WAITS, Run
from campaignctl.reconciler.settle import await_age
from campaignctl.review.outcome import (
    ChangeResult,
    Failure,
    done,
    failed,
    failure,
    halt_hint,
    named_field,
    not_started,
    unknown,
    unrecorded,
)
from campaignctl.schedule.times import iso, parse_iso
from campaignctl.state.model import AT_ONCE, Entry, Intent, IntentPhase, Record


class TimeJumped(Refused):
    """The time jumped since the change was planned, so it has to be checked again; nothing was sent."""


def last_look(run: Run, change: Change) -> None:
    """Check the lock, interrupts, the stop mark and time-dependent guardrails directly before a request.

    Raises LockLost, Interrupted, Halted, TimeJumped, or Refused (a guardrail); nothing was sent then.
    """
    run.may_send()
    if change.may_send:
        run.watch.not_halted(change)
    else:
        run.watch.give_way()
    if run.slept(change):
        raise TimeJumped("the time jumped before this request")
    now = run.now()
    lifts = Lifts.at(now, run.overrides, run.project.overrides)
    found = guardrails.at_request(change, run.project.guardrails, now, lifts)
    if found is not None:
        raise Refused(found[0], hint=found[1])


# How often a change is checked again after the time jumped.
_CHECKS = 4
# A request that leaves later than this after its intent was started gets a new start time: settling waits
# from then.
_PROMPT = timedelta(seconds=5)
_DIFFER = "time, audience, channel, sender or draft differ right after the write"


def perform(run: Run, change: Change) -> ChangeResult:
    """Execute one change, except moves: its planned requests in order.

    Raises whatever stops it before the first request.
    """
    _check_ended(run, change)
    if change.action is Action.ADOPT:
        return adopt.adopt(run, change)
    if not change.requests:
        return bookkeeping.forget(run, change)
    result, happened = not_started(change), ""
    for request in change.requests:
        try:
            result = _performed(run, change, request)
        except Halted as error:
            if not happened:
                raise
            why = failure(change, error)
            return failed(change, replace(why, summary=f"{why.summary}; {happened}"))
        if result.outcome != "done":
            return _after(result, happened)
        if request.operation == "create":
            change = replace(change, id=result.id)
            happened = f"{result.id} was created and sends nothing yet"
        else:
            happened = f"{result.id} is canceled already"
    return result


def _after(result: ChangeResult, happened: str) -> ChangeResult:
    """A result that is not done, with what was done before it."""
    if result.error is None or not happened or result.outcome != "failed":
        return result
    hint = result.error.hint or Sentence(Command("apply"))
    return replace(
        result, error=replace(result.error, summary=f"{result.error.summary}; {happened}", hint=hint)
    )


def _check_ended(run: Run, change: Change) -> None:
    """Raise Refused unless a read has shown every campaign that a change waits for as canceled."""
    status = {entry.id: entry.status for entry in run.state.released}
    status |= {record.id: record.status for record in run.state.campaigns.values()}
    going = [each for each in change.waits_for if status.get(each) != Status.CANCELED]
    if going:
        raise Refused(f"held: {going[0]} is not shown as canceled", hint=Sentence(Command("apply")))


def _performed(run: Run, change: Change, request: Request) -> ChangeResult:
    """Send one request of a change, with the guarantees that it needs."""
    if _is_unproven(run, change, request):
        return failed(change, failure(change, Refused(UNPROVEN, hint=LIFT_UNPROVEN)))
    if request.operation == "create":
        return _create(run, change, request)
    if request is not change.requests[-1]:
        return _cancel(run, change, request)
    return _start_sending(run, change, request) if change.sends_at_once else _write(run, change, request)


def _is_unproven(run: Run, change: Change, request: Request) -> bool:
    """Whether a request could send although nothing has shown yet whose account this is. A create that cannot
    send at once is what shows it."""
    if run.proven or not change.arms or request.operation in ("cancel", "pause"):
        return False
    if request.operation == "create" and not change.creates_at_once:
        return False
    lifts = Lifts.at(run.now(), run.overrides, run.project.overrides)
    return not lifts.lifts("unproven_account", change.key)


def _sent(
    run: Run,
    change: Change,
    request: Request,
    before: Callable[[], None],
    back: Intent | None = None,
) -> Live | ChangeResult:
    """Send a request once. Returns the answer, or a result if the change ends here.

    If nothing was sent, drops the intent of this change, or puts `back` the one that it had before.
    """
    try:
        for _ in range(_CHECKS):
            with suppress(TimeJumped):
                if run.slept(change):
                    run.check_again(change)
                return run.api.send(request, before=before)
        raise Refused("the server's time keeps jumping", hint=Sentence(Command("apply")))
    except (Halted, Interrupted):
        _nothing_sent(run, change, back)
        raise
    except Refused as error:
        if isinstance(error, TokenRejected):  # every further request would be refused too
            run.broken_off = run.broken_off or error
        _nothing_sent(run, change, back)
        return failed(change, _refused(run, change, request, error))
    except (ReadFailed, LockLost, StateNotSaved) as error:  # of a check directly before the request
        if not isinstance(error, ReadFailed):
            run.broken_off = run.broken_off or error
        with suppress(LockLost, StateNotSaved):
            _nothing_sent(run, change, back)
        return failed(change, failure(change, error))
    except OutcomeUnknown as error:
        return unknown(change, error)


def _nothing_sent(run: Run, change: Change, back: Intent | None) -> None:
    intent = run.state.pending.get(change.key)
    if is_ordinary(change):
        run.writes.not_sent(change.key, written(change, change.requests[0], run.now()))
        return
    if intent is not None and intent.intent == change.intent and intent != back:
        run.record(Entry(intents={change.key: back}))


def _write(run: Run, change: Change, request: Request) -> ChangeResult:
    """Send an ordinary write; a later read confirms it, and drops its intent."""
    intent, record = written(change, request, run.now()), run.state.campaigns[change.key]

    def before() -> None:
        run.may_send()
        if intent.operation == "resume" and _is_due(run, change):
            _as_planned(run, change, record, intent)
        run.writes.leaving(change.key, intent)
        last_look(run, change)

    answer = _sent(run, change, request, before)
    return answer if isinstance(answer, ChangeResult) else done(change, answer.id)


def _is_due(run: Run, change: Change) -> bool:
    """Whether a campaign may send before the outcome of this write can be known."""
    first = change.sends.first
    return first is not None and first - run.now() <= run.project.api.timeout


def _cancel(run: Run, change: Change, request: Request) -> ChangeResult:
    """Cancel the campaign that a create replaces; done only when a read shows it as canceled.

    That is waited for until nothing can still be under way.
    """
    key, record, planned = change.key, run.state.campaigns[change.key], run.state.pending[change.key]

    def before() -> None:
        run.may_send()
        run.record(Entry(intents={key: replace(planned, phase="started", at=iso(run.now()))}))
        last_look(run, change)

    answer = _sent(run, change, request, before)
    if isinstance(answer, ChangeResult) and answer.outcome == "failed":
        return answer
    live = _shown_as_canceled(run, key, record)
    if live is None:
        run.record(Entry(intents={key: None}))
        what = f"replace of {key}: {record.id} is not canceled, and nothing was created"
        return failed(change, Failure(what, hint=Sentence(again(run.overrides, [change]))))
    try:
        run.record(proof.done(key, run.state.pending[key], record, live, run.project, run.now()))
    except (LockLost, StateNotSaved) as error:
        what = f"{record.id} was canceled, nothing was created"
        return _unrecorded(run, failed(change, Failure("")), what, error)
    if (began := records.observed(record, live, run.now()).began) and record.began is None:
        return _began_meanwhile(run, change, record, began)
    return done(change, record.id)


def _shown_as_canceled(run: Run, key: str, record: Record) -> Live | None:
    """The campaign once a read shows it as canceled; None if none does."""
    for wait in (*READ_WAITS, None):
        if wait is None:
            await_age(run, [run.state.pending[key]])
        else:
            run.wiring.clock.wait(wait)
        live = run.api.read(record.id, reserve=True)
        if live and status_of(live, record.applied) is Status.CANCELED:
            return live
    return None


def _began_meanwhile(run: Run, change: Change, record: Record, began: str) -> ChangeResult:
    """The result of a cancel before a create. If the campaign began to send since the plan, the create would
    be a second send."""
    lifts = Lifts.at(run.now(), run.overrides, run.project.overrides)
    if record.applied.get("recurrence") or lifts.lifts("resend", change.key):
        return done(change, record.id)
    what = f"{record.id} is canceled, and began to send at {began}; its replacement would send again"
    resend = Command("apply", "--target", change.key, "--override", "resend")
    return failed(change, Failure(f"replace of {change.key}: {what}", hint=Sentence(resend)))


def again(overrides: Iterable[str], changes: Iterable[Change]) -> Command:
    """The apply that does these changes, with what asked for them."""
    words = [word for one in changes if _replaces(one) for word in ("--replace", one.key)]
    lifted = [word for name in overrides for word in ("--override", name)]
    return Command("apply", *words, *lifted)


def _replaces(change: Change) -> bool:
    return change.action is Action.REPLACE


def sends_soon(run: Run, change: Change) -> bool:
    """Whether a change can send within `api.settle.horizon`."""
    first = first_send(change, run.now())
    if first is None:
        return False
    return first == AT_ONCE or parse_iso(first) - run.now() < run.project.api.settle.horizon


def _create(run: Run, change: Change, request: Request) -> ChangeResult:
    """Create a campaign: start its intent durably, send the request, record the answer.

    A create that was sent before and not found is sent again under the same intent, as `reposted`.
    """
    known, marked = run.state.pending[change.key], run.now()
    lost = known if known.phase != "planned" else None
    back = known if lost or known.ended else None
    phase: IntentPhase = "reposted" if lost else "started"
    posts = lost.posts or (*filter(None, [lost.at]),) if lost else ()
    started = intent = _posted_again(run, change, lost, phase) if lost else known

    def mark() -> None:
        nonlocal started, marked
        at = iso(run.now())
        started, marked = replace(intent, phase=phase, at=at, posts=(*posts, at)), run.now()
        run.record(Entry(intents={change.key: started}))

    def before(leave: Callable[[], None]) -> None:
        run.may_send()
        if run.state.pending[change.key] == known:
            mark()
        leave()
        if run.now() - marked > _PROMPT:
            mark()
        # Must come last: anything checked before a push or a wait may have changed.
        last_look(run, change)

    with run.flight() as leave:
        live = _sent(run, change, request, lambda: before(leave), back)
    if isinstance(live, ChangeResult):
        return live
    live = answered(run, started, live)
    try:
        return confirmed(run, change, created(run, change.key, started, live), live)
    except (LockLost, StateNotSaved) as error:
        return _unrecorded(run, done(change, live.id), f"{live.id} was created", error)


def _posted_again(run: Run, change: Change, lost: Intent, phase: IntentPhase) -> Intent:
    """The intent of a create that is sent once more."""
    fresh = planned(change, lost.watermark, run.now())
    return replace(fresh, phase=phase, operation=lost.operation, id=lost.id, ended=lost.ended)


def _unrecorded(run: Run, result: ChangeResult, what: str, error: CampaignctlError) -> ChangeResult:
    """The result of what took effect and could not be recorded; nothing more may be sent."""
    run.broken_off = run.broken_off or error
    return unrecorded(result, what, error)


def _refused(run: Run, change: Change, request: Request, error: Refused) -> Failure:
    """Why a request was refused. A create that is refused for its metadata may be refused for our marker."""
    if path := named_field(error.detail, request.body or {}):
        change = replace(change, source=run.wiring.written_at(change.key, path) or change.source)
    problem = failure(change, error)
    creates = request.operation == "create"
    if creates and run.project.api.markers and "metadata" in f"{error.summary} {error.detail}":
        hint = "if it is our marker that it does not take: `api.markers: off` in campaignctl.yaml"
        return replace(problem, hint=hint)
    return problem


def _start_sending(run: Run, change: Change, request: Request) -> ChangeResult:
    """Send a write that sends at once, or that sets the winner of an A/B test, which sends as well. Like a
    create it has an intent, and it is never repeated."""
    record = run.state.campaigns[change.key]
    request = replace(request, id=record.id)
    intent, winner = written(change, request, run.now()), change.lifecycle.winner
    seen: Live | None = None

    def before() -> None:
        nonlocal seen
        run.may_send()
        known = run.state.pending.get(change.key)
        if known is None or run.now() - parse_iso(str(known.at)) > _PROMPT:
            run.record(Entry(intents={change.key: replace(intent, at=iso(run.now()))}))
        seen = _as_planned(run, change, record, intent)
        last_look(run, change)

    answer = _sent(run, change, request, before)
    if isinstance(answer, ChangeResult):
        return answer
    live = read_after(run, record, intent)
    if not live.complete or not proof.shows(intent, record, live, run.project, run.now()):
        return not_shown(change, intent, status_of(live, record.applied))
    try:
        run.record(proof.done(change.key, intent, record, live, run.project, run.now()))
    except (LockLost, StateNotSaved) as error:
        what = f"the winner of {record.id} was set" if change.sets_winner else f"{record.id} started sending"
        return _unrecorded(run, done(change, record.id), what, error)
    if not change.sets_winner:
        return judged(run, change, run.state.campaigns[change.key], live)
    if live.winner not in (None, winner):
        what = f"the winner of {record.id} is {live.winner!r}, not {winner!r}"
        hint = halt_hint(change, status_of(live, record.applied))
        return failed(change, Failure(f"winner of {change.key}: {what}", hint=hint))
    return judged(run, change, run.state.campaigns[change.key], live, before=seen)


def _as_planned(run: Run, change: Change, record: Record, intent: Intent) -> Live | None:
    """Read a campaign that would send at once again. Raises Refused if it started sending already, or is not
    as the plan saw it."""
    live = run.api.read(record.id)
    if live and proof.shows(intent, record, live, run.project, run.now()):
        what = f"the winner of {record.id} is set" if change.sets_winner else f"{record.id} started sending"
        raise Refused(f"{what} already; nothing was sent", hint=Sentence(Command("plan")))
    if not run.as_planned(change, record, live):
        what = f"{record.id} was changed in the account since this plan was made"
        raise Refused(what, hint=Sentence(Command("plan")))
    return live
