"""Rows of safe text in columns that fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from campaignctl.render.escape import columns, pad
from campaignctl.render.style import Style

_GAP = "  "


def table_lines(head: Sequence[str], rows: Sequence[Sequence[str]], style: Style) -> Iterator[str]:
    """The head and each row, every column as wide as its widest cell. Cells must be safe already."""
    widths = [max(map(columns, column)) for column in zip(head, *rows, strict=True)]
    yield style(_line(head, widths), "bold")
    for row in rows:
        yield _line(row, widths)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(pad(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip()
