"""Record a created campaign, and learn from its answer whose account it is and whether markers come back."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from itertools import chain

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of, to_end
from campaignctl.diff import content
from campaignctl.errors import (
    AccountMismatch,
    ApiError,
    Command,
    Interrupted,
    OutcomeUnknown,
    Sentence,
    StateError,
)
from campaignctl.plan import records
from campaignctl.plan.context import without_markers
from campaignctl.reconciler.cancels import canceled
from campaignctl.reconciler.run import Run
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import Released, Sent
from campaignctl.state.model import Account, Entry, Intent, Record
from campaignctl.state.proofs import Proof


def created(run: Run, key: str, intent: Intent, live: Live, *, marked: bool = True) -> Record:
    """Record a created campaign, and what its answer, else a read, tells about the account.

    `marked`: it was created with a marker, so that one which is not shown tells that none come back.

    An earlier record of the key is released. Raises AccountMismatch if it is in another company: it is
    canceled then, and not recorded. Raises StateError for the campaign of another key.
    """
    _check_new(run, key, live.id)
    _refuse_company(run, key, intent, live)
    now, learnt = run.now(), _learnt(run, live)
    record = records.created(intent, live, now, run.project.api.hidden)
    old = run.state.campaigns.get(key)
    left = (records.released(key, old, old.status, now),) if old and old.id != live.id else ()
    before = run.state.account
    run.record(
        Entry(
            records={key: record},
            intents={key: None},
            missed={key: None},
            sent=_sent(run, key, intent, live),
            released=left,
            account=learnt if learnt != before else None,
        )
    )
    if before.markers is None:
        _note_markers(run)
    if learnt.markers is None or not run.proven:
        _learn_more(run, key, intent, live, marked=marked)
    return record


def _sent(run: Run, key: str, intent: Intent, live: Live) -> tuple[Sent, ...]:
    if not intent.at_once:
        return ()
    return (records.sent(key, live.id, intent.spec, intent.digest, run.now()),)


def _check_new(run: Run, key: str, campaign_id: str) -> None:
    held = run.state.campaigns.items()
    owner = next((other for other, record in held if record.id == campaign_id and other != key), None)
    if owner is not None:
        raise StateError(
            f"the create of {key} was answered with {campaign_id}, which is recorded as {owner}",
            hint=Sentence(Command("state", "resolve", key, "--retry"), " if it was not created"),
        )


def answered(run: Run, intent: Intent, live: Live) -> Live:
    """The campaign that a create made, as its answer shows it, else a read.

    Raises OutcomeUnknown if it was answered with another one: no change may be made to that, and where the
    new one is has to be found out. That is a campaign which was there before (the state records it, or the
    account had it at the opening read without this create's marker), and one that somebody else just made.
    """
    there = next((each for each in run.opening.scan.lives if each.id == live.id), None)
    strange = there is not None or live.id in run.state.foreign
    if is_recorded(run, live.id) or (strange and not _is_marked(intent, there)):
        raise _not_ours(f"{live.id}, which was there before")
    if marker.read(live.fields) is None and not live.name:
        with suppress(ApiError, Interrupted):
            live = run.api.read(live.id) or live
    if _is_anothers(intent, live):
        raise _not_ours(f"{live.id}, the campaign of somebody else")
    return live


def _not_ours(what: str) -> OutcomeUnknown:
    hint = Sentence(Command("apply"), " finds out whether another one was created")
    return OutcomeUnknown(f"answered with {what}", hint=hint)


def _is_marked(intent: Intent, live: Live | None) -> bool:
    """Whether a campaign shows the marker of this create."""
    found = marker.read(live.fields) if live else None
    return found is not None and found.intent == intent.intent


def _is_anothers(intent: Intent, live: Live) -> bool:
    """Whether a campaign is certainly not the one that a create asked for: by its marker, else by its name
    together with its content, as the API may trim a name or rewrite a text."""
    if marker.read(live.fields) is not None:
        return not _is_marked(intent, live)
    asked, named = str(intent.spec.get("name") or "").strip(), live.name.strip()
    if asked.startswith(named) or named.startswith(asked):
        return False
    return "messages" in live.fields and content(live.fields) != content(intent.spec)


def is_recorded(run: Run, campaign_id: str) -> bool:
    """Whether the state records a campaign or proof with this id, or has released one."""
    state = run.state
    every: Iterable[Record | Released | Proof]
    every = chain(state.campaigns.values(), state.released, state.proofs)
    return any(each.id == campaign_id for each in every) or state.archive.has_id(campaign_id)


def _company_id(run: Run) -> str | None:
    """The company that the account must have: that of the state, else the pinned one."""
    return run.state.account.company_id or run.project.company_id


def _refuse_company(run: Run, key: str, intent: Intent, live: Live) -> None:
    """Note that the account is the right one, or raise AccountMismatch after canceling the campaign."""
    if live.company_id is None:
        return
    if _company_id(run) in (None, live.company_id):
        run.proven = True
        return
    status = _cancel_strange(run, live)
    held = run.state.campaigns.get(key)
    ours = held is not None and held.id == live.id
    gone = Released(key, live.id, intent.intent, intent.digest, str(status), iso(run.now()))
    run.record(
        Entry(
            records={key: None} if ours else {},
            intents={key: None},
            sent=_sent(run, key, intent, live),
            released=(gone,),
        )
    )
    then = "set the right OCAMBA_TOKEN, then apply again"
    if status is not Status.CANCELED:
        do = to_end(status) if status.can_send else "look at"
        then = f"{do} {live.id} in the dashboard of company {live.company_id}; {then}"
    raise AccountMismatch(
        f"{live.id} was created in company {live.company_id}, not in {_company_id(run)}",
        detail=f"it is {status} there, and nothing else was sent",
        hint=then,
    )


def _cancel_strange(run: Run, live: Live) -> Status:
    """Cancel a campaign of another company, if it can send. Returns its status as far as known."""
    status, ended = status_of(live), None
    if status.can_send:
        with suppress(Interrupted):
            ended, _ = canceled(run, live.id, "campaignctl: created in the wrong company", run.session.check)
    return status if ended in (None, Status.MISSING) else ended


def _learnt(run: Run, live: Live) -> Account:
    """The account after the answer to a create: its company, and whether metadata comes back."""
    account = run.state.account
    markers = account.markers
    if markers is None and not run.project.api.markers:
        markers = False
    elif markers is None and marker.read(live.fields):
        markers = True
    return replace(account, company_id=account.company_id or live.company_id, markers=markers)


def _learn_more(run: Run, key: str, intent: Intent, live: Live, *, marked: bool) -> None:
    """Read what the answer to a create left out: its marker or company. If the read fails, the next
    create tells."""
    try:
        full = run.api.read(live.id)
    except (ApiError, Interrupted):
        return
    if full is None:
        return
    _refuse_company(run, key, intent, full)
    if run.state.account.company_id is None and full.company_id:
        known = replace(run.state.account, company_id=full.company_id)
        run.record(Entry(account=known, decision=False))
    shows = marker.read(full.fields) is not None
    if marked or shows:
        learn_markers(run, shows)


def learn_markers(run: Run, shows: bool) -> None:
    """Record whether the account returns markers, if that is not known yet."""
    if run.state.account.markers is None:
        run.record(Entry(account=replace(run.state.account, markers=shows), decision=False))
        _note_markers(run)


def _note_markers(run: Run) -> None:
    if without := without_markers(run.project, run.state):
        run.note(without)
