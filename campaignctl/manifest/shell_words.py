"""The words of a pasted command, as bash reads them; nothing is run or expanded."""

from __future__ import annotations

import re
from dataclasses import dataclass

from campaignctl.errors import CampaignctlError

#: What always works instead of a command.
ALONE = "paste the JSON body alone, from its `{` to its `}`"
#: The next piece of a command, as a shell reads it.
_PIECE = re.compile(
    r"""(?P<joined>\\\r?\n)
    | (?P<blank>[ \t\r\n])
    | (?P<end>[|;&<>])
    | '(?P<single>[^']*)'
    | \$'(?P<ansi>(?:[^'\\]|\\.)*)'
    | \$?"(?P<double>(?:[^"\\]|\\.)*)"
    | \\(?P<escaped>.?)
    | (?P<open>\$?['"])
    | (?P<plain>.)""",
    re.DOTALL | re.VERBOSE,
)
_IN_DOUBLE = re.compile(r'\\(?:\r?\n|([$`"\\]))')
_COMMENT = re.compile(r"#[^\n]*")
#: Where a shell inserts a value.
_PLACE = re.compile(r"\$[A-Za-z_{(]|`")
_ESCAPE = re.compile(
    r"(?P<bytes>(?:\\x[0-9a-fA-F]{1,2})+)|\\u(?P<u>[0-9a-fA-F]{1,4})|\\U(?P<U>[0-9a-fA-F]{1,8})"
    r"|\\(?P<octal>[0-7]{1,3})|\\(?P<sign>.)",
    re.DOTALL,
)
_SIGNS = dict(zip("ntrabeEfv", "\n\t\r\a\b\x1b\x1b\f\v", strict=True))
_LARGEST_CODE = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Word:
    """One word. `filled`: a shell would have inserted a value."""

    text: str
    filled: bool = False


def shell_words(text: str) -> tuple[Word, ...]:
    """The words of the first command of a text; line ends separate words, as blanks do.

    Raises CampaignctlError for a quote that is not closed.
    """
    words: list[Word] = []
    word: Word | None = None
    at, last = 0, None
    while at < len(text):
        comment = _COMMENT.match(text, at) if word is None else None
        piece = _PIECE.match(text, at)
        if comment or piece is None:
            at = comment.end() if comment else len(text)
            continue
        kind, at = piece.lastgroup, piece.end()
        if kind == "open":
            raise _not_closed(text, piece.start())
        if kind in {"blank", "end"}:
            words += [word] if word else []
            word = None
            if kind == "end":
                break
        elif kind != "joined":
            if kind == last == "single":
                raise CampaignctlError(
                    "Two single quotes in a text are PowerShell's quoting; bash would drop the apostrophe",
                    hint=f"copy it as cURL (bash), or {ALONE}",
                )
            word = _continued(word or Word(""), piece)
        last = kind
    return (*words, word) if word else tuple(words)


def _continued(word: Word, piece: re.Match[str]) -> Word:
    """A word with one more piece."""
    kind, said = piece.lastgroup, piece[piece.lastgroup or 0]
    filled = False
    if kind == "double":
        filled = _PLACE.search(_IN_DOUBLE.sub(" ", said)) is not None
        said = _IN_DOUBLE.sub(lambda escape: escape[1] or "", said)
    elif kind == "ansi":
        said = _unescaped(said)
    elif kind == "plain":
        filled = _PLACE.match(piece.string, piece.start()) is not None
    return Word(word.text + said, word.filled or filled)


def _not_closed(text: str, start: int) -> CampaignctlError:
    line = text.count("\n", 0, start) + 1
    return CampaignctlError(
        f"The quote opened in line {line} of the pasted command is not closed",
        hint="paste the whole command; an apostrophe in single quotes ends them",
    )


def _unescaped(text: str) -> str:
    """The text that a shell reads from `$'...'`; a surrogate pair becomes one character."""
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
