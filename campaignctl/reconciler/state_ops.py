"""Operations on the state itself: migrate, import, mv, rm, push, resolve."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import reduce
from typing import Literal

from campaignctl.campaign import marker
from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.keys import key_hint
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of, to_end
from campaignctl.diff import EVENT, requested
from campaignctl.errors import (
    CampaignctlError,
    Command,
    ReadFailed,
    Sentence,
    StateError,
    StateMoved,
    counted,
)
from campaignctl.plan import ledger, proof, records
from campaignctl.reconciler import proof_sending, settle
from campaignctl.reconciler.adopt import check_new_key, check_unrecorded, read_campaign
from campaignctl.reconciler.cancels import canceled
from campaignctl.reconciler.created import created
from campaignctl.reconciler.opening import check_company, check_environment, check_records, company_of
from campaignctl.reconciler.ports import Backend, Session
from campaignctl.reconciler.refresh import find
from campaignctl.reconciler.run import Run, Wiring, new_state, opened, without_id
from campaignctl.state.halts import Halts
from campaignctl.state.model import AT_ONCE, Dropped, Entry, Intent, Record, State, Watermark

_OPERATION = "state migrate"
_FORCED = Sentence("to replace it anyway: ", Command("state", "push", "--force", "FILE"))
_TWO_HINT = Sentence("look at both with ", Command("state", "pull"), "; remove one of them first")


def migrate(wiring: Wiring, target: Backend) -> str:
    """Move the state, its pending intents and its stop mark to `target`; the serial stays.

    A run that died half-way can be repeated: the old place counts until its note is written.

    Raises StateError if there is no state here, or the target has one of another lineage or a later serial.
    """
    source = wiring.backend
    with wiring.locked(_OPERATION) as session:
        state = session.state
        if state is None:
            raise StateError(
                f"there is no state in {source.location} to move",
                hint="name the new place as `state` in campaignctl.yaml; the first apply creates it",
            )
        check_environment(state, wiring.project)
        fill(wiring, _OPERATION, target, state, source)
        session.retire(target.location)
    what = f"serial {state.serial}, {counted(len(state.campaigns), 'campaign')}"
    moved = f"The state ({what}) was moved from {source.location} to {target.location}."
    return "\n\n".join((moved, *id_line(wiring)))


def fill(wiring: Wiring, operation: str, target: Backend, state: State, source: Backend) -> None:
    """Write a state into another place, with the archive and the halts of `source`, unless that place holds
    another state. Raises StateError."""
    halts = source.halts()
    there = target.acquire(operation, wiring.lock_timeout)
    try:
        _refuse_another(there, target, state)
        if state.archives:
            documents = source.archives()
            there.archive({year: documents[year] for year in state.archive.years})
        if halts.halts:
            target.change_halts(lambda known: _merged(halts, known))
        there.write(state)
    finally:
        there.release()


def rewrite(wiring: Wiring, operation: str) -> State | None:
    """Store the state, its archive and its stop mark as the project says now; returns the state."""
    with wiring.locked(operation) as session:
        if session.state is not None:
            check_environment(session.state, wiring.project)
        session.rewrite()
        return session.state


def _merged(mark: Halts, there: Halts) -> Halts:
    """The halts of a place that a state moves to, with those that come, in their format."""
    return replace(reduce(Halts.with_halt, mark.halts, there), format_version=mark.format_version)


def id_line(wiring: Wiring) -> tuple[str, ...]:
    """The line that gives the project an id, if it has none."""
    return ("; ".join(without),) if (without := without_id(wiring)) else ()


def _refuse_another(there: Session, target: Backend, state: State) -> None:
    """Raise StateError unless the target is empty or has an earlier version of this state."""
    try:
        found = there.state
    except StateMoved as moved:
        lineage, serial = moved.lineage, moved.serial
    else:
        if found is None or not any(_traces(found)):
            return
        lineage, serial = found.lineage, found.serial
    if lineage != state.lineage:
        raise StateError(
            f"there is another state in {target.location}, and nothing was changed",
            detail=f"its lineage is {lineage}, and this one's is {state.lineage}",
            hint=_TWO_HINT,
        )
    if serial > state.serial:
        raise StateError(
            f"the state in {target.location} is newer than this one, and nothing was changed",
            detail=f"its serial is {serial}, and this one's is {state.serial}",
            hint=_TWO_HINT,
        )


def _traces(state: State) -> tuple[Collection[object], ...]:
    """What a state knows of campaigns: without it they could be created, or sent, twice."""
    created = (state.campaigns, state.pending, state.dropped, state.proofs)
    return (*created, state.sent, state.released, state.archives)


def existing(session: Session) -> State:
    """The state. Raises StateError if there is none yet."""
    if session.state is None:
        create = Sentence("the first apply creates it: ", Command("apply"))
        raise StateError("there is no state yet", hint=create)
    return session.state


def check_settled(state: State | None, why: str, hint: str | Command) -> None:
    """Raise StateError for a write that may have been sent and is not settled."""
    left = [key for key, intent in state.pending.items() if intent.phase != "planned"] if state else []
    if left:
        raise StateError(f"{min(left)} is not settled, and {why}", hint=hint, key=min(left))


def _record_of(state: State, key: str) -> Record:
    record = state.campaigns.get(key)
    if record is None:
        raise StateError(
            f"{key} is not in the state",
            hint=key_hint(key, state.campaigns)
            or Sentence("to list the recorded keys: ", Command("state", "list")),
            key=key,
        )
    return record


def move(wiring: Wiring, old: str, new: str) -> str:
    """Give a record another key. The campaign is not changed."""
    with wiring.locked("state mv") as session:
        state = existing(session)
        check_environment(state, wiring.project)
        record = _record_of(state, old)
        if old in state.pending or new in state.pending:
            raise StateError(f"{old} or {new} is not settled", hint=Command("apply"))
        if new in state.campaigns:
            raise StateError(f"{new} is in the state already, as {state.campaigns[new].id}", key=new)
        check_new_key(state.campaigns.keys() - {old}, new)
        session.append(Entry(records={old: None, new: record}))
    return f"Moved {old} to {new} ({record.id}). Move its manifest too, or the next plan undoes this."


def remove(wiring: Wiring, key: str) -> str:
    """Forget a record. The campaign is not changed, and its trace stays under `released`."""
    with wiring.locked("state rm") as session:
        state = existing(session)
        check_environment(state, wiring.project)
        record = _record_of(state, key)
        gone = records.released(key, record, record.status, wiring.clock.now())
        session.append(Entry(records={key: None}, released=(gone,)))
    return f"Forgot {key}. Campaign {record.id} stays in the account as it is ({record.status})."


def push(wiring: Wiring, state: State, force: bool) -> str:
    """Replace the state with another one of the same lineage that is not older.

    `force` allows another lineage and an older serial, and a place whose state was moved away. An unreadable
    state may always be replaced.
    """
    check_environment(state, wiring.project)
    check_records(state)
    with wiring.locked("state push") as session:
        current, here = None, 0
        try:
            current = session.state
            here = current.serial if current else 0
        except StateMoved as moved:
            if not force:
                raise
            here = moved.serial
        except StateError:
            pass
        if current is not None and not force:
            _refuse_backwards(current, state)
        # A state that goes back in time must not match a plan made in between.
        newest = wiring.newest.serial(state) if wiring.newest else 0
        serial = max(state.serial, newest, here) + 1
        version = max(state.format_version, current.format_version if current else 0)
        session.write(replace(state, serial=serial, format_version=version))
    return f"Pushed a state of {counted(len(state.campaigns), 'campaign')}; its serial is now {serial}."


def _refuse_backwards(current: State, new: State) -> None:
    if current.lineage != new.lineage:
        raise StateError(
            "this file holds a state of another lineage",
            detail=f"here {current.lineage}, in the file {new.lineage}",
            hint=_FORCED,
        )
    if new.serial < current.serial:
        raise StateError(
            f"this file is older than the state (serial {new.serial}, here {current.serial})",
            detail="campaigns created since would be forgotten, and could be created again",
            hint=_FORCED,
        )


Answer = Literal["adopt", "retry", "done"]


def resolve(wiring: Wiring, key: str, answer: Answer, campaign_id: str = "", *, force: bool = False) -> str:
    """Settle an intent by a person's decision.

    `adopt` records the campaign with that id; one without the marker needs `force`, and a second one with the
    marker is canceled. `done` says that a write to a recorded campaign happened, `retry` that it did not,
    which is checked once more unless `force` is given.
    """
    wiring.need_api()
    with wiring.locked("state resolve") as session:
        run = opened(wiring, session, [key])
        if session.state is None:
            session.write(new_state(run))
        intent = run.state.pending.get(key)
        if answer == "adopt":
            return _adopt(run, key, intent, campaign_id, force=force)
        if intent is None:
            if said := proof_sending.resolve(run, key, done=answer == "done"):
                return said
            near = key_hint(key, run.state.pending)
            raise StateError(f"{key} has nothing to resolve", hint=near or Command("plan"), key=key)
        if answer == "done":
            return _done(run, key, intent)
        return _retry(run, key, intent, force=force)


def _retry(run: Run, key: str, intent: Intent, *, force: bool) -> str:
    settle.await_age(run, [intent])
    if not force:
        _refuse_what_happened(run, key, intent)
    posts = intent.posts or (*filter(None, [intent.at]),)
    given_up = (Dropped(key, intent.intent, intent.digest, posts),) if posts else ()
    run.record(Entry(intents={key: None}, dropped=given_up if intent.creates else ()))
    return f"{key}: recorded as not done; the next apply plans it again."


def _refuse_what_happened(run: Run, key: str, intent: Intent) -> None:
    """Raise StateError if the account shows that the write happened."""
    if intent.creates:
        found = find(run.api, run.state).get(key, [])
        if len(found) > 1:
            reason, hint = ledger.two_campaigns(key, found)
            raise StateError(f"{key} was created: {reason}", hint=hint, key=key)
        if found:
            adopt = Command("state", "resolve", key, "--adopt", found[0].id)
            raise StateError(f"{key} was created: {found[0].id} carries its marker", hint=adopt, key=key)
        return
    record, live = run.state.campaigns.get(key), run.api.read(intent.id) if intent.id else None
    if record and live and proof.shows(intent, record, live, run.project, run.now()):
        raise StateError(
            f"{key} was done: {live.id} shows it", hint=Command("state", "resolve", key, "--done"), key=key
        )


def _done(run: Run, key: str, intent: Intent) -> str:
    """Record that a write to a recorded campaign happened."""
    if intent.creates or intent.id is None:
        hint = Command("state", "resolve", key, "--adopt", "ID")
        raise StateError(f"which campaign was created for {key}?", hint=hint, key=key)
    record = run.state.campaigns.get(key)
    if record is not None and record.id == intent.id:
        live = None
        with suppress(ReadFailed):  # the person says what happened
            live = run.api.read(intent.id)
        unread = Live(intent.id, {"status": record.status}, complete=False)
        return _adopt_update(run, key, intent, live or unread)
    used = records.sent(key, intent.id, intent.spec, intent.digest, run.now())
    run.record(Entry(intents={key: None}, sent=(used,) if intent.at_once else ()))
    return f"{key}: {intent.id} is recorded as sent."


def _adopt(run: Run, key: str, intent: Intent | None, campaign_id: str, *, force: bool) -> str:
    live = read_campaign(run, key, campaign_id)
    check_company(company_of([live]), run.state, run.project)
    if intent is not None and not intent.creates:
        return _adopt_update(run, key, intent, live)
    check_unrecorded(run.state, key, campaign_id, pending=intent is not None)
    if key not in run.state.campaigns:
        check_new_key(run.state.campaigns, key)
    _check_marker(run, key, intent, live, force=force)
    others = {each.id: each for each in run.opening.scan.lives}
    # A person has found the campaign itself, so a list that lags holds nothing back.
    others |= {each.id: each for each in find(run.api, run.state, may_be_empty=True).get(key, ())}
    marked = marker.read(live.fields) is not None
    record = created(run, key, intent or intent_of(live), live, marked=marked)
    if not marked:
        run.record(Entry(records={key: replace(record, unmarked=True)}))
    canceled = _cancel_doubles(run, key, live, others.values())
    return f"{key} is now {campaign_id}.{canceled}"


def _check_marker(run: Run, key: str, intent: Intent | None, live: Live, *, force: bool) -> None:
    """Raise StateError unless the campaign carries the key's marker or `force` is given."""
    made_by = marker.read(live.fields)
    ours = made_by is not None and run.project.owner.made(made_by)
    fits = ours and made_by is not None and made_by.key == marker.key_tag(key)
    if intent is not None and made_by is not None:
        fits = made_by.intent == intent.intent
    if not fits and not force:
        raise StateError(
            f"{live.id} does not carry the marker of {key}",
            hint=Sentence(
                "if it is the right campaign: ",
                Command("state", "resolve", key, "--adopt", live.id, "--force"),
            ),
            key=key,
        )


