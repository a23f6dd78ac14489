"""One document of each kind with every field in use, as this version writes them.

`python -m tests.state.documents` writes them into the folder of the version: `golden/VERSION/`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import product
from pathlib import Path
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from campaignctl import __version__
from campaignctl.plan import codec as plan_codec
from campaignctl.state.codec import encode, encode_halts, encode_lock, encode_moved, fingerprint
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.journal import entry_line, first_line
from campaignctl.state.ledger import Year
from campaignctl.state.model import (
    FORMAT_VERSION,
    Entry,
    Intent,
    IntentOperation,
    IntentPhase,
    LockInfo,
    State,
)
from campaignctl.state.years import encode_year
from tests.render.sample_plans import full_plan

GOLDEN = Path(__file__).parent / "golden"
_T = TypeVar("_T")


def filled(kind: type[_T], name: str = "") -> _T:
    """A value of a type with nothing left at its default; texts are the names of their fields."""
    wanted: Any = kind
    found: Any
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        written = (each for each in fields(kind) if not each.metadata.get("outside"))
        found = kind(**{each.name: filled(hints[each.name], each.name) for each in written})
        return found  # type: ignore[no-any-return]
    origin, arguments = get_origin(wanted), get_args(wanted)
    if NoneType in arguments:
        found = filled(next(each for each in arguments if each is not NoneType), name)
    elif origin is Literal:
        found = arguments[-1]
    elif origin is tuple:
        found = (filled(arguments[0], name),)
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        found = {f"push/{name}": filled(arguments[1], name)}
    else:
        found = {str: name, int: 7, bool: True, Any: ["Добро", 1.5, None]}[wanted]
    return found  # type: ignore[no-any-return]


def documents() -> dict[str, bytes]:
    """The documents by their file in the folder of the version."""
    every = product(get_args(IntentOperation), get_args(IntentPhase))
    pending = {
        f"sms/{one}-{phase}": replace(filled(Intent), operation=one, phase=phase) for one, phase in every
    }
    state = replace(filled(State), pending=pending, format_version=FORMAT_VERSION)
    document = encode(state).encode()
    empty = State(state.lineage, 0, None, replace(state.account, company_id=None, markers=None), __version__)
    steps = (filled(Entry), replace(filled(Entry), intents={"sms/a": None}, decision=False))
    lines = [
        first_line(state, fingerprint(document)),
        *(entry_line(one, at) for at, one in enumerate(steps, 1)),
    ]
    inner = {
        "state.json": document,
        "state-empty.json": encode(empty).encode(),
        "state.json.journal": b"".join(lines),
        "state.json.halts": encode_halts(Halts((filled(Halt),))).encode(),
        "state.json.lock": encode_lock(filled(LockInfo)).encode(),
        "state-archive-2026.json": encode_year(2026, filled(Year), replace(state, tool_version=__version__)),
        "moved.json": encode_moved(state, "refs/campaignctl/production of origin").encode(),
    }
    plan = plan_codec.dumps(replace(full_plan(), tool_version=__version__)).encode()
    return {f"format-{FORMAT_VERSION}/{name}": data for name, data in inner.items()} | {"plan.json": plan}


if __name__ == "__main__":
    for name, data in documents().items():
        path = GOLDEN / __version__ / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        sys.stdout.write(f"{path}\n")
