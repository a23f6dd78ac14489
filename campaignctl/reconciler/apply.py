"""Apply: lock, opening read, settle, refresh, plan, approve, execute, unlock; or a saved plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.errors import Command, LockLost, PlanRefused, Sentence, StateNotSaved, listed
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import codec, ledger, records, reviewed, twin_rules
from campaignctl.plan.context import Against, PlanContext, Reading, Unsettled, behind_hint, behind_reason
from campaignctl.plan.model import Action, Options, Plan
from campaignctl.plan.planner import created_again, decide
from campaignctl.plan.rows import DESTROYED
from campaignctl.reconciler import foreign, history, proof_sending, settle, stop_mark
from campaignctl.reconciler.begin import begin
from campaignctl.reconciler.execute import execute
from campaignctl.reconciler.opening import check_environment
from campaignctl.reconciler.pause_again import pause_again, with_paused_again
from campaignctl.reconciler.plan import linted, question
from campaignctl.reconciler.ports import Session
from campaignctl.reconciler.refresh import observe, read_records
from campaignctl.reconciler.run import Run, Wiring, opened
from campaignctl.review.outcome import ChangeResult, Event, Outcome, change_id, not_started
from campaignctl.schedule.times import iso
from campaignctl.state.model import Record, State

_STOPS = (Action.PAUSE, Action.CANCEL)
# A released campaign with one of these statuses is final.
_FINAL = (Status.SENT, Status.CANCELED)

_NAMED = 10
# What drift shows in addition to the fields that an apply accepts.
_SEEN = ("status", "clone", "run_counter", "last_run")

Approve = Callable[[Plan], bool]


def apply(
    wiring: Wiring,
    desired: DesiredState,
    options: Options,
    approve: Approve,
    against: Against | None = None,
) -> Outcome:
    """Make the account match the manifests, if `approve` accepts the plan.

    Raises LockHeld, AccountMismatch, StateDamaged, ReadFailed or TokenRejected, which stop a whole apply.
    """
    wiring.need_api()
    for known in options.reviewed or ():
        reviewed.check_scope(known, wiring.project)
    with wiring.locked("apply") as session:
        if options.reviewed is not None:
            how = options.how_to_review
            reviewed.check_settings(wiring.project, session.state, options.reviewed, how)
        run = _open(wiring, session, desired)
        unsettled, now = _settled(run, desired), run.now()
        settle.give_up(run, desired.campaigns)
        reading = _reading(run, desired, options, unsettled, now)
        with wiring.clock.breakable():
            ctx = question(wiring, desired, options, session.state, reading, now, against)
            plan = linted(decide(ctx), desired, now)
        approved = _approved(plan, approve, run.now)
        if plan.objections or (plan.decides and not approved):
            return with_paused_again(run, _refused(plan, session.state))
        operation = "destroy" if options.destroy else "apply"
        if options.reviewed is not None:
            operation = "apply of reviewed plans"
        outcome = _with_recorded(_carried_out(run, plan, reading, operation), _lasting(ctx, plan))
        if options.destroy:
            ended = {change_id(result) for result in outcome.changes if result.outcome == "done"}
            again = created_again(ctx, [change for change in plan.changes if change_id(change) in ended])
            outcome = replace(outcome, notes=(*outcome.notes, *filter(None, [again])))
            outcome = _next_is_destroy(outcome, options.targets)
        return _given_back(session, with_paused_again(run, _with_accepted(outcome, plan, options)))


def _approved(plan: Plan, approve: Approve, now: Callable[[], datetime]) -> bool:
    """Whether the plan is approved. Raises PlanRefused if it expired while the question was open."""
    asked = now()
    if not approve(plan):
        return False
    if plan.valid_until is not None and asked <= plan.valid_until < now():
        raise PlanRefused(
            f"this plan was valid until {iso(plan.valid_until)}, and the answer came later",
            detail="nothing was done",
            hint="run the same command again to make a new plan",
        )
    return True


def _next_is_destroy(outcome: Outcome, destroyed: Iterable[str]) -> Outcome:
    """The outcome of a destroy, with `destroy` as its next command: `apply` would recreate the campaigns."""
    targets = tuple(word for target in destroyed for word in ("--target", target))

    def instead(command: Command) -> Command:
        if command == Command("plan"):
            return Command("plan", "--destroy", *targets)
        if command.words[0] == "apply" and command.words[1:2] in ((), ("--override",)):
            return Command("destroy", *targets, *command.words[1:])
        return command

    def told(result: ChangeResult) -> ChangeResult:
        if result.error is None:
            return result
        parts = [
            instead(part) if isinstance(part, Command) else part for part in Sentence(result.error.hint).parts
        ]
        return replace(result, error=replace(result.error, hint=Sentence(*parts)))

    changes = map(told, outcome.changes)
    return replace(outcome, changes=tuple(changes), next=tuple(map(instead, outcome.next)))


def _lasting(ctx: PlanContext, plan: Plan) -> list[str]:
    """A line on everything that others did, that nothing undoes and that this apply records, and on each
    setting that changed. The plan shows it, except for keys that were not selected and clones made since."""
    drift = list(plan.drift)
    if ctx.options.targets and ctx.state:
        for key in ctx.reading.live.keys() & ctx.state.campaigns.keys():
            drift += ctx.subject(key, replacing=False).status_drift()
    lines = [f"{each.key}: {each.reason}" for each in drift if each.once]
    lines += [f"{clone.key}: {clone.reason}" for clone in ctx.unseen_clones]
    settings = dict.fromkeys(each.path for each in plan.settings_changed)
    return sorted({*lines, *(f"setting {path}" for path in settings)})


def _with_recorded(outcome: Outcome, lasting: list[str]) -> Outcome:
    """The outcome with what others did and this apply recorded: later plans do not show it."""
    return replace(outcome, notes=(*outcome.notes, *(f"recorded: {line}" for line in lasting)))


def _with_accepted(outcome: Outcome, plan: Plan, options: Options) -> Outcome:
    """The outcome of `--refresh-only`, with a note of the live changes that were accepted, and one of fields
    that the manifests do not set."""
    if not options.refresh_only:
        return outcome
    notes = []
    if taken := [each.key for each in plan.drift if any(field.path not in _SEEN for field in each.diff)]:
        note = f"live changes were accepted into the state: {_several(taken)}"
        notes.append(f"{note}; the next plan shows where the manifests differ")
    if beyond := [each.key for each in plan.drift if each.unmanaged]:
        note = f"fields set outside of the manifests were accepted: {_several(beyond)}"
        notes.append(f"{note}; later plans show them only if they change again")
    return replace(outcome, notes=(*outcome.notes, *notes))


def _several(keys: Iterable[str]) -> str:
    return listed(list(dict.fromkeys(keys)), _NAMED)


def _given_back(session: Session, outcome: Outcome) -> Outcome:
    """The outcome after releasing the lock, which saves the state once more.

    If that failed, the commands that save it come first.
    """
    try:
        session.release()
    except LockLost as error:
        # The run that has the lock now finds what was created by its marker, and settles the rest.
        return _unsaved(outcome, error.told, Sentence(Command("apply")))
    except StateNotSaved as error:
        return _unsaved(outcome, error.told, Sentence(error.hint))
    changes = [replace(each, error=None) if each.outcome == "done" else each for each in outcome.changes]
    return replace(outcome, changes=tuple(changes))


def _unsaved(outcome: Outcome, note: Sentence, hint: Sentence) -> Outcome:
    changes = [
        replace(each, error=replace(each.error, hint=hint)) if each.error and each.error.unrecorded else each
        for each in outcome.changes
    ]
    saving = [part for part in hint.parts if isinstance(part, Command)]
    return replace(
        outcome,
        result="incomplete",
        changes=tuple(changes),
        next=tuple(dict.fromkeys([*saving, *outcome.next])),
        notes=tuple(dict.fromkeys([*outcome.notes, note])),
    )


def _open(wiring: Wiring, session: Session, desired: DesiredState) -> Run:
    """Make the opening read."""
    wiring.on_event(Event("phase", "reading the account"))
    run = opened(wiring, session, desired.campaigns)
    if (dead := session.taken_over) is not None:
        run.note(f"took the lock over from process {dead.process} on {dead.host}, which has exited")
    for note in run.opening.notes:
        run.note(note)
    return run


def _settled(run: Run, desired: DesiredState, stopped: Collection[str] = ()) -> dict[str, Unsettled]:
    """Pause again what is halted, and settle the intents of earlier runs. Returns those that stay unsettled.

    `stopped` are the ids of campaigns that a saved plan stops itself.
    """
    if (state := run.session.state) is None:
        return {}
    pause_again(run, desired, known=stopped)
    settle.drop_planned(run)
    proof_sending.settle(run)
    unsettled = settle.settle(run)
    # What was found only now may have been created after the halt.
    pause_again(run, desired, known={*stopped, *(record.id for record in state.campaigns.values())})
    return unsettled


def _reading(
    run: Run, desired: DesiredState, options: Options, unsettled: dict[str, Unsettled], now: datetime
) -> Reading:
    if not options.refresh:
        lives = foreign.strangers(run.opening.scan.lives, run.session.state)
        company = run.opening.company_id
        reading = Reading(refreshed=False, company_id=company, proven=run.proven, foreign=lives)
    else:
        reading = observe(
            run.api,
            run.session.state,
            desired,
            now,
            parallelism=run.wiring.parallelism,
            at_hand=run.lives,
        )
    run.proven = run.proven or reading.proven
    if (state := run.session.state) is not None:
        again = {each: run.api.read(each) for each in foreign.overdue(state, reading.foreign, now)}
        reading = replace(reading, foreign={**reading.foreign, **again})
    behind = {found.id: found for found in (*run.opening.behind, *reading.behind)}
    clones = {found.id: found for found in (*run.opening.clones, *reading.clones)}
    return replace(
        reading,
        proven=run.proven,
        unsettled=unsettled,
        behind=tuple(behind.values()),
        clones=tuple(clones.values()),
        halts=stop_mark.to_plan_with(run.wiring.backend, run.session.state),
    )


def _refused(plan: Plan, state: State | None) -> Outcome:
    results = tuple(not_started(change) for change in plan.changes)
    return Outcome(
        "refused",
        results,
        state.lineage if state else None,
        blocked=plan.blocked,
        objections=plan.objections,
    )


def apply_saved(wiring: Wiring, plan: Plan) -> Outcome:
    """Apply a saved plan exactly, or not at all.

    Raises PlanRefused if the state or a campaign of the plan has changed, the plan has expired, or it is for
    another project, environment or account.
    """
    wiring.need_api()
    project = wiring.project
    with wiring.locked("apply of a saved plan") as session:
        state = session.state
        check_environment(state, project)
        reviewed.check_saved(plan, project, state)
        desired = DesiredState(project, {}, plan.manifests_digest)
        stopped = {change.id for change in plan.changes if change.action in _STOPS and change.id}
        run = _open(wiring, session, desired)
        reviewed.check_in_time(plan, project, state, run.now(), run.lives)
        unsettled = _settled(run, desired, stopped)
        state = session.state
        _check_hold(run, plan, unsettled)
        _check_posted_again(run, plan, unsettled)
        reading = _check_live(run, plan)
        plan = replace(plan, observed=_shown(plan, state))
        ctx = question(wiring, desired, Options(), state, reading, run.now())
        lasting = _lasting(ctx, plan)
        outcome = _with_recorded(_carried_out(run, plan, reading, "apply of a saved plan"), lasting)
        if any(change.reason == DESTROYED for change in plan.changes):
            outcome = _next_is_destroy(
                outcome, [each.key for each in outcome.changes if each.outcome != "done"]
            )
        return _given_back(session, with_paused_again(run, outcome))


def _shown(plan: Plan, state: State | None) -> dict[str, Record]:
    """The records with the statuses that a saved plan showed and that nothing undoes: no read is needed."""
    known = state.campaigns if state else {}
    return {
        drift.key: replace(known[drift.key], status=str(field.after), paused_by_us=False)
        for drift in plan.drift
        for field in drift.diff
        if drift.once and drift.key in known and known[drift.key].status == field.before
    }


def _check_hold(run: Run, plan: Plan, unsettled: dict[str, Unsettled]) -> None:
    """Refuse a saved plan that creates or arms while a write is unsettled or the state is behind."""
    arming = [change.key for change in plan.changes if change.arms or change.intent]
    at_once = [known for known in unsettled.values() if known.at_once]
    if arming and at_once:
        raise PlanRefused(f"{at_once[0].key}: {at_once[0].reason}", hint=at_once[0].hint)
    if arming and run.opening.behind:
        hint = behind_hint(run.opening.behind, run.session.state)
        raise PlanRefused(behind_reason(run.opening.behind), hint=hint)


def _check_posted_again(run: Run, plan: Plan, unsettled: dict[str, Unsettled]) -> None:
    """Refuse a saved plan with a create that has been found since, or may not be posted again now."""
    if (state := run.session.state) is None:
        return
    found = {record.intent: record.id for record in state.campaigns.values()}
    for change in plan.changes:
        if change.action is not Action.CREATE:
            continue
        if change.intent in found:
            reason = f"{change.key}: its create has been found since, as {found[change.intent]}"
            raise PlanRefused(reason, hint=codec.AGAIN)
        intent = state.pending.get(change.key)
        if intent is None or intent.half_done:
            continue
        left, again = unsettled[change.key], ledger.again_from(state, run.project, intent, run.now())
        if not left.not_found or again is None or run.now() < again:
            raise PlanRefused(f"{change.key}: its create cannot be posted again now", hint=left.hint)


def _check_live(run: Run, plan: Plan) -> Reading:
    """Read every campaign of the plan again, and released ones that its creates would repeat."""
    state = run.session.state
    if state is not None:
        _check_released(run, plan, state)
    recorded = reviewed.touched(plan, state)
    alive = {key: record for key, record in recorded.items() if not records.final(record, run.now())}
    lives, _ = read_records(run.api, alive, parallelism=run.wiring.parallelism, at_hand=run.lives)
    for change in plan.changes:
        if change.key not in alive:
            continue
        record, live = alive[change.key], lives[change.key]
        why = reviewed.started_since(plan, change, record, live, run.now())
        why = why or reviewed.not_paused(plan, change, record, live)
        if not reviewed.as_planned(change, record, live):
            why = f"{change.id} was changed in the account since this plan was made"
        if why:
            raise PlanRefused(f"{change.key}: {why}", hint=codec.AGAIN)
    _check_repeated(run, plan, lives)
    others = foreign.check_saved(run.api, run.lives, plan, state, run.project, run.now())
    return Reading(live=lives, clones=run.opening.clones, foreign=others)


def _check_repeated(run: Run, plan: Plan, lives: Mapping[str, Live | None]) -> None:
    """Refuse a saved plan that would repeat a recorded campaign, which is read first. A plan of the version
    before does not say what it waits for."""
    if (state := run.session.state) is None or plan.settings is None:
        return
    desired, options = DesiredState(run.project, {}, plan.manifests_digest), Options(overrides=plan.overrides)
    ctx = PlanContext(desired, state, Reading(live=lives), options, run.now())
    while found := twin_rules.repeated(ctx, plan.changes):
        seen = ctx.reading.live
        key = next((key for key, record in state.campaigns.items() if record.id == found.id), None)
        if key is None or key in seen:
            raise PlanRefused(f"{found.key}: {found.reason}", hint=codec.AGAIN)
        live = run.api.read(state.campaigns[key].id)
        ctx = replace(ctx, reading=replace(ctx.reading, live={**seen, key: live}))


def _check_released(run: Run, plan: Plan, state: State) -> None:
    """Refuse a create that repeats a released campaign which can send again."""
    keys = {change.key for change in plan.changes if change.intent and change.id is None}
    bodies = {change.digest for change in plan.changes if change.intent and change.id is None}
    for entry in state.released:
        if entry.status in _FINAL or not (entry.key in keys or entry.digest in bodies):
            continue
        live = run.api.read(entry.id)
        if live is not None and status_of(live).can_send:
            raise PlanRefused(f"{entry.id}, formerly {entry.key}, can send again", hint=codec.AGAIN)


def _carried_out(run: Run, plan: Plan, reading: Reading, operation: str) -> Outcome:
    """Execute the plan, with its beginning and end in the history."""
    began = history.begun(run, plan, operation)
    begin(run, plan, reading, began)
    left = settle.cancel_copies(run)
    outcome = execute(run, plan)
    if left:
        result = "incomplete" if outcome.result == "done" else outcome.result
        outcome = replace(outcome, result=result, notes=(*outcome.notes, *left))
    return history.ended(run, began, outcome, plan)
