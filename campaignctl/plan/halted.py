"""What a halt means for a plan: nothing that it stops is set going, and what goes all the same is paused."""

from __future__ import annotations

from dataclasses import replace

from campaignctl.diff import FieldChange
from campaignctl.errors import Command, Sentence
from campaignctl.plan import changes, records
from campaignctl.plan.context import PlanContext
from campaignctl.plan.model import Action, Drift
from campaignctl.plan.subject import Subject
from campaignctl.plan.verdict import Verdict


def goes(one: Subject) -> bool:
    """Whether a read shows that a campaign can send although it is halted: it was resumed by others, by a
    request that took effect late, or created by one."""
    if one.halt is None or one.recorded is None or one.live is None:
        return False
    return records.goes(one.status, one.record.applied, one.now)


def to_decide(one: Subject) -> Subject:
    """The subject as its other changes find it: what goes although it is halted is paused before them."""
    return replace(one, held=True) if goes(one) else one


def decided(ctx: PlanContext, one: Subject, verdict: Verdict) -> Verdict:
    """The verdict without the changes that a halt stops, and with a pause of what goes all the same."""
    if (mark := one.halts.unreadable) is not None:
        return verdict.without_sends(one.key, "halted", mark.reason, mark.hint)
    if one.halt is None:
        return verdict
    halt, lifted_by = one.halt
    lift = Sentence(Command("halt", "--lift", lifted_by, "--reason", "TEXT"))
    held = verdict.without_sends(one.key, "halted", halt.summary, lift)
    if goes(one):
        return paused_again(ctx, one, held)
    if held is not verdict or one.recorded is None or records.final(one.recorded, ctx.now):
        return held
    return replace(
        verdict,
        none=Sentence(
            f"{halt.summary}; ", Command("halt", "--lift", "KEY", "--reason", "TEXT"), " lifts the halt"
        ),
    )


def paused_again(ctx: PlanContext, one: Subject, verdict: Verdict) -> Verdict:
    """The verdict on a campaign that goes although it is halted: paused first, unless it is canceled."""
    told = list(verdict.changes)
    if (halt := one.halt) is not None and not any(change.action is Action.CANCEL for change in told):
        pauses = [index for index, change in enumerate(told) if change.action is Action.PAUSE]
        if pauses:
            told[pauses[0]] = replace(told[pauses[0]], halts=True)
        else:
            moved = bool(told) and told[0].action is Action.MOVE
            told.insert(int(moved), changes.pause_again(ctx, one, halt[0].summary))
    others = tuple(shown for shown in verdict.drift if shown.once or not _of_status(shown))
    status = FieldChange("status", "paused", str(one.status))
    why = "halted, and it can send all the same"
    drift = Drift(one.key, one.record.id, (status,), True, one.changed_at, reason=why)
    return replace(verdict, changes=tuple(told), drift=(drift, *others))


def _of_status(drift: Drift) -> bool:
    return [field.path for field in drift.diff] == ["status"]
