"""The results of a halt, with the proof for each campaign, and of a lift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from campaignctl.errors import NOWHERE, Command, ProjectPlace, at, counted, of_all
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.errors import hint_text
from campaignctl.render.escape import escape
from campaignctl.render.table import Style, Tone
from campaignctl.review.halt import HaltOutcome, HaltRow, HaltWord, LiftOutcome
from campaignctl.state.halts import Halt

# With more campaigns than this, those that needed no change are only counted.
_LISTED = 20
_WORDS: dict[HaltWord, tuple[str, Tone]] = {
    "going": ("CAN STILL SEND", "red"),
    "unproven": ("NOT PROVEN", "red"),
    "undecided": ("waits for the winner of its A/B test", "yellow"),
    "stopped": ("paused", "green"),
    "canceled": ("canceled", "green"),
    "idle": ("does not send by itself", "green"),
    "over": ("already finished", "green"),
}
_QUIET = ("idle", "over")


def halt_text(outcome: HaltOutcome, *, color: bool, place: ProjectPlace = NOWHERE) -> str:
    """Every campaign with what a read shows, and how to lift the halt, as typed at `place`."""
    style = Style(color)
    brief = len(outcome.rows) > _LISTED
    rows = [row for row in outcome.rows if not brief or row.outcome not in _QUIET]
    parts = [
        "\n".join(line for row in rows for line in _row(row, style, place)),
        "\n".join(
            f"{style('Not proven:', 'bold', 'red')} {escape(at(note, place), None)}" for note in outcome.notes
        ),
        "\n".join(_left(outcome, style, place)),
        _summary(outcome, style, place),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _row(row: HaltRow, style: Style, place: ProjectPlace) -> Iterator[str]:
    words, tone = _WORDS[row.outcome]
    known_as = escape(row.key) if row.key else f"{escape(row.name)}, not in the state"
    campaign_id = f" ({escape(row.id)})" if row.id else ""
    shown = "the API says" if row.read else "not read; recorded as"
    yield f"{known_as}{campaign_id}: {style(words, tone)}; {shown} {escape(row.status)}"
    if row.detail:
        yield f"    {escape(row.detail, None)}"
    yield from hint_text(row.hint, style, place, indent="    ")


def _left(outcome: HaltOutcome, style: Style, place: ProjectPlace) -> Iterator[str]:
    """What can send and was left alone, and the command that stops it too."""
    if not outcome.left:
        return
    names = [f"{escape(row.id or '')} {escape(row.name)}" for row in outcome.left]
    head = style("LEFT ALONE:", "bold", "red")
    yield f"{head} {counted(len(names), 'campaign')} that can send, without our marker or content:"
    yield from (f"    {name}" for name in names[:_LISTED])
    if more := names[_LISTED:]:
        yield f"    and {len(more):,} more ({of_all(names)})"
    yield "To stop every campaign of the account, those of other projects too:"
    everything = Command("halt", "--account", "--reason", outcome.halt.reason)
    yield f"  {escape(everything.at(place))}"


def _summary(outcome: HaltOutcome, style: Style, place: ProjectPlace) -> str:
    counts = Counter(row.outcome for row in outcome.rows)
    counted = ", ".join(
        f"{counts[word]} {words.lower() if words.isupper() else words}"
        for word, (words, _) in _WORDS.items()
        if counts[word]
    )
    counted = counted or "no campaign matched"
    head = (
        style("Stopped:", "bold", "green")
        if outcome.stopped
        else style("NOT EVERYTHING IS STOPPED:", "bold", "red")
    )
    lines = [f"{head} {counted}."]
    if outcome.marked:
        lift = Command("halt", "--lift", *(outcome.halt.keys or ()), "--reason", "TEXT")
        lines.append(f"To lift the halt:\n  {escape(lift.at(place))}")
    if not outcome.stopped:
        lines.append("Fix this, then run the same command again: it continues.")
    return "\n".join(lines)


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
    return f"{keys}, halted{by} at {escape(halt.at)}: {escape(halt.reason, None)}"
