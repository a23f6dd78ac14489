"""The sandbox's switches, from their docstring."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator

from campaignctl.sandbox import Switches

_ENTRY = re.compile(r"^    (\w+): ((?:.|\n     )*)", re.MULTILINE)


def switches() -> str:
    """A row for each switch: name, default, meaning."""
    return "\n".join(("| switch | default | meaning |", "|---|---|---|", *_rows(), ""))


def _rows() -> Iterator[str]:
    defaults = Switches().as_json()
    for name, words in _ENTRY.findall(inspect.getdoc(Switches) or ""):
        default = defaults[name]
        shown = default if isinstance(default, str) else json.dumps(default)
        text = " ".join(words.replace("|", r"\|").split())
        yield f"| `{name}` | {f'`{shown}`' if shown else ''} | {text} |"