def _adopt_update(run: Run, key: str, intent: Intent, live: Live) -> str:
    """Record that a write to a recorded campaign happened."""
    record = _record_of(run.state, key)
    if record.id != live.id:
        raise StateError(f"{key} is {record.id}, not {live.id}", key=key)
    _refuse_what_is_not_shown(run, key, intent, record, live)
    run.record(proof.done(key, intent, record, live, run.project, run.now()))
    if intent.operation == "winner":
        return f"{key}: {live.id} is recorded as decided, with {run.state.campaigns[key].winner} as winner."
    if intent.operation == "update" and intent.at_once:
        return f"{key}: {live.id} is recorded as sending."
    return f"{key}: the {intent.operation} of {live.id} is recorded as done."


def _refuse_what_is_not_shown(run: Run, key: str, intent: Intent, record: Record, live: Live) -> None:
    """Raise StateError for a write that a read would show, and does not. After the cancel of a replacement,
    its create leaves: that one has to be shown."""
    judged = live.complete or intent.operation == "replace"
    if not judged or proof.sends_at_once(intent, run.now()):
        return
    if not proof.shows(intent, record, live, run.project, run.now()):
        what = "cancel" if intent.operation == "replace" else intent.operation
        status = status_of(live, record.applied)
        raise StateError(
            f"no read shows the {what} of {live.id}, which is {status}",
            hint=Sentence("the next apply settles it: ", Command("apply")),
            key=key,
        )


