"""Patterns of keys, labels and paths.

A checkout may bring its own patterns, and regular expressions backtrack: `*a*a*a*b` takes exponential time.
Here the time is linear in the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from functools import cached_property, lru_cache
from itertools import groupby, takewhile

from campaignctl.errors import first_of, nearest

_WILD = frozenset({"*", "?", "**", "**/"})
_NAMED = 5
_PATH_PARTS = re.compile(r"\*\*/|\*\*|.", re.DOTALL)
#: Steps of a pattern that are kept for the next text.
_MOST_KEPT = 1_024


def named(pattern: str, keys: Collection[str]) -> frozenset[str]:
    """The keys that a pattern names: the exact one, otherwise all that match its wildcards."""
    if pattern in keys:
        return frozenset((pattern,))
    return frozenset(key for key in keys if fits(pattern, key)) if is_wild(pattern) else frozenset()


def fits(pattern: str, key: str) -> bool:
    """Whether a pattern names this key, whatever other keys exist.

    `*` and `?` are wildcards and nothing else is: matrix keys contain `[`.
    """
    return pattern == key or (is_wild(pattern) and _of_keys(pattern).matches(key))


def covers(pattern: str, other: str) -> bool:
    """Whether a pattern certainly names every key that another one names: no `?` stands for its `*`."""
    return pattern == other or (fits(pattern, other) and ("?" not in pattern or "*" not in other))


def key_hint(key: str, keys: Collection[str]) -> str:
    """What to write for a key that does not exist: those of its matrix, or the nearest; else nothing."""
    if of_matrix := sorted(one for one in keys if one.startswith(f"{key}[")):
        return f"its matrix declares {first_of(of_matrix, _NAMED)}; '{key}[*]' names them all"
    if near := nearest(key, keys, 0.5):
        return f"did you mean {near}?"
    ends = [one for one in keys if one.rpartition("/")[2] == key]
    return f"did you mean {ends[0]}?" if len(ends) == 1 else ""


def is_wild(pattern: str) -> bool:
    """Whether a pattern has wildcards."""
    return "*" in pattern or "?" in pattern


@lru_cache(1_024)
def _of_keys(pattern: str) -> Pattern:
    return Pattern(pattern, "\n")


@lru_cache(256)
def of_paths(glob: str) -> Pattern:
    """The pattern of paths with `/`: `**/` is any folders or none, `*` and `?` stay in one part."""
    return Pattern(_PATH_PARTS.findall(glob.removeprefix("./")), "/")


class Pattern:
    """A pattern as an automaton. A set of its states is a number, with one bit for each state.

    `*` and `?` match all characters but `barrier`; `**` matches any, and `**/` any folders, or none.
    """

    def __init__(self, parts: Iterable[str], barrier: str) -> None:
        # `**` next to itself matches the same as once.
        self._parts = [
            part
            for part, same in groupby(parts)
            for _ in (range(1) if part in _WILD and part != "?" else same)
        ]
        self._barrier = barrier
        self._shortest = sum(part not in _WILD or part == "?" for part in self._parts)
        ending = takewhile(lambda part: part not in _WILD, reversed(self._parts))
        self._ending = "".join(ending)[::-1]
        self._kept: dict[tuple[int, str], int] = {}

    def matches(self, text: str) -> bool:
        """Whether the pattern matches the whole text."""
        # Also bounds the states by the text, however long the pattern is.
        if len(text) < self._shortest or not text.endswith(self._ending):
            return False
        states, kept = self._first, self._kept
        for character in text:
            after = kept.get((states, character))
            states = self._step(states, character) if after is None else after
        return bool(states >> self._accepted)

    def _step(self, states: int, character: str) -> int:
        moves = self._moves
        inside = character != self._barrier
        stays = moves["**"] | (moves["*"] if inside else 0)
        goes = moves["=" + character] | (moves["?"] if inside else 0)
        after = self._closed((states & stays) | (states & goes) << 1)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[states, character] = after
        return after

    def _closed(self, states: int) -> int:
        """These states, and those after wildcards that match nothing."""
        more = -1
        while more != states:
            more = states
            states |= (states & self._moves["empty"]) << 1 | (states & self._moves["folders"]) << 2
        return states

    @cached_property
    def _moves(self) -> Counter[str]:
        """For each kind of move the states that have it; a missing one has none."""
        moves: Counter[str] = Counter()
        state = 1
        for part in self._parts:
            if part == "**/":
                moves["empty"] |= state
                moves["folders"] |= state
                state <<= 1
                moves["**"] |= state
                moves["=/"] |= state
            elif part in ("*", "**"):
                moves["empty"] |= state
                moves[part] |= state
            else:
                moves["?" if part == "?" else "=" + part] |= state
            state <<= 1
        return moves

    @cached_property
    def _accepted(self) -> int:
        return len(self._parts) + self._parts.count("**/")

    @cached_property
    def _first(self) -> int:
        return self._closed(1)
