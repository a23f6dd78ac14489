"""Why a text is not YAML: forbidden characters, and the likely cause of a syntax error."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple


@cache
def forbidden() -> re.Pattern[str]:
    """The characters that YAML forbids; compiled on first use, as that is rare and slow."""
    return re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
#: The same as bytes, which are part of no other character in UTF-8.
_CONTROLS = bytes([*range(0x09), *range(0x0E, 0x20), 0x7F])


@lru_cache(64)
def control_character(text: str) -> int | None:
    """The offset of the first control character of a text, or None.

    White space, and what mail tools pad a text with (U+FEFF, U+0080 to U+009F), are none: they are escaped
    where they are shown.
    """
    if text.isprintable():
        return None
    # Long texts are searched for them in a fifth of the time of the expression.
    data = text.encode("utf-8", "surrogatepass")
    found = _CONTROL.search(text) if len(data.translate(None, _CONTROLS)) < len(data) else None
    return found.start() if found else None


def named(character: str) -> str:
    """The code point of a character that cannot be printed."""
    return f"U+{ord(character):04X}"


_NO_COLON = "this key has no `:`"
_COLON_HINT = "write `: ` between key and value, as in `name: Welcome`"
_HINTS = (
    ("mapping values are not allowed", "a text with `: ` in it needs quotes"),
    ("Unicode character escape", "write the character itself: this is one half of a pair"),
    ("unknown escape character", "write `\\\\` for a backslash, or put the text in single quotes"),
    ("could not find expected ':'", _COLON_HINT),
    ("did not find expected key", "check the indentation, and quotes inside quotes"),
    ("did not find expected ',' or", "a comma is missing above, or a list or map is not closed"),
    ("expected '-' indicator", "start every list item with `- `; align keys with their neighbours"),
    ("that cannot start any token", "a text that starts with this character needs quotes"),
    ("alphabetic or numeric character", "a text that starts with `*` or `&` needs quotes"),
    (
        "did not find expected node content",
        "something is missing here; a text with this character needs quotes",
    ),
    ("expected <document start>", "the document ends above; start another one with `---`"),
    ("expected comment or line break", "a text that starts with `>` or `|` needs quotes"),
    ("block sequence entries are not allowed", "a text that starts with `-` and a space needs quotes"),
    ("directive", "remove this line"),
    ("incompatible YAML document", "remove this line"),
)
#: `name:x`: YAML reads it as text, as there is no space after the colon. URLs are excepted.
CLOSE_COLON = re.compile(r"(?P<before>\s*(?:- +)*(?P<key>[\w$.-]+):)(?!//)\S")
_TAB = re.compile(r" *\t")


class LineColumn(NamedTuple):
    """A line and a column, from 0."""

    line: int
    column: int


class Complaint(NamedTuple):
    """An error of the parser: the problem and its place, the construct it was in and where that began."""

    problem: str
    place: LineColumn
    context: str = ""
    began: LineColumn | None = None


class Mistake(NamedTuple):
    """The likely cause of a syntax error: the message, the place and what to do."""

    message: str
    place: LineColumn
    hint: str


def mistake(lines: list[str], complaint: Complaint) -> Mistake:
    """Trace a complaint back to its cause; `lines` are those of the file."""
    line = _line(lines, complaint.place.line)
    if _TAB.match(line) and complaint.place.column <= len(line) - len(line.lstrip()):
        return Mistake(complaint.problem, complaint.place, "indent with spaces, not tabs")
    if complaint.began:
        found = _begun(lines, complaint, complaint.began)
    elif complaint.problem.startswith("mapping values"):
        found = _second_colon(lines, complaint.place)
    else:
        found = None
    hint = next((hint for sign, hint in _HINTS if sign in complaint.problem), "")
    return found or Mistake(complaint.problem, complaint.place, hint)


def _begun(lines: list[str], complaint: Complaint, began: LineColumn) -> Mistake | None:
    """A mistake where the parser started something that it could not finish."""
    sign = _line(lines, began.line)[began.column : began.column + 1]
    rest = [_line(lines, complaint.place.line)[complaint.place.column :], *lines[complaint.place.line + 1 :]]
    ended = not any(line.strip() for line in rest)
    if "quoted scalar" in complaint.context and ended:
        hint = "inside single quotes, write an apostrophe twice"
        return Mistake("this quote is never closed", began, hint)
    if "simple key" in complaint.context:
        if sign in {"{", "["}:
            hint = "indent all of its lines by two more spaces, or put the first brace after the key"
            return Mistake("text pasted below a key must be indented further than the key", began, hint)
        return Mistake(_NO_COLON, began, _COLON_HINT)
    at = _line(lines, complaint.place.line)[complaint.place.column : complaint.place.column + 1]
    if "flow" in complaint.context and (ended or at == ":"):
        what = "list" if sign == "[" else "map"
        return Mistake(
            f"this {what} is never closed", began, f"close it with `{']' if sign == '[' else '}'}`"
        )
    return None


def _second_colon(lines: list[str], place: LineColumn) -> Mistake | None:
    """A colon in the continued text of a value: the line was not meant to continue the one above."""
    line = _line(lines, place.line)
    indent = len(line) - len(line.lstrip())
    if re.search(r":\s", line[: place.column]):
        return None
    above = next((number for number in range(place.line - 1, -1, -1) if _says(lines[number])), None)
    if above is None:
        return None
    before = lines[above]
    start = len(before) - len(before.lstrip(" -"))
    if close := CLOSE_COLON.match(before):
        hint = f"add a space after the colon: `{close['key']}: ...`"
        return Mistake("no space after this colon", LineColumn(above, len(close["before"]) - 1), hint)
    if not re.search(r":(\s|$)", before):
        return Mistake(_NO_COLON, LineColumn(above, start), _COLON_HINT)
    hint = "indent all fields of an object equally"
    return Mistake("this line is indented further than the one above", LineColumn(place.line, indent), hint)


def _line(lines: list[str], number: int) -> str:
    return lines[number] if number < len(lines) else ""


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
