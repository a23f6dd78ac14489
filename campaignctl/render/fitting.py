"""Fit sections of whole items into a maximum length, and count what is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from campaignctl.errors import counted
from campaignctl.render.cuts import measured
from campaignctl.render.escape import cell, prose

#: The maximum length of a comment on GitHub, in characters.
GITHUB_LIMIT = 65_536

#: Less has no room for the parts of a comment that are never left out.
LEAST_LIMIT = 10_000

#: The maximum length of `Section.left_out`, in characters.
LEFT_OUT = 200

_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class Section:
    """A title, an opening, and items, of which the last ones may be left out.

    `left_out` takes the number of items shown and describes the others. `share` of the room is reserved for
    the section; room that is not needed goes to the first section that needs more.
    """

    title: str
    items: Sequence[str]
    left_out: Callable[[int], str]
    share: float
    opening: str = ""
    between: str = "\n"

    @property
    def bare(self) -> int:
        """Its length with all items left out."""
        return len(self.title) + len(self.opening) + LEFT_OUT + 3 * len(_GAP) if self.items else 0

    def step(self, shown: int) -> int:
        """The length that the next item adds; the last one saves the text about the rest."""
        saved = LEFT_OUT if shown + 1 == len(self.items) else 0
        return len(self.items[shown]) + len(self.between) - saved

    def text(self, shown: int) -> str:
        """The section with its first items; empty if it has none."""
        if not self.items:
            return ""
        body = self.opening + self.between.join(self.items[:shown]) if shown else ""
        rest = ""
        if left := self.between.join(self.items[shown:]):
            rest = f"{self.left_out(shown)} ({prose(measured(left))})"
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
    """Parts of a text with empty lines between them."""
    return _GAP.join(filter(None, parts))


def table_head(columns: Sequence[str]) -> str:
    """The head of a table; its rows follow."""
    return f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"


def table_row(cells: Sequence[str]) -> str:
    """A row; its cells are Markdown that is safe in a paragraph."""
    return f"| {' | '.join(map(cell, cells))} |"


def section_of_rows(
    title: str,
    columns: Sequence[str],
    what: str,
    rows: Sequence[Sequence[str]],
    *,
    share: float,
    before: str = "",
) -> Section:
    """A section that is a table; `before` stands above it, `what` is a row in words."""
    return section_of(
        title, what, list(map(table_row, rows)), share=share, opening=before + table_head(columns)
    )


def section_of(title: str, what: str, items: list[str], *, share: float, opening: str = "") -> Section:
    """A section of lines that counts what is left out; `what` is an item in words."""
    return Section(
        title,
        items,
        lambda shown: f"**{counted(len(items) - shown, f'more {what}')} not shown.**",
        share,
        opening,
    )
