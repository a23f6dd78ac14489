"""The results of a halt, with the proof for each campaign, and of a lift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from campaignctl.errors import NOWHERE, Command, ProjectPlace, at, counted, first_of
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.errors import hint_text
from campaignctl.render.escape import escape
from campaignctl.render.table import Style, Tone, alike
from campaignctl.review.halt import HaltOutcome, HaltRow, HaltWord, LiftOutcome
from campaignctl.state.halts import Halt

# How many campaigns are named that were not stopped, for each cause, and how many that were.
_LISTED = 20
_NAMED = 3
_WORDS: dict[HaltWord, tuple[str, Tone]] = {
    "going": ("CAN STILL SEND", "red"),
    "unproven": ("NOT PROVEN", "red"),
    "undecided": ("waits for the winner of its A/B test", "yellow"),
    "stopped": ("paused", "green"),
    "canceled": ("canceled", "green"),
    "idle": ("does not send by itself", "green"),
    "over": ("already finished", "green"),
}
_COUNTED: dict[HaltWord, str] = {"undecided": "waiting for a winner", "idle": "draft or manual"}


def halt_text(
    outcome: HaltOutcome, *, color: bool, place: ProjectPlace = NOWHERE, every: bool = False
) -> str:
    """What is not stopped and what to do about it, then the number of the rest and how to lift the halt, as
    typed at `place`; the verdict last. With `every`, each campaign has its line."""
    style = Style(color)
    notes = (
        f"{style('Not proven:', 'bold', 'red')} {escape(at(note, place), None)}" for note in outcome.notes
    )
    undone = alike([row for row in outcome.rows if not row.proven], _cause)
    parts = [
        *("\n".join(_not_stopped(rows, style, place, every)) for rows in undone),
        "\n".join(_left(outcome, style, place, every)),
        "\n".join(notes),
        "\n".join(_rest(outcome.rows, style, every)),
        "" if outcome.stopped else "Fix this, then run the same command again: it continues.",
        _to_lift(outcome, place),
        halt_verdict(outcome, color=color),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def halt_verdict(outcome: HaltOutcome, *, color: bool) -> str:
    """Whether everything is stopped, and how many campaigns of each outcome, on one line."""
    style, counts = Style(color), Counter(row.outcome for row in outcome.rows)
    said = ", ".join(f"{counts[word]:,} {_counted(word)}" for word in _WORDS if counts[word])
    said = said or ("no campaign was paused" if outcome.notes else "no campaign matched")
    if outcome.stopped:
        return f"{style('Stopped:', 'bold', 'green')} {said}."
    left = f", {len(outcome.left):,} LEFT ALONE" if outcome.left else ""
    head = style("NOT EVERYTHING IS STOPPED:", "bold", "red")
    return f"{head} {said}{left}."


def _counted(word: HaltWord) -> str:
    return _COUNTED.get(word, _WORDS[word][0])


def _cause(row: HaltRow) -> tuple[str, ...]:
    """What rows that are told together have in common."""
    return row.outcome, row.status, str(row.read), _detail(row), row.hint


def _detail(row: HaltRow) -> str:
    return row.detail.replace(row.id, "ID") if row.id else row.detail


def _not_stopped(rows: Sequence[HaltRow], style: Style, place: ProjectPlace, every: bool) -> Iterator[str]:
    """Campaigns that are not stopped for the same cause: their names, why, and what to do."""
    first, count = rows[0], len(rows)
    if count == 1:
        yield f"{_name(first)}: {_found(first, style)}"
    else:
        yield f"{counted(count, 'campaign')}: {_found(first, style)}"
        yield from _names(rows, every)
    if first.detail:
        yield f"    {escape(first.detail if count == 1 else _detail(first), None)}"
    yield from hint_text(first.hint, style, place, indent="    ")


def _found(row: HaltRow, style: Style) -> str:
    words, tone = _WORDS[row.outcome]
    shown = "the API says" if row.read else "not read; recorded as"
    return f"{style(words, 'bold', tone)}; {shown} {escape(row.status)}"


def _name(row: HaltRow) -> str:
    known_as = escape(row.key) if row.key else f"{escape(row.name)}, not in the state"
    return known_as + (f" ({escape(row.id)})" if row.id else "")


def _names(rows: Sequence[HaltRow], every: bool) -> Iterator[str]:
    shown = rows if every else rows[:_LISTED]
    yield from (f"    {_name(row)}" for row in shown)
    if more := len(rows) - len(shown):
        yield f"    and {more:,} more; the same command with -v names each"


def _left(outcome: HaltOutcome, style: Style, place: ProjectPlace, every: bool) -> Iterator[str]:
    """What can send and was left alone, and the command that stops it too."""
    if not outcome.left:
        return
    count = counted(len(outcome.left), "campaign")
    head = style("LEFT ALONE:", "bold", "red")
    yield f"{head} {count} that can send, without our marker or content:"
    yield from _names(outcome.left, every)
    yield "To stop every campaign of the account, those of other projects too:"
    everything = Command("halt", "--account", "--reason", outcome.halt.reason)
    yield f"  {escape(everything.at(place))}"


def _rest(rows: Sequence[HaltRow], style: Style, every: bool) -> Iterator[str]:
    """What is proven to be stopped: counted, with the first keys, or each on its line."""
    proven = [row for row in rows if row.proven]
    if every:
        yield from (f"{_name(row)}: {_found(row, style)}" for row in proven)
        return
    keys = Counter(row.key or row.name for row in proven)
    for found in alike(proven, lambda row: row.outcome):
        word = found[0].outcome
        names = first_of([_short(row, alone=keys[row.key or row.name] == 1) for row in found], _NAMED)
        yield f"{len(found):,} {style(_counted(word), _WORDS[word][1])}: {names}"


def _short(row: HaltRow, *, alone: bool) -> str:
    """The key, or the name of what has none; with the id if it does not stand `alone` for one campaign."""
    return escape(row.key or row.name) + ("" if alone or not row.id else f" ({escape(row.id)})")


def _to_lift(outcome: HaltOutcome, place: ProjectPlace) -> str:
    if not outcome.marked:
        return ""
    lift = Command("halt", "--lift", *(outcome.halt.keys or ()), "--reason", "TEXT")
    return f"To lift the halt:\n  {escape(lift.at(place))}"


def halt_json(outcome: HaltOutcome, place: ProjectPlace = NOWHERE) -> dict[str, Any]:
    """The document of a halt."""
    return {
        "format_version": FORMAT_VERSION,
        "result": "stopped" if outcome.stopped else "incomplete",
        "marked": outcome.marked,
        "halt": order_json(outcome.halt),
        "campaigns": [
            {
                "key": row.key,
                "id": row.id,
                "name": row.name,
                "outcome": row.outcome,
                "status": row.status,
                "read": row.read,
                "detail": row.detail,
                "hint": at(row.hint, place),
            }
            for row in outcome.rows
        ],
        "left": [{"id": row.id, "name": row.name, "status": row.status} for row in outcome.left],
        "notes": [at(note, place) for note in outcome.notes],
    }


def order_json(halt: Halt) -> dict[str, Any]:
    """A halt without its campaigns; `keys` is null if it stops everything."""
    keys = None if halt.keys is None else list(halt.keys)
    return {
        "id": halt.id,
        "keys": keys,
        "account": halt.account,
        "reason": halt.reason,
        "who": halt.who,
        "host": halt.host,
        "at": halt.at,
    }


def lift_text(outcome: LiftOutcome) -> str:
    """The lifted halts, the next step, and the remaining halts."""
    left = {halt.id for halt in outcome.left}
    named = ", ".join(escape(key) for key in outcome.keys or ())
    lines = [
        f"Lifted for {named}: {halt_line(halt)}" if halt.id in left else f"Lifted: {halt_line(halt)}"
        for halt in outcome.lifted
    ]
    lines.append("The next apply resumes what it paused; its plan shows when each campaign sends.")
    if any(halt.account for halt in outcome.ended):
        lines.append("Campaigns that are not in this state stay paused: resume them in the dashboard.")
    lines += [f"Still halted: {halt_line(halt)}" for halt in outcome.left]
    return "\n".join(lines) + "\n"


def lift_verdict(outcome: LiftOutcome) -> str:
    """How many halts were lifted, as a whole or in part, and how many are still in force, on one line."""
    return f"{counted(len(outcome.lifted), 'halt')} lifted, {len(outcome.left):,} in force."


def lift_json(outcome: LiftOutcome) -> dict[str, Any]:
    """The document of a lift."""
    return {
        "format_version": FORMAT_VERSION,
        "result": "lifted",
        "lifted": [order_json(halt) for halt in outcome.lifted],
        "in_force": [order_json(halt) for halt in outcome.left],
    }


def halt_line(halt: Halt) -> str:
    """A halt as one line: its keys without the lifted ones, who, when and why."""
    everything = "every campaign of the account" if halt.account else "everything"
    keys = everything if halt.keys is None else ", ".join(escape(key) for key in halt.keys)
    lifted = dict.fromkeys(key for lift in halt.lifted if halt.in_force for key in lift.keys or ())
    keys += f" except {', '.join(escape(key) for key in lifted)}" if lifted else ""
    by = f" by {escape(halt.who)}" if halt.who else ""
    return f"{keys}, halted{by}, {escape(halt.when)}: {escape(halt.reason, None)}"
