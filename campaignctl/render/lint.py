"""The rules of lint: as a list, one of them in full, or as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from campaignctl.errors import Severity
from campaignctl.lint.rule import FAMILIES, Certainty, Rule
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.table import Style, Tone, table_lines

_TONES: dict[Severity, Tone] = {"error": "red", "warning": "yellow", "info": "cyan"}
#: What a certainty means.
CERTAINTY: dict[Certainty, str] = {
    "fact": "a standard, or documentation of whoever handles it",
    "measured": "a published measurement",
    "sibling": "documented for a neighbouring resource or in an older edition of the API's pages",
    "hint": "advice of vendors, which differs",
}


def rules_text(rules: Iterable[Rule], *, color: bool) -> str:
    """The rules as a table: code, severity and sentence."""
    style = Style(color)
    rows = [(one.code, one.severity, one.sentence) for one in rules]
    return "\n".join(table_lines(("CODE", "SEVERITY", "RULE"), rows, style)) + "\n"


def explained_text(rules: Sequence[Rule], *, color: bool) -> str:
    """Each rule in full."""
    style = Style(color)
    return "\n".join("\n".join(_explained(one, style)) + "\n" for one in rules)


def _explained(one: Rule, style: Style) -> Iterator[str]:
    severity = style(one.severity, "bold", _TONES[one.severity])
    yield f"{style(one.code, 'bold')} {severity} ({FAMILIES[one.family]})"
    yield f"  {one.sentence}"
    yield f"  Fix: {one.fix}"
    yield f"  Source ({one.basis.certainty}: {CERTAINTY[one.basis.certainty]}): {one.basis.source}."
    if one.formerly:
        yield f"  In the version before: {', '.join(one.formerly)}."
    yield "  To change its severity, or accept findings for a time, in campaignctl.yaml:"
    yield f"    lint: {{severity: {{{one.code}: off}}}}"


def rules_json(rules: Iterable[Rule]) -> dict[str, Any]:
    """The document of the rules."""
    return {"format_version": FORMAT_VERSION, "rules": [_rule_json(one) for one in rules]}


def _rule_json(one: Rule) -> dict[str, Any]:
    return {
        "code": one.code,
        "severity": one.severity,
        "rule": one.sentence,
        "certainty": one.basis.certainty,
        "source": one.basis.source,
        "fix": one.fix,
        "formerly": list(one.formerly),
    }
