"""What a plan leaves out although the table allows it: what is halted, or would be sent twice by one plan."""

from __future__ import annotations

from dataclasses import replace

from campaignctl.errors import Command, Sentence
from campaignctl.plan import ledger, records
from campaignctl.plan.context import RECOVER, PlanContext, Reading, Subject, Verdict, ids_of
from campaignctl.plan.model import Action, Blocked, Change
from campaignctl.state.halts import Halt


def may_send(change: Change) -> bool:
    """Whether something can be sent after a change that could not before, or the change creates."""
    return change.arms or change.action in (Action.CREATE, Action.REPLACE)


def cut(verdict: Verdict, key: str, status: str, reason: str, hint: str) -> Verdict:
    """The verdict up to its first change that may send; that one is blocked, and what follows it."""
    for index, change in enumerate(verdict.changes):
        if may_send(change):
            return verdict.up_to(index, Blocked(key, change.id, status, reason, hint))
    return verdict


def halted(ctx: PlanContext, one: Subject, verdict: Verdict) -> Verdict:
    """The verdict without what a halt stops."""
    if (mark := one.halts.unreadable) is not None:
        return cut(verdict, one.key, "halted", mark.reason, mark.hint)
    if one.halt is None:
        return verdict
    halt, lifted_by = one.halt
    lift = Command("halt", "--lift", lifted_by, "--reason", "TEXT")
    held = cut(verdict, one.key, "halted", _told(halt), Sentence(lift))
    if held is not verdict or one.recorded is None or records.final(one.recorded, ctx.now):
        return held
    return replace(
        verdict,
        none=Sentence(
            f"{_told(halt)}; ", Command("halt", "--lift", "KEY", "--reason", "TEXT"), " lets it go on"
        ),
    )


def _told(halt: Halt) -> str:
    who = f" by {halt.who}" if halt.who else ""
    return f"halted{who} at {halt.at}: {halt.reason}"


def held_back(reading: Reading, verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
    """An unsettled intent that may have set a campaign off, and a state that is behind, stop creates and
    arming, and nothing else."""
    at_once = [known for known in reading.unsettled.values() if known.at_once]
    if at_once:
        reason, hint = f"{at_once[0].key} may have been sent; its outcome is unknown", at_once[0].hint
    elif reading.behind:
        reason = f"the state is behind: it does not know {ids_of(reading.behind)} of this project"
        hint = Sentence(RECOVER)
    else:
        return verdicts
    return {key: cut(verdict, key, "held back", reason, hint) for key, verdict in verdicts.items()}


def without_twins(ctx: PlanContext, verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
    """Of several campaigns with the same body that a plan sends at once, only the first is kept, except those
    that `--replace` sends again on purpose."""
    first: dict[str, str] = {}
    kept = dict(verdicts)
    for key, verdict in verdicts.items():
        for change in verdict.changes:
            if not change.sends_at_once or change.sets_winner or ctx.lifts.lifts("resend", key):
                continue
            if first.setdefault(change.digest, key) != key and change.action is not Action.REPLACE:
                twin = ledger.resend(key, f"{first[change.digest]}, in this very plan", change.id)
                kept[key] = replace(verdict, changes=(), blocked=twin)
    return kept
