"""The beginning of an apply: what is recorded durably before its first request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from campaignctl.plan import records
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Action, Plan
from campaignctl.reconciler import copies, foreign, intents
from campaignctl.reconciler.run import Run, new_state, used_up, without_id
from campaignctl.state.ledger import HistoryEntry
from campaignctl.state.model import FORMAT_VERSION, Entry, Intent, Record, State

_ARRIVING = (Action.MOVE, Action.ADOPT)


def begin(run: Run, plan: Plan, reading: Reading, began: HistoryEntry | None) -> None:
    """Record the intents of new creates, observed records, clones, missed campaigns, settings and the history
    entry `began`. Writes nothing if nothing changed."""
    state, now = run.session.state, run.now()
    run.overrides = plan.overrides
    run.planned = {record.id: record for record in state.campaigns.values()} if state else {}
    history = (began,) if began else ()
    planned, settings = _planned(run, plan, now), _settings(plan, state)
    decided = Entry(intents=planned, missed=plan.missed, settings=settings)
    if state is None:
        if plan.changes or plan.missed:
            run.session.write(new_state(run).after(replace(decided, history=history)))
            if (without := without_id(run.wiring)) is not None:
                run.note("; ".join(without))
        return
    noted = replace(_noted(run, plan, reading, state, now), history=history, settings=settings)
    if planned or plan.missed:
        run.session.write(state.after(replace(noted, decision=False)).after(decided))
        return
    news = (noted.records, noted.sent, noted.foreign, history, noted.project_id, settings)
    if any(news) or (noted.seen and noted.seen != state.seen):
        run.record(noted)


def _planned(run: Run, plan: Plan, now: datetime) -> dict[str, Intent | None]:
    """The intents of the plan's creates and replacements.

    A create that is posted again keeps its intent until then: it may have been sent.
    """
    pending = run.session.state.pending if run.session.state else {}
    posted = {intent.intent for intent in pending.values() if intent.phase != "planned"}
    return {
        change.key: intents.planned(change, run.opening.watermark, now, pending.get(change.key))
        for change in plan.changes
        if change.action in intents.CREATING and change.intent not in posted
    }


def _noted(run: Run, plan: Plan, reading: Reading, state: State, now: datetime) -> Entry:
    """What this run has read. What was read of a record that moves is recorded with the move."""
    seen = _seen(state, reading, plan.observed, now)
    moving = {change.key for change in plan.changes if change.action in _ARRIVING}
    run.arriving = {key: record for key, record in seen.items() if key in moving}
    looked = copies.scanned(state, now) if run.opening.whole else Entry()
    staying = {
        key: replace(record, reposted=record.reposted and key not in looked.records)
        for key, record in seen.items()
        if key not in moving and state.campaigns.get(key) != record
    }
    return Entry(
        records={**looked.records, **staying},
        dropped=looked.dropped,
        sent=used_up(state, staying, now),
        account=replace(state.account, url=run.api.url),
        seen=run.opening.mark(state, now),
        foreign=foreign.noted(reading.foreign, reading.clones, state, now),
        project_id=_learnt_id(run, state),
        # A change of settings is a decision: plans that were saved before were made with others.
        decision=bool(plan.settings_changed),
    )


def _settings(plan: Plan, state: State | None) -> Mapping[str, Any] | None:
    """The settings that an apply of this plan records; None if the state has them, or cannot hold them."""
    holds = state is None or state.format_version == FORMAT_VERSION
    known = state.settings if state else None
    return plan.settings if holds and plan.settings != known else None


def _learnt_id(run: Run, state: State) -> str | None:
    """The id of the project if the state gets it now: not while campaigns that it does not know may belong to
    this project."""
    learns = state.project_id is None and state.format_version == FORMAT_VERSION and not run.opening.behind
    return run.project.id if learns else None


def _seen(state: State, reading: Reading, observed: Mapping[str, Record], now: datetime) -> dict[str, Record]:
    """Every record as this run read it; the plan's view of a record wins."""
    seen = {
        key: records.observed(state.campaigns[key], live, now)
        for key, live in reading.live.items()
        if live and key in state.campaigns
    }
    return {**seen, **observed}
