"""The live status of every recorded campaign as a table, with drift field by field below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from campaignctl.render.escape import escape
from campaignctl.render.shapes import StatusShape
from campaignctl.render.style import Style
from campaignctl.render.table import table_lines
from campaignctl.render.values import field_lines
from campaignctl.schedule import words
from campaignctl.schedule.times import TimeError, parse_iso

_HEAD = ("KEY", "ID", "STATUS", "NEXT RUN", "DRIFT")


def status_text(rows: Sequence[StatusShape], *, color: bool, zone: str = "UTC", width: int = 100) -> str:
    """The table and the drift; next runs in GMT and in the zone."""
    if not rows:
        return "Nothing is recorded yet.\n"
    style = Style(color)
    cells = [_cells(row, zone) for row in rows]
    parts = ["\n".join(table_lines(_HEAD, cells, style))]
    parts += ["\n".join(_drift(row, style, width)) for row in rows if row.drift]
    return "\n\n".join(parts) + "\n"


def _cells(row: StatusShape, zone: str) -> tuple[str, ...]:
    drift = f"{len(row.drift)} field{'s' if len(row.drift) != 1 else ''}" if row.drift else "-"
    return escape(row.key), escape(row.id or "-"), _status(row), next_run_text(row.next_run, zone), drift


def _status(row: StatusShape) -> str:
    remarks = [
        "" if row.read else "as recorded",
        f"unsettled: {escape(row.pending)}" if row.pending else "",
        "" if row.declared else "no manifest",
    ]
    said = ", ".join(filter(None, remarks))
    return escape(row.status) + (f" ({said})" if said else "")


def next_run_text(next_run: str | None, zone: str) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ` in words; what is spelt in another way as it is."""
    if next_run is None:
        return "-"
    try:
        return words.instant(parse_iso(next_run), zone)
    except TimeError:
        return escape(next_run)


def _drift(row: StatusShape, style: Style, width: int) -> Iterator[str]:
    yield f"{style(escape(row.key), 'bold')}: applied -> live"
    for line in field_lines(row.drift, style, width - 2):
        yield f"  {line}"
