"""Live status, history, state, and what `state recover` and `state rebind` found, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from campaignctl.errors import NOWHERE, Command, ProjectPlace, at, counted, hint_lines
from campaignctl.plan.records import next_send
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.cuts import Cuts, cut_lines
from campaignctl.render.escape import escape
from campaignctl.render.summary import keys_text
from campaignctl.render.table import Style, Tone, table_lines
from campaignctl.render.values import field_lines, set_outside
from campaignctl.review.reports import Belonging, Rebinding, Recovery, StatusReport, StatusRow
from campaignctl.schedule import humanize
from campaignctl.schedule.times import TimeError, parse_iso
from campaignctl.state.model import HistoryEntry, Overridden, ReviewedRequest, State

# How many unconfirmed paths are named.
_PATHS = 5
_NOT_CREATED = "not created"
_HEAD = ("KEY", "ID", "STATUS", "NEXT RUN", "DRIFT")


def status_text(
    report: StatusReport,
    *,
    color: bool,
    zone: str = "UTC",
    width: int = 100,
    place: ProjectPlace = NOWHERE,
) -> str:
    """Notes, the table, remarks about single campaigns, and the drift; times in GMT and in the zone.

    Its commands are as typed at `place`.
    """
    rows, style = report.rows, Style(color)
    notes = [f"{style('Note:', 'bold', 'red')} {escape(at(note, place), None)}" for note in report.notes]
    cells = [_cells(row, zone) for row in rows]
    parts = [*notes, "\n".join(table_lines(_HEAD, cells, style)) if rows else "Nothing is recorded yet."]
    cuts = Cuts(Command("status", "--format", "json"))
    parts += ["\n".join(lines) for row in rows if (lines := list(_remarks(row, style, zone, place, cuts)))]
    parts += ["\n".join(_drift(row, style, width, zone, cuts)) for row in rows if row.drift or row.unmanaged]
    parts += filter(None, [cut_lines(cuts, place)])
    return "\n\n".join(parts) + "\n"


def _cells(row: StatusRow, zone: str) -> tuple[str, ...]:
    differs = len(row.drift) + len(row.unmanaged)
    drift = counted(differs, "field") if differs else "-"
    return escape(row.key), escape(row.id or "-"), _status(row), next_run_text(row.next_run, zone), drift


def _status(row: StatusRow) -> str:
    remarks = [
        "" if row.read or row.status == _NOT_CREATED else "as recorded",
        f"unsettled: {escape(row.pending)}" if row.pending else "",
        "" if row.declared else "no manifest",
        f"declared {row.phase}" if row.phase != "active" else "",
        ("halted, CAN STILL SEND" if row.goes else "halted") if row.halt else "",
        "not by campaignctl" if row.paused_by == "someone else" else "",
    ]
    said = ", ".join(filter(None, remarks))
    return escape(row.status) + (f" ({said})" if said else "")


def _remarks(row: StatusRow, style: Style, zone: str, place: ProjectPlace, cuts: Cuts) -> Iterator[str]:
    """The decisions that are left to you, with their commands."""
    key = escape(row.key)
    if row.halt is not None:
        when = next_run_text(row.halt.at, zone)
        yield f"{style(key, 'bold')}: halted by {escape(row.halt.who)}, {when}: {escape(row.halt.reason)}"
        if row.goes:
            again = Command("halt", row.key, "--reason", row.halt.reason)
            yield f"  {style('it can send all the same; to pause it again:', 'bold', 'red')}"
            yield f"    {escape(again.at(place))}"
        lift = Command("halt", "--lift", row.halt.key, "--reason", "TEXT")
        yield from (f"  {style('to lift:', 'cyan')}", f"    {escape(lift.at(place))}")
    elif row.paused_by == "someone else" and row.phase == "active":
        yield f"{style(key, 'bold')}: paused outside campaignctl; not resumed automatically"
        resume = Command("apply", "--target", row.key, "--override", "foreign_pause")
        yield from (f"  {style('to resume:', 'cyan')}", f"    {escape(resume.at(place))}")
    if row.unconfirmed:
        yield f"{style(key, 'bold')}: unconfirmed: no read shows {cuts.items(row.unconfirmed, _PATHS)}"
    if row.status == "needs_decision":
        names = ", ".join(map(escape, row.decide)) or "its messages, which were not read"
        yield f"{style(key, 'bold')}: its A/B test waits for a decision between {names}"
        first = escape(row.decide[0]) if row.decide else "MESSAGE"
        winner = f"{{message: {first}, run: {row.decide_run}}}" if row.decide_run else first
        yield f"  to decide: lifecycle: {{winner: {winner}}} in {key}"


def next_run_text(next_run: str | None, zone: str) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ` in words; any other form as it is."""
    if next_run is None:
        return "-"
    try:
        return humanize.instant(parse_iso(next_run), zone)
    except TimeError:
        return escape(next_run)


