"""A scalar is the author's own text, unless the type of its field says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.manifest.checking import Check

SPEC = """\
spec:
  name: {name}
  messages: [{{name: M, channel: sms, integration_id: {id}, sms: {{content: {{{lang}: Hi}}}}}}]
"""


def spec(
    project: Check, tail: str = "", name: str = "N", integration: str = "1", lang: str = "en"
) -> Mapping[str, Any]:
    desired, findings = project({"a.yaml": SPEC.format(name=name, id=integration, lang=lang) + tail})
    assert desired is not None, findings
    return desired.campaigns["a"].spec


@pytest.mark.parametrize(
    "text",
    [
        "NO",
        "on",
        "no",
        "yes",
        "12:30",
        "0123",
        "1.10",
        "1830",
        "1e3",
        "0x1F",
        "true",
        "2036-03-22",
        "=",
        "1_000",
    ],
)
def test_a_text_field_keeps_the_text(text: str, project: Check) -> None:
    assert spec(project, name=text)["name"] == text


@pytest.mark.parametrize(
    "text",
    [
        "NO",
        "on",
        "no",
        "Yes",
        "12:30",
        "0123",
        "+1",
        "0x1F",
        "0o17",
        "1_000",
        ".5",
        "5.",
        ".inf",
        "2036-03-22 10:00:00",
        "True",
    ],
)
def test_an_opaque_field_keeps_texts_that_are_not_json(text: str, project: Check) -> None:
    assert spec(project, f"  metadata: {{a: {text}}}\n")["metadata"] == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-7", -7),
        ("0", 0),
        ("1.5", 1.5),
        ("true", True),
        ("false", False),
        ('"1"', "1"),
        ("'true'", "true"),
        ('"null"', "null"),
    ],
)
def test_an_opaque_field_accepts_json(text: str, value: Any, project: Check) -> None:
    found = spec(project, f"  metadata: {{a: {text}}}\n")["metadata"]["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("text", "number"), [("1.10", "1.1"), ("22.30", "22.3"), ("-1.00", "-1.0")])
def test_a_number_with_a_final_zero_stays_text(text: str, number: str, project: Check) -> None:
    tail = f"  metadata: {{a: {text}}}\n"
    checked = project({"a.yaml": SPEC.format(name="N", id="1", lang="en") + tail})
    assert checked.sound.campaigns["a"].spec["metadata"] == {"a": text}
    assert checked.warnings == [f"{text} is kept as text, including its zeros"]
    assert number in checked.findings[0].hint


def test_a_number_that_changes_when_read_is_a_warning(project: Check) -> None:
    tail = "  metadata: {a: 0.12345678901234567890123}\n"
    checked = project({"a.yaml": SPEC.format(name="N", id="1", lang="en") + tail})
    assert checked.warnings == ["0.12345678901234567890123 is read as the number 0.12345678901234568"]


def test_norwegian_stays_norwegian(project: Check) -> None:
    found = spec(
        project,
        "  targeting: {countries: {items: [NO], op: in}, languages: {items: [no], op: in}}\n",
        lang="no",
    )
    assert found["targeting"]["countries"]["items"] == ["NO"]
    assert found["targeting"]["languages"]["items"] == ["no"]
    assert found["messages"][0]["sms"]["content"] == {"no": "Hi"}


def test_an_id_without_quotes_is_text(project: Check) -> None:
    assert spec(project, integration="1830")["messages"][0]["integration_id"] == "1830"


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("1", 1), ("true", True), ("false", False)])
def test_a_flag_keeps_its_spelling(text: str, value: Any, project: Check) -> None:
    found = spec(project, f"  utm_tracking: {{enabled: {text}}}\n")["utm_tracking"]["enabled"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("text", "value"), [("1", True), ("0", False), ("true", True), ("false", False)])
def test_run_immediately_is_taken_as_the_contract_writes_it(text: str, value: bool, project: Check) -> None:
    assert spec(project, f"  run_immediately: {text}\n")["run_immediately"] is value


def test_a_block_keeps_its_lines(project: Check) -> None:
    assert spec(project, "  description: |\n    a\n    b\n")["description"] == "a\nb\n"
