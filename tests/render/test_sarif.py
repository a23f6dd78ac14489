"""The SARIF log: valid against the OASIS schema, with the fields that locate and track findings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator, FormatChecker  # type: ignore[import-untyped] # it ships no types

from campaignctl.errors import Finding, Source
from campaignctl.render.sarif import FINGERPRINT, ROOT, findings_sarif, rule_text

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = Draft4Validator(SCHEMA, format_checker=FormatChecker())

UNKNOWN = Finding(
    "error",
    "unknown-member",
    "unknown field `titel`",
    Source("push/a.yaml", 12, 5, "    titel: Hi"),
    hint="did you mean title?",
    key="push/a",
)
DOUBTFUL = Finding("warning", "macro", "no macro", Source("email/b.yaml", 3, 1))


def run_of(*findings: Finding) -> dict[str, Any]:
    log = findings_sarif(findings, tool_version="0.1.0")
    VALIDATOR.validate(log)
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def place(finding: Finding) -> dict[str, Any]:
    found = run_of(finding)["results"][0]["locations"][0]["physicalLocation"]
    assert isinstance(found, dict)
    return found


def test_the_log_says_which_tool_and_which_standard() -> None:
    log = findings_sarif((UNKNOWN,), tool_version="0.1.0")
    assert (log["version"], log["$schema"]) == ("2.1.0", SCHEMA["id"])
    driver = log["runs"][0]["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("campaignctl", "0.1.0")


def test_a_result_has_rule_level_message_and_place() -> None:
    run = run_of(DOUBTFUL, UNKNOWN)
    result = run["results"][1]
    assert (result["ruleId"], result["level"]) == ("unknown-member", "error")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "unknown-member"
    assert result["message"]["text"] == "unknown field `titel`\nHint: did you mean title?"
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "push/a.yaml", "uriBaseId": ROOT},
        "region": {"startLine": 12, "startColumn": 5, "endColumn": 10},
    }
    assert result["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "push/a"}]
    assert ROOT in run["originalUriBaseIds"]


def test_no_findings_are_a_log_without_results() -> None:
    assert run_of()["results"] == []


def test_a_rule_is_listed_once_with_its_help() -> None:
    rules = run_of(UNKNOWN, UNKNOWN, DOUBTFUL)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["unknown-member", "macro"]
    for rule in rules:
        assert rule["help"]["text"].startswith(rule["shortDescription"]["text"])
        assert rule["shortDescription"]["text"] == rule_text(rule["id"])


def test_a_rule_without_a_text_is_named_by_its_code_in_words() -> None:
    assert rule_text("some-new-rule") == "Some new rule."


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("a b.yaml", "a%20b.yaml"),
        ("über.yaml", "%C3%BCber.yaml"),
        ("50%.yaml", "50%25.yaml"),
        ("a:b.yaml", "a%3Ab.yaml"),
        ("what?#.yaml", "what%3F%23.yaml"),
    ],
)
def test_a_path_is_quoted_as_a_uri(name: str, uri: str) -> None:
    artifact = place(Finding("error", "x", "m", Source(name, 1, 1)))["artifactLocation"]
    assert artifact == {"uri": uri, "uriBaseId": ROOT}
    assert unquote(artifact["uri"]) == name


def test_a_file_outside_of_the_repository_is_named_in_full() -> None:
    artifact = place(Finding("error", "x", "m", Source("/srv/a b.yaml", 1, 1)))["artifactLocation"]
    assert artifact == {"uri": "file:///srv/a%20b.yaml"}


@pytest.mark.parametrize(
    ("text", "column", "end"),
    [
        ("  name: Hi", 3, 7),
        ('  name: "Hi, all"', 9, 18),
        ("  name: 'it''s'", 9, 16),
        ("a: [DE, FR]", 5, 7),
        ("a: [DE, FR]", 4, 5),
        ("日本: x", 1, 3),
        ("", 1, 1),
        ("ab", 99, 99),
        ("ab", 0, 3),
    ],
)
def test_the_region_is_the_word_at_the_place(text: str, column: int, end: int) -> None:
    region = place(Finding("error", "x", "m", Source("a.yaml", 1, column, text)))["region"]
    assert region == {"startLine": 1, "startColumn": max(column, 1), "endColumn": end}


def test_a_message_contains_no_link() -> None:
    text = run_of(Finding("error", "x", "[click](https://evil.example)", Source("a", 1, 1)))["results"][0]
    assert "](" not in text["message"]["text"]


def test_fingerprints_survive_new_lines_above_and_distinguish_equal_lines() -> None:
    moved = Finding(
        "error", "unknown-member", "other words", Source("push/a.yaml", 40, 5, "  titel: Hi"), key="push/a"
    )
    marks = [
        result["partialFingerprints"][FINGERPRINT] for result in run_of(UNKNOWN, UNKNOWN, DOUBTFUL)["results"]
    ]
    assert len(set(marks)) == 3
    assert run_of(moved)["results"][0]["partialFingerprints"][FINGERPRINT] == marks[0]


@given(st.text(), st.text(min_size=1), st.text(), st.text(), st.integers(1, 9), st.integers(1, 99))
def test_any_text_makes_a_valid_log(
    message: str, file: str, hint: str, line: str, number: int, column: int
) -> None:
    finding = Finding("error", "code", message, Source(file, number, column, line), hint)
    VALIDATOR.validate(json.loads(json.dumps(findings_sarif((finding,), tool_version="0.1.0"))))
