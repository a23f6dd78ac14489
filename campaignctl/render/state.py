"""A state as text: whose it is, what is recorded, and what is not settled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from campaignctl.plan.records import next_send
from campaignctl.render.escape import escape
from campaignctl.render.status import next_run_text
from campaignctl.render.style import Style
from campaignctl.render.table import table_lines
from campaignctl.state.model import State

_HEAD = ("KEY", "ID", "STATUS", "NEXT RUN", "UPDATED")
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
        yield from table_lines(_HEAD, rows, style)
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
