"""Patterns of keys and paths: what they match, and how much work that is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.campaign import refused
from campaignctl.campaign.keys import Pattern, fits, named, of_paths
from campaignctl.diff.meanings import form, without_tags
from campaignctl.lint.scripts import foreign_letters
from campaignctl.manifest.literals import language_of
from campaignctl.yamlio.dump import literal
from campaignctl.yamlio.reader import read
from tests.work import growth

HOSTILE = "*a" * 30 + "*b"


@pytest.mark.parametrize(
    ("pattern", "key", "expected"),
    [
        ("push/*", "push/a/b", True),
        ("push/?", "push/a", True),
        ("push/?", "push/ab", False),
        ("*[country=D?]", "push/a[country=DE]", True),
        ("push/a", "push/ab", False),
        ("*", "", True),
        ("**", "push/a", True),
        ("a*", "ba", False),
        ("*a*", "b\na", False),
    ],
)
def test_wildcards_of_keys(pattern: str, key: str, expected: bool) -> None:
    assert fits(pattern, key) is expected


def test_an_exact_key_wins() -> None:
    assert named("a*", ["a*", "ab"]) == {"a*"}
    assert named("a?", ["a*", "ab"]) == {"a*", "ab"}


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("**/*.yaml", "a.yaml", True),
        ("**/*.yaml", "x/y/a.yaml", True),
        ("*.yaml", "x/a.yaml", False),
        ("./push/*.yaml", "push/a.yaml", True),
        ("push/**", "push/a/b", True),
        ("push/**", "push", False),
        ("push/**.yaml", "push/a/b.yaml", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "axb", False),
        ("a?c", "a/c", False),
    ],
)
def test_wildcards_of_paths(glob: str, path: str, expected: bool) -> None:
    assert of_paths(glob).matches(path) is expected


WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@given(st.lists(st.sampled_from([*WILD, "a", "b", "/"]), max_size=8), st.text("ab/", max_size=9))
def test_patterns_match_what_regular_expressions_match(parts: list[str], text: str) -> None:
    glob = "".join(parts)
    form = "".join(WILD.get(part, part) for part in re.findall(r"\*\*/|\*\*|.", glob.removeprefix("./")))
    assert of_paths(glob).matches(text) is bool(re.fullmatch(form, text))
    assert fits(glob, text) is bool(re.fullmatch(glob.replace("*", ".*").replace("?", "."), text))


@pytest.mark.parametrize("pattern", [HOSTILE, HOSTILE + "*", "**/a" * 30 + "/*b", "?*" * 30 + "b*"])
def test_no_pattern_backtracks(pattern: str) -> None:
    """A regular expression would take longer than the universe has existed."""
    assert not fits(pattern, "a" * 120)
    assert not of_paths(pattern).matches("a/" * 120)
    assert growth(lambda size: Pattern(pattern, "\n").matches("a" * size + "c"), 2_000) < 2.5
    assert growth(lambda size: Pattern("*a" * size + "*b*", "\n").matches("a" * 100), 2_000) < 2.5


def test_tags_are_removed_in_linear_time() -> None:
    assert without_tags("a <b>bold</b> &lt; <i") == "a bold < <i"
    assert without_tags("<" * 200_000) == "<" * 200_000


# Work inside of a pattern is not counted: where a row is read again from each of its characters, a million of
# them take longer than a test may.
MANY = 1_000_000


@pytest.mark.parametrize(
    "work",
    [
        lambda: read("a.yaml", "a.yaml", b" " * MANY),
        lambda: literal("$" * MANY),
        lambda: form("ab_test/evaluation_window", "1" * MANY),
        lambda: list(refused.problems({"ab_test": {"evaluation_window": "1" * MANY}})),
        lambda: list(foreign_letters("\u00e9" + "${" * MANY, "en")),
        lambda: language_of("\n" * MANY),
    ],
    ids=["blanks", "dollars", "a window", "a window of a manifest", "macros without an end", "lines"],
)
def test_a_row_of_a_million_characters_is_read_once(work: Callable[[], object]) -> None:
    work()
