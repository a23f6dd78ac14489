"""Audiences, values and field changes as text."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, zip_longest
from typing import Any

from campaignctl.diff import EVERYONE, FieldChange
from campaignctl.diff.fields import paired
from campaignctl.diff.words import common_length, words_changed
from campaignctl.errors import counted
from campaignctl.plan.model import Unmanaged
from campaignctl.render.cuts import Cuts, json_text, measured
from campaignctl.render.escape import columns, escape, pad
from campaignctl.render.table import Style, Tone

_ITEMS_SHOWN = 12


def audience_text(audience: str | Mapping[str, Any], cuts: Cuts) -> str:
    """`everyone`, or the targeting (API contract, section 2.6); several conditions must all hold."""
    if isinstance(audience, str):
        return cuts.text(audience)
    return (
        "; ".join(text for name in audience for text in _conditions(name, audience[name], cuts)) or EVERYONE
    )


def _conditions(name: str, value: Any, cuts: Cuts) -> list[str]:
    if name == "custom_properties" and isinstance(value, Mapping):
        return [_condition(f"property {name}", value[name], cuts) for name in value]
    return [_condition(name.replace("_", " "), value, cuts)]


def _condition(name: str, value: Any, cuts: Cuts) -> str:
    shown = cuts.text(name)
    if not isinstance(value, Mapping):
        return f"{shown} {cuts.value(value, _LONG)}"
    items = value.get("items")
    if isinstance(items, list | tuple) and set(value) <= {"items", "op"}:
        operator = value.get("op", "in")
        link = " " if operator == "in" else f" ({cuts.text(str(operator))}) "
        return f"{shown}{link}{_listed(items, cuts)}"
    if {"from", "to"} == set(value):
        return f"{shown} {cuts.value(value['from'], _LONG)} to {cuts.value(value['to'], _LONG)}"
    return f"{shown} {cuts.value(value, _LONG)}"


def _listed(items: list[Any] | tuple[Any, ...], cuts: Cuts) -> str:
    if not items:
        return "(none)"
    return cuts.items([str(item) for item in items], _ITEMS_SHOWN, cuts.text)


_SHORT = 160
_LONG = 1_000
_LINES_SHOWN = 40
_DIFF_LINES_SHOWN = 400
_LINES_COMPARED = 4_000
_CONTEXT = 2
_AROUND = 40
_WIDEST_PATH = 44
_TONES: dict[str, Tone] = {"+": "green", "-": "red", "~": "yellow", "@": "cyan"}


def value_text(value: Any, limit: int | None) -> str:
    """A JSON value on one safe line, in JSON's own notation."""
    return escape(json_text(value), limit)


def set_outside(found: Iterable[Unmanaged]) -> list[FieldChange]:
    """What was set outside of the manifests, as differences from the baseline."""
    return [FieldChange(one.path, one.baseline, one.value) for one in found]


def each_told(changes: Iterable[FieldChange]) -> Iterator[FieldChange]:
    """The fields; of messages that all go, each field of them."""
    for change in changes:
        if change.path == "messages" and isinstance(change.before, list | tuple) and not change.after:
            yield from (FieldChange(*each) for each in paired({change.path: change.before}, {}))
        else:
            yield change


def field_lines(changes: Iterable[FieldChange], style: Style, width: int, cuts: Cuts) -> Iterator[str]:
    """One line for each field, and below it the lines of a long value. Not indented.

    Lines of foreign text come after a bar, so that none passes for a line of the plan.
    """
    listed = [(cuts.text(change.path), change) for change in each_told(changes)]
    widest = min(max((columns(path) for path, _ in listed), default=0), _WIDEST_PATH)
    for path, change in listed:
        yield from _field(pad(path, widest), change, style, width, cuts)


def _field(path: str, change: FieldChange, style: Style, width: int, cuts: Cuts) -> Iterator[str]:
    if change.before is None or change.after is None:
        symbol, value = ("+", change.after) if change.before is None else ("-", change.before)
        head, lines = whole(path, value, cuts)
        yield f"{style(symbol, _TONES[symbol])} {head}"
        yield from (f"    {style('|', 'dim')} {line}" for line in lines)
        return
    symbol = style("~", _TONES["~"])
    old, new = value_text(change.before, None), value_text(change.after, None)
    if columns(path) + columns(old) + columns(new) + len("~   -> ") <= width:
        yield f"{symbol} {path} {old} -> {new}"
        return
    yield f"{symbol} {path.rstrip()}"
    if told := _in_words(change, style, cuts):
        yield f"    {style('|', 'dim')} {told}"
        return
    for line in compared(change.before, change.after, cuts):
        tone = _TONES.get(line[:1])
        yield f"    {style('|', 'dim')} {style(line, tone) if tone else line}"


_MARKS: dict[str, tuple[str, str, Tone]] = {"old": ("[-", "-]", "red"), "new": ("{+", "+}", "green")}


