"""A command as somebody copied it from a shell or a browser: its words, as the shell would have made them.

Nothing is run or looked up. Where a shell would put in a value, the word says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from campaignctl.errors import CampaignctlError

_BLANK = " \t\r\n"
#: What ends a command for a shell.
_OPERATORS = "|;&<>"
_SINGLE = re.compile(r"'([^']*)'")
_ANSI = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_PLACE = re.compile(r"\$[A-Za-z_{(]|`")
_ESCAPE = re.compile(
    r"(?P<bytes>(?:\\x[0-9a-fA-F]{1,2})+)|\\u(?P<u>[0-9a-fA-F]{1,4})|\\U(?P<U>[0-9a-fA-F]{1,8})"
    r"|\\(?P<octal>[0-7]{1,3})|\\(?P<sign>.)",
    re.DOTALL,
)
_SIGNS = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "v": "\v",
}
_LARGEST_CODE = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Word:
    """One word. `filled` says that a shell would have put a value into it."""

    text: str
    filled: bool = False


def shell_words(text: str) -> tuple[Word, ...]:
    """The words of the first command of a text; the ends of its lines part words as blanks do.

    Raises CampaignctlError for a quote that is not closed.
    """
    words = _Words(text)
    found: list[Word] = []
    while (word := words.following()) is not None:
        found.append(word)
    return tuple(found)


class _Words:
    """One reading of a command, word by word."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def following(self) -> Word | None:
        """The next word, or None at the end of the command."""
        self._skip()
        if self._at >= len(self._text) or self._text[self._at] in _OPERATORS:
            return None
        pieces: list[str] = []
        filled = False
        while self._at < len(self._text) and self._text[self._at] not in _BLANK + _OPERATORS:
            piece, place = self._piece()
            pieces.append(piece)
            filled = filled or place
        return Word("".join(pieces), filled)

    def _skip(self) -> None:
        """Pass blanks, line ends (also those after a backslash) and comments."""
        between = re.compile(r"(?:[ \t\r\n]|\\\r?\n|#[^\n]*)*")
        found = between.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _piece(self) -> tuple[str, bool]:
        """The next part of a word, and whether a shell would put a value into it."""
        sign = self._text[self._at]
        if sign == "'":
            return self._matched(_SINGLE)[1], False
        if self._text.startswith("$'", self._at):
            return _unescaped(self._matched(_ANSI)[1]), False
        if sign == '"' or self._text.startswith('$"', self._at):
            return self._double()
        if sign == "\\":
            return self._backslash(), False
        place = _PLACE.match(self._text, self._at) is not None
        self._at += 1
        return sign, place

    def _backslash(self) -> str:
        found = re.compile(r"\\(\r?\n)?").match(self._text, self._at)
        line_end = found is not None and found[1] is not None
        start = self._at + 1
        self._at = found.end() if found and line_end else start + 1
        return "" if line_end else self._text[start : start + 1]

    def _double(self) -> tuple[str, bool]:
        """What stands in double quotes."""
        start = self._at
        self._at = self._text.index('"', start) + 1
        pieces: list[str] = []
        filled = False
        while self._at < len(self._text) and self._text[self._at] != '"':
            sign = self._text[self._at]
            escape = re.compile(r'\\(?:\r?\n|([$`"\\]))').match(self._text, self._at)
            filled = filled or (not escape and _PLACE.match(self._text, self._at) is not None)
            pieces.append((escape[1] or "") if escape else sign)
            self._at = escape.end() if escape else self._at + 1
        if self._at >= len(self._text):
            raise _not_closed(self._text, start)
        self._at += 1
        return "".join(pieces), filled

    def _matched(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise _not_closed(self._text, self._at)
        self._at = found.end()
        return found


def _not_closed(text: str, start: int) -> CampaignctlError:
    line = text.count("\n", 0, start) + 1
    return CampaignctlError(
        f"The quote that opens in line {line} of the pasted command is not closed",
        hint="paste the whole command; an apostrophe in single quotes ends them",
    )


def _unescaped(text: str) -> str:
    """What a shell makes of `$'...'`; two halves of a character become one."""
    plain = _ESCAPE.sub(_character, text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(escape: re.Match[str]) -> str:
    if escape["bytes"]:
        return bytes.fromhex("".join(part.zfill(2) for part in escape["bytes"].split("\\x")[1:])).decode(
            "utf-8", "replace"
        )
    if escape["octal"]:
        return chr(int(escape["octal"], 8))
    code = escape["u"] or escape["U"]
    if code:
        return chr(min(int(code, 16), _LARGEST_CODE))
    return _SIGNS.get(escape["sign"], escape["sign"])
