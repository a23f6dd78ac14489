"""A text that may not be longer than a limit: sections of whole items, and a word about those left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: The most characters that GitHub takes in one comment.
GITHUB_LIMIT = 65_536

#: With fewer there is no room for what is never left out of a comment.
LEAST_LIMIT = 10_000

#: No `Section.left_out` is longer, in characters.
LEFT_OUT = 200

_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class Section:
    """A title, what opens its items, and the items, of which the last ones may be left out.

    `left_out` is told how many are shown and says what is not. `share` of the room is the section's own, as
    far as it needs it; what nobody needs goes to the first section that does.
    """

    title: str
    items: Sequence[str]
    left_out: Callable[[int], str]
    share: float
    opening: str = ""
    between: str = "\n"

    @property
    def bare(self) -> int:
        """Room that it takes with all items left out."""
        return len(self.title) + len(self.opening) + LEFT_OUT + 3 * len(_GAP) if self.items else 0

    def step(self, shown: int) -> int:
        """Room that the next item takes; with the last one the word about the rest is saved."""
        saved = LEFT_OUT if shown + 1 == len(self.items) else 0
        return len(self.items[shown]) + len(self.between) - saved

    def text(self, shown: int) -> str:
        """The section with its first items; empty for one that has none."""
        if not self.items:
            return ""
        body = self.opening + self.between.join(self.items[:shown]) if shown else ""
        rest = self.left_out(shown) if shown < len(self.items) else ""
        return _GAP.join(filter(None, [self.title, body, rest]))


def fitting(sections: Sequence[Section], room: int) -> list[int]:
    """How many items of each section fit into the room, in characters; the first sections come first."""
    shown = [0] * len(sections)
    used = [section.bare for section in sections]
    for limits in ([section.share * room for section in sections], [float(room)] * len(sections)):
        for index, section in enumerate(sections):
            while shown[index] < len(section.items):
                step = section.step(shown[index])
                if used[index] + step > limits[index] or sum(used) + step > room:
                    break
                used[index] += step
                shown[index] += 1
    return shown


def joined(parts: Sequence[str]) -> str:
    """Parts of a text with an empty line between them."""
    return _GAP.join(filter(None, parts))
