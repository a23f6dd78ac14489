"""The history of applies, the newest first, as `git log` has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from campaignctl.render.escape import escape
from campaignctl.render.status import next_run_text
from campaignctl.render.style import Style, Tone
from campaignctl.render.summary import keys_text
from campaignctl.state.model import HistoryEntry, Overridden

FORMAT_VERSION = 1

_OUTCOMES: dict[str, tuple[str, Tone]] = {
    "started": ("did not come to its end", "red"),
    "done": ("done", "green"),
    "incomplete": ("incomplete", "red"),
    "interrupted": ("interrupted", "yellow"),
}


def history_json(entries: tuple[HistoryEntry, ...]) -> dict[str, Any]:
    """The document of `state history`, the newest first."""
    return {"format_version": FORMAT_VERSION, "history": [asdict(entry) for entry in reversed(entries)]}


def history_text(entries: tuple[HistoryEntry, ...], *, color: bool, zone: str = "UTC") -> str:
    """Every apply with when, who, from where, what it was to do and how it ended."""
    style = Style(color)
    shown = ("\n".join(_entry(entry, style, zone)) for entry in reversed(entries))
    return "\n\n".join(shown) + "\n"


def _entry(entry: HistoryEntry, style: Style, zone: str) -> Iterator[str]:
    words, tone = _OUTCOMES[entry.outcome]
    yield f"{style(next_run_text(entry.at, zone), 'bold')}  {escape(entry.operation)}: {style(words, tone)}"
    yield f"  by:       {escape(entry.who)} on {escape(entry.host)}, campaignctl {escape(entry.tool_version)}"
    if entry.commit:
        yield f"  commit:   {escape(entry.commit)}"
    yield f"  plan:     {escape(entry.plan)}"
    yield f"  actions:  {_counts(entry.actions)}"
    if entry.outcomes:
        yield f"  outcome:  {_counts(entry.outcomes)}"
    for lifted in entry.overrides:
        yield f"  lifted:   {_lifted(lifted)}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {escape(name).replace('_', ' ')}" for name, count in counts.items())


def _lifted(lifted: Overridden) -> str:
    keys = keys_text(lifted.keys)
    if lifted.reason is None:
        return f"{escape(lifted.name)} for {keys}, once"
    until = f" until {escape(lifted.until)}" if lifted.until else ""
    return f"{escape(lifted.name)} for {keys}{until}: {escape(lifted.reason)}"
