"""What each rule of `validate` asks for, by the code of its findings, for those who keep findings by rule."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from campaignctl.errors import Finding, Source

_RULES = {
    "ab-test-missing": "Two messages of one channel are a test and need `ab_test`.",
    "ab-test-unused": "`ab_test` needs two messages of one channel.",
    "address": "A link is an https address, and a sender is an address of mail.",
    "adopt": "A live campaign is adopted by one campaign.",
    "alias": "A YAML alias names an anchor that stands before it and does not contain it.",
    "alias-bomb": "Aliases do not multiply into more values than a campaign can have.",
    "allow-env": "`allow_env` lists names of environment variables, and never that of the token.",
    "api-host": "The API token goes to Ocamba's own hosts, this machine, or the host of OCAMBA_API_URL.",
    "audience-code": "The values of an audience are codes as the API documents them.",
    "channel-content": "A message has the content of its own channel, and of no other.",
    "choice": "The value is one of those that are documented.",
    "control-character": "A file holds no control characters.",
    "cron": "A cron line has five fields, in a form that the API takes.",
    "draft-sends": "A draft sends nothing, so it does not send at once.",
    "duplicate-campaign": "A key names one campaign, also where capitals are not told apart.",
    "duplicate-key": "A name stands once in its object.",
    "empty": "What has to say something is not empty.",
    "encoding": "A file is UTF-8 text.",
    "environment": "An environment that is named is declared.",
    "execution-option": "A campaign has at most one of run_immediately, scheduled_time and recurrence.",
    "expected": "A member that every documented example has is there.",
    "extra-known": "`extra` holds only members that this version does not know.",
    "file": "A file that is named is a UTF-8 file inside of the project.",
    "form": "The text has the form that is asked for.",
    "integration-missing": "A message of sms and email names the integration that sends it.",
    "format": "`fmt` writes only what it understands to the last sign.",
    "freeze": "A window has a beginning and an end behind it, or a cron line and a duration.",
    "interpolation": "`${...}` names a value that exists; `$${` stands for itself.",
    "key": "A key is made of letters, digits, `.`, `_` and `-` in parts joined by `/`.",
    "key-place": "Only values are filled in, never names.",
    "key-type": "A name in YAML is a text.",
    "label": "A label is a text without commas, and is there once.",
    "language": "Every text of a message is there in the same languages, named by their codes.",
    "long-text": "A text keeps to the lengths that the API documents.",
    "macro": "A macro is one of the system's or a dynamic one of the account.",
    "many-items": "A list keeps to the lengths that the API documents.",
    "matrix": "A matrix has lists of values by name, and leaves at least one combination.",
    "merge-key": "YAML's merge key `<<` is not used.",
    "messages-per-channel": "A channel has at most four messages; from two on they are a test.",
    "metadata-marker": "The name by which the tool finds its own campaigns is left to it.",
    "metric": "A winning metric is one that is documented.",
    "missing-member": "A member that is needed is there.",
    "moved": "A key that a campaign is moved from is one that it had, and nobody else has.",
    "name": "A name is made of letters, digits, `_` and `-`.",
    "nesting": "Values are not nested deeper than any campaign needs.",
    "null": "A member that has no value is left out.",
    "number": "What reads as a number is meant as one.",
    "operator": "An operator is one that is documented.",
    "override": "An override is in force, and for a key that there is.",
    "path": "A path names a member that a campaign can have.",
    "pattern": "A pattern names files inside of the project.",
    "primary-lang": "`primary_lang` is one of the languages of the content.",
    "profile-time": "`send_in_profile_time_zone` goes with a clock time.",
    "project": "A project is one directory with a project file and manifests.",
    "range": "A figure is within its bounds.",
    "rate-limit": "The rate limit keeps to the documented one and leaves something beside the reserve.",
    "recurrence": "A recurrence has either a pattern or a cron line.",
    "refused-member": "A member that this version does not implement is left out.",
    "removed": "A key is declared as a campaign or as removed, and not as both.",
    "required-version": "The project is used with a version that it was written for.",
    "state": "Every environment has a state of its own.",
    "syntax": "A file is YAML.",
    "tag": "YAML tags are not used.",
    "template": "The content of a message is written out.",
    "test-split": "A test split is a percentage.",
    "time": "A time is a real one, in a form whose meaning is beyond doubt.",
    "too-large": "A file has at most 1 MiB.",
    "too-long": "A text or list is not longer than the API takes.",
    "type": "A value has the type that its member asks for.",
    "unchecked": "Members in `extra` are sent as they stand.",
    "unconfirmed": "A member that a current page of the API does not confirm is looked at.",
    "unknown-member": "Members are known ones, spelt as documented.",
    "winner": "The winner is one message of the test, by its name.",
    "value": "A value is one that its member can take.",
}


def rule_text(code: str) -> str:
    """The rule in one sentence; for a code without one of its own, the code in words."""
    return _RULES.get(code) or f"{code.replace('-', ' ').capitalize()}."


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
