"""The checks of `doctor`: a line for each, with its fix below, or a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from campaignctl.errors import NOWHERE, ProjectPlace, at, counted
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.errors import hint_text
from campaignctl.render.escape import escape, pad
from campaignctl.render.table import Style, Tone
from campaignctl.review.reports import Check, CheckVerdict

_TONES: dict[CheckVerdict, Tone] = {"ok": "green", "warning": "yellow", "problem": "red", "skipped": "dim"}
_WIDTH = max(map(len, _TONES))


def doctor_text(checks: Sequence[Check], *, color: bool, place: ProjectPlace = NOWHERE) -> str:
    """Every check in the order given, and how many warnings and problems there are."""
    style = Style(color)
    width = max((len(check.name) for check in checks), default=0)
    lines = [line for check in checks for line in _check(check, width, style, place)]
    counts = ", ".join(filter(None, (_count(checks, "problem"), _count(checks, "warning"))))
    return "\n".join([*lines, "", f"{counts}." if counts else "Everything is in order."]) + "\n"


def doctor_json(checks: Sequence[Check], place: ProjectPlace = NOWHERE) -> dict[str, Any]:
    """The document; `result` is the worst verdict, except `skipped`."""
    return {
        "format_version": FORMAT_VERSION,
        "result": worst(checks),
        "checks": [
            {
                "name": check.name,
                "verdict": check.verdict,
                "found": check.found,
                "mend": at(check.fix, place),
            }
            for check in checks
        ],
    }


def worst(checks: Sequence[Check]) -> Literal["ok", "warning", "problem"]:
    """The worst verdict; the reason for a skipped check is a check of its own."""
    found = {check.verdict for check in checks}
    return "problem" if "problem" in found else "warning" if "warning" in found else "ok"


def _check(check: Check, width: int, style: Style, place: ProjectPlace) -> Iterator[str]:
    verdict = style(pad(check.verdict, _WIDTH), _TONES[check.verdict])
    yield f"{verdict}  {style(pad(escape(check.name), width), 'bold')}  {escape(check.found, None)}"
    yield from hint_text(check.fix, style, place, label="fix:", indent=" " * (_WIDTH + width + 4))


def _count(checks: Sequence[Check], verdict: CheckVerdict) -> str:
    number = sum(check.verdict == verdict for check in checks)
    return counted(number, verdict) if number else ""
