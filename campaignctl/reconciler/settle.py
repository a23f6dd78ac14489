"""Settle writes with an unknown outcome before anything else is planned or sent.

Look for the marker, wait, look again. Nothing is posted here: the plan decides whether a create that was not
found is repeated, and a person decides the rest.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.errors import Command, Interrupted, OutcomeUnknown, Refused, Sentence, counted
from campaignctl.plan import ledger
from campaignctl.plan.context import Unsettled
from campaignctl.plan.model import Request
from campaignctl.reconciler import requests
from campaignctl.reconciler.refresh import find, unsettled
from campaignctl.reconciler.run import Run
from campaignctl.schedule.times import parse_iso
from campaignctl.state.model import Entry, Intent, Record


def drop_planned(run: Run) -> None:
    """Drop intents that were never sent."""
    planned = {key: None for key, intent in run.state.pending.items() if intent.phase == "planned"}
    if planned:
        run.record(Entry(intents=planned))


def settle(run: Run) -> dict[str, Unsettled]:
    """Settle every started intent. Returns those that stay unsettled, by key."""
    left: dict[str, Unsettled] = {}
    for key, intent in list(run.state.pending.items()):
        if intent.operation == "create" or intent.phase == "planned" or intent.id is None:
            continue
        if (open_still := _settle_at_once(run, key, intent, intent.id)) is not None:
            left[key] = open_still
    return {**left, **_settle_creates(run)} if _creates(run) else left


def _creates(run: Run) -> dict[str, Intent]:
    return {
        key: intent
        for key, intent in run.state.pending.items()
        if intent.operation == "create" and intent.phase != "planned"
    }


def await_age(run: Run, intents: list[Intent]) -> None:
    """Wait until no request of these intents can still be in flight: all are older than `api.timeout`."""
    for intent in intents:
        started = parse_iso(intent.at) if intent.at else run.now()
        # One second more: the server's clock is known to the second.
        until = started + run.project.api.timeout + timedelta(seconds=1)
        while (left := until - run.now()) > timedelta(0):
            if run.wiring.clock.interrupted:
                raise Interrupted("interrupted while waiting for a write to settle")
            run.wiring.clock.wait(left)


def _settle_creates(run: Run) -> dict[str, Unsettled]:
    """Look for every pending create, repeatedly."""
    pending = _creates(run)
    run.note(f"settling {counted(len(pending), 'create')} of unknown outcome")
    await_age(run, list(pending.values()))
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
            twice = f"two campaigns carry its marker: {', '.join(live.id for live in lives)}"
            adopt = Command("state", "resolve", key, "--adopt", lives[0].id)
            left[key] = unsettled(key, intent, twice, Sentence(adopt))
        else:
            again = ledger.again_from(run.state, run.project, intent, run.now())
            found = "it was not found" if again or intent.first_send is None else "it may have sent"
            reason = f"the outcome of its create is unknown, and {found}"
            hint = ledger.undecided(key, again)
            left[key] = replace(unsettled(key, intent, reason, hint), not_found=True)
    return left


def _adopt_found(run: Run) -> dict[str, list[Live]]:
    """Record every campaign that one look finds. Returns those found more than once."""
    doubles = {}
    for key, lives in find(run.api, run.state).items():
        if len(lives) > 1:
            doubles[key] = lives
            continue
        intent = run.state.pending[key]
        run.created(key, intent, lives[0])
        run.note(f"{key}: found as {lives[0].id}")
    return doubles


def _settle_at_once(run: Run, key: str, intent: Intent, campaign_id: str) -> Unsettled | None:
    """Settle a write that sends at once: a read decides whether it happened. It is never repeated."""
    await_age(run, [intent])
    live = run.api.read(campaign_id, reserve=True)
    record = run.state.campaigns.get(key)
    status = status_of(live, record.applied if record else None) if live else Status.MISSING
    decides = intent.operation == "winner"
    happened = live and record and (shows_winner if decides else shows_set_off)(record, live)
    if live and record and happened:
        if decides:
            requests.was_decided(run, key, intent, record, live)
            run.note(f"{key}: the winner of {campaign_id} is {run.state.campaigns[key].winner}")
        else:
            requests.was_set_off(run, key, intent, record, live)
            run.note(f"{key}: {campaign_id} was set off")
        return None
    if happened is False:
        requests.drop_intent(run, key)
        not_so = f"the winner of {campaign_id} was not set" if decides else f"{campaign_id} was not set off"
        run.note(f"{key}: {not_so}")
        return None
    if decides:
        reason = f"not known whether the winner of {campaign_id} was set: it is {status}"
        return unsettled(key, intent, reason, _either(key, campaign_id, "if it was not set"))
    before = record is not None and status is Status.SCHEDULED
    why = "it was scheduled before and is now" if before else f"{campaign_id} is {status}"
    reason = f"not known whether {campaign_id} was set off: {why}"
    return unsettled(key, intent, reason, _either(key, campaign_id, "if it has not sent"))


def shows_set_off(record: Record, live: Live) -> bool | None:
    """Whether live proves that a campaign was started, or that it was not; None if it proves neither."""
    status = status_of(live, record.applied)
    if status in (Status.DRAFT, Status.MANUAL) and not live.members.get("was_launched"):
        return False
    if status is Status.SCHEDULED and record.status == Status.SCHEDULED:
        return None
    return status in (Status.SCHEDULED, Status.RUNNING, Status.SENT, Status.NEEDS_DECISION) or None


def shows_winner(record: Record, live: Live) -> bool | None:
    """Whether live proves that the winner of an A/B test was set, or that it was not; else None."""
    status = status_of(live, record.applied)
    if status is Status.NEEDS_DECISION and live.winner is None:
        return False
    return bool(live.winner) or status in (Status.SCHEDULED, Status.RUNNING, Status.SENT) or None


def _either(key: str, campaign_id: str, when: str) -> Sentence:
    """The two answers a person can give: it is this campaign, or it did not happen."""
    adopt = Command("state", "resolve", key, "--adopt", campaign_id)
    return Sentence(adopt, ", or ", Command("state", "resolve", key, "--retry"), f" {when}")


def cancel_copies(run: Run) -> None:
    """Cancel second copies of campaigns that were posted twice; the recorded one stays."""
    for key, live in run.opening.copies:
        run.note(f"{key}: {live.id} is a second copy of it and is cancelled")
        try:
            why = "campaignctl: a second copy of the same campaign"
            run.api.send(Request("cancel", live.id, {"reason": why}), before=run.may_send)
        except (Refused, OutcomeUnknown) as error:
            run.note(f"{key}: {live.id} could not be cancelled: {error.summary}")
