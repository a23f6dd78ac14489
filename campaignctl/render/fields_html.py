"""Values and field changes for a page: what changed word by word, and equal stretches that can be folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from campaignctl.diff import FieldChange
from campaignctl.diff.words import Kind, common_length, words_changed
from campaignctl.render.cuts import Cuts, json_text
from campaignctl.render.escape import escape
from campaignctl.render.values import each_told

# An equal stretch longer than this is folded, with this much left around it.
_FOLDED = 400
_AROUND = 120
_SHORT = 60
_LONG = 160
# A value is cut to so much, and to less where there is no room left.
_CUT, _LEAST = 1_000, 200


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of safe text; it may have several lines. A `gap` is an equal stretch that is folded."""

    kind: Literal[Kind, "gap", "cut"]
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field, and how it changes: `was` and `now` if both are short, else `pieces` of both in one."""

    path: str
    was: tuple[Piece, ...] = ()
    now: tuple[Piece, ...] = ()
    pieces: tuple[Piece, ...] = ()

    @property
    def symbol(self) -> str:
        """What happens to it, as in the text of a plan."""
        if self.pieces or (self.was and self.now):
            return "~"
        return "+" if self.now else "-"


@dataclass(slots=True)
class Values:
    """Makes values safe to show, whole as long as there is room: `letters` is what is left.

    A longer one is cut, and said with length and digest of the whole; `cuts` counts it.
    """

    cuts: Cuts
    letters: int
    _known: dict[tuple[str, str], tuple[Piece, ...]] = field(default_factory=dict)

    def fields(self, changes: Iterable[FieldChange]) -> tuple[Field, ...]:
        """Each field change."""
        return tuple(self.field(change) for change in each_told(changes))

    def field(self, change: FieldChange) -> Field:
        """One field change. A long text has its own lines, any other value is in JSON's notation."""
        path, before, after = safe(change.path), change.before, change.after
        if before is None or after is None:
            was = () if before is None and after is not None else self.whole("old", _text(before))
            return Field(path, was, () if after is None else self.whole("new", _text(after)))
        both = (before, after)
        lines = all(isinstance(one, str) for one in both) and any(_text(one) == one for one in both)
        old, new = both if lines else map(json_text, both)
        pieces = self.words(old, new)
        if lines or max(len(old), len(new)) > _SHORT:
            return Field(path, pieces=pieces)
        was, now = (tuple(each for each in pieces if each.kind != kind) for kind in ("new", "old"))
        return Field(path, was, now)

    def whole(self, kind: Kind, text: str, start: int = 0) -> tuple[Piece, ...]:
        """One text, or what fits of it from a place on."""
        if self._fits(len(text)):
            return (Piece(kind, safe(text)),)
        return Piece(kind, safe(text[start : start + self._cut])), Piece("cut", f"({self.cuts.remark(text)})")

    def words(self, before: str, after: str) -> tuple[Piece, ...]:
        """Two texts in one, word by word; of what does not fit, the text from the first change on."""
        if before == after:
            return self.whole("same", after)
        if (known := self._known.get((before, after))) is None:
            if self._fits(len(before) + len(after)):
                known = tuple(_folded(words_changed(before, after)))
            else:
                start = common_length(before, after)
                known = (*self.whole("old", before, start), *self.whole("new", after, start))
            self._known[before, after] = known
        return known

    @property
    def _cut(self) -> int:
        return _CUT if self.letters > 0 else _LEAST

    def _fits(self, letters: int) -> bool:
        if letters > self.cuts.most(max(self._cut, self.letters)):
            return False
        self.letters -= letters
        return True


def safe(text: str) -> str:
    """Foreign text whose only control characters are the ends of its lines."""
    return "\n".join(escape(line, None) for line in text.split("\n"))


def _text(value: Any) -> str:
    """A long text as it is, any other value in JSON's notation."""
    if isinstance(value, str) and (len(value) > _LONG or "\n" in value.strip("\n")):
        return value
    return json_text(value)


def _folded(pieces: Iterable[tuple[Kind, str]]) -> Iterator[Piece]:
    """Pieces of safe text, with the middle of long equal ones apart."""
    for kind, text in pieces:
        if kind != "same" or len(text) <= _FOLDED:
            yield Piece(kind, safe(text))
            continue
        start, stop = _border(text[:_AROUND]), len(text) - _border(text[: -_AROUND - 1 : -1])
        yield Piece("same", safe(text[:start]))
        yield Piece("gap", safe(text[start:stop]))
        yield Piece("same", safe(text[stop:]))


def _border(text: str) -> int:
    """The length of a text up to its last white space, if it has one in its second half."""
    found = max(text.rfind(sign) for sign in " \n\t")
    return found + 1 if found > len(text) // 2 else len(text)
