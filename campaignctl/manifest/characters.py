"""The characters that no text may have: those that YAML does not allow either."""

from __future__ import annotations

import re
from functools import cache


@cache
def forbidden() -> re.Pattern[str]:
    """One of them; compiled when it is needed, as it rarely is and takes long."""
    return re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def control_character(text: str) -> str:
    """What is wrong with the first one in a text, with its line; nothing if there is none."""
    found = None if text.isprintable() else forbidden().search(text)
    if found is None:
        return ""
    line = text.count("\n", 0, found.start()) + 1
    return f"the control character {named(found[0])} in line {line}"


def named(character: str) -> str:
    """A character as people write it who cannot show it."""
    return f"U+{ord(character):04X}"
