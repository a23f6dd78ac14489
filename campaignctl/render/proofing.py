"""What `proof` sent, or would send, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from campaignctl.errors import NOWHERE, Command, ProjectPlace, at, counted
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.cuts import Cuts
from campaignctl.render.errors import hint_text
from campaignctl.render.escape import escape
from campaignctl.render.table import Style, Tone, table_lines
from campaignctl.render.values import audience_text
from campaignctl.review.proofing import ProofOutcome, ProofReport, ProofResult

_HEAD = ("OUTCOME", "ID", "LANGUAGE", "MESSAGE")
_WORDS: dict[ProofOutcome, tuple[str, Tone | None]] = {
    "planned": ("would be sent", None),
    "done": ("sent", None),
    "failed": ("NOT SENT", "red"),
    "unknown": ("OUTCOME UNKNOWN", "red"),
    "not_started": ("not started", "yellow"),
}
_TONES: dict[str, Tone] = {"planned": "yellow", "done": "green"}


def proof_text(report: ProofReport, *, color: bool, place: ProjectPlace = NOWHERE) -> str:
    """Whom the proofs reach, each with its outcome and why, what they do not have, and the verdict."""
    style = Style(color)
    rows = [
        (_WORDS[one.outcome][0], escape(one.id or "-"), escape(one.lang), escape(one.message))
        for one in report.proofs
    ]
    tones = [_WORDS[one.outcome][1] for one in report.proofs]
    seeds = audience_text(report.seeds, Cuts(Command("proof", report.key, "--dry-run", "--format", "json")))
    parts = [
        f"{escape(report.key)} reaches the seeds {style(escape(report.to), 'bold')} alone: {seeds}",
        "\n".join(table_lines(_HEAD, rows, style, tones)),
        *("\n".join(_why(one, style, place)) for one in report.proofs if one.error),
        "\n".join(_left_out(report)),
        "\n".join(f"Note: {escape(note, None)}" for note in report.notes),
        proof_verdict(report, color=color),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _why(one: ProofResult, style: Style, place: ProjectPlace) -> Iterator[str]:
    if (error := one.error) is None:
        return
    yield f"{escape(one.message)} in {escape(one.lang)}: {escape(error.summary, None)}"
    if error.detail:
        yield f"    {escape(error.detail, None)}"
    yield from hint_text(error.hint, style, place, indent="    ")
    if error.trace_id:
        yield f"    trace_id: {escape(error.trace_id)}"


def _left_out(report: ProofReport) -> Iterator[str]:
    """What of the campaign is not in its proofs: the same reason once."""
    reasons: dict[str, list[str]] = {}
    for path, reason in report.left_out:
        reasons.setdefault(reason, []).append(path)
    if reasons:
        yield "Not in a proof:"
        yield from (f"  {escape(', '.join(paths), None)}: {reason}" for reason, paths in reasons.items())


def proof_verdict(report: ProofReport, *, color: bool) -> str:
    """The result, how many proofs of each outcome, and how many that makes today, on one line."""
    result = report.result
    counts = Counter(_WORDS[one.outcome][0].lower() for one in report.proofs)
    said = ", ".join(f"{count:,} {words}" for words, count in counts.items())
    today = f"{counted(report.today, 'proof')} of {report.limit:,} today"
    head = Style(color)(f"{result.capitalize()}:", "bold", _TONES.get(result, "red"))
    return f"{head} {said}. {today}."


def proof_json(report: ProofReport, place: ProjectPlace = NOWHERE) -> dict[str, Any]:
    """The document of `proof --format json`."""
    return {
        "format_version": FORMAT_VERSION,
        "key": report.key,
        "to": report.to,
        "targeting": report.seeds,
        "result": report.result,
        "proofs": [
            asdict(one)
            | {"body": one.body}
            | {"error": one.error and asdict(one.error) | {"hint": at(one.error.hint, place)}}
            for one in report.proofs
        ],
        "left_out": [{"path": path, "reason": reason} for path, reason in report.left_out],
        "today": report.today,
        "max_per_day": report.limit,
        "notes": list(report.notes),
    }
