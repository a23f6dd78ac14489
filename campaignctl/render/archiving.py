"""What `archive` put away, or would, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from campaignctl.errors import Command, ProjectPlace, counted
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.escape import escape
from campaignctl.render.table import Style, table_lines
from campaignctl.review.archiving import ArchiveReport

_HEAD = ("KEY", "ID", "STATUS", "ENDED", "MANIFEST")
#: How many campaigns are listed, and how many keys are named for one reason, unless all are asked for.
_MANY, _FEW = 40, 5


def archive_text(report: ArchiveReport, place: ProjectPlace, *, full: bool = False) -> str:
    """The campaigns that are archived, those that are left with the reason, and the verdict."""
    return "\n".join(_lines(report, place, full=full)) + "\n"


def archive_verdict(report: ArchiveReport) -> str:
    """The result in one line."""
    if report.result == "nothing":
        later = " What was sent since the last apply counts after the next one." if report.recorded else ""
        return (
            f"Nothing to archive: {counted(report.recorded, 'campaign')} recorded, none that can go.{later}"
        )
    verb = "Archived" if report.written else "Would archive"
    counts = ((report.sent, "sent"), (report.released, "released"), (report.applies, "applies"))
    moved = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    ledger = f"; to the archive of {', '.join(map(str, report.years))}: {moved}" if moved else ""
    files = f", with {counted(len(report.files), 'file')}" if report.files else ""
    left = f"{counted(report.recorded, 'campaign')} {'stay' if report.recorded != 1 else 'stays'} recorded"
    return f"{verb} {counted(len(report.campaigns), 'campaign')}{files}{ledger}. {left}."


def _lines(report: ArchiveReport, place: ProjectPlace, *, full: bool) -> Iterator[str]:
    shown = report.campaigns if full else report.campaigns[:_MANY]
    rows = [
        [escape(one.key), escape(one.id), one.status, one.ended, escape(one.file or "-")] for one in shown
    ]
    if rows:
        yield from table_lines(_HEAD, rows, Style(color=False))
    if rest := len(report.campaigns) - len(rows):
        yield f"  and {rest:,} more (-v names them)"
    reasons: dict[str, list[str]] = {}
    for one in report.left:
        reasons.setdefault(one.reason, []).append(one.key)
    for reason, keys in reasons.items():
        named = keys if full else keys[:_FEW]
        more = f" and {len(keys) - len(named):,} more" if len(keys) > len(named) else ""
        yield f"Left alone: {escape(', '.join(named), None)}{more}: {escape(reason, None)}"
    if not report.written and any(to is None for _, to in report.files):
        yield "Deletes:"
        yield from (f"  {escape(path, None)}" for path, _ in report.files)
    yield archive_verdict(report)
    if report.written and report.files:
        yield f"Next, commit the files; the plan has nothing to do for them.\n  {Command('plan').at(place)}"


def archive_json(report: ArchiveReport) -> dict[str, Any]:
    """The document of `archive --format json`."""
    return {
        "format_version": FORMAT_VERSION,
        "result": report.result,
        "campaigns": [asdict(one) for one in report.campaigns],
        "files": [{"path": path, "to": to} for path, to in report.files],
        "left": [asdict(one) for one in report.left],
        "sent": report.sent,
        "released": report.released,
        "applies": report.applies,
        "years": list(report.years),
        "recorded": report.recorded,
    }
