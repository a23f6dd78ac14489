"""A checkout that does not contain what was applied last must not undo it unseen."""

from __future__ import annotations

from dataclasses import replace

from campaignctl.errors import Command, Sentence
from campaignctl.plan.context import PlanContext
from campaignctl.plan.model import Action, Blocked
from campaignctl.plan.subject import Subject
from campaignctl.plan.verdict import Verdict
from campaignctl.schedule.humanize import instant
from campaignctl.schedule.times import parse_iso
from campaignctl.state.ledger import HistoryEntry

RULE = "stale_checkout"
_SHOWN = 12


def checked(ctx: PlanContext, one: Subject, verdict: Verdict) -> Verdict:
    """The verdict of a checkout that may be stale.

    Where it is certainly behind the commit that was applied last, every change may undo what that commit did:
    a create what it canceled. Where history cannot tell, only the end of a campaign without a manifest is
    blocked: that commit may have one. `destroy` and `--refresh-only` do not apply the manifests.
    """
    last = ctx.applied_last
    if not verdict.changes or last is None or ctx.only_looks or ctx.stands == "has":
        return verdict
    gone = verdict.changes[0].action in (Action.CANCEL, Action.FORGET) and one.wanted is None
    if ctx.stands != "behind" and (not gone or one.removed):
        return verdict
    if ctx.lifts.lifts(RULE, one.key):
        return replace(verdict, lifted=(*verdict.lifted, RULE))
    lift = Command("apply", "--target", one.key, "--override", RULE)
    hint = Sentence(f"{_GET[ctx.stands]}, then plan again; if this is intended: ", lift)
    at, status = (one.record.id, str(one.status)) if one.recorded else (None, "not created")
    return verdict.up_to(0, Blocked(one.key, at, status, _reason(ctx, last), hint))


_GET = {
    "behind": "`git pull`",
    "unclear": "`git fetch` (in a shallow clone `git fetch --unshallow`)",
    "unreadable": "see what `git log` says and fix that, or clone again",
}


def _reason(ctx: PlanContext, last: HistoryEntry) -> str:
    at = instant(parse_iso(last.at), ctx.project.time_zone)
    applied = f"commit {str(last.commit)[:_SHOWN]}, applied by {last.who} on {at}"
    if ctx.stands == "behind":
        return f"this checkout is behind {applied}; this change would undo what that commit did"
    if ctx.stands == "unreadable":
        return f"no manifest of it is here, and git cannot read this checkout: it may lack {applied}"
    return f"no manifest of it is here, and this checkout's history does not show {applied}"
