"""Makes inputs out of others: bytes that are changed anywhere, and values of a document that are replaced."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from random import Random
from typing import Any

LARGEST = 200_000
_MOST_PLACES = 2_000

TOKENS = [
    *(b"${", b"$${", b"${var.brand}", b"${matrix.d}", b"${env.HOME}", b"${OCMH_APP_NAME}", b"{$file: a.txt}"),
    *(
        b"---\n",
        b"...\n",
        b"&a ",
        b"*a",
        b"<<: *a",
        b"!x ",
        b"? ",
        b"- ",
        b": ",
        b"| ",
        b">-\n",
        b"#",
        b"%YAML 9\n",
    ),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b",",
        b'"',
        b"'",
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b"\t",
        b"\r\n",
        b"\x00",
        b"\x85",
    ),
    *(
        b"\xe2\x80\xa8",
        b"\xef\xbb\xbf",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x8e\x84",
        b"\xe2\x80\xae",
        b"\x1b[2J",
    ),
    *(b"null", b"~", b"true", b"NO", b"0123", b"-0", b"1e999", b"1e-999", b"NaN", b"Infinity", b"9" * 5_000),
    *(b"2036-03-22 10:00:00", b"9999-12-31T23:59:59+14:00", b"0001-01-01 00:00:00", b"2036-02-30 25:61:61"),
    *(
        b"* * * * *",
        b"*/0 * 31 2 *",
        b"@reboot",
        b"*a*a*a*a*b",
        b"**/",
        b"push/*",
        b"../../etc/passwd",
        b"999999d",
    ),
    *(
        b"matrix: {d: [1, 2]}\n",
        b"moved: {from: a}\n",
        b"adopt: '1'\n",
        b"kind: Removed\n",
        b"extra: {a: 1}\n",
    ),
]

VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        10**18,
        10**400,
        -(10**30),
        0.1,
        1e308,
        -0.0,
        [],
        {},
        [[]],
        {"": {}},
        "",
        " ",
    ),
    *(
        "a" * 5_000,
        "\x00",
        "\ud800",
        "\u202e",
        "\x1b[2J",
        "é",
        "e\u0301",
        "`",
        "<b>",
        "%0A::error::",
        "\n" * 50,
    ),
    *(
        "2036-03-22 10:00:00",
        "2036-03-22T10:00:00Z",
        "9999-12-31T23:59:59+14:00",
        "0001-01-01T00:00:00Z",
        "now",
    ),
    *(
        "* * * * *",
        "0 0 30 2 *",
        "P1D",
        "1D",
        "9" * 400 + "D",
        "scheduled",
        "sent",
        "running",
        "canceled",
        "create",
    ),
    *(
        "1030978",
        "6197120",
        "push/welcome",
        "push/*",
        "a/b[d=1]",
        "v2 a b c d",
        "sha256:00",
        ["a", 1, None, {"b": []}],
    ),
]


def mutated(random: Random, corpus: Sequence[bytes]) -> bytes:
    """Bytes made of one or two others."""
    data = random.choice(corpus)
    for _ in range(random.choice((1, 1, 2, 4, 8))):
        data = random.choice(_CHANGES)(random, data, corpus)[:LARGEST]
    return data


def _place(random: Random, data: bytes) -> tuple[int, int]:
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.choice((0, 1, 2, 8, 64, 512)))


def _cut(random: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    start, end = _place(random, data)
    return data[:start] + data[end:]


def _flip(random: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    start, _ = _place(random, data)
    return data[:start] + bytes([random.randrange(256)]) + data[start + 1 :]


def _insert(random: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    start, end = _place(random, data)
    return data[: random.choice((start, end))] + random.choice(TOKENS) + data[end:]


def _repeat(random: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    start, end = _place(random, data)
    piece = data[start:end] or random.choice(TOKENS)
    return data[:start] + piece * random.choice((2, 10, 100, 1_000, 20_000)) + data[end:]


def _repeat_line(random: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    index = random.randrange(len(lines))
    lines[index] *= random.choice((2, 10, 100, 2_000))
    return b"".join(lines)


def _indent(random: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    index = random.randrange(len(lines))
    lines[index] = b" " * random.randint(1, 9) + lines[index].lstrip()
    return b"".join(lines)


def _splice(random: Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    other = random.choice(corpus)
    start, end = _place(random, data)
    here, there = _place(random, other)
    return data[:start] + other[here : random.choice((there, len(other)))] + data[end:]


_CHANGES: tuple[Callable[[Random, bytes, Sequence[bytes]], bytes], ...] = (
    _cut, _flip, _insert, _insert, _repeat, _repeat_line, _indent, _splice,
)  # fmt: skip


def altered(random: Random, document: Any) -> Any:
    """A JSON value with a few of the values or names in it replaced, removed, repeated or nested."""
    document = copy.deepcopy(document)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        places = list(islice(_places(document), _MOST_PLACES + 1))
        if 0 < len(places) <= _MOST_PLACES:  # what was repeated twice is large enough
            _alter(random, *random.choice(places))
    return document


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in items:
        yield value, name
        yield from _places(child)


def _alter(random: Random, holder: Any, name: Any) -> None:
    kind = random.randrange(7)
    if kind == 0:
        del holder[name]
    elif kind == 1:
        holder[name] = [holder[name]] * random.choice((0, 1, 2, 300))
    elif kind == 2:
        for _ in range(random.choice((1, 70, 300))):
            holder[name] = {random.choice(("a", "items", "en")): holder[name]}
    elif kind == 3 and isinstance(holder, dict):
        holder[random.choice(("id", "", "name", "status", "\ud800", "a" * 300))] = holder.pop(name)
    elif kind == 4 and isinstance(holder[name], str):
        text = holder[name]
        at = random.randint(0, len(text))
        holder[name] = text[:at] + random.choice(TOKENS).decode("utf-8", "surrogateescape") + text[at:]
    else:
        holder[name] = copy.deepcopy(random.choice(VALUES))


def as_json(document: Any) -> bytes:
    """The JSON text of a value; of one that is nested too deeply for Python, another one like it."""
    try:
        return json.dumps(document).encode()
    except RecursionError:
        return b'{"items": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"
