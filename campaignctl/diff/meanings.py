"""What the API may store in another spelling that means the same: one table, each row with its reason.

The rows are for what live shows against what we wrote. Two specs of ours are compared by `same`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaignctl.campaign.canonical import FLAGS, truth
from campaignctl.diff.fields import meaning, split
from campaignctl.schedule.cron import CronError, parse_cron

_ESCAPES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#34;": '"', "&#39;": "'", "&#x27;": "'", "&apos;": "'"}
_ESCAPE = re.compile("|".join(map(re.escape, _ESCAPES)), re.IGNORECASE)
_DURATION = re.compile(r"(?<!\d)(\d+)([DHM])")
_LONGEST_AMOUNT = 6
_MINUTES = {"D": 1440, "H": 60, "M": 1}
# Lists in which the order says nothing (API contract, sections 2.1, 2.4, 2.6 and 2.9).
_SETS = frozenset({"labels", "targeting", "recurrence", "callbacks"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row: why two spellings are the same, of which fields that is true, and the form that they share.

    `fits` gets the parts of a path and the value.
    """

    reason: str
    fits: Callable[[Sequence[str], Any], bool]
    form: Callable[[Any], Any]


def _is_text(_: Sequence[str], value: Any) -> bool:
    return isinstance(value, str)


def _is_html(parts: Sequence[str], value: Any) -> bool:
    return isinstance(value, str) and parts[0] == "messages" and "html" in parts[2:]


def _is_address(parts: Sequence[str], value: Any) -> bool:
    return isinstance(value, str) and parts[-1] == "sender_email"


def _is_cron(parts: Sequence[str], value: Any) -> bool:
    return isinstance(value, str) and list(parts) == ["recurrence", "cron"]


def _is_window(parts: Sequence[str], value: Any) -> bool:
    return isinstance(value, str) and parts[-1] == "evaluation_window"


def _is_set(parts: Sequence[str], value: Any) -> bool:
    return isinstance(value, list | tuple) and parts[0] in _SETS and not any(map(_is_nested, value))


def _is_no_condition(parts: Sequence[str], value: Any) -> bool:
    return parts[0] == "targeting" and isinstance(value, Mapping) and _narrows_nothing(value)


def _narrows_nothing(condition: Any) -> bool:
    """Whether a condition of a targeting, or an object of them, has no value: no items, or ages from 0 and
    no end."""
    if not isinstance(condition, Mapping):
        return False
    if "items" in condition:
        return not condition["items"]
    return condition == {"from": 0} or all(map(_narrows_nothing, condition.values()))


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict | list | tuple)


def _is_number(_: Sequence[str], value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_flag(parts: Sequence[str], value: Any) -> bool:
    return isinstance(value, str) and parts[-1] in FLAGS and truth(value) is not None


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unescaped(text: str) -> str:
    # The ampersand last: `&amp;lt;` is the text `&lt;`.
    return _ESCAPE.sub(lambda found: _ESCAPES[found[0].lower()], text).replace("&amp;", "&")


def _runs(line: str) -> str:
    try:
        return parse_cron(" ".join(line.split())).expression
    except CronError:
        return line


def _minutes(window: str) -> str:
    found = _DURATION.findall(window.upper())
    if not found or any(len(number) > _LONGEST_AMOUNT for number, _ in found):
        return window
    return f"{sum(int(number) * _MINUTES[unit] for number, unit in found)}M"


def _number(value: float) -> str:
    return str(int(value)) if isinstance(value, int) or value.is_integer() else str(value)


#: The rows, applied one after the other.
MEANINGS = (
    Meaning("a number may come back as text", _is_number, _number),
    Meaning("a flag may come back as a word", _is_flag, lambda word: str(int(truth(word) is True))),
    Meaning("line ends depend on the system", _is_text, _line_ends),
    Meaning(
        "a character may be composed of several", _is_text, lambda text: unicodedata.normalize("NFC", text)
    ),
    Meaning("white space around a text is not seen", _is_text, str.strip),
    Meaning("escapes inside html show the same", _is_html, _unescaped),
    Meaning("an email address has no case", _is_address, str.lower),
    Meaning("a cron line has several spellings of the same runs", _is_cron, _runs),
    Meaning("a duration has several spellings", _is_window, _minutes),
    Meaning(
        "the order of a set says nothing", _is_set, lambda items: sorted(_form_of_item(i) for i in items)
    ),
    Meaning("a condition without a value narrows nothing", _is_no_condition, lambda _: None),
)


def _form_of_item(item: Any) -> str:
    return item.strip() if isinstance(item, str) else str(meaning("", item))


def form(path: str, value: Any) -> Any:
    """The form that all spellings share that mean the same as a value of the field at `path`."""
    if isinstance(value, str) and _is_plain(path, value):
        return value.strip()
    said, parts = meaning(path, value), split(path)
    for row in MEANINGS:
        if row.fits(parts, said):
            said = row.form(said)
    return said


#: The ends of the paths that have a row of their own for texts.
_SPELT = ("labels", "_time", "sender_email", "cron", "evaluation_window", *FLAGS)


def _is_plain(path: str, text: str) -> bool:
    """Whether the row about white space is the only one that may fit a text, as for most of them."""
    return text.isascii() and "\r" not in text and "&" not in text and not path.endswith(_SPELT)


def means(path: str, one: Any, other: Any) -> bool:
    """Whether two values of a field mean the same, however they are spelt."""
    if one == other or form(path, one) == form(path, other):
        return True
    # A field of no known type may be a boolean too.
    return (isinstance(one, bool) or isinstance(other, bool)) and _word(one) == _word(other) is not None


def _word(value: Any) -> str | None:
    return str(value).strip().lower() if isinstance(value, bool | str) else None


_TAG = re.compile(r"<[^>]*>")


def without_tags(text: str) -> str:
    """The text of html as people read it: without tags, and with single blanks for white space."""
    # Without the last `>`, each `<` after it would be searched to the end.
    inside, end, rest = text.rpartition(">")
    return " ".join(_unescaped(_TAG.sub(" ", inside + end) + rest).split())
