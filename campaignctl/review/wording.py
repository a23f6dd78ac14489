"""Texts of several campaigns that differ in a few short words: what they share, and the words of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from campaignctl.diff import FieldChange
from campaignctl.diff.words import words_changed

#: So many different words may differ, each of at most so many characters, in texts that share the rest.
MOST_WORDS = 3
_LONGEST = 40
_LEAST_SHARED = 0.3
# Lines of several words that have less than a part of them in common are not compared.
_SEVERAL, _QUICK = 4, 4
#: They stand for the words in a text; a text that has one itself is read by itself.
_OPEN, _CLOSE = (
    "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
    "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
)

#: A replaced stretch of a text: where it begins and ends, and what another text has instead.
_Edit = tuple[int, int, str]
_Edits = tuple[_Edit, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """What the texts of a group share. `fields` are theirs by path, with a mark, a number in angle quotation
    marks, where words differ; `words` has for each mark what each campaign has there, by key."""

    fields: Mapping[str, FieldChange] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def may_differ(change: FieldChange) -> bool:
    """Whether a field is a text, or changes from one text to another, so that its words may differ."""
    values = [value for value in (change.before, change.after) if value is not None]
    return all(isinstance(value, str) and _OPEN not in value and _CLOSE not in value for value in values)


def near(one: Iterable[FieldChange], other: Iterable[FieldChange]) -> bool:
    """Whether the texts of two campaigns, field by field, differ in a few short words only."""
    found: set[tuple[str, str]] = set()
    for mine, theirs in zip(one, other, strict=True):
        for text, instead in zip(_sides(mine), _sides(theirs), strict=True):
            if text == instead:
                continue
            edits = _edits(text, instead)
            if edits is None or not _is_little(text, instead, edits):
                return False
            found |= {(text[start:end], come) for start, end, come in edits}
            if len(found) > MOST_WORDS:
                return False
    return True


def wording_of(keys: Sequence[str], fields: Iterable[Sequence[FieldChange]]) -> Wording | None:
    """The wording of these fields, each with its change in every campaign; None if too much differs."""
    words: dict[tuple[str, ...], str] = {}
    marked: dict[str, FieldChange] = {}
    for changes in fields:
        first = changes[0]
        sides = []
        for texts in zip(*map(_sides, changes), strict=True):
            shared = _shared(texts, words)
            if shared is None:
                return None
            sides.append(shared)
        before, after = (None if side is None else sides.pop(0) for side in (first.before, first.after))
        marked[first.path] = FieldChange(first.path, before, after)
    return Wording(marked, {mark: dict(zip(keys, found, strict=True)) for found, mark in words.items()})


def _sides(change: FieldChange) -> list[str]:
    return [value for value in (change.before, change.after) if value is not None]


def _shared(texts: Sequence[str], words: dict[tuple[str, ...], str]) -> str | None:
    """The first text with a mark for each stretch in which another differs; None if that is too much.

    `words` has the marks so far: the same words of every campaign have one mark.
    """
    first, edits = texts[0], [_edits(texts[0], text) for text in texts]
    known = [each for each in edits if each is not None]
    if len(known) < len(edits):
        return None
    pieces, end = [], 0
    for start, stop in _stretches(known):
        found = tuple(_instead(first, each, start, stop) for each in known)
        mark = words.setdefault(found, f"{_OPEN}{len(words) + 1}{_CLOSE}")
        if len(words) > MOST_WORDS or any(len(each) > _LONGEST for each in found):
            return None
        pieces += [first[end:start], mark]
        end = stop
    pieces.append(first[end:])
    shared = sum(map(len, pieces[::2]))
    return "".join(pieces) if shared >= max(map(len, texts)) * _LEAST_SHARED else None


def _stretches(edits: Iterable[_Edits]) -> Iterable[tuple[int, int]]:
    """The stretches of a text that any of the others replaces; those that touch are one."""
    merged: list[tuple[int, int]] = []
    for start, stop in sorted((start, stop) for each in edits for start, stop, _ in each):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    return merged


def _instead(text: str, edits: _Edits, start: int, stop: int) -> str:
    """What another text has in place of a stretch, within or outside of which each of its edits lies."""
    inside = [each for each in edits if start <= each[0] and each[1] <= stop]
    ends = [start, *(end for _, end, _ in inside)]
    pieces = [text[end:begin] + come for end, (begin, _, come) in zip(ends, inside, strict=False)]
    return "".join(pieces) + text[ends[-1] : stop]


def _is_little(text: str, other: str, edits: _Edits) -> bool:
    gone, come = (sum(map(len, side)) for side in ([text[a:b] for a, b, _ in edits], [c for *_, c in edits]))
    short = all(max(stop - start, len(new)) <= _LONGEST for start, stop, new in edits)
    return short and gone <= len(text) * (1 - _LEAST_SHARED) and come <= len(other) * (1 - _LEAST_SHARED)


# Texts are compared when they are put together, and once more when their words are told.
@lru_cache(maxsize=2**16)
def _edits(text: str, other: str) -> _Edits | None:
    """The edits that lead from one text to another, line by line; None if they have other lines."""
    if text == other:
        return ()
    old, new = text.split("\n"), other.split("\n")
    if len(old) != len(new):
        return None
    edits: list[_Edit] = []
    start = 0
    for line, instead in zip(old, new, strict=True):
        if line != instead:
            if not _alike(line, instead):
                return None
            edits += _of_line(line, instead, start)
        start += len(line) + 1
    return tuple(edits)


def _alike(line: str, other: str) -> bool:
    """A quick look at two lines: of several words, they have a part in common."""
    words, others = line.split(), set(other.split())
    common = sum(len(word) for word in words if word in others)
    return len(words) < _SEVERAL or common * _QUICK >= max(len(line), len(other))


def _of_line(line: str, other: str, start: int) -> list[_Edit]:
    pieces = words_changed(line, other)
    edits: list[_Edit] = []
    for number, (kind, text) in enumerate(pieces):
        if kind == "new" and number and pieces[number - 1][0] == "old":
            edits[-1] = (*edits[-1][:2], text)
        elif kind != "same":
            edits.append((start, start + len(text), "") if kind == "old" else (start, start, text))
        start += len(text) if kind != "new" else 0
    return edits
