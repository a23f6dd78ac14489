"""Findings as workflow commands of GitHub Actions, which show them at their lines in a pull request.

The form and its escaping are those of GitHub's "Workflow commands for GitHub Actions". What else could act
on the terminal of a log is escaped as everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from campaignctl.errors import Finding
from campaignctl.render.escape import escape

_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}
_DATA_TABLE = str.maketrans(_DATA)
_PROPERTY_TABLE = str.maketrans(_PROPERTY)


def findings_github(findings: Sequence[Finding]) -> str:
    """One command a line, in the order given; empty for no findings.

    `source.file` of each has to be relative to the root of the repository, with `/`: GitHub knows no other.
    """
    return "".join(f"{_command(finding)}\n" for finding in findings)


def _command(finding: Finding) -> str:
    source = finding.source
    properties = {
        "file": source.file,
        "line": str(source.line),
        "col": str(source.column),
        "title": f"campaignctl {finding.code}",
    }
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{finding.severity} {said}::{_data(finding)}"


def _data(finding: Finding) -> str:
    """The message and, on a line of its own, what to write instead. Their own line breaks are escaped."""
    lines = [finding.message, f"hint: {finding.hint}" if finding.hint else ""]
    return "\n".join(escape(line, None) for line in lines if line).translate(_DATA_TABLE)


def _property(value: str) -> str:
    # GitHub's own escaping first: a path has to come out of it as it is, or it names another file.
    return escape(value.translate(_PROPERTY_TABLE), None)
