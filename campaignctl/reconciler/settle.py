"""Settle writes with an unknown outcome before anything else is planned or sent.

Look for the marker, wait, look again. Nothing is posted here: the plan decides whether a create that was not
found is repeated, and a person decides the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status
from campaignctl.errors import ApiError, Interrupted, counted
from campaignctl.plan import ledger, proof
from campaignctl.plan.context import Unsettled
from campaignctl.reconciler.cancels import canceled
from campaignctl.reconciler.created import created
from campaignctl.reconciler.refresh import find, read_written
from campaignctl.reconciler.run import Run
from campaignctl.state.model import Entry, Intent


def drop_planned(run: Run) -> None:
    """Drop intents that were never sent, but not what is left of a replacement."""
    state = run.state
    planned = {
        key: None
        for key, intent in state.pending.items()
        if intent.phase == "planned" and (not intent.ended or key in state.campaigns)
    }
    if planned:
        run.record(Entry(intents=planned))


def give_up(run: Run, declared: Collection[str]) -> None:
    """Drop what is left of replacements that no manifest still asks for."""
    pending = run.session.state.pending if run.session.state else {}
    dropped = {key: None for key, intent in pending.items() if intent.half_done and key not in declared}
    if dropped:
        run.record(Entry(intents=dropped))


def settle(run: Run) -> dict[str, Unsettled]:
    """Settle every started intent. Returns those that stay unsettled, by key."""
    left = _settle_writes(run) if proof.open_writes(run.state) else {}
    return {**left, **_settle_creates(run)} if _creates(run) else left


def _settle_writes(run: Run) -> dict[str, Unsettled]:
    """Settle writes to recorded campaigns by one read each, once nothing can still be under way."""
    writes = proof.open_writes(run.state)
    run.note(f"settling {counted(len(writes), 'write')} of unknown outcome")
    await_age(run, writes.values())
    lives = read_written(run.api, run.state, run.project, run.now(), run.wiring.parallelism)
    run.settled.update({live.id: live for live in lives.values() if live})
    found = proof.settled(run.state, lives, run.project, run.now())
    if found.said:
        run.record(found.entry)
    for line in found.said:
        run.note(line)
    return dict(found.left)


def _creates(run: Run) -> dict[str, Intent]:
    return {
        key: intent
        for key, intent in run.state.pending.items()
        if intent.creates and intent.phase != "planned"
    }


def await_age(run: Run, intents: Iterable[Intent]) -> None:
    """Wait until no request of these intents can still be in flight: all are older than `api.timeout`. One
    whose time is from a wrong date counts as sent now."""
    for intent in intents:
        now = run.now()
        known = replace(intent, at=None) if proof.is_of_a_wrong_date(intent, now) else intent
        await_time(run, proof.settles_from(known, run.project, now))


def await_time(run: Run, until: datetime) -> None:
    """Wait until the server's time is this. Raises Interrupted."""
    while (left := until - run.now()) > timedelta(0):
        if run.wiring.clock.interrupted:
            raise Interrupted("interrupted while waiting for a write to settle")
        run.wiring.clock.wait(left)


def _settle_creates(run: Run) -> dict[str, Unsettled]:
    """Look for every pending create, repeatedly."""
    pending = _creates(run)
    run.note(f"settling {counted(len(pending), 'create')} of unknown outcome")
    await_age(run, pending.values())
    doubles = _adopt_found(run)
    for wait in run.project.api.settle.waits:
        if not set(_creates(run)) - set(doubles):
            break
        run.wiring.clock.wait(wait)
        run.may_send()
        doubles = _adopt_found(run)
    left: dict[str, Unsettled] = {}
    for key, intent in _creates(run).items():
        if lives := doubles.get(key):
            left[key] = Unsettled(key, intent.intent, intent.at_once, *ledger.two_campaigns(key, lives))
        else:
            again = ledger.again_from(run.state, run.project, intent, run.now())
            found = "it was not found" if again or intent.first_send is None else "it may have sent"
            reason = f"the outcome of its create is unknown, and {found}"
            hint = ledger.undecided(key, again)
            left[key] = Unsettled(key, intent.intent, intent.at_once, reason, hint, not_found=True)
    return left


def _adopt_found(run: Run) -> dict[str, list[Live]]:
    """Record every campaign that one look finds. Returns those found more than once."""
    doubles = {}
    for key, lives in find(run.api, run.state).items():
        if len(lives) > 1:
            doubles[key] = lives
            continue
        intent = run.state.pending[key]
        created(run, key, intent, _whole(run, lives[0]))
        run.note(f"{key}: found as {lives[0].id}")
    return doubles


def _whole(run: Run, live: Live) -> Live:
    """A campaign of a list as a read by id shows it, if that shows more: a field that an account never shows
    must not look removed, and a list leaves out more than that."""
    if live.complete:
        return live
    try:
        found = run.api.read(live.id)
    except ApiError:
        return live
    return found if found and "messages" in found.fields else live


def cancel_copies(run: Run) -> list[str]:
    """Cancel second copies; the recorded campaign stays. Returns a line on each that may still send, or has
    sent."""
    left = []
    for key, live in run.opening.copies:
        run.note(f"{key}: {live.id} is a second copy of it and is canceled")
        why = "campaignctl: a second copy of the same campaign"
        status, problem = canceled(run, live.id, why, run.may_send)
        if status not in (Status.CANCELED, Status.MISSING):
            left.append(f"{key}: its second copy {live.id} could not be canceled: {problem}")
            run.note(left[-1])
    return left
