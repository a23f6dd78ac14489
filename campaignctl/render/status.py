"""The live status of every campaign as a table, with what has to be decided and the drift below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote

from campaignctl.errors import in_environment
from campaignctl.render.escape import escape
from campaignctl.render.shapes import StatusShape
from campaignctl.render.style import Style
from campaignctl.render.table import table_lines
from campaignctl.render.values import field_lines
from campaignctl.schedule import words
from campaignctl.schedule.times import TimeError, parse_iso

_NOT_CREATED = "not created"
_HEAD = ("KEY", "ID", "STATUS", "NEXT RUN", "DRIFT")


def status_text(
    rows: Sequence[StatusShape],
    *,
    color: bool,
    zone: str = "UTC",
    width: int = 100,
    environment: str | None = None,
) -> str:
    """The table, what has to be known of single campaigns, and the drift; times in GMT and in the zone.

    The commands that it names choose the `environment`: without it they may act on another.
    """
    if not rows:
        return "Nothing is recorded yet.\n"
    style = Style(color)
    cells = [_cells(row, zone) for row in rows]
    parts = ["\n".join(table_lines(_HEAD, cells, style))]
    parts += ["\n".join(lines) for row in rows if (lines := list(_remarks(row, style, zone, environment)))]
    parts += ["\n".join(_drift(row, style, width, zone)) for row in rows if row.drift]
    return "\n\n".join(parts) + "\n"


def _cells(row: StatusShape, zone: str) -> tuple[str, ...]:
    drift = f"{len(row.drift)} field{'s' if len(row.drift) != 1 else ''}" if row.drift else "-"
    return escape(row.key), escape(row.id or "-"), _status(row), next_run_text(row.next_run, zone), drift


def _status(row: StatusShape) -> str:
    remarks = [
        "" if row.read or row.status == _NOT_CREATED else "as recorded",
        f"unsettled: {escape(row.pending)}" if row.pending else "",
        "" if row.declared else "no manifest",
        f"declared {row.phase}" if row.phase != "active" else "",
        "halted" if row.halt else "",
        "by somebody else" if row.paused_by == "somebody else" else "",
    ]
    said = ", ".join(filter(None, remarks))
    return escape(row.status) + (f" ({said})" if said else "")


def _remarks(row: StatusShape, style: Style, zone: str, environment: str | None) -> Iterator[str]:
    """What somebody has to decide or to lift, with how."""
    key = escape(row.key)
    if row.halt is not None:
        when = next_run_text(row.halt.at, zone)
        yield f"{style(key, 'bold')}: halted by {escape(row.halt.who)}, {when}: {escape(row.halt.reason)}"
        lift = f"campaignctl halt --lift {escape(quote(row.halt.key))} --reason TEXT"
        yield f"  to lift: {in_environment(lift, environment)}"
    elif row.paused_by == "somebody else" and row.phase == "active":
        yield f"{style(key, 'bold')}: paused by somebody else, and resumed by nobody without being asked"
        resume = f"campaignctl apply --target {escape(quote(row.key))} --override foreign_pause"
        yield f"  to resume: {in_environment(resume, environment)}"
    if row.status == "needs_decision":
        names = ", ".join(map(escape, row.decide)) or "its messages, which were not read"
        yield f"{style(key, 'bold')}: its A/B test waits for a decision between {names}"
        first = escape(row.decide[0]) if row.decide else "MESSAGE"
        yield f"  to decide: lifecycle: {{winner: {first}}} in {key}"


def next_run_text(next_run: str | None, zone: str) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ` in words; what is spelt in another way as it is."""
    if next_run is None:
        return "-"
    try:
        return words.instant(parse_iso(next_run), zone)
    except TimeError:
        return escape(next_run)


def _drift(row: StatusShape, style: Style, width: int, zone: str) -> Iterator[str]:
    when = f", changed {next_run_text(row.changed_at, zone)}" if row.changed_at else ""
    yield f"{style(escape(row.key), 'bold')}: applied -> live{when}"
    for line in field_lines(row.drift, style, width - 2):
        yield f"  {line}"
