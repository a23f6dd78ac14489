"""The codes of findings, read from the code that makes them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from campaignctl.campaign import check

PACKAGE = Path(check.__file__).parents[1]
ROOMS = ("campaign", "yamlio", "project", "manifest")
_SEVERITIES = {"error", "warning"}
_CODE = re.compile(r"[a-z]+(-[a-z]+)*")
#: Functions that make findings, with the positions of the arguments that may be codes.
_MAKERS = {
    "error": (0,),
    "warning": (0,),
    "report": (0,),
    "Finding": (1,),
    "_finding": (1,),
    "note": (1,),
    "_note": (0,),
    "refuse": (0, 1),
    "_refuse": (3,),
}


@cache
def codes() -> frozenset[str]:
    """Every code of a finding."""
    files = [path for room in ROOMS for path in (PACKAGE / room).glob("*.py")]
    made = {code for path in files for code in _in_source(path.read_text(encoding="utf-8"))}
    return frozenset(made | {"type"} | {code for code, _ in check._WORDS.values()})


def _in_source(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        places: list[ast.expr] = []
        if isinstance(node, ast.Call):
            places = _in_call(node)
        elif isinstance(node, ast.FunctionDef):
            places = _as_default(node)
        for place in places:
            text = place.value if isinstance(place, ast.Constant) else None
            if isinstance(text, str) and text not in _SEVERITIES and _CODE.fullmatch(text):
                yield text


def _in_call(call: ast.Call) -> list[ast.expr]:
    name = getattr(call.func, "id", None) or getattr(call.func, "attr", "")
    by_place = [call.args[place] for place in _MAKERS.get(str(name), ()) if place < len(call.args)]
    return by_place + [keyword.value for keyword in call.keywords if keyword.arg == "code"]


def _as_default(function: ast.FunctionDef) -> list[ast.expr]:
    defaults = function.args.defaults
    with_default = function.args.args[len(function.args.args) - len(defaults) :]
    return [
        default for argument, default in zip(with_default, defaults, strict=True) if argument.arg == "code"
    ]