def _drift(row: StatusRow, style: Style, width: int, zone: str, cuts: Cuts) -> Iterator[str]:
    when = f", changed {next_run_text(row.changed_at, zone)}" if row.changed_at else ""
    yield f"{style(escape(row.key), 'bold')}: applied -> live{when}"
    yield from (f"  {line}" for line in field_lines(row.drift, style, width - 2, cuts))
    if row.unmanaged:
        yield "  set outside of the manifests:"
        yield from (f"    {line}" for line in field_lines(set_outside(row.unmanaged), style, width - 4, cuts))


_OUTCOMES: dict[str, tuple[str, Tone]] = {
    "started": ("did not finish", "red"),
    "done": ("done", "green"),
    "incomplete": ("incomplete", "red"),
    "interrupted": ("interrupted", "yellow"),
}


def history_json(entries: tuple[HistoryEntry, ...]) -> dict[str, Any]:
    """The document of `state history`, newest first."""
    return {"format_version": FORMAT_VERSION, "history": [asdict(entry) for entry in reversed(entries)]}


def history_text(entries: tuple[HistoryEntry, ...], *, color: bool, zone: str = "UTC") -> str:
    """Every apply: when, who, from where, its actions and its outcome."""
    style = Style(color)
    shown = ("\n".join(_entry(entry, style, zone)) for entry in reversed(entries))
    return "\n\n".join(shown) + "\n"


def _entry(entry: HistoryEntry, style: Style, zone: str) -> Iterator[str]:
    words, tone = _OUTCOMES[entry.outcome]
    yield f"{style(next_run_text(entry.at, zone), 'bold')}  {escape(entry.operation)}: {style(words, tone)}"
    yield f"  by:       {escape(entry.who)} on {escape(entry.host)}, campaignctl {escape(entry.tool_version)}"
    if entry.commit:
        yield f"  commit:   {escape(entry.commit)}"
    for each in entry.requests:
        yield f"  request:  {request_text(each)}"
    yield f"  plan:     {escape(entry.plan)}"
    yield f"  actions:  {_counts(entry.actions)}"
    if entry.outcomes:
        yield f"  outcome:  {_counts(entry.outcomes)}"
    for lifted in entry.overrides:
        yield f"  lifted:   {_lifted(lifted)}"


def request_text(request: ReviewedRequest) -> str:
    """A request and who approved it."""
    without = "the host names no approval" if "://" in request.request else "merged without an approval"
    by = f"approved by {escape(request.approved_by)}" if request.approved_by else without
    return f"{escape(request.request)}, {by}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {escape(name).replace('_', ' ')}" for name, count in counts.items())


def _lifted(lifted: Overridden) -> str:
    keys = keys_text(lifted.keys, Cuts())
    if lifted.reason is None:
        return f"{escape(lifted.name)} for {keys}, once"
    until = f" until {escape(lifted.until)}" if lifted.until else ""
    return f"{escape(lifted.name)} for {keys}{until}: {escape(lifted.reason)}"


