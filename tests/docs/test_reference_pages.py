"""The generated pages say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from campaignctl.render.sarif import rule_text
from tests.docs.codes import PACKAGE, codes
from tools.reference.error_examples import EXAMPLES
from tools.reference.example import Example
from tools.reference.pages import PAGES

DOCS = Path(__file__).parents[2] / "docs"
#: What `fmt` says where it gives up; no text is known that brings it about.
UNREACHED = {"format"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_generator_makes(name: str) -> None:
    again = "run `python -m tools.reference`"
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), again


def test_every_finding_has_an_example() -> None:
    assert codes() - UNREACHED == {example.code for example in EXAMPLES}


def test_no_finding_has_two_examples() -> None:
    assert len({example.code for example in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.code)
def test_what_is_to_be_written_instead_is_sound(example: Example) -> None:
    left = [
        finding
        for finding in example.found_in(example.right)
        if finding.severity == "error" or finding.code == example.code
    ]
    assert left == []


@pytest.mark.parametrize("code", sorted(codes()))
def test_every_finding_has_a_rule_in_words(code: str) -> None:
    assert rule_text(code) != f"{code.replace('-', ' ').capitalize()}."


def said_while_it_runs() -> list[str]:
    text = (DOCS / "errors.md").read_text(encoding="utf-8")
    table = text.partition("## While it runs")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    return [quoted for row in rows for quoted in re.findall(r"`([^`]+)`", row.split(" | ")[0])]


@pytest.mark.parametrize("message", said_while_it_runs())
def test_a_message_in_the_page_is_one_of_the_tool(message: str) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    source = source.replace("{PROJECT_FILE}", "campaignctl.yaml")
    for piece in message.split("…"):
        assert piece.strip() in source