def intent_of(live: Live) -> Intent:
    """The intent that a campaign must have come from, as far as it shows."""
    spec = requested(live)
    made_by = marker.read(live.fields)
    fired = spec.get(EVENT) and not spec.get("is_draft")
    return Intent(
        operation="create",
        intent=made_by.intent if made_by else "",
        phase="started",
        spec=spec,
        digest=body_digest(spec),
        watermark=Watermark((), None),
        first_send=AT_ONCE if fired else None,
    )


def _cancel_doubles(run: Run, key: str, kept: Live, others: Iterable[Live]) -> str:
    """Cancel other campaigns with the same marker as the kept one that can still send and that no key has."""
    made_by, said, left = marker.read(kept.fields), "", {}
    held = {record.id: other for other, record in run.state.campaigns.items()}
    for live in others:
        if live.id == kept.id or made_by is None or marker.read(live.fields) != made_by:
            continue
        if owner := held.get(live.id):
            said += f" {live.id} carries the same marker and is recorded as {owner}; it is left as it is."
            continue
        before = status = status_of(live)
        if before.can_send:
            why = f"campaignctl: a second copy of {kept.id}"
            ended, problem = canceled(run, live.id, why, run.may_send)
            if ended is None or ended.can_send:
                left[live.id] = problem, f"{to_end(before)} {live.id} in the dashboard"
                continue
            status = ended
        if before.can_send and status is Status.CANCELED:
            said += f" Its second copy {live.id} was canceled."
        else:
            said += f" {live.id} carries the same marker and is {status}; it is left as it is."
    if left:
        told = "; ".join(f"its copy {each} could not be canceled: {why}" for each, (why, _) in left.items())
        do = "; ".join(do for _, do in left.values())
        raise CampaignctlError(f"{key} is now {kept.id}, but {told}", hint=do)
    return said
