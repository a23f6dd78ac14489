"""The changes of a plan in a comment: a row for each, and folded below the fields of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from campaignctl.plan.model import Change, Plan
from campaignctl.render.audience import EVERYONE, audience_text
from campaignctl.render.escape import cell, code_span, html_code, prose
from campaignctl.render.fitting import Section
from campaignctl.render.markdown_fields import diff_block, folded
from campaignctl.render.sending import sends_lines, undo_text
from campaignctl.render.summary import REACHING
from campaignctl.render.values import counted
from campaignctl.schedule.times import iso

CHANGES = "### Changes"

_COLUMNS = ("Action", "Campaign", "Sends", "Reaches", "Can be undone")
_NAME_SHOWN = 80
_AUDIENCE_SHOWN = 300
_LINE_SHOWN = 300
_NOTHING = "-"


def changes_section(plan: Plan) -> Section:
    """A row for each change. Those that arm come first and are bold, as what a reviewer has to see."""
    changes = _arming_first(plan)
    return Section(
        CHANGES,
        [table_row(_cells(change, plan)) for change in changes],
        lambda shown: _rest(changes[shown:]),
        share=0.4,
        opening=table_head(_COLUMNS),
    )


def fields_section(plan: Plan, most: int) -> Section:
    """The fields of each change, folded; `most` is about how many characters one may take."""
    changes = _arming_first(plan)
    return Section(
        "### Field by field",
        [_fields(change, most) for change in changes],
        lambda shown: f"_{counted(len(changes) - shown, 'more change')} not shown field by field._",
        share=0,
    )


def table_head(columns: Sequence[str]) -> str:
    """The head of a table, to be followed by its rows."""
    return f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"


def table_row(cells: Sequence[str]) -> str:
    """A row; the cells are Markdown that is safe in a paragraph."""
    return f"| {' | '.join(map(cell, cells))} |"


def _arming_first(plan: Plan) -> list[Change]:
    return sorted(plan.changes, key=lambda change: (not change.sends_at_once, not change.arms))


def _rest(changes: Sequence[Change]) -> str:
    arming = sum(change.arms for change in changes)
    sends = f", of which {arming} can send afterwards" if arming else ""
    return f"**{counted(len(changes), 'more change')} not shown{sends}.**"


def _cells(change: Change, plan: Plan) -> tuple[str, ...]:
    key = code_span(change.key)
    action, key = (f"**{change.action}, arms**", f"**{key}**") if change.arms else (str(change.action), key)
    return action, f"{key}{_known_as(change)}", _sends(change, plan), _reaches(change), _undo(change, plan)


def _known_as(change: Change) -> str:
    said = [
        prose(change.name, _NAME_SHOWN) if change.name else "",
        code_span(change.id) if change.id else "",
        f"was {code_span(change.moved_from)}" if change.moved_from else "",
    ]
    shown = ", ".join(filter(None, said))
    return f"<br>{shown}" if shown else ""


def _sends(change: Change, plan: Plan) -> str:
    # Of a recurrence the next run is enough: the words before it say the others.
    brief = replace(change, sends=replace(change.sends, at=change.sends.at[:1]))
    lines = sends_lines(brief, plan.time_zone, plan.created_at, distances=False)
    shown = "<br>".join(prose(line, _LINE_SHOWN) for line in lines) or _NOTHING
    return f"**{shown}**" if change.sends_at_once else shown


def _reaches(change: Change) -> str:
    if change.action not in REACHING:
        return _NOTHING
    audience = audience_text(change.audience)
    return f"**{EVERYONE}**" if audience == EVERYONE else prose(audience, _AUDIENCE_SHOWN)


def _undo(change: Change, plan: Plan) -> str:
    first = change.sends.first
    # Where it is the time of the send, the project's zone stands beside it already.
    said_before = first is not None and change.undo == f"until {iso(first)}"
    shown = prose(undo_text(change.undo, "UTC" if said_before else plan.time_zone))
    return f"**{shown}**" if change.undo == "never" else shown


def _fields(change: Change, most: int) -> str:
    count = f": {counted(len(change.diff), 'field')}" if change.diff else ""
    summary = f"<b>{change.action}</b> {html_code(change.key)}{count}"
    return folded(summary, (f"Why: {prose(change.reason)}", diff_block(change.diff, most)))