def _in_words(change: FieldChange, style: Style, cuts: Cuts) -> str:
    """The new text of one line with what went and what came in it; empty if little is left of the old one.

    A text that has such marks itself is never shown so, and in full both texts are shown as they are.
    """
    old, new = change.before, change.after
    if cuts.full or not (isinstance(old, str) and isinstance(new, str)) or "\n" in old + new:
        return ""
    if any(mark in old + new for begin, end, _ in _MARKS.values() for mark in (begin, end)):
        return ""
    pieces = words_changed(old, new)
    if sum(len(text) for kind, text in pieces if kind == "same") * 2 < len(new):
        return ""
    shown = []
    for number, (kind, text) in enumerate(pieces):
        if kind == "same":
            shown.append(_around(text, first=number == 0, last=number == len(pieces) - 1))
        else:
            begin, end, tone = _MARKS[kind]
            shown.append(style(f"{begin}{cuts.text(text, _LONG)}{end}", tone))
    return "".join(shown)


def _around(text: str, *, first: bool, last: bool) -> str:
    """The words next to a change, without those far from it."""
    if len(text) <= 3 * _AROUND:
        return escape(text, None)
    begin, end = edges(text, _AROUND)
    return f"{'' if first else escape(begin, None)}...{'' if last else escape(end, None)}"


def edges(text: str, length: int) -> tuple[str, str]:
    """The beginning and the end of a long text, each of at most a length and, if possible, of whole words."""
    begin, end = text[:length], text[-length:]
    cut, start = begin.rfind(" "), end.find(" ")
    return begin[:cut] if cut > length // 2 else begin, end[start + 1 :] if 0 <= start < length // 2 else end


def brief(change: FieldChange, cuts: Cuts) -> str:
    """A field in one line: `path old -> new`."""
    values = " -> ".join(
        cuts.value(value, _SHORT) for value in (change.before, change.after) if value is not None
    )
    return f"{cuts.text(change.path)} {'removed, was ' if change.after is None else ''}{values}"


def whole(path: str, value: Any, cuts: Cuts) -> tuple[str, list[str]]:
    """One value of a field: a line, and the first lines of a long text."""
    if not (isinstance(value, str) and ("\n" in value.strip("\n") or len(value) > _SHORT)):
        return f"{path} {cuts.value(value, _LONG)}", []
    lines = value.split("\n")
    kept = lines[: cuts.most(_LINES_SHOWN)]
    shown = [escape(line, cuts.most(_LONG)) for line in kept]
    if len(kept) == len(lines) and max(map(len, kept)) <= cuts.most(_LONG):
        return f"{path.rstrip()} ({measured(value)})", shown
    if more := len(lines) - len(kept):
        shown.append(f"... {counted(more, 'more line')}")
    return f"{path.rstrip()} ({cuts.remark(value)})", shown


def compared(old: Any, new: Any, cuts: Cuts) -> Iterator[str]:
    """A diff of two values: safe lines that start with `-`, `+`, `@` or a space."""
    if isinstance(old, str) and isinstance(new, str) and ("\n" in old or "\n" in new):
        yield from _line_diff(old, new, cuts)
        return
    one, other = json_text(old), json_text(new)
    yield f"- {_excerpt(one, other, old, cuts)}"
    yield f"+ {_excerpt(other, one, new, cuts)}"


def _excerpt(text: str, other: str, value: Any, cuts: Cuts) -> str:
    """A line of a value; if it is long, the part that differs from the other."""
    if len(text) <= cuts.most(_LONG):
        return escape(text, None)
    start = max(0, common_length(text, other) - _AROUND)
    stop = min(len(text), len(text) - common_length(text[:start:-1], other[:start:-1]) + _AROUND)
    shown = ("..." if start else "") + escape(text[start:stop], _LONG) + ("..." if stop < len(text) else "")
    return f"{shown} ({cuts.remark(value)})" if stop - start > _LONG else shown


def _line_diff(old: str, new: str, cuts: Cuts) -> Iterator[str]:
    before, after = old.split("\n"), new.split("\n")
    if max(len(before), len(after)) > _LINES_COMPARED:
        if not cuts.full:
            yield f"@ {measured(old)} -> {cuts.remark(new)}"
            return
        # All lines between those that both begin and end with: comparing takes the square of their number.
        lines = _replaced(*_without_common(before, after), cuts)
    else:
        lines = _hunks(before, after, cuts)
    yield from islice(lines, cuts.most(_DIFF_LINES_SHOWN))
    if next(lines, None) is not None:
        yield f"@ the diff goes on; new text {cuts.remark(new)}"


def _without_common(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    start = common_length(old, new)
    end = min(common_length(old[::-1], new[::-1]), len(old) - start, len(new) - start)
    return old[start : len(old) - end], new[start : len(new) - end]


def _hunks(old: list[str], new: list[str], cuts: Cuts) -> Iterator[str]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        yield f"@ line {group[0][3] + 1}"
        for tag, start, stop, new_start, new_stop in group:
            gone, come = old[start:stop], new[new_start:new_stop]
            if tag == "equal":
                yield from (f"  {escape(line, cuts.most(_LONG))}" for line in gone)
            else:
                yield from _replaced(gone, come, cuts)


def _replaced(gone: list[str], come: list[str], cuts: Cuts) -> Iterator[str]:
    for symbol, ours, theirs in (("-", gone, come), ("+", come, gone)):
        for one, other in zip_longest(ours, theirs):
            if one is not None:
                yield f"{symbol} {_excerpt(one, other or '', one, cuts)}"
