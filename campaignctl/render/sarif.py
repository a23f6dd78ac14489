"""Findings as a SARIF log for code scanning, with each rule of `validate` in one sentence."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from campaignctl.errors import SEVERITIES, Finding, Severity, Source
from campaignctl.lint.registry import RULES

_RULES = {
    "ab-test-missing": "Two messages of one channel are a test and need `ab_test`.",
    "ab-test-unused": "`ab_test` needs two messages of one channel.",
    "address": "A link is an https address, and a sender is an email address.",
    "adopt": "A live campaign is adopted by only one campaign.",
    "alias": "A YAML alias names an earlier anchor that does not contain it.",
    "alias-bomb": "Aliases do not expand into more values or text than a campaign can have.",
    "allow-env": "`allow_env` lists names of environment variables, but not the token's.",
    "api-host": "The API token goes to Ocamba's own hosts, this machine, or the host of OCAMBA_API_URL.",
    "audience-code": "Audience values are codes that the API documents.",
    "channel-content": "A message has the content of its own channel only.",
    "choice": "The value is one of the documented ones.",
    "comment": "A comment has a space after its `#`, so that it is not the rest of a text.",
    "control-character": "A file contains no control characters.",
    "cron": "A cron line has five fields, in a form that the API accepts.",
    "documents": "A file has at most 1,000 documents.",
    "draft-sends": "A draft sends nothing, so it cannot send at once.",
    "duplicate-campaign": "A key names one campaign, even if case is ignored.",
    "duplicate-key": "A name occurs once in its object.",
    "empty": "A required value is not empty.",
    "encoding": "A file is UTF-8 text.",
    "environment": "An environment is declared before it is used.",
    "execution-option": "A campaign has at most one of run_immediately, scheduled_time and recurrence.",
    "extra-known": "`extra` contains only fields that this version does not know.",
    "file": "A file that is named is a UTF-8 file inside the project.",
    "form": "The text has the required form.",
    "integration-missing": "An SMS or email message names the integration that sends it.",
    "format": "`fmt` rewrites only files that it fully understands.",
    "freeze": "A window has a start and a later end, or a cron line and a duration.",
    "interpolation": "`${...}` names a value that exists; `$${` is a literal `${`.",
    "key": "A key has letters, digits, `.`, `_` and `-`, in parts joined by `/`.",
    "key-place": "Only values are interpolated, never names.",
    "key-type": "A name in YAML is a text.",
    "label": "A label is a text without commas, and occurs once.",
    "language": "Every text of a message has the same languages, named by their codes.",
    "many-items": "A list keeps to the length limits of the API.",
    "matrix": "A matrix has named lists of values, with at least one combination left.",
    "merge-key": "YAML's merge key `<<` is not used.",
    "messages-per-channel": "A channel has at most four messages; two or more are an A/B test.",
    "metadata-marker": "The metadata name of the tool's marker is reserved.",
    "missing-member": "A required field is present.",
    "more-findings": "Of one file 100 findings are shown, of one run 1,000, and how many more there are.",
    "moved": "A campaign is moved from a key that it had and that no other campaign has.",
    "name": "A name has letters, digits, `_` and `-`.",
    "nesting": "Values are not nested too deeply.",
    "null": "A field without a value is left out.",
    "number": "A value that reads as a number is meant as one.",
    "override": "An override is in force, and its keys exist.",
    "path": "A path names a field that a campaign can have.",
    "pattern": "A pattern names files inside the project.",
    "primary-lang": "`primary_lang` is one of the languages of the content.",
    "project": "A project is one directory with a project file and manifests.",
    "range": "A number is within its bounds.",
    "rate-limit": "The rate limit is at most the documented one, and more than the reserve.",
    "recurrence": "A recurrence has either a pattern or a cron line.",
    "refused-member": "A field that this version does not implement is left out.",
    "removed": "A key is declared as a campaign or as removed, not as both.",
    "required-version": "The project accepts this version of the tool.",
    "state": "Every environment has its own state.",
    "syntax": "A file is YAML.",
    "tag": "YAML tags are not used.",
    "template": "A message has its own content, not a template's.",
    "test-split": "A test split is a percentage.",
    "time": "A time exists, and is written unambiguously.",
    "too-large": "A file has at most 1 MiB, and the defaults of a folder have at most 10,000 values.",
    "too-long": "A text or list is not longer than the API accepts.",
    "type": "A value has the type of its field.",
    "unchecked": "Fields in `extra` are sent unchecked.",
    "unknown-member": "A field has a documented name.",
    "winner": "The winner is one message of the test, by its name.",
    "value": "A value is valid for its field.",
}


#: SARIF's names of severities.
_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def rule_text(code: str) -> str:
    """The rule in one sentence; for a code without one, the code in words."""
    if known := RULES.get(code):
        return known.sentence
    return _RULES.get(code) or f"{code.replace('-', ' ').capitalize()}."


VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
#: The name of our fingerprint; if its input changes, so must the number.
FINGERPRINT = "findingHash/v1"

# The line ends of YAML, by which we count lines.
_LINE_ENDS = ("\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'|[^\s,\[\]{}#:]+')


def findings_sarif(findings: Sequence[Finding], *, tool_version: str) -> dict[str, Any]:
    """The log of one run, as a document.

    `source.file` of each finding is a path with `/`; a relative one starts at the root of the repository.
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
    """The rule of a code. Its level is the worst of the run."""
    levels = {finding.severity for finding in findings if finding.code == code}
    text, known = rule_text(code), RULES.get(code)
    shown = ["`campaignctl validate` shows every place and the fix."]
    if known:
        shown = [
            f"Fix: {known.fix}",
            f"Source: {known.basis.source}.",
            f"More: `campaignctl lint --explain {code}`",
        ]
    # No `helpUri`: a project does not know where the pages of its tool are published, and a link that no
    # browser opens is worse than the whole help in place.
    return {
        "id": code,
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "help": {"text": " ".join([text, *shown]), "markdown": "\n\n".join([text, *shown])},
        "defaultConfiguration": {"level": _LEVELS[min(levels, key=SEVERITIES.index, default="warning")]},
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
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [location],
        "partialFingerprints": {FINGERPRINT: mark},
    }


def _message(finding: Finding) -> str:
    text = f"{finding.message}\nHint: {finding.hint}" if finding.hint else finding.message
    # `[text](target)` would be a link (section 3.11.6), and text from a manifest must not make one.
    return text.replace("](", "] (")


def _artifact(file: str) -> dict[str, str]:
    if file.startswith("/"):
        return {"uri": f"file://{_quoted(file)}"}
    return {"uri": _quoted(file), "uriBaseId": ROOT}


def _quoted(path: str) -> str:
    """A path as part of a URI; a colon is quoted too, or the text before it would be a scheme."""
    return quote(path, safe="/", errors="replace")


def _region(source: Source) -> dict[str, int]:
    """The word or quoted text at the place, or one character; columns count from 1, the end is exclusive."""
    start = max(source.column, 1)
    token = _TOKEN.match(source.text, start - 1)
    width = len(token[0]) if token else int(start <= len(source.text))
    return {"startLine": source.line, "startColumn": start, "endColumn": start + width}


def _fingerprints(findings: Iterable[Finding]) -> list[str]:
    """A mark for each finding that survives changes in the lines above it.

    It is made of the rule, the file and the line's text; equal marks are numbered in order.
    """
    seen: Counter[str] = Counter()
    marks = []
    for finding in findings:
        parts = (finding.code, finding.source.file, finding.key or "", finding.source.text.strip())
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
        seen[digest] += 1
        marks.append(f"{digest}:{seen[digest]}")
    return marks
