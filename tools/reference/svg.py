"""Text as SVG pictures: the coloured output of a terminal, and a Markdown comment as a host shows it.

Every piece of text states its width (`textLength`), so that a picture looks alike in any font.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape

_MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_SANS = "-apple-system,'Segoe UI',Helvetica,Arial,'DejaVu Sans',sans-serif"
_SIZE = 13
_CELL = _SIZE * 0.6
_ROW = 19
_EDGE = 18

_TERMINAL = {
    "": "#d1d7e0",
    "2": "#9198a1",
    "31": "#ff7b72",
    "32": "#7ee787",
    "33": "#e3b341",
    "36": "#79c0ff",
}
_SGR = re.compile(r"\x1b\[([\d;]*)m")
_SPACES = re.compile(" {2,}")


@dataclass
class _Picture:
    """The parts of an SVG, and its size so far."""

    width: float = 0
    height: float = _EDGE
    parts: list[str] = field(default_factory=list)

    def text(self, x: float, text: str, width: float, look: str) -> None:
        """A piece of text on the current row, exactly as wide as `width`."""
        head = f'<text x="{x:.1f}" y="{self.height + _SIZE:.1f}" textLength="{width:.1f}"'
        # Browsers make one space of several, whatever `xml:space` says, and stretch the rest to the width.
        told = escape(_SPACES.sub(lambda spaces: "\N{NO-BREAK SPACE}" * len(spaces[0]), text), quote=False)
        self.parts.append(f'{head} lengthAdjust="spacingAndGlyphs" {look}>{told}</text>')
        self.width = max(self.width, x + width)

    def box(self, x: float, width: float, height: float, look: str) -> None:
        """A rectangle from the current row down."""
        self.parts.append(
            f'<rect x="{x:.1f}" y="{self.height:.1f}" width="{width:.1f}" height="{height:.1f}" {look}/>'
        )

    def svg(self, title: str, look: str) -> str:
        """The whole picture, on a background."""
        width, height = round(self.width + _EDGE), round(self.height + _EDGE)
        return "\n".join(
            (
                (
                    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
                    f' height="{height}" role="img" font-size="{_SIZE}">'
                ),
                f"<title>{escape(title)}</title>",
                f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8" {look}/>',
                *self.parts,
                "</svg>\n",
            )
        )


def terminal(text: str, title: str) -> str:
    """Text with colours (Select Graphic Rendition) as a terminal shows it."""
    picture = _Picture()
    for line in text.splitlines():
        x, codes = float(_EDGE), ""
        for index, piece in enumerate(_SGR.split(line)):
            if index % 2:
                codes = "" if piece == "0" else piece
                continue
            words, width = piece.strip(" "), len(piece) * _CELL
            if words:
                before = (len(piece) - len(piece.lstrip(" "))) * _CELL
                picture.text(x + before, words, len(words) * _CELL, _terminal_look(codes))
            x += width
        picture.height += _ROW
    return picture.svg(title, 'fill="#0d1117"')


def _terminal_look(codes: str) -> str:
    known = codes.split(";")
    color = next((_TERMINAL[code] for code in known if code in _TERMINAL), _TERMINAL[""])
    weight = ' font-weight="bold"' if "1" in known else ""
    return f'font-family="{_MONO}" fill="{color}"{weight}'


# ------------------------------------------------------------------------------------------- Markdown

_CODE = 0.88
_COLUMN = 560
_SPACE = 4
_PAD = 10
_SMALL = 11
_LOOKS = {
    "del": 'fill="#cf222e" text-decoration="line-through"',
    "ins": 'fill="#1a7f37" text-decoration="underline"',
}
_DIFF = {"+": "#dafbe1", "-": "#ffebe9", "!": "#fff8c5", "@": "#ddf4ff"}


@dataclass(frozen=True)
class _Word:
    """A word in a look; `glued` to the one before it."""

    text: str
    bold: bool = False
    code: bool = False
    glued: bool = False
    size: float = _SIZE
    look: str = ""

    @property
    def width(self) -> float:
        if self.code:
            return len(self.text) * self.size * _CODE * 0.6 + 8
        return sum(map(_advance, self.text)) * self.size * (1.06 if self.bold else 1)


def _advance(character: str) -> float:
    """The width of a character of Helvetica in ems, near enough."""
    for characters, width in (("ijl.,:;|!' ", 0.26), ("ftr()[]-/I", 0.33), ("mMW@", 0.86), ("w", 0.72)):
        if character in characters:
            return width
    return 0.69 if character.isupper() else 0.55


def comment(markdown: str, title: str) -> str:
    """The Markdown of a plan as a comment; only the forms that a plan has, with its folds open."""
    picture = _Picture()
    fenced = False
    for line in markdown.splitlines():
        if line.startswith("```"):
            picture.height += 8 if fenced else 0
            fenced = not fenced
        elif fenced:
            _diff_line(picture, line)
        elif line.startswith("### "):
            _paragraph(picture, [replace(word, bold=True, size=16) for word in _words(line[4:])], 30)
        elif summary := re.search(r"<summary>(.*)</summary>", line):
            text = re.sub(r"</?b>", "**", re.sub(r"</?code>", "`", summary[1]))
            _paragraph(picture, [_Word("▾"), *_words(text)], 26)
        elif line.startswith("> "):
            top = picture.height
            _paragraph(picture, _words(line[2:]), _ROW, _EDGE + _PAD)
            bar, picture.height = picture.height - top, top
            picture.box(_EDGE, 3, bar, 'fill="#d0d7de"')
            picture.height += bar
        elif not line:
            picture.height += 7
        elif not line.startswith(("<details", "</details", "<!--")):
            _paragraph(picture, list(_words(line)), _ROW)
    return picture.svg(title, 'fill="#ffffff" stroke="#d0d7de"')


def _words(markdown: str) -> Iterator[_Word]:
    bold = code = glued = False
    look = ""
    for piece in re.split(r"(\*\*|`|</?(?:del|ins|sub)>)", markdown.removesuffix("<br>")):
        if piece in ("**", "`"):
            bold, code = (not bold, code) if piece == "**" else (bold, not code)
        elif piece.startswith("<"):
            look = "" if piece.startswith("</") else piece.strip("<>")
        elif code:
            yield _Word(piece, bold, code, glued)
            glued = True
        elif piece:
            for number, word in enumerate(piece.split()):
                joined = glued and not number and not piece.startswith(" ")
                yield _Word(
                    word, bold, code, joined, _SMALL if look == "sub" else _SIZE, _LOOKS.get(look, "")
                )
            glued = not piece.endswith(" ")


def _paragraph(picture: _Picture, words: Iterable[_Word], height: float, x: float = _EDGE) -> None:
    for line in _wrapped(words):
        _line(picture, x, line)
        picture.height += height


def _line(picture: _Picture, x: float, words: Iterable[_Word]) -> None:
    for word in words:
        x -= _SPACE if word.glued else 0
        weight = ' font-weight="600"' if word.bold else ""
        if word.code:
            picture.box(x, word.width, _SIZE + 5, 'rx="4" fill="#eff1f3"')
            look = f'font-family="{_MONO}" font-size="{word.size * _CODE:.1f}" fill="#1f2328"{weight}'
            picture.text(x + 4, word.text, word.width - 8, look)
        else:
            size = f' font-size="{word.size}"' if word.size != _SIZE else ""
            look = word.look or 'fill="#1f2328"'
            picture.text(x, word.text, word.width, f'font-family="{_SANS}" {look}{size}{weight}')
        x += word.width + _SPACE


def _wrapped(words: Iterable[_Word]) -> Iterator[list[_Word]]:
    line: list[_Word] = []
    for word in words:
        if line and not word.glued and _width([*line, word]) > _COLUMN:
            yield line
            line = []
        line.append(word)
    yield line


def _width(words: Sequence[_Word]) -> float:
    return sum(word.width + _SPACE * (not word.glued) for word in words) - _SPACE


def _diff_line(picture: _Picture, line: str) -> None:
    width = len(line) * _CELL
    picture.box(
        _EDGE, max(picture.width - _EDGE, width + 2 * _PAD), _ROW, f'fill="{_DIFF.get(line[:1], "#f6f8fa")}"'
    )
    picture.text(_EDGE + _PAD, line, width, f'font-family="{_MONO}" fill="#1f2328"')
    picture.height += _ROW
