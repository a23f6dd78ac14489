"""What a pull wrote, what it left out and why, and the next command."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from campaignctl.errors import Command, ProjectPlace, counted
from campaignctl.render.escape import escape
from campaignctl.render.table import Style, table_lines
from campaignctl.review.reports import Conflict, LeftOut, PulledFile, PullReport

_HEAD = ("MANIFEST", "ID", "NAME", "TEXTS")
#: How many campaigns are named for one reason, and how many new files, unless all are asked for.
_FEW, _MANY = 5, 40
#: How much of a value is shown.
_LONGEST = 200


def pull_text(report: PullReport, place: ProjectPlace, *, full: bool = False) -> str:
    """The report of a pull as text; `full` names every file and campaign."""
    return "\n".join(_lines(report, place, None if full else _FEW, None if full else _MANY)) + "\n"


def pull_verdict(report: PullReport) -> str:
    """The report of a pull in one line."""
    verb = "wrote" if report.written else "would write"
    manifests = len({one.path for one in report.new})
    files = len({path for one in report.new for path in (one.path, *one.beside)} | set(report.shared))
    counts = (
        (len(report.conflicts), f"{len(report.conflicts):,} in conflict"),
        (len(report.new), f"{verb} {counted(manifests, 'manifest')} ({counted(files, 'file')})"),
        (len(report.updated), f"{verb} changes of {counted(len(report.updated), 'campaign')}"),
        (len(report.left), f"left out {counted(len(report.left), 'campaign')}"),
    )
    said = ", ".join(text for count, text in counts if count) or "nothing to write"
    return f"{said[0].upper()}{said[1:]}."


def _lines(report: PullReport, place: ProjectPlace, few: int | None, many: int | None) -> Iterator[str]:
    rows = [[escape(one.path), escape(one.id), escape(one.name), _beside(one)] for one in report.new[:many]]
    if rows:
        yield from table_lines(_HEAD, rows, Style(color=False))
    if rest := len(report.new) - len(rows):
        yield f"  and {rest:,} more (-v names them)"
    if report.shared:
        yield f"What they share: {escape(', '.join(report.shared), None)}"
    for again in report.updated:
        yield f"{escape(again.key)}: {escape(', '.join(again.paths), None)}"
    yield from _left(report.left, place, few)
    for conflict in report.conflicts:
        yield from _conflict(conflict)
    yield pull_verdict(report)
    if report.new and report.written:
        yield f"Next, adopt them: the plan shows it, and changes nothing else.\n  {Command('plan').at(place)}"
    elif report.updated and report.written:
        # What was not written, the plan sets back to what the manifests say.
        behind = report.conflicts or any(one.fault for one in report.left)
        then = "and the plan" if behind else "the plan has nothing to send"
        yield f"Next, review the files{' ' if behind else '; '}{then}.\n  {Command('plan').at(place)}"


def _conflict(conflict: Conflict) -> Iterator[str]:
    """A campaign that was edited on both sides: each field three ways, and how to go on."""
    yield f"Conflict: {escape(conflict.key)} ({escape(conflict.id)}) was edited here and in the account"
    for one in conflict.fields:
        yield f"  {escape(one.path)}"
        sides = (("applied", one.applied), ("manifest", one.manifest), ("live", one.live))
        yield from (f"    {name + ':':<10}{_value(value)}" for name, value in sides)
    file = escape(conflict.file)
    yield f"  {file} was not changed: write what is to be, or undo its edit and pull again."


def _value(value: Any) -> str:
    return "-" if value is None else escape(json.dumps(value, ensure_ascii=False), _LONGEST)


def _beside(one: PulledFile) -> str:
    return counted(len(one.beside), "file") if one.beside else ""


def _left(left: Iterable[LeftOut], place: ProjectPlace, few: int | None) -> Iterator[str]:
    """What was left out, by the reason; faults last, as they ask for something."""
    by_reason: dict[tuple[bool, str], list[LeftOut]] = {}
    for one in left:
        by_reason.setdefault((one.fault, one.why), []).append(one)
    for (fault, why), ones in sorted(by_reason.items(), key=lambda pair: pair[0][0]):
        named = [f"{escape(one.id)} {escape(one.name)}".rstrip() for one in ones]
        shown = ", ".join(named[:few]) + _more(named, few)
        who = f": {shown}" if fault or few is None else ""
        yield f"Left out, {escape(why, None)}: {counted(len(ones), 'campaign')}{who}"
        # One command for all of them, or one for each.
        hints = list(dict.fromkeys(one.hint.at(place) for one in ones if one.hint))
        yield from (f"  {hint}" for hint in hints[:few])
        if more := _more(hints, few):
            yield f" {more}"


def _more(items: Sequence[str], few: int | None) -> str:
    """How many items there are after the first few; empty if there are none."""
    return f" and {len(items) - few:,} more" if few and len(items) > few else ""
