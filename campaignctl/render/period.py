"""What happened since a time and what is next, for a weekly report: text, Markdown and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from campaignctl.errors import NOWHERE, Command, ProjectPlace, at, counted
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.cuts import Cuts
from campaignctl.render.escape import code_span, escape, prose
from campaignctl.render.overview import status_verdict
from campaignctl.render.remarks import Page, is_urgent, remarks_of
from campaignctl.render.status import next_run_text
from campaignctl.render.table import Style, table_lines
from campaignctl.review.reports import PeriodReport, StatusRow
from campaignctl.schedule import humanize
from campaignctl.schedule.times import iso

_WIDTH = 100


def period_verdict(report: PeriodReport) -> str:
    """How much was sent, is next and differs, on one line."""
    counts = [
        f"{len(report.sent):,} sent",
        f"{len(report.next):,} next until {humanize.instant(report.until)}",
        f"drift in {len(report.drift):,}",
    ]
    counts += [counted(len(report.proofs), "proof")] if report.proofs else []
    return f"Since {humanize.instant(report.since)}: {', '.join(counts)}."


def period_text(
    report: PeriodReport, *, color: bool, zone: str = "UTC", place: ProjectPlace = NOWHERE
) -> str:
    """A table of what was sent, one of what is next, what needs attention, proofs, and the verdict."""
    style = Style(color)
    sent = [
        (next_run_text(one.at, zone), escape(one.status or "-"), escape(one.id or "-"), escape(one.key))
        for one in report.sent
    ]
    due = [
        (next_run_text(row.next_run, zone), escape(row.status), escape(row.id or "-"), escape(row.key))
        for row in report.next
    ]
    page = Page(style, zone, _WIDTH, place, Cuts(Command("status", "--full"), full=True), full=True)
    remarks = remarks_of(_told(report), page)
    parts = [
        "\n".join(table_lines(("SENT", "STATUS", "ID", "KEY"), sent, style)) if sent else "Nothing was sent.",
        "\n".join(table_lines(("NEXT", "STATUS", "ID", "KEY"), due, style)) if due else "Nothing is next.",
        *("\n".join(remark.lines) for remark in remarks),
        "\n".join(f"Note: {escape(at(note, place), None)}" for note in report.status.notes),
        escape(_proofs(report), None),
        status_verdict(report.status, color=color),
        period_verdict(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _told(report: PeriodReport) -> list[StatusRow]:
    """The campaigns that need a decision or differ."""
    return [row for row in report.status.rows if row in report.drift or is_urgent(row)]


def _proofs(report: PeriodReport) -> str:
    by = Counter(each.who or "someone" for each in report.proofs)
    said = ", ".join(f"{who} ({count:,})" for who, count in sorted(by.items()))
    return f"Proofs: {len(report.proofs):,}, by {said}" if said else ""


def period_markdown(report: PeriodReport, *, zone: str = "UTC", place: ProjectPlace = NOWHERE) -> str:
    """The same for a chat or an issue; everything foreign is code."""
    sent = (f"{prose(next_run_text(one.at, zone))}: {code_span(one.key)}" for one in report.sent)
    due = (f"{prose(next_run_text(row.next_run, zone))}: {code_span(row.key)}" for row in report.next)
    decisions = (row for row in _told(report) if row not in report.drift)
    lines = [
        f"**{prose(period_verdict(report))}**",
        *_section("Sent", sent),
        *_section("Next", due),
        *_section("Drift", map(_drift, report.drift)),
        *_section("To decide", (f"{code_span(row.key)}: {prose(row.status)}" for row in decisions)),
        *_section("Notes", (prose(at(note, place)) for note in report.status.notes)),
        *([prose(_proofs(report))] if report.proofs else []),
    ]
    return "\n\n".join(lines) + "\n"


def _section(title: str, items: Iterable[str]) -> Iterator[str]:
    if listed := [f"- {item}" for item in items]:
        yield f"### {title}"
        yield "\n".join(listed)


def _drift(row: StatusRow) -> str:
    paths = dict.fromkeys([*(one.path for one in row.drift), *(one.path for one in row.unmanaged)])
    return f"{code_span(row.key)}: {', '.join(map(code_span, paths))}"


def period_json(report: PeriodReport, place: ProjectPlace = NOWHERE) -> dict[str, Any]:
    """The document of `status --since --format json`."""
    return {
        "format_version": FORMAT_VERSION,
        "since": iso(report.since),
        "now": iso(report.status.now),
        "until": iso(report.until),
        "sent": [asdict(one) for one in report.sent],
        "next": [asdict(row) for row in report.next],
        "drift": [asdict(row) for row in report.drift],
        "proofs": [asdict(one) for one in report.proofs],
        "notes": [at(note, place) for note in report.status.notes],
    }
