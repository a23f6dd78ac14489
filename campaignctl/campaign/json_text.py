"""Indented JSON as `json.dumps` writes it, at the speed of its encoder for one line, and in pieces."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

_ASCII = json.JSONEncoder().encode
_TEXT = json.encoder.encode_basestring_ascii
#: Pieces are about this long, in characters.
_PIECE = 1 << 16


def indented(value: Any, step: int, margin: str = "\n") -> str:
    """The text of a JSON value in lines indented by `step`; `margin` begins a line of what it stands in.

    Names of fields are strings.
    """
    # In 3.11 the encoder in C makes one line, and the one in Python takes ten times as long as this.
    if isinstance(value, str):
        return _TEXT(value)
    inner = margin + " " * step
    if isinstance(value, dict):
        parts = [
            f"{_TEXT(name)}: {_TEXT(item) if type(item) is str else indented(item, step, inner)}"
            for name, item in value.items()
        ]
        opened, closed = "{}"
    elif isinstance(value, (list, tuple)):
        parts = [indented(item, step, inner) for item in value]
        opened, closed = "[]"
    else:
        return _ASCII(value)
    return f"{opened}{inner}{f',{inner}'.join(parts)}{margin}{closed}" if parts else opened + closed


def object_of(members: Iterable[tuple[str, Any]], step: int) -> Iterator[str]:
    """The text of an object in pieces, no text split between two, so that a long list is never held whole.

    A value may be an iterator, which is written as a list; it is used up before the next member is asked for.
    """
    held: list[str] = []
    length, margin, opened = 0, "\n" + " " * step, "{"
    for name, value in members:
        for text in _pieces(f"{opened}{margin}{_ASCII(name)}: ", value, step, margin):
            held.append(text)
            length += len(text)
            if length > _PIECE:
                yield "".join(held)
                held, length = [], 0
        opened = ","
    yield "".join((*held, "\n}" if opened == "," else "{}"))


def _pieces(head: str, value: Any, step: int, margin: str) -> Iterator[str]:
    if not isinstance(value, Iterator | list) or not value:
        yield head + indented(value, step, margin)
        return
    inner, opened = margin + " " * step, f"{head}["
    for item in value:
        yield f"{opened}{inner}{indented(item, step, inner)}"
        opened = ","
    yield f"{margin}]" if opened == "," else f"{opened}]"
