"""The contrast of text whose colour and background stand at one element (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from campaignctl.lint.markup import Markup

LEAST = 4.5
#: Large text needs less: 24 px, or 18.66 px in bold.
LEAST_LARGE, LARGE = 3.0, 24.0
_COLOR = re.compile(r"(?<![\w-])color\s{0,9}:\s{0,9}([^;!]{1,40})", re.IGNORECASE)
_GROUND = re.compile(r"background(?:-color)?\s{0,9}:\s{0,9}([^;!]{1,40})", re.IGNORECASE)
_SIZE = re.compile(r"font-size\s{0,9}:\s{0,9}([0-9.]{1,6})px", re.IGNORECASE)
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_RGB = re.compile(
    r"rgb\(\s{0,9}([0-9]{1,3})[,\s]{1,9}([0-9]{1,3})[,\s]{1,9}([0-9]{1,3})\s{0,9}\)", re.IGNORECASE
)
_NAMED = {"white": "ffffff", "black": "000000", "red": "ff0000", "blue": "0000ff", "green": "008000"}
_NAMED |= {"gray": "808080", "grey": "808080", "yellow": "ffff00", "silver": "c0c0c0", "orange": "ffa500"}

Colour = tuple[int, int, int]


def contrasts(markup: Markup) -> Iterator[tuple[int, str]]:
    """The elements of a mail whose text is hard to read, each with its offset and what is wrong."""
    for tag in markup.tags:
        if tag.ends or "color" not in markup.source[tag.start : tag.end].lower():
            continue
        attributes = markup.attributes(tag)
        style = attributes["style"].value if "style" in attributes else ""
        front, back = _last(_COLOR, style), _last(_GROUND, style)
        if back is None and "bgcolor" in attributes:
            back = colour(attributes["bgcolor"].value)
        if front is None or back is None or _is_hidden(style):
            continue
        ratio = contrast(front, back)
        size = _SIZE.search(style)
        least = LEAST_LARGE if size and float(size[1].strip(".") or 0) >= LARGE else LEAST
        if ratio < least and _has_own_text(markup, tag.end):
            yield tag.start, f"a contrast of {ratio:.1f} to 1; readable is {least} or more"


def _is_hidden(style: str) -> bool:
    """Whether an element is a hidden preview text, whose colour is that of its background on purpose."""
    return any(
        word in style.replace(" ", "").lower() for word in ("display:none", "font-size:0", "font-size:1px")
    )


def _has_own_text(markup: Markup, start: int) -> bool:
    """Whether text stands in the element itself, before another one begins."""
    end = markup.source.find("<", start)
    return bool(markup.source[start : end if end >= 0 else None].strip(" \t\r\n\xa0"))


def _last(form: re.Pattern[str], style: str) -> Colour | None:
    """The colour of the last declaration, which is the one that counts; None if it cannot be told."""
    found = [one[1] for one in form.finditer(style)]
    return colour(found[-1]) if found else None


# `#rgb` has one digit for each part.
_SHORT_HEX = 3
# Darker parts are linear (WCAG 2.2, relative luminance).
_LINEAR = 0.04045


def colour(text: str) -> Colour | None:
    """A colour as red, green and blue; None for another form, as with transparency or a picture."""
    plain = text.strip().lower()
    plain = f"#{_NAMED[plain]}" if plain in _NAMED else plain
    if found := _HEX.fullmatch(plain):
        digits = found[1] if len(found[1]) > _SHORT_HEX else "".join(digit * 2 for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := _RGB.fullmatch(plain):
        red, green, blue = (min(int(one), 255) for one in found.groups())
        return red, green, blue
    return None


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(parts: Colour) -> float:
    red, green, blue = (
        value / 12.92 if (value := part / 255) <= _LINEAR else ((value + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
