"""Annotations of GitHub Actions: their form and their documented escaping."""

from __future__ import annotations

import re

import pytest

from campaignctl.errors import Finding, Source
from campaignctl.render.errors import findings_github

COMMAND = re.compile(r"::(error|warning) ([^:]*)::(.*)")


def finding(message: str = "m", file: str = "push/a.yaml", hint: str = "") -> Finding:
    return Finding("error", "unknown-member", message, Source(file, 12, 5, "    titel: Hi"), hint)


def unescaped(text: str) -> str:
    """The value as the runner decodes it."""
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def properties(line: str) -> dict[str, str]:
    found = COMMAND.fullmatch(line)
    assert found, line
    return {name: unescaped(value) for name, value in (pair.split("=", 1) for pair in found[2].split(","))}


def test_a_finding_is_one_command() -> None:
    warning = Finding("warning", "macro", "no macro", Source("email/b.yaml", 3, 1))
    assert findings_github((finding("unknown field", hint="did you mean title?"), warning)) == (
        "::error file=push/a.yaml,line=12,col=5,title=campaignctl unknown-member"
        "::unknown field%0Ahint: did you mean title?\n"
        "::warning file=email/b.yaml,line=3,col=1,title=campaignctl macro::no macro\n"
    )


def test_no_findings_are_no_output() -> None:
    assert findings_github(()) == ""


@pytest.mark.parametrize(
    "name", ["50%.yaml", "a,b.yaml", "a:b.yaml", "a::b.yaml", "a%2Cb.yaml", "über uns.yaml"]
)
def test_a_path_survives_the_escaping(name: str) -> None:
    line = findings_github((finding(file=f"push/{name}"),)).removesuffix("\n")
    assert properties(line)["file"] == f"push/{name}"
    assert properties(line)["line"] == "12"


def test_percent_signs_of_a_message_are_escaped_and_colons_are_not() -> None:
    line = findings_github((finding("100%: yes, %0A"),))
    assert line.endswith("::100%25: yes, %250A\n")


@pytest.mark.parametrize(
    "message",
    ["a\n::error::forged", "a\r::error::forged", "a\r\n::set-output name=x::y", "a\u2028b", "\x1b[31m"],
)
def test_foreign_text_adds_no_line_and_no_terminal_escape(message: str) -> None:
    text = findings_github((finding(message, file=message, hint=message),))
    assert text.count("\n") == 1
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text
