"""Pause what can send although it is halted: the first thing that every apply does.

It needs no approval: the halt ordered it, and a pause sends nothing. So neither a refused plan nor the
objection of a guardrail prevents it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from campaignctl.campaign.live import Live
from campaignctl.errors import ApiError, Command, Sentence, commands_of
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import records
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options
from campaignctl.plan.planner import pauses
from campaignctl.reconciler import history, stop_mark
from campaignctl.reconciler.execute import execute
from campaignctl.reconciler.plan import question
from campaignctl.reconciler.refresh import read_records
from campaignctl.reconciler.run import Run
from campaignctl.review.outcome import ChangeResult, Failure, Outcome, change_id
from campaignctl.state.halts import Halts
from campaignctl.state.model import FORMAT_VERSION, Entry, State


def pause_again(run: Run, desired: DesiredState, *, known: Collection[str] = ()) -> None:
    """Pause every recorded campaign that can send although it is halted, except those with a `known` id.

    The results are kept in `run.paused_again`; the state remembers that there is a stop mark. Raises what a
    read raises, after the pauses that need none.
    """
    waited = run.watch.give_way()
    state = run.session.state
    halts = stop_mark.to_plan_with(run.wiring.backend, state)
    if state is None or not halts.halts:
        return
    if not state.stop_mark and state.format_version >= FORMAT_VERSION:
        run.record(Entry(stop_mark=True, decision=False))
    if not halts.in_force:
        return
    halted = {
        key: record
        for key, record in state.campaigns.items()
        if record.id not in known
        and not records.final(record, run.now())
        and halts.stopping([key, *filter(None, (record.moved_from,))], record.id)
    }
    # The opening read is older than a halt that was waited for.
    at_hand = {} if waited else run.lives
    unread: ApiError | None = None
    lives: dict[str, Live | None]
    try:
        lives, _ = read_records(run.api, halted, parallelism=run.wiring.parallelism, at_hand=at_hand)
    except ApiError as error:  # it keeps none from being paused that the opening read showed
        unread = error
        lives = {key: at_hand[record.id] for key, record in halted.items() if record.id in at_hand}
    _pause(run, desired, state, halts, lives)
    if unread is not None:
        raise unread


def _pause(
    run: Run, desired: DesiredState, state: State, halts: Halts, lives: Mapping[str, Live | None]
) -> None:
    """Pause those of these campaigns, by key, that can send."""
    run.settled.update({live.id: live for live in lives.values() if live})
    reading = Reading(live=lives, halts=halts)
    plan = pauses(question(run.wiring, desired, Options(), state, reading, run.now()))
    entry = history.begun(run, plan, "pause of what is halted")
    if entry is None:
        return
    run.record(Entry(history=(entry,), decision=False))
    outcome = history.ended(run, entry, execute(run, plan), plan)
    run.paused_again += outcome.changes
    for result in outcome.changes:
        run.settled.pop(result.id or "", None)


def _told(result: ChangeResult) -> ChangeResult:
    """The result of a pause; one that failed names the command that cancels the campaign."""
    if result.outcome in ("done", "not_started"):
        return result
    halt = Command("halt", result.key, "--cancel", "--reason", "TEXT")
    hint = Sentence(halt, " cancels it if it cannot be paused, which is final")
    return replace(result, error=replace(result.error or Failure("not paused"), hint=hint))


def with_paused_again(run: Run, outcome: Outcome) -> Outcome:
    """The outcome of an apply with what was paused before it. What failed was tried again by its plan."""
    first = {change_id(result): result for result in run.paused_again}
    failed = [each for each, result in first.items() if result.outcome != "done"]
    later = [_told(result) if change_id(result) in failed else result for result in outcome.changes]
    repeated = {change_id(result) for result in later}
    earlier = [_told(result) for each, result in first.items() if each not in repeated]
    told = (*earlier, *later)
    undone = [result for result in told if change_id(result) in failed and result.outcome != "done"]
    commands = [command for each in undone if each.error for command in commands_of(each.error.hint)]
    state = run.session.state
    return replace(
        outcome,
        result="incomplete" if undone and outcome.result == "done" else outcome.result,
        changes=told,
        serial=state.serial if state else outcome.serial,
        next=tuple(dict.fromkeys((*commands, *outcome.next))),
    )
