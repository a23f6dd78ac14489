"""The live status of every campaign as a table, with what has to be decided and the drift below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from campaignctl.errors import NOWHERE, Command, Place
from campaignctl.plan.records import next_send
from campaignctl.render.escape import escape
from campaignctl.render.summary import keys_text
from campaignctl.render.table import Style, Tone, table_lines
from campaignctl.render.values import field_lines
from campaignctl.review.reports import StatusRow
from campaignctl.schedule import humanize
from campaignctl.schedule.times import TimeError, parse_iso
from campaignctl.state.model import HistoryEntry, Overridden, State

_NOT_CREATED = "not created"
_HEAD = ("KEY", "ID", "STATUS", "NEXT RUN", "DRIFT")


def status_text(
    rows: Sequence[StatusRow],
    *,
    color: bool,
    zone: str = "UTC",
    width: int = 100,
    place: Place = NOWHERE,
) -> str:
    """The table, what has to be known of single campaigns, and the drift; times in GMT and in the zone.

    The commands that it names are to be typed at `place`.
    """
    if not rows:
        return "Nothing is recorded yet.\n"
    style = Style(color)
    cells = [_cells(row, zone) for row in rows]
    parts = ["\n".join(table_lines(_HEAD, cells, style))]
    parts += ["\n".join(lines) for row in rows if (lines := list(_remarks(row, style, zone, place)))]
    parts += ["\n".join(_drift(row, style, width, zone)) for row in rows if row.drift]
    return "\n\n".join(parts) + "\n"


def _cells(row: StatusRow, zone: str) -> tuple[str, ...]:
    drift = f"{len(row.drift)} field{'s' if len(row.drift) != 1 else ''}" if row.drift else "-"
    return escape(row.key), escape(row.id or "-"), _status(row), next_run_text(row.next_run, zone), drift


def _status(row: StatusRow) -> str:
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


def _remarks(row: StatusRow, style: Style, zone: str, place: Place) -> Iterator[str]:
    """What somebody has to decide or to lift, with how."""
    key = escape(row.key)
    if row.halt is not None:
        when = next_run_text(row.halt.at, zone)
        yield f"{style(key, 'bold')}: halted by {escape(row.halt.who)}, {when}: {escape(row.halt.reason)}"
        lift = Command("halt", "--lift", row.halt.key, "--reason", "TEXT")
        yield f"  to lift: {escape(lift.at(place))}"
    elif row.paused_by == "somebody else" and row.phase == "active":
        yield f"{style(key, 'bold')}: paused by somebody else, and resumed by nobody without being asked"
        resume = Command("apply", "--target", row.key, "--override", "foreign_pause")
        yield f"  to resume: {escape(resume.at(place))}"
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
        return humanize.instant(parse_iso(next_run), zone)
    except TimeError:
        return escape(next_run)


def _drift(row: StatusRow, style: Style, width: int, zone: str) -> Iterator[str]:
    when = f", changed {next_run_text(row.changed_at, zone)}" if row.changed_at else ""
    yield f"{style(escape(row.key), 'bold')}: applied -> live{when}"
    for line in field_lines(row.drift, style, width - 2):
        yield f"  {line}"


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


_STATE_HEAD = ("KEY", "ID", "STATUS", "NEXT RUN", "UPDATED")
_UNSETTLED = {"planned": "not sent", "started": "may have been sent", "reposted": "sent a second time"}


def state_text(state: State, *, color: bool, now: datetime, zone: str = "UTC") -> str:
    """The whole state without the specs, as it is at `now`."""
    style = Style(color)
    parts = [
        "\n".join(_head(state, style)),
        "\n".join(_campaigns(state, style, now, zone)),
        "\n".join(_pending(state, style)),
        "\n".join(_ledger(state)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(state: State, style: Style) -> Iterator[str]:
    environment = f" of {escape(state.environment)}" if state.environment else ""
    yield f"{style('State', 'bold')}{environment}: lineage {escape(state.lineage)}, serial {state.serial}"
    account = state.account
    company = f"company {escape(account.company_id)} at " if account.company_id else ""
    yield f"Account: {company}{escape(account.url)}"
    if account.markers is False:
        yield "This account does not give metadata back: an unknown create is never sent again."


def _campaigns(state: State, style: Style, now: datetime, zone: str) -> Iterator[str]:
    rows = [
        (
            escape(key),
            escape(record.id),
            escape(record.status),
            next_run_text(next_send(record, now), zone),
            escape(record.updated_at),
        )
        for key, record in sorted(state.campaigns.items())
    ]
    if rows:
        yield from table_lines(_STATE_HEAD, rows, style)
    else:
        yield "No campaign is recorded."


def _pending(state: State, style: Style) -> Iterator[str]:
    if not state.pending:
        return
    yield style("Unsettled; the next apply settles it:", "bold", "yellow")
    for key, intent in sorted(state.pending.items()):
        campaign_id = f" of {escape(intent.id)}" if intent.id else ""
        yield f"  {escape(key)}: {intent.operation}{campaign_id}, {_UNSETTLED[intent.phase]}"


def _ledger(state: State) -> Iterator[str]:
    counts = ((len(state.sent), "sent"), (len(state.released), "released"), (len(state.missed), "missed"))
    said = ", ".join(f"{count} {what}" for count, what in counts if count)
    if said:
        yield f"Remembered: {said}."
