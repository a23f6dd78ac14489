"""A plan compared with that of another commit: what was blocked before, and what was not created yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from campaignctl.errors import Names, Sentence
from campaignctl.plan.context import Against, PlanContext
from campaignctl.plan.model import Action, Plan

_SHORT = 12


def compared(ctx: PlanContext, plan: Plan, against: Against, then: Plan | None) -> Plan:
    """The plan with the blocks that were there before this change, and with what it withdraws. `then` is the
    plan of the other commit at the same time; None if its project cannot be read.

    A block was there before if the other commit is blocked in the same way and declares the same campaign.
    """
    plan = replace(plan, against=against.commit)
    if then is None or against.desired is None:
        note = f"the project of {against.commit[:_SHORT]} cannot be read: every block counts as new"
        return replace(plan, notes=(*plan.notes, note))
    known = {(one.key, one.id, one.status, one.reason) for one in then.blocked}
    blocked = (
        replace(
            one,
            before=(one.key, one.id, one.status, one.reason) in known
            and ctx.desired.declares_same(against.desired, one.key),
        )
        for one in plan.blocked
    )
    return _withdrawing(ctx, replace(plan, blocked=tuple(blocked)), then)


def _withdrawing(ctx: PlanContext, plan: Plan, then: Plan) -> Plan:
    """The plan with the campaigns that the other commit would create and that are removed, stopped or moved
    here: another run may create them before this plan is applied."""
    creates = {change.key: change.digest for change in then.changes if change.action is Action.CREATE}
    heirs = {old: key for key, wanted in ctx.desired.campaigns.items() for old in wanted.moved_from}
    fates: dict[str, list[str]] = {}
    for key in creates:
        fates.setdefault(_fate(ctx, key, heirs), []).append(key)
    first = f"if an apply of {(plan.against or '')[:_SHORT]} creates {{}} first, the apply of this"
    notes = [
        Sentence(Names.of(keys), f": {fate}, and not created yet; {first.format(them)} {_STOPS[fate]} {them}")
        for fate, keys in fates.items()
        if fate in _STOPS and (them := "them" if len(keys) > 1 else "it")
    ]
    notes += [
        Sentence(f"{heirs[key]}: moved from {key}, which is not created yet; {first.format('it')} moves it")
        for key in fates.get(_MOVED, ())
    ]
    withdrawn = {key: creates[key] for fate in _STOPS for key in fates.get(fate, ())}
    return replace(plan, withdrawn=withdrawn, notes=(*plan.notes, *notes))


_MOVED, _KEPT = "moved", "kept"
# What becomes of a campaign that is created after all.
_STOPS = {"removed": "cancels", "canceled": "cancels", "paused": "pauses"}


def _fate(ctx: PlanContext, key: str, heirs: Mapping[str, str]) -> str:
    """What the manifests make of a campaign that the other commit creates."""
    wanted = ctx.desired.campaigns.get(key)
    if wanted is None:
        return _MOVED if key in heirs else "removed"
    return wanted.lifecycle.phase if wanted.lifecycle.phase in _STOPS else _KEPT
