"""A plan compared with that of another commit: what was blocked before, and what was not created yet."""

from __future__ import annotations

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
    """The plan with the campaigns that the other commit would create and that are removed here: another run
    may create them before this plan is applied."""
    declared = ctx.desired.campaigns
    kept = declared.keys() | {old for wanted in declared.values() for old in wanted.moved_from}
    creates = (change for change in then.changes if change.action is Action.CREATE)
    withdrawn = {change.key: change.digest for change in creates if change.key not in kept}
    if not withdrawn:
        return plan
    them = "them" if len(withdrawn) > 1 else "it"
    before = f"an apply of {(plan.against or '')[:_SHORT]} creates {them}"
    told = f": removed, and not created yet; if {before} first, the apply of this cancels {them}"
    note = Sentence(Names.of(list(withdrawn)), told)
    return replace(plan, withdrawn=withdrawn, notes=(*plan.notes, note))
