"""The one place that makes foreign text safe to show on a terminal.

Names, contents and the API's messages were written by somebody else. Shown raw they could move the
cursor, forge lines of a plan, or turn the reading direction around.
"""

from __future__ import annotations

import re
import unicodedata

LIMIT = 200

# Controls (C0, DEL, C1), invisible format characters with the bidirectional marks among them, line and
# paragraph separators, lone surrogates, tags. Joiners (U+200C, U+200D) stay: scripts and emoji need them.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_ELLIPSIS = "..."
_BASIC_PLANE = 0xFFFF


def escape(text: str, limit: int | None = LIMIT) -> str:
    """Text as one safe line: unsafe characters by their number, as JSON does, and cut to `limit` of its own.

    A limit of None is for texts that are ours but for what they quote.
    """
    if limit is not None and len(text) > limit:
        text = text[:limit] + _ELLIPSIS
    return _UNSAFE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    return f"\\u{code:04x}" if code <= _BASIC_PLANE else f"\\U{code:08x}"


def columns(text: str) -> int:
    """How many columns of a terminal safe text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("F", "W") else 1


def pad(text: str, width: int) -> str:
    """Safe text filled up with blanks to a width in columns."""
    return text + " " * (width - columns(text))
