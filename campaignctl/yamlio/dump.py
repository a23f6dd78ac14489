"""JSON values as YAML that looks handwritten and reads back as the same values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from campaignctl.campaign.contract import MACRO

_STEP = 2
_LONGEST_LIST = 80
#: Characters that YAML does not allow unescaped, or that could make a text look like another one.
_UNSAFE = re.compile(
    "[^\x20-\x7e\xa0-\u061b\u061d-\u200d\u2010-\u2027\u202f-\u205f\u2070-\ud7ff\ue000-\ufefe\uff00-\ufffd"
    "\U00010000-\U0010ffff]"
)
_OTHER_THAN_TEXT = re.compile(
    r"(?i:|~|null|true|false|<<|=|[-+]?[0-9][0-9_]*|[-+]?\.?[0-9][0-9_]*(\.[0-9]*)?(e[-+]?[0-9]+)?"
    r"|0[xo][0-9a-f]+|[-+]?\.inf|\.nan)"
)
_NOT_PLAIN = re.compile(r"^[-?:,\[\]{}#&*!|>'\"%@`\s]|: | #|:$|\s$|^\.\.\.")
_FLOW_SIGNS = re.compile(r"[,\[\]{}]|:[\"']")
_BLANK_LINE = re.compile(r"^[ \t]+$", re.MULTILINE)
# From the first of a row of dollars alone: there may be a million of them.
_DOLLAR = re.compile(r"(?<!\$)\$+\{")


def mapping(value: Mapping[str, Any], indent: int = 0) -> str:
    """An object as lines, each with its newline. Texts are written as they are: see `literal`."""
    return "".join(f"{line}\n" for line in _mapping(value, indent))


def lines_of(opening: str, value: Any, indent: int) -> list[str]:
    """A value after its key or dash, in a mapping whose column is `indent`, as lines."""
    return list(_opened(opening, value, indent))


def flow(value: Any) -> str:
    """A value on one line, with brackets around what is in it."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{scalar(name, in_list=True)}: {flow(item)}" for name, item in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value, in_list=True)


def literal(value: Any) -> Any:
    """A value whose texts are not expanded: every `${` is escaped, except in the API's macros."""
    if isinstance(value, str):
        return _DOLLAR.sub(lambda found: _escaped(found, value), value)
    if isinstance(value, list):
        return [literal(item) for item in value]
    if isinstance(value, dict):
        return {name: literal(item) for name, item in value.items()}
    return value


def scalar(value: Any, *, in_list: bool = False) -> str:
    """A value of one line."""
    if not isinstance(value, str):
        return json.dumps(value)
    if _UNSAFE.search(value):
        return _double_quoted(value)
    if not (_OTHER_THAN_TEXT.fullmatch(value) or _NOT_PLAIN.search(value)) and not (
        in_list and _FLOW_SIGNS.search(value)
    ):
        return value
    if '"' in value or "\\" in value:
        return "'" + value.replace("'", "''") + "'"
    return f'"{value}"'


def _escaped(found: re.Match[str], text: str) -> str:
    """A `${`, escaped unless it begins a macro; a dollar in front of a macro would escape it."""
    alone = len(found[0]) == len("${")
    if alone and MACRO.match(text, found.start()):
        return found[0]
    return f"{found[0][:-2]}$${{"


def _double_quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNSAFE.sub(lambda found: _code(ord(found[0])), quoted)


def _code(code: int) -> str:
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - four digits hold no more


def _mapping(value: Mapping[str, Any], indent: int) -> Iterator[str]:
    for name, item in value.items():
        yield from _opened(f"{' ' * indent}{scalar(name)}:", item, indent)


def _opened(opening: str, value: Any, indent: int) -> Iterator[str]:
    """A value after its key or dash, on the same line or on lines of its own below."""
    inner = indent + _STEP
    if isinstance(value, str) and "\n" in value:
        yield from _text(opening, value, inner)
    elif not value or not isinstance(value, dict | list):
        yield f"{opening} {scalar(value)}"
    elif isinstance(value, dict):
        yield opening
        yield from _mapping(value, inner)
    else:
        line = f"{opening} [{', '.join(scalar(item, in_list=True) for item in value)}]"
        if _fits(value) and len(line) <= _LONGEST_LIST + indent:
            yield line
        else:
            yield opening
            yield from _items(value, inner)


def _items(values: list[Any], indent: int) -> Iterator[str]:
    margin = " " * indent
    for value in values:
        if isinstance(value, dict) and value:
            first, *others = _mapping(value, indent + _STEP)
            yield f"{margin}- {first[indent + _STEP :]}"
            yield from others
        else:
            yield from _opened(f"{margin}-", value, indent)


def _fits(values: list[Any]) -> bool:
    """Whether a list can be written on one line."""
    return not any(
        isinstance(value, dict | list) or (isinstance(value, str) and "\n" in value) for value in values
    )


def _text(opening: str, text: str, indent: int) -> Iterator[str]:
    """A multi-line text: as it is after `|`, or in double quotes where that cannot express it."""
    content = text.removesuffix("\n")
    awkward = _UNSAFE.search(content.replace("\n", "").replace("\t", "")) or _BLANK_LINE.search(content)
    if awkward or not content or content[0] in " \t\n" or content[-1] == "\n":
        yield f"{opening} {_double_quoted(text)}"
        return
    yield f"{opening} {'|' if content != text else '|-'}"
    for line in content.split("\n"):
        yield f"{' ' * indent}{line}" if line else ""
