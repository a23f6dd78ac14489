"""Edits at single nodes of a text: the values change, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.yamlio.edits import ABSENT, EditError, edited
from campaignctl.yamlio.nodes import MappingNode, Node, ScalarNode, SequenceNode
from campaignctl.yamlio.reader import read
from tests.manifest.pulled_bodies import TEXTS

TEXT = """\
# head
spec:
    name: 'Welcome'   # the name

    labels: [a, b]
    messages:
    -   name: m
        push:
            title: {en: One, de: "Eins, zwei"}   # both
            body:
                en: |
                    Hello
                    you
                # German
                de: >-
                    Hallo
            icon:
        sends: [
          x, # first
          y ]
    - name: n
    list:
      - 1
      - two
    when: {at: 2036-01-01 10:00, tz: Europe/Belgrade}
"""
ORDER: dict[tuple[str | int, ...], tuple[str, ...]] = {
    ("spec",): ("first", "name", "description", "labels", "messages", "list", "when", "last")
}


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ("spec/name", "Hi: there", "'Welcome' ", '"Hi: there" '),
        ("spec/name", "a\nb", "'Welcome'   # the name", '"a\\nb"   # the name'),
        (
            "spec/name",
            ["yes\n"],
            "name: 'Welcome'   # the name",
            "name:   # the name\n      - |\n        yes",
        ),
        ("spec/labels", ["a", "c,d"], "[a, b]", '[a, "c,d"]'),
        ("spec/messages/0/push/title/en", "Two, or more", "{en: One", '{en: "Two, or more"'),
        ("spec/messages/0/push/title/fr", "Un", '"Eins, zwei"}', '"Eins, zwei", fr: Un}'),
        ("spec/messages/0/push/title/de", ABSENT, '{en: One, de: "Eins, zwei"}', "{en: One}"),
        ("spec/messages/0/push/title/en", ABSENT, '{en: One, de: "Eins, zwei"}', '{de: "Eins, zwei"}'),
        (
            "spec/messages/0/push/body/en",
            "Short",
            "|\n                    Hello\n                    you",
            "Short",
        ),
        (
            "spec/messages/0/push/body/de",
            "Eins\nzwei\n",
            ">-\n                    Hallo",
            "|\n                  Eins\n                  zwei",
        ),
        ("spec/messages/0/push/icon", "https://x", "icon:\n", "icon: https://x\n"),
        ("spec/messages/0/push/icon", ABSENT, "            icon:\n", ""),
        ("spec/messages/1/name", "o", "- name: n", "- name: o"),
        ("spec/messages/0/name", ABSENT, "-   name: m\n        push", "-   push"),
        ("spec/list", ["3"], "- 1\n      - two", '- "3"'),
        (
            "spec/when",
            "2036-01-02 10:00:00",
            "{at: 2036-01-01 10:00, tz: Europe/Belgrade}",
            "2036-01-02 10:00:00",
        ),
        ("spec/description", "new", "# the name\n", "# the name\n    description: new\n"),
        ("spec/first", 1, "    name: 'W", "    first: 1\n    name: 'W"),
        (
            "spec/last",
            {"a": [1], "b": "x"},
            "Belgrade}\n",
            "Belgrade}\n    last:\n      a: [1]\n      b: x\n",
        ),
        (
            "spec/targeting/os/op",
            "in",
            "Belgrade}\n",
            "Belgrade}\n    targeting:\n      os:\n        op: in\n",
        ),
        ("spec/gone", ABSENT, "head", "head"),
    ],
)
def test_one_place_changes(path: str, value: Any, old: str, new: str) -> None:
    assert TEXT.count(old) == 1
    parts = tuple(int(part) if part.isdecimal() else part for part in path.split("/"))
    assert edited(TEXT, {parts: value}, ORDER) == TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("a: &x 1\nb: *x\n", ("a",), 2),
        ("a: &x 1\nb: *x\n", ("b",), 2),
        ("a: &x {b: 1}\n", ("a", "b"), 2),
        ("a: !!str 1\n", ("a",), 2),
        ("a: [1, # one\n 2]\n", ("a",), [1]),
        ("a:\n  - 1\n  # one\n  - 2\n", ("a",), ["1"]),
        ("a:\n  - b: 1\n", ("a", 1, "b"), 2),
        ("a:\n  - b: 1\n", ("a", 0, "b"), ABSENT),
        ("a:\n  - b: 1\n", ("a", 0), ABSENT),
        ("a: 1\n", (), 1),
        ("a: [\n", ("a",), 1),
    ],
)
def test_what_a_person_has_to_decide_is_refused(text: str, path: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(EditError):
        edited(text, {path: value}, {})


def test_a_document_is_chosen() -> None:
    assert edited("a: 1\n---\na: 2 # two\n", {("a",): 3}, {}, 1) == "a: 1\n---\na: 3 # two\n"


_NAMES = st.sampled_from(["a", "b", "c", "messages", "0", "x y"])
_VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(0, 9), st.booleans()),
    lambda inner: st.one_of(
        st.dictionaries(_NAMES, inner, min_size=1, max_size=3), st.lists(TEXTS, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


def plain(node: Node) -> Any:
    if isinstance(node, ScalarNode):
        return node.text
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.items]
    return {key.text: plain(value) for key, value in node.pairs}


def value_of(text: str) -> Any:
    file, findings = read("a.yaml", "a.yaml", text.encode())
    assert findings == (), (findings, text)
    assert isinstance(file.documents[0], MappingNode)
    return plain(file.documents[0])


def shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: shown(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


@given(
    st.sampled_from(
        ["spec/name", "spec/new", "spec/messages/0/push/body/en", "spec/messages/0/push/title/xx"]
    ),
    _VALUES,
)
def test_any_value_reads_back_and_the_rest_stays(path: str, value: Any) -> None:
    parts = tuple(int(part) if part.isdecimal() else part for part in path.split("/"))
    expected = value_of(TEXT)
    holder = expected
    for part in parts[:-1]:
        holder = holder[part]
    holder[parts[-1]] = shown(value)
    after = edited(TEXT, {parts: value}, ORDER)
    assert value_of(after) == expected
    assert [line for line in TEXT.splitlines() if "#" in line and "Welcome" not in line] == [
        line
        for line in after.splitlines()
        if line in TEXT.splitlines() and "#" in line and "Welcome" not in line
    ] or "xx" in path


def test_a_text_that_only_the_reader_takes_is_left_with_the_line_and_the_reason() -> None:
    text = "spec:\t# a tab\n  name: Sale\n"
    _, findings = read("a.yaml", "a.yaml", text.encode())
    assert not findings
    with pytest.raises(EditError, match=r"^its YAML cannot be edited at line 1: found character '.t' "):
        edited(text, {("spec", "name"): "Offer"}, {})
