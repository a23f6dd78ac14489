"""The outcome of an apply, change by change, and the next commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from campaignctl.errors import NOWHERE, Command, ProjectPlace, at
from campaignctl.plan.model import Action
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.cuts import Cuts, cut_lines
from campaignctl.render.errors import hint_text
from campaignctl.render.escape import escape
from campaignctl.render.table import Style, Tone
from campaignctl.review.outcome import ChangeOutcome, ChangeResult, Failure, Outcome, Result

# How many unconfirmed paths are named.
_PATHS = 5
_DONE: dict[Action, str] = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.PAUSE: "paused",
    Action.RESUME: "resumed",
    Action.CANCEL: "canceled",
    Action.ADOPT: "adopted",
    Action.MOVE: "moved",
    Action.FORGET: "forgotten",
    Action.NONE: "unchanged",
}
_UNDONE: dict[ChangeOutcome, tuple[str, Tone]] = {
    "failed": ("FAILED", "red"),
    "not_started": ("not started", "yellow"),
    "unknown": ("OUTCOME UNKNOWN", "red"),
}
_RESULTS: dict[Result, tuple[str, Tone]] = {
    "done": ("Done", "green"),
    "incomplete": ("Incomplete", "red"),
    "refused": ("Refused", "red"),
    "interrupted": ("Interrupted", "red"),
}


def outcome_text(outcome: Outcome, *, color: bool, place: ProjectPlace = NOWHERE) -> str:
    """The whole outcome: a line for each change, why some failed, and the next commands."""
    style, cuts = Style(color), Cuts(Command("status", "--format", "json"))
    parts = [
        "\n".join(line for result in outcome.changes for line in _result(result, style, place, cuts)),
        cut_lines(cuts, place),
        "\n".join(f"Note: {escape(at(note, place), None)}" for note in outcome.notes),
        _summary(outcome, style),
        _next(outcome.next, style, place),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def outcome_json(outcome: Outcome, place: ProjectPlace = NOWHERE) -> dict[str, Any]:
    """The outcome document of the public interface."""
    return {
        "format_version": FORMAT_VERSION,
        "lineage": outcome.lineage,
        "serial": outcome.serial,
        "result": outcome.result,
        "changes": [_result_json(result, place) for result in outcome.changes],
        "blocked": [asdict(blocked) | {"hint": at(blocked.hint, place)} for blocked in outcome.blocked],
        "objections": [asdict(found) | {"keys": list(found.keys)} for found in outcome.objections],
        "next": [command.at(place) for command in outcome.next],
        "notes": [at(note, place) for note in outcome.notes],
        "requests": [asdict(request) for request in outcome.requests],
    }


def _result_json(result: ChangeResult, place: ProjectPlace) -> dict[str, Any]:
    error = result.error
    return {
        "key": result.key,
        "action": str(result.action),
        "id": result.id,
        "outcome": result.outcome,
        "error": error
        and {
            "summary": error.summary,
            "detail": error.detail,
            "hint": at(error.hint, place),
            "trace_id": error.trace_id,
        },
        "warnings": list(result.warnings),
        "unconfirmed": list(result.unconfirmed),
    }


def _result(result: ChangeResult, style: Style, place: ProjectPlace, cuts: Cuts) -> Iterator[str]:
    campaign_id = f" ({escape(result.id)})" if result.id else ""
    if result.outcome == "done":
        said = style(_DONE[result.action], "green")
    else:
        words, tone = _UNDONE[result.outcome]
        said = f"{result.action} {style(words, tone)}"
    yield f"{escape(result.key)}: {said}{campaign_id}"
    for warning in result.warnings:
        yield style(f"    warning: {escape(warning, None)}", "yellow")
    if result.unconfirmed:
        paths = cuts.items(result.unconfirmed, _PATHS)
        yield style(f"    unconfirmed: no read shows {paths}", "yellow")
    if result.error is not None:
        yield from failure_lines(result.error, style, place)


def failure_lines(failure: Failure, style: Style, place: ProjectPlace) -> Iterator[str]:
    """Why a change failed, indented under it."""
    yield f"    {escape(failure.summary, None)}"
    if failure.detail:
        yield f"    {escape(failure.detail, None)}"
    yield from hint_text(failure.hint, style, place, indent="    ")
    if failure.trace_id:
        yield f"    trace_id: {escape(failure.trace_id)}"


def _summary(outcome: Outcome, style: Style) -> str:
    head, tone = _RESULTS[outcome.result]
    counts = [f"{count} {words}" for words, count in _counts(outcome.changes)]
    if all(result.outcome == "not_started" for result in outcome.changes):
        counts.insert(0, "nothing was changed")
    if outcome.blocked:
        before = sum(one.before for one in outcome.blocked)
        which = f", {before} of them before this change" if before else ""
        counts.append(f"{len(outcome.blocked)} blocked and left alone{which}")
    return f"{style(f'{head}:', 'bold', tone)} {', '.join(counts)}."


def _counts(changes: Sequence[ChangeResult]) -> list[tuple[str, int]]:
    """The number of changes for each outcome, successes first."""
    done = Counter(result.action for result in changes if result.outcome == "done")
    undone = Counter(result.outcome for result in changes)
    said = [(words, done[action]) for action, words in _DONE.items()]
    said += [(words.lower(), undone[outcome]) for outcome, (words, _) in _UNDONE.items()]
    return [(words, count) for words, count in said if count]


def _next(commands: Sequence[Command], style: Style, place: ProjectPlace) -> str:
    if not commands:
        return ""
    return "\n".join(
        [style("Next:", "bold"), *(f"  {escape(command.at(place), None)}" for command in commands)]
    )
