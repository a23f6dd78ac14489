"""One change that is made directly: with its record or intent in a state in memory, and a scripted API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Change, Options
from campaignctl.reconciler.intents import planned
from campaignctl.reconciler.requests import perform
from campaignctl.review.outcome import ChangeResult
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import Account, Intent, Record, State, Watermark
from tests.plan.planning import (
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    SCHEDULED,
    Spec,
    live,
    only,
    plan_of,
    record,
    state,
    wanted,
)
from tests.reconciler.scripted import PROJECT, URL, Direct, Item

COMPANY = "6197120"
MARK = Watermark(("1",), iso(NOW))
NEW = {**SCHEDULED, "description": "new"}


def item(spec: Spec = SCHEDULED, status: str = "scheduled", **fields: Any) -> Item:
    return {**live(spec, status, **fields).fields, "company_id": COMPANY}


def create(spec: Spec = SCHEDULED, key: str = KEY) -> Change:
    return only(plan_of(wanted(spec, key), project=PROJECT))


def change_of(before: Spec, after: Spec, status: str, phase: Any = "active", **known: Any) -> Change:
    plan = plan_of(
        wanted(after, manifest="sha256:new", lifecycle=Lifecycle(phase=phase)),
        known=state({KEY: record(before, status, **known)}),
        reading=Reading(live={KEY: live(before, status)}),
        project=PROJECT,
    )
    return plan.changes[0]


def replacement(spec: Spec = SCHEDULED, status: str = "scheduled") -> Change:
    known = state({KEY: record(spec, status)})
    reading = Reading(live={KEY: live(spec, status)})
    return only(
        plan_of(wanted(spec), known=known, reading=reading, options=Options(replace=(KEY,)), project=PROJECT)
    )


def here(records: dict[str, Record] | None = None, **more: Any) -> State:
    return replace(
        state(records or {}, **more), account=Account(URL, COMPANY, markers=True), project_id=PROJECT.id
    )


def pending(change: Change, now: Any = NOW, **more: Any) -> Intent:
    return replace(planned(change, MARK, now), **more)


def performed(one: Direct, change: Change, known: State | None = None, **run: Any) -> ChangeResult:
    """Perform a change with this state, in an account that is proven."""
    if known is not None:
        one.kept.state = known
    made = one.run(company=run.pop("company", COMPANY))
    for name, value in run.items():
        setattr(made, name, value)
    return perform(made, change)


def phases(one: Direct) -> list[Any]:
    """The phase of the intent in each step that records it; None where it is dropped."""
    return [
        step.intents[KEY].phase if step.intents[KEY] else None  # type: ignore[union-attr]
        for step in one.kept.steps
        if KEY in step.intents
    ]


RESUME = change_of(SCHEDULED, SCHEDULED, "paused", paused_by_us=True)
PAUSE = change_of(SCHEDULED, SCHEDULED, "scheduled", "paused")
UPDATE = change_of(SCHEDULED, NEW, "scheduled")
FIRE = change_of(MANUAL, IMMEDIATE, "manual")


def halted(*keys: str) -> Halts:
    return Halts((Halt("h-1", keys, "wrong price", "ana", "laptop", "2026-11-24T11:00:00Z"),))
