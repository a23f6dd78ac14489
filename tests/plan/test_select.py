"""Patterns of keys: an exact key wins, `*` and `?` are wildcards, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.errors import UsageError
from campaignctl.plan.planner import select

KEYS = (
    "push/a",
    "push/ab",
    "push/deep/a",
    "sale[country=DE]",
    "sale[country=FR]",
    "sale-x",
    "star*",
    "star1",
)


@pytest.mark.parametrize(
    ("pattern", "chosen"),
    [
        ("push/a", {"push/a"}),
        ("push/?", {"push/a"}),
        ("push/*", {"push/a", "push/ab", "push/deep/a"}),
        ("*", set(KEYS)),
        ("sale[country=DE]", {"sale[country=DE]"}),
        ("sale[country=*]", {"sale[country=DE]", "sale[country=FR]"}),
        ("star*", {"star*"}),
        ("sta?*", {"star*", "star1"}),
    ],
)
def test_patterns(pattern: str, chosen: set[str]) -> None:
    assert select([pattern], KEYS, "--target") == chosen


@pytest.mark.parametrize(
    "pattern", ["nothing", "nothing*", "sale[DF]*[", "push/.", "PUSH/A", "", "push", "a|b", "^.+$"]
)
def test_a_pattern_without_a_match_is_a_usage_error(pattern: str) -> None:
    with pytest.raises(UsageError, match="no such key"):
        select([pattern], KEYS, "--target")


def test_what_is_like_no_key_is_answered_by_where_the_keys_are() -> None:
    with pytest.raises(UsageError) as refused:
        select(["nothing*"], KEYS, "--target")
    assert str(refused.value.hint) == (
        "`campaignctl state list` and `campaignctl validate` show the keys of this project"
    )


def test_several_patterns_add_up() -> None:
    assert select(["push/a", "star?"], KEYS, "--target") == {"push/a", "star*", "star1"}
    assert select([], KEYS, "--target") == frozenset()


@given(st.text(alphabet="ab[].^$+(){}|\\/-!", min_size=1, max_size=6))
def test_no_other_character_is_a_wildcard(key: str) -> None:
    assert select([key + "?"], [key + "x", "other", key], "--target") == {key + "x"}
