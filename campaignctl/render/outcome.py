"""The outcome of an apply, change by change, and the next commands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from campaignctl.errors import NOWHERE, Command, ProjectPlace, at, counted
from campaignctl.plan.model import Action
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.cuts import Cuts, cut_lines
from campaignctl.render.errors import hint_text
from campaignctl.render.escape import escape
from campaignctl.render.table import Style, Tone, alike, table_lines
from campaignctl.review.outcome import ChangeOutcome, ChangeResult, Outcome, Result

# How many unconfirmed paths are named, changes of one outcome listed, and commands.
_PATHS = 5
_LISTED = 20
_COMMANDS = 10
# With more changes than this, those that are done are only counted.
_FEW = 5
_HEAD = ("OUTCOME", "ID", "KEY")
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
    "unknown": ("OUTCOME UNKNOWN", "red"),
    "not_started": ("not started", "yellow"),
}
_ORDER: tuple[ChangeOutcome, ...] = (*_UNDONE, "done")
_RESULTS: dict[Result, tuple[str, Tone]] = {
    "done": ("Done", "green"),
    "incomplete": ("Incomplete", "red"),
    "refused": ("Refused", "red"),
    "interrupted": ("Interrupted", "red"),
}


def outcome_text(outcome: Outcome, *, color: bool, place: ProjectPlace = NOWHERE, every: bool = False) -> str:
    """How many changes of each outcome, the table of those that are not done, why, and the next commands;
    the verdict last. A few changes that are done are in the table too, and with `every`, all are."""
    style, cuts = Style(color), Cuts(Command("status", "--full"))
    changes, verdict = outcome.changes, outcome_verdict(outcome, color=color)
    parts = [
        verdict if any(result.outcome != "done" for result in changes) else "",
        "\n".join(_table(changes, style, every)),
        *_told(changes, lambda result: _why(result, style, place), every),
        *_told(changes, lambda result: _remarks(result, style, cuts), every),
        cut_lines(cuts, place),
        "\n".join(f"Note: {escape(at(_named(note, every), place), None)}" for note in outcome.notes),
        "\n".join(_next(outcome.next, style, place, every)),
        verdict,
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


def _table(changes: Sequence[ChangeResult], style: Style, every: bool) -> Iterator[str]:
    """The changes, those that are not done first. What is left out is counted."""
    groups = alike(changes, lambda result: result.outcome)
    groups.sort(key=lambda results: _ORDER.index(results[0].outcome))
    shown = [results if every else _first(results, alone=len(groups) == 1) for results in groups]
    if listed := [each for results in shown for each in results]:
        rows = [(_said(each), escape(each.id or "-"), escape(each.key)) for each in listed]
        tones = [_UNDONE[each.outcome][1] if each.outcome in _UNDONE else None for each in listed]
        yield from table_lines(_HEAD, rows, style, tones)
    for results, some in zip(groups, shown, strict=True):
        if results[0].outcome != "done" and (more := len(results) - len(some)):
            words = _UNDONE[results[0].outcome][0]
            yield f"and {more:,} more: {words}; -v lists each" if some else f"-v lists the {more:,} changes"


def _first(results: Sequence[ChangeResult], *, alone: bool) -> Sequence[ChangeResult]:
    """Those of one outcome that are listed: of what is done, and if nothing was started, all or none."""
    if results[0].outcome == "done" or (alone and results[0].outcome == "not_started"):
        return results if len(results) <= _FEW else ()
    return results[:_LISTED]


def _said(result: ChangeResult) -> str:
    if result.outcome == "done":
        return _DONE[result.action]
    return f"{result.action} {_UNDONE[result.outcome][0]}"


def _told(
    results: Iterable[ChangeResult], lines: Callable[[ChangeResult], Iterator[str]], every: bool
) -> Iterator[str]:
    """What has to be said about results: what is alike but for key and id is said of the first, and
    counted."""
    texts = [(result, "\n".join(lines(result))) for result in results]
    told = [(result, text) for result, text in texts if text]
    for (_, text), *others in alike(told, lambda each: each[1] if every else _without_names(*each)):
        yield text + (f"\n    and {len(others):,} more like this; -v lists each" if others else "")


def _without_names(result: ChangeResult, text: str) -> str:
    names = "|".join(re.escape(escape(name)) for name in (result.key, result.id) if name)
    return re.sub(rf"(?<![\w/.-])(?:{names})(?![\w/-])|trace_id: .*", "", text)


def _why(result: ChangeResult, style: Style, place: ProjectPlace) -> Iterator[str]:
    """Why a change is not done, or not recorded."""
    if (failure := result.error) is None:
        return
    named = result.key in failure.summary
    yield ("" if named else f"{escape(result.key)}: ") + escape(failure.summary, None)
    if failure.detail:
        yield f"    {escape(failure.detail, None)}"
    yield from hint_text(failure.hint, style, place, indent="    ")
    if failure.trace_id:
        yield f"    trace_id: {escape(failure.trace_id)}"


def _remarks(result: ChangeResult, style: Style, cuts: Cuts) -> Iterator[str]:
    """The fields that are stored in another way, and those that no read has shown."""
    for warning in result.warnings:
        yield style(f"{escape(result.key)}: warning: {escape(warning, None)}", "yellow")
    if result.unconfirmed:
        paths = cuts.items(result.unconfirmed, _PATHS)
        yield style(f"{escape(result.key)}: unconfirmed: no read shows {paths}", "yellow")


def outcome_verdict(outcome: Outcome, *, color: bool) -> str:
    """The result and the number of changes of each outcome, on one line."""
    style, (head, tone) = Style(color), _RESULTS[outcome.result]
    counts = [f"{count:,} {words}" for words, count in _counts(outcome.changes)]
    if all(result.outcome == "not_started" for result in outcome.changes):
        counts.insert(0, "nothing was changed")
    if outcome.blocked:
        before = sum(one.before for one in outcome.blocked)
        which = f", {before} of them before this change" if before else ""
        counts.append(f"{len(outcome.blocked):,} blocked and left alone{which}")
    return f"{style(f'{head}:', 'bold', tone)} {', '.join(counts)}."


def _counts(changes: Sequence[ChangeResult]) -> list[tuple[str, int]]:
    """The number of changes for each outcome, what is not done first."""
    done = Counter(result.action for result in changes if result.outcome == "done")
    undone = Counter(result.outcome for result in changes)
    said = [(words.lower(), undone[outcome]) for outcome, (words, _) in _UNDONE.items()]
    said += [(words, done[action]) for action, words in _DONE.items()]
    return [(words, count) for words, count in said if count]


def _named(note: str, every: bool) -> str:
    """A note, its names cut unless `every`: the plan that was applied has them."""
    return Cuts(full=every).named(note)


def _next(commands: Sequence[Command], style: Style, place: ProjectPlace, every: bool) -> Iterator[str]:
    if not commands:
        return
    shown = commands if every else commands[:_COMMANDS]
    yield style("Next:", "bold")
    yield from (f"  {escape(command.at(place), None)}" for command in shown)
    if more := len(commands) - len(shown):
        yield f"  and {counted(more, 'more command')}; -v lists each"
