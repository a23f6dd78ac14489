"""The rules of lint, as a list or one in full; and what lint says of a plan's campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from campaignctl.errors import Command, Finding, ProjectPlace, Severity, counted, first_of, number
from campaignctl.lint.rule import FAMILIES, Certainty, Rule
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.escape import code_span, escape, prose
from campaignctl.render.fitting import Section, section_of
from campaignctl.render.table import Style, Tone, table_lines
from campaignctl.review.review import Review

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


#: Sentences about a plan that its text shows; the others are counted.
_MOST = 5
_PLACES = 2
_TEXT_SHOWN = 300


def lint_title(review: Review) -> str:
    """How much lint says of the campaigns that a plan changes."""
    return f"Lint: {lint_counts(review.plan.lint)}; stops nothing"


def lint_lines(review: Review, style: Style, place: ProjectPlace) -> Iterator[str]:
    """Each sentence of lint once, errors first, with the first places; no line if there is none."""
    for remark in review.lint[:_MOST]:
        found = remark.first
        severity = style(f"{found.severity} {found.code}:", "bold", _TONES[found.severity])
        places = first_of([escape(str(each.source)) for each in remark.places], _PLACES)
        yield f"  {severity} {escape(found.message, None)} ({places})"
    if rest := sum(len(remark.places) for remark in review.lint[_MOST:]):
        yield f"  {counted(rest, 'more finding')} not shown. To see each with its line:"
        yield f"    {escape(Command('validate').at(place), None)}"


def lint_counts(findings: Sequence[Finding]) -> str:
    """How many errors and warnings there are; empty for none."""
    severities: tuple[Severity, ...] = ("error", "warning")
    return ", ".join(counted(count, each) for each in severities if (count := number(findings, each)))


def lint_section(review: Review) -> Section:
    """The same for a comment."""
    lines = [
        f"- **{found.severity}** {code_span(found.code)}: {prose(found.message, _TEXT_SHOWN)}"
        f" ({first_of([code_span(str(each.source)) for each in remark.places], _PLACES)})"
        for remark in review.lint
        for found in (remark.first,)
    ]
    opening = f"{lint_counts(review.plan.lint)}. None of it stops the plan.\n\n"
    return section_of("### Lint", "finding", lines, share=0.1, opening=opening)
