"""A font in which every character is the same square: a page set in it looks the same on every machine."""

from __future__ import annotations

import struct
from base64 import b64encode

_EM, _WIDE, _HIGH, _DEEP = 1000, 560, 800, -200
#: Glyphs: nothing, a square, and the blank of spaces.
_SQUARE = (60, 0, 500, 640)


def style() -> str:
    """A style sheet that sets everything in the font."""
    source = b64encode(_font()).decode()
    # Precise, since a machine may round the widths of letters to whole pixels.
    return (
        f"@font-face {{ font-family: Square; src: url(data:font/ttf;base64,{source}) }}"
        " *, *::before, *::after, ::placeholder, ::marker { font-family: Square !important;"
        " font-weight: 400 !important; text-rendering: geometricPrecision !important }"
    )


def _font() -> bytes:
    """The file, as the OpenType specification has it."""
    left, low, right, high = _SQUARE
    corners = [(left, low), (left, high), (right, high), (right, low)]
    steps = [
        (x - before[0], y - before[1]) for before, (x, y) in zip([(0, 0), *corners], corners, strict=False)
    ]
    outline = struct.pack(">5h2H4B", 1, *_SQUARE, 3, 0, 1, 1, 1, 1)
    outline += b"".join(struct.pack(">h", x) for x, _ in steps) + b"".join(
        struct.pack(">h", y) for _, y in steps
    )
    # All characters are one glyph, which only the subtable of last resorts can say; spaces are another.
    groups = [(0x20, 0x20, 2), (0x21, 0x9F, 1), (0xA0, 0xA0, 2), (0xA1, 0x10FFFF, 1)]
    mapping = struct.pack(">HHLLL", 13, 0, 16 + 12 * len(groups), 0, len(groups))
    mapping += b"".join(struct.pack(">LLL", *group) for group in groups)
    # Family, style, and the other names that there must be: all the same.
    name = "Square".encode("utf-16-be")
    names = b"".join(struct.pack(">6H", 3, 1, 0x409, number, len(name), 0) for number in range(1, 7)) + name
    tables = {
        b"OS/2": struct.pack(">HhHHH", 4, _WIDE, 400, 5, 0)
        + struct.pack(">11h", *(650, 600, 0, 75, 650, 600, 0, 350, 50, 250, 0))
        + bytes(10)
        + struct.pack(">4L4s3H", 1, 0, 0, 0, b"none", 0x40, 0x20, 0xFFFF)
        + struct.pack(">3h2H2L2h3H", _HIGH, _DEEP, 0, _HIGH, -_DEEP, 1, 0, 500, 640, 0, 0x20, 1),
        b"cmap": struct.pack(">HHHHL", 0, 1, 3, 10, 12) + mapping,
        b"glyf": outline,
        b"head": struct.pack(
            ">4LHH2q4h2H3h", 0x10000, 0x10000, 0, 0x5F0F3CF5, 3, _EM, 0, 0, *_SQUARE, 0, 8, 2, 1, 0
        ),
        b"hhea": struct.pack(
            ">L3hH11hH", 0x10000, _HIGH, _DEEP, 0, _WIDE, left, _WIDE - right, right, 1, *[0] * 7, 3
        ),
        b"hmtx": struct.pack(">HhHhHh", _WIDE, 0, _WIDE, left, _WIDE, 0),
        b"loca": struct.pack(">4L", 0, 0, len(outline), len(outline)),
        b"maxp": struct.pack(">LHHHHHHHHHHHHHH", 0x10000, 3, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
        b"name": struct.pack(">3H", 0, 6, 6 + 12 * 6) + names,
        b"post": struct.pack(">2L2h5L", 0x30000, 0, -75, 50, 0, 0, 0, 0, 0),
    }
    return _file(tables)


def _file(tables: dict[bytes, bytes]) -> bytes:
    """The tables with their directory, each at a multiple of four bytes."""
    places, body, at = [], b"", 12 + 16 * len(tables)
    for tag, data in tables.items():
        padded = data + bytes(-len(data) % 4)
        places.append(struct.pack(">4s3L", tag, _sum(padded), at + len(body), len(data)))
        body += padded
    power = len(tables).bit_length() - 1
    header = struct.pack(">L4H", 0x10000, len(tables), 16 << power, power, 16 * len(tables) - (16 << power))
    return header + b"".join(places) + body


def _sum(data: bytes) -> int:
    return sum(int.from_bytes(data[at : at + 4]) for at in range(0, len(data), 4)) & 0xFFFFFFFF
