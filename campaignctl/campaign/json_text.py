"""Indented JSON as `json.dumps` writes it but for the exponents of floats, in pieces."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

#: Pieces are about this long, in characters.
_PIECE = 1 << 16


def object_of(members: Iterable[tuple[str, Any]], step: int) -> Iterator[str]:
    """The text of an object in pieces, no text split between two, so that a long list is never held whole.

    A value may be an iterator, which is written as a list; it is used up before the next member is asked for.
    """
    held: list[str] = []
    length, margin, opened = 0, "\n" + " " * step, "{"
    for name, value in members:
        for text in _pieces(f"{opened}{margin}{json.dumps(name)}: ", value, step, margin):
            held.append(text)
            length += len(text)
            if length > _PIECE:
                yield "".join(held)
                held, length = [], 0
        opened = ","
    yield "".join((*held, "\n}" if opened == "," else "{}"))


def _pieces(head: str, value: Any, step: int, margin: str) -> Iterator[str]:
    if not isinstance(value, Iterator | list) or not value:
        yield head + _indented(value, step, margin)
        return
    inner, opened = margin + " " * step, f"{head}["
    for item in value:
        yield f"{opened}{inner}{_indented(item, step, inner)}"
        opened = ","
    yield f"{margin}]" if opened == "," else f"{opened}]"


def _indented(value: Any, step: int, margin: str) -> str:
    # Imported late: it takes 50 ms. The encoder of `json` indents in Python, six times slower.
    from pydantic_core import PydanticSerializationError, to_json

    try:
        text = to_json(value, indent=step, ensure_ascii=True).decode().replace("\x7f", "\\u007f")
    except PydanticSerializationError:  # half of a surrogate pair is no text in UTF-8
        text = json.dumps(value, indent=step)
    return text.replace("\n", margin)
