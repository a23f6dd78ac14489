"""JSON values as YAML: any value is read back unchanged."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignctl.yamlio.dump import literal, mapping, scalar
from campaignctl.yamlio.interpolate import Values
from campaignctl.yamlio.reader import read
from campaignctl.yamlio.schema_types import Leaf
from campaignctl.yamlio.values import Builder

# What a file may have: no control characters, no halves of a pair, no number of 19 digits.
TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\ufffe\uffff")
    | st.sampled_from("\n\t: #'\"$"),
    max_size=30,
) | st.sampled_from(
    [
        "NO",
        "null",
        "~",
        "true",
        "0123",
        "1.10",
        "- a",
        "a: b",
        "a #b",
        "${A}",
        "$${A}",
        "${a}",
        "<<",
        "a\n b\n",
    ]
)
# A text that would be expanded again has no form in a manifest.
TEXTS = TEXTS.filter(lambda text: not re.search(r"\$\{ *(var|matrix|env) *\.", text))
NAMES = TEXTS.filter(lambda name: "${" not in name)
LEAVES = (
    TEXTS | st.booleans() | st.integers(-(10**16), 10**16) | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=3 * settings().max_examples)
@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4))
def test_dumped_values_are_read_back_unchanged(value: dict[str, object]) -> None:
    text = mapping(literal(value))
    file, findings = read("a.yaml", "a.yaml", text.encode())
    assert not findings
    builder = Builder(file, Values({}, {}))
    built = builder.build(file.documents[0], Leaf.JSON)
    assert [found for found in builder.findings if found.severity == "error"] == []
    assert built == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("NO", "NO"),
        ("2036-03-22 10:00:00", "2036-03-22 10:00:00"),
        ("https://example.com/?a=b#c", "https://example.com/?a=b#c"),
        ("1830", '"1830"'),
        ("true", '"true"'),
        ("", '""'),
        ("a: b", '"a: b"'),
        ('<p class="a: b">', "'<p class=\"a: b\">'"),
        ("turned \u202e round", '"turned \\u202e round"'),
        (True, "true"),
        (None, "null"),
        (1.5, "1.5"),
    ],
)
def test_a_scalar_is_plain_where_it_can_be(value: object, written: str) -> None:
    assert scalar(value) == written


def test_short_lists_are_on_one_line_and_long_texts_on_several() -> None:
    value = {"items": ["DE", "FR"], "html": "<p>\n  Hi\n</p>\n", "list": [{"a": "b", "c": []}]}
    assert mapping(value) == ("items: [DE, FR]\nhtml: |\n  <p>\n    Hi\n  </p>\nlist:\n  - a: b\n    c: []\n")
