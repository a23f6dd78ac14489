"""Findings as a log in the Static Analysis Results Interchange Format (SARIF), version 2.1.0, of OASIS."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from campaignctl.errors import Finding, Source
from campaignctl.render.rules import rule_text

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
#: The name of our fingerprint; a change of what goes into it needs another number.
FINGERPRINT = "findingHash/v1"

# What YAML takes for the end of a line, as our lines are counted.
_LINE_ENDS = ("\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'|[^\s,\[\]{}#:]+')


def findings_sarif(findings: Sequence[Finding], *, tool_version: str) -> dict[str, Any]:
    """The log of one run, as a document.

    `source.file` of each finding is a path with `/`: one that is relative counts from the root of the
    repository.
    """
    codes = list(dict.fromkeys(finding.code for finding in findings))
    driver = {
        "name": "campaignctl",
        "version": tool_version,
        "rules": [_rule(code, findings) for code in codes],
    }
    marks = _fingerprints(findings)
    run = {
        "tool": {"driver": driver},
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "newlineSequences": list(_LINE_ENDS),
        "results": [
            _result(finding, codes.index(finding.code), mark)
            for finding, mark in zip(findings, marks, strict=True)
        ],
    }
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _rule(code: str, findings: Iterable[Finding]) -> dict[str, Any]:
    """What a code means, whatever it was found at. Its level is the worst of the run."""
    levels = {finding.severity for finding in findings if finding.code == code}
    text = rule_text(code)
    return {
        "id": code,
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "help": {"text": f"{text} `campaignctl validate` shows every place, and what to write instead."},
        "defaultConfiguration": {"level": "error" if "error" in levels else "warning"},
    }


def _result(finding: Finding, rule: int, mark: str) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": _artifact(finding.source.file),
            "region": _region(finding.source),
        }
    }
    if finding.key:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.key}]
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": _message(finding)},
        "locations": [location],
        "partialFingerprints": {FINGERPRINT: mark},
    }


def _message(finding: Finding) -> str:
    text = f"{finding.message}\nHint: {finding.hint}" if finding.hint else finding.message
    # `[text](target)` would be a link (section 3.11.6), and what stands in a manifest shall not make one.
    return text.replace("](", "] (")


def _artifact(file: str) -> dict[str, str]:
    if file.startswith("/"):
        return {"uri": f"file://{_quoted(file)}"}
    return {"uri": _quoted(file), "uriBaseId": ROOT}


def _quoted(path: str) -> str:
    """A path as part of a URI; a colon is quoted as well, or what stands before it would be a scheme."""
    return quote(path, safe="/", errors="replace")


def _region(source: Source) -> dict[str, int]:
    """The word or quoted text at the place, or one character; columns count from 1, the end is behind it."""
    start = max(source.column, 1)
    token = _TOKEN.match(source.text, start - 1)
    width = len(token[0]) if token else int(start <= len(source.text))
    return {"startLine": source.line, "startColumn": start, "endColumn": start + width}


def _fingerprints(findings: Iterable[Finding]) -> list[str]:
    """A mark for each finding that stays when lines above it come and go.

    It is made of the rule, the file and the line's own text; equal ones are numbered in their order.
    """
    seen: Counter[str] = Counter()
    marks = []
    for finding in findings:
        parts = (finding.code, finding.source.file, finding.key or "", finding.source.text.strip())
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
        seen[digest] += 1
        marks.append(f"{digest}:{seen[digest]}")
    return marks
