"""Errors, and findings as compilers print them: file, line, column, the line and a caret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from campaignctl.errors import (
    NOWHERE,
    SEVERITIES,
    CampaignctlError,
    Finding,
    ManifestError,
    ProjectPlace,
    Source,
    counted,
    hint_lines,
    number,
)
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.escape import columns, escape
from campaignctl.render.table import Style, Tone

_TONES: dict[str, Tone] = {"error": "red", "warning": "yellow", "info": "cyan"}
_LINE_SHOWN = 100
_BEFORE_CARET = 60


def error_text(error: CampaignctlError, *, color: bool, place: ProjectPlace = NOWHERE) -> str:
    """An error: what is wrong, where, why, what to do, and the API's trace id."""
    style = Style(color)
    if isinstance(error, ManifestError):
        return findings_text(error.findings, color=color)
    return "\n".join(_error(error, style, place)) + "\n"


def _error(error: CampaignctlError, style: Style, place: ProjectPlace) -> Iterator[str]:
    where = f"{escape(str(error.source))}: " if error.source else ""
    key = ""
    if error.key and not error.summary.startswith(error.key):
        key = f"{escape(error.key)}: "
    yield f"{where}{style('error:', 'bold', 'red')} {key}{escape(error.summary, None)}"
    if error.source:
        yield from _place(error.source, style)
    if error.detail:
        yield from _paragraph(error.detail)
    yield from hint_text(error.hint, style, place)
    if error.trace_id:
        yield f"  trace_id: {escape(error.trace_id)}"


def _paragraph(text: str) -> Iterator[str]:
    """Lines of an explanation. Several get a bar in front, so that none passes for a line of ours."""
    lines = text.strip("\n").split("\n")
    mark = "| " if len(lines) > 1 else ""
    for line in lines:
        yield f"  {mark}{escape(line, None)}"


def findings_text(findings: Sequence[Finding], *, color: bool, info: bool = False) -> str:
    """Findings in the order given, and how many there are; remarks are counted, and shown if `info`."""
    style = Style(color)
    shown = (finding for finding in findings if info or finding.severity != "info")
    lines = [line for finding in shown for line in _finding(finding, style)]
    remarks = number(findings, "info")
    hidden = [hidden_text(remarks)] if remarks and not info else []
    return "\n".join([*lines, findings_verdict(findings, info=info), *hidden]) + "\n"


def findings_verdict(findings: Sequence[Finding], *, info: bool = False) -> str:
    """How many findings there are of each severity, on one line; remarks only if `info`."""
    errors, warnings, remarks = (number(findings, severity) for severity in SEVERITIES)
    counts = [counted(errors, "error")] if errors or not (warnings or (remarks and info)) else []
    counts += [counted(warnings, "warning")] if warnings else []
    counts += [f"{remarks:,} info"] if remarks and info else []
    return f"{', '.join(counts)}."


def hidden_text(remarks: int) -> str:
    """The line that counts remarks which are not shown."""
    return f"{remarks:,} info; -v shows {'it' if remarks == 1 else 'them'}."


def findings_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """The document of the findings; lines and columns count from 1."""
    return {
        "format_version": FORMAT_VERSION,
        "errors": number(findings, "error"),
        "warnings": number(findings, "warning"),
        "infos": number(findings, "info"),
        "findings": [_finding_json(finding) for finding in findings],
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "code": finding.code,
        "message": finding.message,
        "hint": finding.hint,
        "file": finding.source.file,
        "line": finding.source.line,
        "column": finding.source.column,
        "key": finding.key,
    }


def _finding(finding: Finding, style: Style) -> Iterator[str]:
    severity = style(f"{finding.severity}:", "bold", _TONES[finding.severity])
    message = escape(finding.message, None)
    yield f"{escape(str(finding.source))}: {severity} {message} [{escape(finding.code)}]"
    yield from _place(finding.source, style)
    yield from hint_text(finding.hint, style)


def hint_text(
    hint: str, style: Style, place: ProjectPlace = NOWHERE, *, label: str = "hint:", indent: str = "  "
) -> Iterator[str]:
    """The lines of a hint, with each command to paste alone on its own; none for an empty hint."""
    label = style(label, "cyan")
    for index, (line, command) in enumerate(hint_lines(hint, place) if hint else ()):
        if command:
            yield from () if index else (f"{indent}{label}",)
            yield f"{indent}  {escape(line, None)}"
        else:
            yield f"{indent}{'' if index else f'{label} '}{escape(line, None)}"


def _place(source: Source, style: Style) -> Iterator[str]:
    """The line, or its part around the column, and a caret below the column."""
    if not source.text.strip():
        return
    at = min(max(source.column - 1, 0), len(source.text))
    start = at - _BEFORE_CARET if at > _BEFORE_CARET and len(source.text) > _LINE_SHOWN else 0
    before = ("..." if start else "") + escape(source.text[start:at], None)
    yield f"    {before}{escape(source.text[at : start + _LINE_SHOWN], None)}".rstrip()
    yield f"    {' ' * columns(before)}{style('^', 'bold', 'green')}"


_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}
_DATA_TABLE = str.maketrans(_DATA)
_PROPERTY_TABLE = str.maketrans(_PROPERTY)


def findings_github(findings: Sequence[Finding]) -> str:
    """Workflow commands of GitHub Actions, one a line, in the order given; empty for no findings.

    `source.file` of each must be relative to the root of the repository, with `/`: GitHub takes no other.
    """
    return "".join(f"{_command(finding)}\n" for finding in findings)


#: What GitHub calls a severity that it names otherwise.
_ANNOTATIONS: dict[str, str] = {"info": "notice"}


def _command(finding: Finding) -> str:
    source = finding.source
    properties = {
        "file": source.file,
        "line": str(source.line),
        "col": str(source.column),
        "title": f"campaignctl {finding.code}",
    }
    # GitHub's own escaping first: a path must come out of it unchanged, or it names another file.
    said = ",".join(
        f"{name}={escape(value.translate(_PROPERTY_TABLE), None)}" for name, value in properties.items()
    )
    lines = [finding.message, f"hint: {finding.hint}" if finding.hint else ""]
    data = "\n".join(escape(line, None) for line in lines if line).translate(_DATA_TABLE)
    return f"::{_ANNOTATIONS.get(finding.severity, finding.severity)} {said}::{data}"
