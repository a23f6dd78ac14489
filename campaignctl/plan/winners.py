"""The winner of an A/B test: which run it decides, and when it is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaignctl.campaign.live import Live
from campaignctl.diff import FieldChange, Weight, field_changes, split, weight
from campaignctl.errors import listed
from campaignctl.plan import changes, update_rules
from campaignctl.plan.context import PlanContext
from campaignctl.plan.subject import Subject
from campaignctl.plan.verdict import Verdict

# How many fields a reason names.
_NAMED = 5
# What decides when a test is sent says nothing about its winner.
_OF_THE_TEST = ("scheduled_time", "recurrence", "run_immediately", "is_draft")


def _sent_by_winner(one: Subject) -> tuple[FieldChange, ...]:
    """The differences of live from the manifest in what a winner sends: its messages, and to whom."""
    live, _ = update_rules.target(one)
    return tuple(
        change
        for change in field_changes(one.spec, live)
        if (split(change.path)[0] == "messages" or weight(change.path) is not Weight.OTHER)
        and split(change.path)[0] not in _OF_THE_TEST
    )


def messages_of(live: Live | None) -> list[Mapping[str, Any]]:
    """The messages of a live campaign."""
    messages = live.fields.get("messages") if live else None
    if not isinstance(messages, list | tuple):
        return []
    return [message for message in messages if isinstance(message, Mapping)]


def recurs(one: Subject) -> bool:
    """Whether a campaign has several runs, each with a test of its own."""
    return bool(one.record.applied.get("recurrence"))


def waiting(one: Subject) -> int | None:
    """The run whose test waits for a decision, 1 if there is only one; None if the API does not show it."""
    if not recurs(one):
        return 1
    return one.live.run if one.live else None


def line(one: Subject, name: str) -> str:
    """The line of a manifest that names the winner of the run that waits."""
    run = waiting(one)
    if run is None or not (recurs(one) or one.record.named_before == (name,)):
        return f"lifecycle: {{winner: {name}}}"
    return f"lifecycle: {{winner: {{message: {name}, run: {run}}}}}"


def note(one: Subject, why: str = "", instead: str = "") -> str:
    """The note that asks for a decision, with the line to write: why the winner that is declared decides
    nothing, and what to do `instead` of writing that line."""
    names = [str(message["name"]) for message in messages_of(one.live) if message.get("name")]
    between = f" between {', '.join(names)}" if names else ""
    run = f"run {waiting(one)} of its A/B test" if recurs(one) and waiting(one) else "its A/B test"
    do = instead or f"write `{line(one, names[0] if names else 'MESSAGE')}`"
    return f"{one.key}: {run} waits for a decision{between}{why}; {do}"


def _inert(one: Subject) -> str | None:
    """The note on a declared winner that decides nothing, because it belongs to another run or campaign."""
    declared = one.manifest.lifecycle
    if declared.named == one.record.named_before:
        why = f", and `winner: {declared.winner}` was written before this campaign was created"
        again = f"if it wins this one too, write `{line(one, declared.winner or '')}`"
        if declared.winner_run is not None:
            again = "if it wins this one too, take it out and apply, then write it again"
        return note(one, why, again)
    if not recurs(one):
        return None
    run, named = waiting(one), declared.winner_run or 1
    if run is None:
        return note(one, ", and the API does not show of which run", "set the winner in the dashboard")
    return note(one, f", and `winner` names run {named}") if named != run else None


def winner(ctx: PlanContext, one: Subject) -> Verdict:
    """`update` that sets the winner of the run that waits, once; **blocked** if it cannot be found or another
    one was set. The winner of another run, or from before `--replace`, decides nothing."""
    named, known = one.manifest.lifecycle.winner, one.record.winner
    if recurs(one) and (one.record.winner_run or 1) != (waiting(one) or 1):
        known = None
    if known == named:
        set_already = f"{one.key}: {named} was set as winner; the API still shows needs_decision"
        return Verdict(note=set_already, observed=one.noted(manifest=True))
    if inert := _inert(one):
        return Verdict(note=inert, observed=one.noted(manifest=True))
    if known is not None:
        return one.blocked(
            f"{known} was set as winner, which is final", f"write `{line(one, known)}` in {one.key}"
        )
    messages = messages_of(one.live)
    found = [index for index, message in enumerate(messages) if message.get("name") == named]
    if len(found) == 1 and (message_id := messages[found[0]].get("id")):
        accepted = ctx.lifts.lifts("unmanaged", one.key)
        if (differs := _sent_by_winner(one)) and not accepted:
            reason = f"live is not what the manifest says: {listed([each.path for each in differs], _NAMED)}"
            return one.blocked(reason, update_rules.accepting(one), diff=differs)
        unreached = "the other changes of the manifest can no longer reach this campaign"
        warnings = (unreached,) if one.edited else ()
        change = changes.set_winner(ctx, one, found[0], str(message_id), warnings=warnings)
        return Verdict(changes=(change,), lifted=("unmanaged",) if differs else ())
    if len(found) > 1:
        reason = f"{len(found)} messages of {one.record.id} have the name {named}"
    elif found:
        reason = f"the API shows no id for the message {named}"
    elif names := ", ".join(str(message.get("name")) for message in messages):
        reason = f"no message of {one.record.id} has the name {named}, only {names}"
    else:
        reason = f"the messages of {one.record.id} were not read"
    return one.blocked(reason, f"name one as `winner` in {one.key}, or set the winner in the dashboard")