_STATE_HEAD = ("KEY", "ID", "STATUS", "NEXT RUN", "UPDATED")
_UNSETTLED = {
    "planned": "not sent",
    "started": "may have been sent; outcome unknown",
    "reposted": "sent a second time",
}


def state_text(state: State, *, color: bool, now: datetime, zone: str = "UTC") -> str:
    """The whole state without the specs, at `now`."""
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
        yield "This account does not return metadata, so a create with an unknown outcome is never repeated."


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
    yield style("Unsettled; the next apply settles them:", "bold", "yellow")
    for key, intent in sorted(state.pending.items()):
        campaign_id = f" of {escape(intent.id)}" if intent.id else ""
        phase = "half done" if intent.half_done else _UNSETTLED[intent.phase]
        yield f"  {escape(key)}: {intent.operation}{campaign_id}, {phase}"


def _ledger(state: State) -> Iterator[str]:
    counts = ((len(state.sent), "sent"), (len(state.released), "released"), (len(state.missed), "missed"))
    said = ", ".join(f"{count} {what}" for count, what in counts if count)
    if said:
        yield f"Remembered: {said}."


_RECOVERY_HEAD = ("ID", "KEY", "NAME", "STATUS", "CAN SEND", "RECORDED AS")
_WRITE = Command("state", "recover", "--write")


def recovery_text(recovery: Recovery, *, color: bool, place: ProjectPlace = NOWHERE) -> str:
    """Every campaign that the state does not know, and the next command, as typed at `place`."""
    looked = f"{recovery.looked_at} campaigns read"
    if not recovery.found:
        return f"The state knows every campaign of this project and environment; {looked}.\n"
    rows = [
        (
            escape(found.id),
            escape(found.key) if found.key else "(no manifest)",
            escape(found.name),
            escape(found.status),
            "yes" if found.can_send else "no",
            escape(found.into) if found.into else "(its id only)",
        )
        for found in recovery.found
    ]
    count = len(recovery.found)
    if recovery.written:
        end = f"{count} recorded; {looked}. Next:\n  {Command('plan').at(place)}"
    else:
        doubt = "".join(f"\n{line}" for line in _told(recovery.doubt, place))
        end = (
            f"{count} unknown to the state; {looked}. Nothing was written. Next:\n  {_WRITE.at(place)}{doubt}"
        )
    table = table_lines(_RECOVERY_HEAD, rows, Style(color))
    return "\n".join((*table, "", end)) + "\n"


def _told(text: str, place: ProjectPlace) -> Iterator[str]:
    """A hint line by line, its commands indented."""
    for line, command in hint_lines(text, place) if text else ():
        yield f"  {escape(line, None)}" if command else escape(line, None)


def rebinding_text(rebinding: Rebinding, *, color: bool) -> str:
    """The account and environment of the state now, and after the rebind."""
    style = Style(color)
    moved = rebinding.before.project_id != rebinding.after.project_id
    proof = f"{rebinding.found} of the {rebinding.looked_for} newest were found in the account"
    return "\n".join(
        (
            f"The state records {rebinding.campaigns} campaigns; {proof}.",
            f"  now:    {_belonging(rebinding.before, moved)}",
            f"  after:  {style(_belonging(rebinding.after, moved), 'bold')}",
            "Saved plans become invalid.",
        )
    )


def _belonging(belonging: Belonging, with_project: bool) -> str:
    company = f"company {escape(belonging.company_id)}" if belonging.company_id else "an unknown company"
    environment = (
        f"environment {escape(belonging.environment)}" if belonging.environment else "no environment"
    )
    project = f", project {escape(belonging.project_id or 'without an id')}" if with_project else ""
    return f"{company} at {escape(belonging.url)}, {environment}{project}"
