"""The live status of every campaign: how many of each, the table by next send, remarks, and the verdict."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaignctl.errors import NOWHERE, Command, ProjectPlace, counted, hint_lines
from campaignctl.render.cuts import Cuts, cut_lines
from campaignctl.render.escape import columns, escape, middle
from campaignctl.render.remarks import Page, Remark, is_urgent, remarks_of, tone_of, verdict_words
from campaignctl.render.status import next_run_text
from campaignctl.render.table import GAP, Screen, Style, table_lines, tall
from campaignctl.review.reports import StatusReport, StatusRow
from campaignctl.schedule import humanize
from campaignctl.schedule.times import TimeError, parse_iso

_FULL = Command("status", "--full")
# The width of what is not a screen, for the fields of a drift.
_WIDTH = 100
# So many screens are filled at most, with so many lines around the table and the remarks.
_SCREENS = 1.5
_AROUND = 9
_FEWEST_ROWS = 5
# So many campaigns that were asked for are shown one by one.
_ONE_BY_ONE = 3
# A table keeps so many columns for keys before it shortens times and leaves out ids, and never less.
_KEY = 40
_LEAST_KEY = 16
_FINAL = ("sent", "canceled")
_NOT_CREATED = "not created"


def status_text(
    report: StatusReport,
    *,
    color: bool,
    zone: str = "UTC",
    place: ProjectPlace = NOWHERE,
    screen: Screen | None = None,
    chosen: bool = False,
    full: bool = False,
) -> str:
    """Counts, notes, the table by next send, remarks and the verdict; commands as typed at `place`.

    On a screen the table fits, and what is left out is counted; without one, or with `full`, nothing is. A
    few campaigns that were `chosen` are shown one by one, with everything that is known.
    """
    width = screen.width if screen and not full else None
    page = Page(Style(color), zone, width or _WIDTH, place, Cuts(_FULL, full), full=width is None)
    rows = sorted(report.rows, key=_by_next_send)
    remarks = remarks_of(rows, page)
    some = _Some(len(rows), remarks)
    if screen and width:
        room = int(screen.lines * _SCREENS) - _AROUND - sum(tall(note, width) + 1 for note in report.notes)
        some = _fitting(rows, remarks, room, width)
    body = _one_by_one(rows, page, report.now) if chosen and len(rows) <= _ONE_BY_ONE else None
    parts = [
        _counts(rows),
        *("\n".join(_note(note, page)) for note in report.notes),
        body or "\n".join(_table(rows[: some.rows], page, width)),
        *("\n".join(remark.lines) for remark in some.remarks),
        _left_out(rows, remarks, some, page),
        cut_lines(page.cuts, place),
        status_verdict(report, color=color),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def status_verdict(report: StatusReport, *, color: bool) -> str:
    """What needs a decision or differs, and the next send, on one line."""
    if not report.rows:
        return "The state is behind." if report.behind else "Nothing is recorded yet."
    said = verdict_words(report.rows)
    if report.second_copies:
        said.insert(0, "some are in the account a second time")
    if report.behind:
        said.insert(0, "the state is behind")
    urgent = report.behind or report.second_copies or any(map(is_urgent, report.rows))
    head = Style(color)(f"{counted(len(report.rows), 'campaign')}:", "bold", "yellow" if urgent else "green")
    return f"{head} {', '.join(said) or 'nothing to decide, no drift'}. {_next(report)}."


def _note(note: str, page: Page) -> Iterator[str]:
    """A note, with a command that ends it alone on its line."""
    for index, (line, command) in enumerate(hint_lines(note, page.place)):
        head = "  " if command else "" if index else f"{page.style('Note:', 'bold', 'red')} "
        yield head + escape(line, None)


def _next(report: StatusReport) -> str:
    soonest = min(report.rows, key=_by_next_send)
    if soonest.next_run is None:
        return "None sends by itself"
    return f"Next: {_when(soonest.next_run, 'UTC', report.now)}: {escape(soonest.key)}"


def _when(next_run: str, zone: str, now: datetime) -> str:
    """The time of a send in words, and how far away it is."""
    try:
        at = parse_iso(next_run)
    except TimeError:
        return escape(next_run)
    due = "due " if at < now else ""
    return f"{humanize.instant(at, zone)}, {due}{humanize.distance(at, now)}"


def _by_next_send(row: StatusRow) -> tuple[bool, str, bool, str]:
    """The order of the table: the soonest first; of those that never send, what is urgent."""
    return row.next_run is None, row.next_run or "", not is_urgent(row), row.key


def _counts(rows: Sequence[StatusRow]) -> str:
    if not rows:
        return ""
    counts = Counter(row.status for row in rows).most_common()
    said = ", ".join(f"{count:,} {escape(status)}" for status, count in counts)
    return f"{counted(len(rows), 'campaign')}: {said}."


def _status(row: StatusRow) -> str:
    """The status with what an operator has to know, in a word each."""
    known = row.read or row.status in (_NOT_CREATED, *_FINAL)
    remarks = [
        "" if known else "as recorded",
        "unsettled" if row.pending else "",
        "" if row.declared or row.status in _FINAL else "no manifest",
        f"declared {row.phase}" if row.phase not in ("active", row.status) else "",
        "CAN STILL SEND" if row.goes else "halted" if row.halt and row.status not in _FINAL else "",
        "by others" if row.paused_by == "someone else" else "",
        "drift" if row.drift or row.unmanaged else "",
    ]
    said = ", ".join(filter(None, remarks))
    return escape(row.status) + (f" ({said})" if said else "")


def _mark(row: StatusRow) -> str:
    return "!" if is_urgent(row) else ""


_Layout = tuple[tuple[str, ...], tuple[Sequence[str], ...]]


def _table(rows: Sequence[StatusRow], page: Page, width: int | None) -> Iterator[str]:
    """The table in the widest layout that leaves room for keys, which are cut in the middle if need be."""
    if not rows:
        return
    keys, status = [escape(row.key) for row in rows], [_status(row) for row in rows]
    marks, ids = [_mark(row) for row in rows], [escape(row.id or "-") for row in rows]
    long, brief, least = (
        [_time(row, form, page.zone) for row in rows] for form in ("long", "brief", "least")
    )
    layouts: tuple[_Layout, ...] = (
        (("NEXT SEND", "STATUS", "ID"), (long, status, ids)),
        (("NEXT SEND (GMT)", "STATUS", "ID"), (brief, status, ids)),
        (("NEXT SEND (GMT)", "STATUS", "ID"), (least, status, ids)),
        (("NEXT SEND (GMT)", "STATUS"), (least, status)),
    )
    if any(marks):
        layouts = tuple((("", *head), (marks, *cells)) for head, cells in layouts)
    wanted = min(max(map(columns, keys)), _KEY)
    rooms = [_room(layout, width) for layout in layouts]
    best = next((number for number, room in enumerate(rooms) if room >= wanted), len(layouts) - 1)
    head, cells = layouts[best]
    shown = [middle(key, max(rooms[best], _LEAST_KEY)) for key in keys]
    tones = [tone_of(row) for row in rows]
    yield from table_lines((*head, "KEY"), list(zip(*cells, shown, strict=True)), page.style, tones)


def _room(layout: _Layout, width: int | None) -> int:
    """The columns that a layout leaves for keys."""
    if width is None:
        return sys.maxsize
    head, cells = layout
    return width - sum(
        max(map(columns, (name, *column))) + len(GAP) for name, column in zip(head, cells, strict=True)
    )


def _time(row: StatusRow, form: str, zone: str) -> str:
    if row.next_run is None or form == "long":
        return next_run_text(row.next_run, zone)
    try:
        at = parse_iso(row.next_run)
    except TimeError:
        return escape(row.next_run)
    return humanize.instant(at).removesuffix(" GMT") if form == "brief" else f"{at:%Y-%m-%d %H:%M}"


def _one_by_one(rows: Sequence[StatusRow], page: Page, now: datetime) -> str:
    return "\n\n".join("\n".join(_whole(row, page, now)) for row in rows)


def _whole(row: StatusRow, page: Page, now: datetime) -> Iterator[str]:
    """Everything that is known of one campaign, except its remarks."""
    yield page.style(escape(row.key), "bold")
    facts = {
        "status": _status(row),
        "next send": _when(row.next_run, page.zone, now) if row.next_run else "-",
        "id": escape(row.id or "-"),
        "name": page.cuts.text(row.name),
        "manifest": f"declared {row.phase}" if row.declared else "no longer declared",
    }
    yield from (f"  {name + ':':<11}{value}" for name, value in facts.items())


@dataclass(frozen=True, slots=True)
class _Some:
    """What is shown of a status: so many rows, and these remarks."""

    rows: int
    remarks: Sequence[Remark]


def _fitting(rows: Sequence[StatusRow], remarks: Sequence[Remark], room: int, width: int) -> _Some:
    """What fits into so many lines: remarks take half of them, or what the rows leave; each is cut at its
    end if need be."""
    needed = sum(remark.height(width) for remark in remarks)
    shown = min(len(rows), max(room - min(needed, room // 2), _FEWEST_ROWS))
    left, some = room - shown, list[Remark]()
    for remark in remarks:
        if some and left < remark.height(width):
            break
        some.append(remark.within(left, width))
        left -= some[-1].height(width)
    return _Some(shown, some)


def _left_out(rows: Sequence[StatusRow], remarks: Sequence[Remark], some: _Some, page: Page) -> str:
    """What is not shown, and the command that shows it; empty if that is nothing."""
    left = (
        (len(rows) - some.rows, "more campaign"),
        (len(remarks) - len(some.remarks), "more remark"),
    )
    said = " and ".join(counted(count, what) for count, what in left if count > 0)
    return f"{said}. To see everything:\n  {escape(_FULL.at(page.place), None)}" if said else ""
