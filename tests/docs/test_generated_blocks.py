"""The generated blocks and pictures of the documentation are current; `make docs` writes them."""

from __future__ import annotations

import pytest

from campaignctl.render.sarif import rule_text
from tests.docs.codes import codes
from tools.reference import on_call
from tools.reference.example import Example
from tools.reference.finding_examples import EXAMPLES
from tools.reference.moment import Moment
from tools.reference.on_call import MOMENTS
from tools.reference.pages import BLOCKS, PAGES, ROOT
from tools.reference.pictures import pictures

#: Reported by `fmt` when it gives up; no text is known to cause it.
UNREACHED = {"format"}
LARGEST_PICTURE = 40_000
PAGE = (ROOT / "docs" / "on-call.md").read_text(encoding="utf-8")
TEXTS = [page.read_text(encoding="utf-8") for page in PAGES]


@pytest.mark.parametrize("name", sorted(set(BLOCKS) - {"messages"}))
def test_a_block_is_current(name: str) -> None:
    block = f"<!-- generated: {name} -->\n{BLOCKS[name]().rstrip()}\n<!-- end -->"
    assert any(block in text for text in TEXTS), "run `make docs`"


def test_the_pictures_are_current_and_small() -> None:
    for path, svg in pictures().items():
        assert path.read_text(encoding="utf-8") == svg, "run `make docs`"
        assert len(svg) < LARGEST_PICTURE


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.scene.__name__)
def test_a_message_is_printed_as_the_on_call_table_quotes_it(moment: Moment) -> None:
    assert on_call.row(moment) in on_call.rows(PAGE), "run `make docs`"


def test_the_on_call_table_is_sorted_and_has_nothing_else() -> None:
    rows = on_call.rows(PAGE)
    assert rows == sorted(rows, key=on_call.order)
    assert len(rows) == len(MOMENTS)


def test_every_finding_has_exactly_one_example() -> None:
    assert sorted(codes() - UNREACHED) == sorted(example.code for example in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.code)
def test_the_corrected_example_has_no_error(example: Example) -> None:
    left = [
        finding
        for finding in example.found_in(example.right)
        if finding.severity == "error" or finding.code == example.code
    ]
    assert left == []


def test_every_finding_has_a_rule_in_words() -> None:
    assert [code for code in codes() if rule_text(code) == f"{code.replace('-', ' ').capitalize()}."] == []
