"""The one place that makes foreign text safe to show: on a terminal, in Markdown, in HTML.

Names, contents and the API's messages are foreign. Shown raw they could move the cursor, forge lines of a
plan or reverse the reading direction; in a comment they could mention people, add links, load images or break
out of a table.

In Markdown, foreign text is not escaped character by character, as every host gives other characters a
meaning (mentions, references, links without brackets). It becomes code, which no host interprets, except for
words of only letters, digits and a few plain characters.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from urllib.parse import quote

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
    """Text as one safe line: unsafe characters by number, as in JSON, and cut to `limit` characters.

    A limit of None is for our own texts, which quote foreign ones.
    """
    if limit is not None and len(text) > limit:
        text = text[:limit] + _ELLIPSIS
    return _UNSAFE.sub(_escaped, text)


def fits(text: str, limit: int) -> bool:
    """Whether Markdown shows the whole text within a limit, even after characters became numbers."""
    return len(text) <= limit and len(escape(text, None)) <= limit + len(_ELLIPSIS)


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    return f"\\u{code:04x}" if code <= _BASIC_PLANE else f"\\U{code:08x}"


def columns(text: str) -> int:
    """The width of safe text on a terminal, in columns."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("F", "W") else 1


def pad(text: str, width: int) -> str:
    """Safe text padded with spaces to a width in columns."""
    return text + " " * (width - columns(text))


def middle(text: str, width: int) -> str:
    """Safe text cut in its middle to a width in columns, of at least 5; both ends tell names apart."""
    if columns(text) <= width:
        return text
    kept = width - len(_ELLIPSIS)
    while columns(cut := text[: (kept + 1) // 2] + _ELLIPSIS + text[len(text) - kept // 2 :]) > width:
        kept -= 1
    return cut


# In a table a long word would push the other columns out of sight.
_LONG_WORD = re.compile(r"\S{48}(?=\S)")


def code_span(text: str, limit: int = LIMIT) -> str:
    """Text as code of Markdown on one line, literally; see `cell` for one in a table."""
    safe = _shortened(text, limit)
    # A backslash before a bar in a table is read in more than one way, so the bar is shown by its number.
    safe = safe.replace("\\|", r"\\u007c") if safe.strip() else json.dumps(safe)
    return "<wbr>".join(map(_code, _LONG_WORD.sub("\\g<0>\n", safe).split("\n")))


def _code(safe: str) -> str:
    runs = {len(run) for run in re.findall("`+", safe)}
    # The shortest fence that is not in the text: renderers reject very long ones.
    fence = "`" * next(length for length in count(1) if length not in runs)
    blank = " " if {safe[0], safe[-1]} & {"`", " "} else ""
    return f"{fence}{blank}{safe}{blank}{fence}"


def _shortened(text: str, limit: int) -> str:
    """Safe text within the limit, even after characters became numbers."""
    safe = escape(text, limit)
    return safe if len(safe) <= limit + len(_ELLIPSIS) else safe[:limit] + _ELLIPSIS


# Characters outside ASCII have no meaning to any host, except lookalikes of ASCII's signs.
_LETTER = r"(?:[0-9A-Za-z]|[^\x00-\xa0\ufe50-\ufe6f\uff00-\uffef])"
# Letters and digits, perhaps joined inside; around them the signs of a sentence. Or a clock time.
_WORD = rf"{_LETTER}+(?:(?:['_/-]|[.,](?=\d)){_LETTER}+)*"
_PLAIN = re.compile(rf"""["'(]*(?:{_WORD}|\d\d:\d\d(?::\d\d)?)["')%]*[.,;:!?]?["')]*|[.,;:!?()%]+|[&+-]""")
# What a host may take for a commit, an issue of some tracker, or an address.
_REFERENCE = re.compile(r"(?i)[0-9a-f]{7,}|[a-z]+-\d|www\.")
_PIECES = re.compile(r"`[^`]*`|[^\s`]+|`|\s+")


def prose(text: str, limit: int = 1_000) -> str:
    """A sentence of ours for Markdown, on one line; its quotations are foreign.

    Plain words stay words; text between backticks becomes code, and so does everything else.
    """
    # The same times, audiences and names come again and again.
    return _known_prose(text, limit) if len(text) <= LIMIT else _prose(text, limit)


def _prose(text: str, limit: int) -> str:
    shown: list[str] = []
    for piece, literal in _joined(_shortened(text, limit)):
        if literal and shown and shown[-1].endswith("`"):
            shown.append(" ")
        shown.append(code_span(piece, limit) if literal else piece)
    return "".join(shown).strip() or (code_span(text) if text else "")


_known_prose = lru_cache(maxsize=4_096)(_prose)


def _joined(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a sentence and whether they are code; adjacent code is joined."""
    code = ""
    for piece in _PIECES.findall(text):
        quoted = len(piece) > len("``") and piece.startswith("`") and piece.endswith("`")
        if piece.isspace() and code:
            code += " "
        elif not quoted and not piece.isspace() and not _is_plain(piece):
            code += piece
        else:
            yield from _ended(code)
            code = ""
            yield (piece[1:-1], True) if quoted else (" " if piece.isspace() else piece, False)
    yield from _ended(code)


def _ended(code: str) -> Iterator[tuple[str, bool]]:
    if code:
        yield code.rstrip(), True
        if code.endswith(" "):
            yield " ", False


def _is_plain(word: str) -> bool:
    return bool(_PLAIN.fullmatch(word)) and not _REFERENCE.search(word) and not _LONG_WORD.search(word)


def cell(markdown: str) -> str:
    """Markdown of this module for a cell of a table."""
    return markdown.replace("|", r"\|")


def fenced(lines: list[str], language: str = "") -> str:
    """Lines of safe text as a block of code, which none of them can end."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence + language, *lines, fence])


def html_code(text: str, limit: int = LIMIT) -> str:
    """Text as code of HTML, for the places of a comment in which Markdown is not read."""
    from html import escape

    return f"<code>{escape(_shortened(text, limit))}</code>"


def comment_word(text: str) -> str:
    """Text as one word for a comment of HTML, which it cannot end: percent-encoded."""
    return quote(text[:LIMIT], safe="", errors="replace")
