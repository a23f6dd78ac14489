"""History, state, what `status --unmanaged`, `state recover` and `state rebind` found, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from campaignctl.errors import NOWHERE, Command, ProjectPlace, counted, hint_lines
from campaignctl.plan.records import next_send
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.cuts import Cuts
from campaignctl.render.escape import escape
from campaignctl.render.summary import keys_text
from campaignctl.render.table import Style, Tone, table_lines
from campaignctl.review.reports import Belonging, Rebinding, Recovery, UnmanagedReport
from campaignctl.schedule import humanize
from campaignctl.schedule.times import TimeError, parse_iso
from campaignctl.state.ledger import HistoryEntry, Overridden, ReviewedRequest
from campaignctl.state.model import State


def next_run_text(next_run: str | None, zone: str) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ` in words; any other form as it is."""
    if next_run is None:
        return "-"
    try:
        return humanize.instant(parse_iso(next_run), zone)
    except TimeError:
        return escape(next_run)


_UNMANAGED_HEAD = ("NEXT SEND", "STATUS", "ID", "NAME")


def unmanaged_text(
    report: UnmanagedReport,
    *,
    color: bool,
    zone: str = "UTC",
    place: ProjectPlace = NOWHERE,
    verdict_only: bool = False,
) -> str:
    """The live campaigns that no state of ours knows, and the command that makes manifests of them."""
    sending = sum(row.can_send for row in report.rows)
    said = f"{counted(len(report.rows), 'live campaign')} of {report.looked_at:,} in no state of ours"
    others = f"{report.elsewhere:,} more with the marker of another state" if report.elsewhere else ""
    verdict = "; ".join(filter(None, (f"{said}, {sending:,} of them can send", others))) + "."
    if verdict_only or not report.rows:
        return f"{verdict}\n"
    rows = [
        (next_run_text(row.next_run, zone), escape(row.status), escape(row.id), escape(row.name))
        for row in report.rows
    ]
    table = table_lines(_UNMANAGED_HEAD, rows, Style(color))
    pull = Command("pull", "--all").at(place)
    return "\n".join((*table, "", verdict, f"To write manifests for them:\n  {pull}")) + "\n"


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
    looked = f"{counted(recovery.looked_at, 'campaign')} read"
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
            f"The state records {counted(rebinding.campaigns, 'campaign')}; {proof}.",
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
