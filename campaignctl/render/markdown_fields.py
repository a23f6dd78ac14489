"""Field changes as a folded block of a comment, in the colours of a diff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from campaignctl.diff import FieldChange
from campaignctl.render.escape import escape, fenced
from campaignctl.render.values import compared, counted, value_text, whole

_ONE_LINE = 120


def folded(summary: str, inside: Iterable[str]) -> str:
    """A summary in HTML, and parts in Markdown that show when it is clicked."""
    parts = "\n\n".join(part for part in inside if part)
    return f"<details><summary>{summary}</summary>\n\n{parts}\n\n</details>"


def diff_block(changes: Iterable[FieldChange], most: int) -> str:
    """Every field in a block of at most about `most` characters; empty for no change.

    Lines of foreign text stand behind a bar, so that none passes for a field.
    """
    lines = [line for change in changes for line in _field(change)]
    if not lines:
        return ""
    return fenced(list(_first(lines, most)), "diff")


def _first(lines: list[str], most: int) -> Iterator[str]:
    for number, line in enumerate(lines):
        most -= len(line) + 1
        if most < 0:
            yield f"@@ {counted(len(lines) - number, 'more line')}: campaignctl show PLANFILE @@"
            return
        yield line


def _field(change: FieldChange) -> Iterator[str]:
    path = escape(change.path)
    if change.before is None or change.after is None:
        symbol, value = ("+", change.after) if change.before is None else ("-", change.before)
        yield from _whole(symbol, *whole(path, value))
        return
    old, new = value_text(change.before), value_text(change.after)
    if max(len(old), len(new)) <= _ONE_LINE and not _has_lines(change):
        yield f"- {path} {old}"
        yield f"+ {path} {new}"
        return
    yield f"! {path}"
    for line in compared(change.before, change.after):
        yield f"@@ {line[2:]} @@" if line.startswith("@") else f"{line[0]} | {line[2:]}"


def _has_lines(change: FieldChange) -> bool:
    values = (change.before, change.after)
    return all(isinstance(value, str) for value in values) and any("\n" in value for value in values)


def _whole(symbol: str, head: str, lines: list[str]) -> Iterator[str]:
    yield f"{symbol} {head}"
    yield from (f"{symbol} | {line}" for line in lines)
