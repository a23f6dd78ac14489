"""Audiences, values and field changes as text."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, zip_longest
from typing import Any

from campaignctl.diff import FieldChange
from campaignctl.errors import counted, listed
from campaignctl.plan.model import Unmanaged
from campaignctl.render.escape import columns, escape, pad
from campaignctl.render.table import Style, Tone

EVERYONE = "everyone"
_ITEMS_SHOWN = 12


def audience_text(audience: str | Mapping[str, Any]) -> str:
    """`everyone`, or the targeting (API contract, section 2.6); several conditions must all hold."""
    if isinstance(audience, str):
        return escape(audience)
    return "; ".join(text for name in audience for text in _conditions(name, audience[name])) or EVERYONE


def _conditions(name: str, value: Any) -> list[str]:
    if name == "custom_properties" and isinstance(value, Mapping):
        return [_condition(f"property {name}", value[name]) for name in value]
    return [_condition(name.replace("_", " "), value)]


def _condition(name: str, value: Any) -> str:
    shown = escape(name)
    if not isinstance(value, Mapping):
        return f"{shown} {value_text(value)}"
    items = value.get("items")
    if isinstance(items, list | tuple) and set(value) <= {"items", "op"}:
        operator = value.get("op", "in")
        link = " " if operator == "in" else f" ({escape(str(operator))}) "
        return f"{shown}{link}{_listed(items)}"
    if {"from", "to"} == set(value):
        return f"{shown} {value_text(value['from'])} to {value_text(value['to'])}"
    return f"{shown} {value_text(value)}"


def _listed(items: list[Any] | tuple[Any, ...]) -> str:
    if not items:
        return "(none)"
    return listed([escape(str(item)) for item in items], _ITEMS_SHOWN)


_SHORT = 160
_LONG = 1_000
_LINES_SHOWN = 40
_DIFF_LINES_SHOWN = 400
_LINES_COMPARED = 4_000
_CONTEXT = 2
_AROUND = 40
_WIDEST_PATH = 44
_TONES: dict[str, Tone] = {"+": "green", "-": "red", "~": "yellow", "@": "cyan"}


def value_text(value: Any, limit: int = _LONG) -> str:
    """A JSON value on one safe line, in JSON's own notation."""
    return escape(json.dumps(value, ensure_ascii=False, default=str), limit)


def set_outside(found: Iterable[Unmanaged]) -> list[FieldChange]:
    """What was set outside of the manifests, as differences from the baseline."""
    return [FieldChange(one.path, one.baseline, one.value) for one in found]


def field_lines(changes: Iterable[FieldChange], style: Style, width: int) -> Iterator[str]:
    """One line for each field, and below it the lines of a long value. Not indented.

    Lines of foreign text come after a bar, so that none passes for a line of the plan.
    """
    listed = [(escape(change.path), change) for change in changes]
    widest = min(max((columns(path) for path, _ in listed), default=0), _WIDEST_PATH)
    for path, change in listed:
        yield from _field(pad(path, widest), change, style, width)


def _field(path: str, change: FieldChange, style: Style, width: int) -> Iterator[str]:
    if change.before is None or change.after is None:
        symbol, value = ("+", change.after) if change.before is None else ("-", change.before)
        head, lines = whole(path, value)
        yield f"{style(symbol, _TONES[symbol])} {head}"
        yield from (f"    {style('|', 'dim')} {line}" for line in lines)
        return
    symbol = style("~", _TONES["~"])
    old, new = value_text(change.before), value_text(change.after)
    if columns(path) + columns(old) + columns(new) + len("~   -> ") <= width:
        yield f"{symbol} {path} {old} -> {new}"
        return
    yield f"{symbol} {path.rstrip()}"
    for line in compared(change.before, change.after):
        tone = _TONES.get(line[:1])
        yield f"    {style('|', 'dim')} {style(line, tone) if tone else line}"


def whole(path: str, value: Any) -> tuple[str, list[str]]:
    """One value of a field: a line, and the first lines of a long text."""
    if not (isinstance(value, str) and ("\n" in value.strip("\n") or len(value) > _SHORT)):
        return f"{path} {value_text(value)}", []
    lines = value.split("\n")
    shown = [escape(line, _LONG) for line in lines[:_LINES_SHOWN]]
    if len(lines) > _LINES_SHOWN:
        more = counted(len(lines) - _LINES_SHOWN, "more line")
        shown.append(f"... {more}; --format json shows everything")
    return f"{path.rstrip()} ({counted(len(lines), 'line')}, {counted(len(value), 'character')})", shown


def compared(old: Any, new: Any) -> Iterator[str]:
    """A diff of two values: safe lines that start with `-`, `+`, `@` or a space."""
    if isinstance(old, str) and isinstance(new, str) and ("\n" in old or "\n" in new):
        yield from _line_diff(old.split("\n"), new.split("\n"))
        return
    one, other = (json.dumps(value, ensure_ascii=False, default=str) for value in (old, new))
    yield f"- {_excerpt(one, other)}"
    yield f"+ {_excerpt(other, one)}"


def _excerpt(text: str, other: str) -> str:
    """A line; if it is long, the part that differs from the other."""
    if len(text) <= _LONG:
        return escape(text, None)
    start = max(0, _common(text, other) - _AROUND)
    stop = min(len(text), len(text) - _common(text[:start:-1], other[:start:-1]) + _AROUND)
    return ("..." if start else "") + escape(text[start:stop], _LONG) + ("..." if stop < len(text) else "")


def _common(one: str, other: str) -> int:
    """The length of the common prefix of two texts."""
    shorter = min(len(one), len(other))
    return next((index for index in range(shorter) if one[index] != other[index]), shorter)


def _line_diff(old: list[str], new: list[str]) -> Iterator[str]:
    if max(len(old), len(new)) > _LINES_COMPARED:
        yield f"@ {counted(len(old), 'line')} -> {counted(len(new), 'line')}; --format json shows them"
        return
    lines = _hunks(old, new)
    yield from islice(lines, _DIFF_LINES_SHOWN)
    if next(lines, None) is not None:
        yield "@ ... the diff continues; --format json shows everything"


def _hunks(old: list[str], new: list[str]) -> Iterator[str]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        yield f"@ line {group[0][3] + 1}"
        for tag, start, stop, new_start, new_stop in group:
            gone, come = old[start:stop], new[new_start:new_stop]
            if tag == "equal":
                yield from (f"  {escape(line, _LONG)}" for line in gone)
            else:
                yield from _replaced(gone, come)


def _replaced(gone: list[str], come: list[str]) -> Iterator[str]:
    yield from (
        f"- {_excerpt(one, other or '')}" for one, other in zip_longest(gone, come) if one is not None
    )
    yield from (
        f"+ {_excerpt(one, other or '')}" for one, other in zip_longest(come, gone) if one is not None
    )
