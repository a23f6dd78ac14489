"""Mistakes that the parser notices late are shown where they were made, and say what to do."""

from __future__ import annotations

import pytest

from campaignctl.yamlio.reader import read

MISTAKES = [
    # text, place, message, hint
    ("spec:\n  name Welcome\n  score: 1\n", "2:3", "this key has no `:`", "`: ` between key and value"),
    ("spec\n  name: x\n", "1:1", "this key has no `:`", "`: ` between key and value"),
    ("spec:\n  name: x\n  text\n  score: 1\n", "3:3", "this key has no `:`", "`: ` between key and value"),
    (
        "spec:\n  name: x\n\n  # said\n  text\n  score: 1\n",
        "5:3",
        "this key has no `:`",
        "`: ` between key and value",
    ),
    ("spec:\n  name:Welcome\n  score: 1\n", "2:7", "no space after this colon", "`name: ...`"),
    ("spec:\n  a:\n    - name:x\n      b: 1\n", "3:11", "no space after this colon", "`name: ...`"),
    ("spec:\n  name: x\n    score: 1\n", "3:5", "indented further than the one above", "equally"),
    ("spec:\n  name: x\n # said\n    score: 1\n", "4:5", "expected key", "check the indentation"),
    ("spec:\n  name: a: b\n", "2:10", "mapping values are not allowed", "needs quotes"),
    ('spec:\n  name: "Welcome\n  score: 1\n', "2:9", "this quote is never closed", "apostrophe"),
    ("spec:\n  name: 'Welcome\n  score: 1\n", "2:9", "this quote is never closed", "apostrophe"),
    ("spec:\n  name: it's\n  text: 'it's'\n", "3:13", "did not find expected key", "quotes inside quotes"),
    ("spec: [1, 2\n", "1:7", "this list is never closed", "close it with `]`"),
    ("spec:\n  labels: [a, b\n  name: x\n", "2:11", "this list is never closed", "close it with `]`"),
    ("spec: {name: x\n", "1:7", "this map is never closed", "close it with `}`"),
    ('spec: {\n  "name": "x"\n  "score": 1\n}\n', "3:3", "expected ',' or '}'", "a comma is missing above"),
    ('spec:\n{\n  "name": "x"\n}\n', "2:1", "indented further than the key", "by two more spaces"),
    ("spec:\n\tname: x\n", "2:1", "cannot start any token", "with spaces, not tabs"),
    ("spec:\n  - a\n  b: 1\n", "3:3", "expected '-' indicator", "start every list item with `- `"),
    ("spec:\n  name: @x\n", "2:9", "cannot start any token", "needs quotes"),
    ("spec:\n  name: *\n", "2:10", "alphabetic or numeric", "needs quotes"),
    ("spec:\n  name: *x\n", "2:9", "no anchor &x", "needs quotes"),
    ('spec:\n  name: "a\\qb"\n', "2:11", "unknown escape character", "write `\\\\`"),
    ("spec:\n  name: x\n---\n  - a\nb\n", "5:1", "expected <document start>", "start another one with `---`"),
    ("spec:\n  name: }\n", "2:9", "expected node content", "needs quotes"),
    ("%YAML 3.0\n---\nspec: 1\n", "1:1", "incompatible YAML document", "remove this line"),
]


@pytest.mark.parametrize(("text", "place", "message", "hint"), MISTAKES)
def test_a_syntax_error_points_at_its_cause(text: str, place: str, message: str, hint: str) -> None:
    _, findings = read("a.yaml", "a.yaml", text.encode())
    (found,) = findings
    assert f"{found.source.line}:{found.source.column}" == place
    assert message in found.message
    assert hint in found.hint
    assert found.source.text == text.splitlines()[found.source.line - 1]
