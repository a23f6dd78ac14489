"""What `doctor` found: a line for each check and below it what mends it, or a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from campaignctl.render.escape import escape, pad
from campaignctl.render.table import Style, Tone
from campaignctl.review.reports import Check, Verdict

FORMAT_VERSION = 1

_TONES: dict[Verdict, Tone] = {"ok": "green", "warning": "yellow", "problem": "red", "skipped": "dim"}
_WIDTH = max(map(len, _TONES))


def doctor_text(checks: Sequence[Check], *, color: bool) -> str:
    """Every check in the order given, and how many are not well."""
    style = Style(color)
    width = max((len(check.name) for check in checks), default=0)
    lines = [line for check in checks for line in _check(check, width, style)]
    return "\n".join([*lines, "", _summary(checks)]) + "\n"


def doctor_json(checks: Sequence[Check]) -> dict[str, Any]:
    """The same as a document; `result` is the worst verdict of all, `skipped` ones aside."""
    return {
        "format_version": FORMAT_VERSION,
        "result": worst(checks),
        "checks": [
            {"name": check.name, "verdict": check.verdict, "found": check.found, "mend": check.mend}
            for check in checks
        ],
    }


def worst(checks: Sequence[Check]) -> Literal["ok", "warning", "problem"]:
    """The worst verdict; what was skipped was for a reason that is a check of its own."""
    found = {check.verdict for check in checks}
    return "problem" if "problem" in found else "warning" if "warning" in found else "ok"


def _check(check: Check, width: int, style: Style) -> Iterator[str]:
    verdict = style(pad(check.verdict, _WIDTH), _TONES[check.verdict])
    yield f"{verdict}  {style(pad(escape(check.name), width), 'bold')}  {escape(check.found, None)}"
    if check.mend:
        yield f"{' ' * (_WIDTH + width + 4)}{style('mend:', 'cyan')} {escape(check.mend, None)}"


def _summary(checks: Sequence[Check]) -> str:
    counts = (_count(checks, "problem"), _count(checks, "warning"))
    return ", ".join(filter(None, counts)) + "." if any(counts) else "Everything is in order."


def _count(checks: Sequence[Check], verdict: Verdict) -> str:
    number = sum(check.verdict == verdict for check in checks)
    return f"{number} {verdict}{'s' if number > 1 else ''}" if number else ""
