"""The tolerant reader: bytes of the API into `Live` and `Page` (API contract, sections 3, 5 and 9).

Tolerant of every documented spelling, and of undocumented fields. Anything else, however hostile, raises
`Unreadable` and no other error.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeGuard

from campaignctl.campaign.live import Live, Page

DEEPEST: Final = 64
LONGEST_ID: Final = 128
YEARS: Final = range(1970, 9000)
"""Of a server's clock: so far from the ends of the calendar that time can be added to it."""

IDS: Final = frozenset(
    {"id", "company_id", "creator_id", "campaign_id", "deal_id", "integration_id", "template_id"}
)
OPAQUE: Final = frozenset({"metadata", "targeting", "quiet_hours", "callbacks"})
"""Fields whose content is the author's own: an `id` in them is not the API's."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")

Redact = Callable[[str], str]


class Unreadable(ValueError):
    """The answer is not what any edition of the API documents. The text says why, in our own words."""


@dataclass(frozen=True, slots=True)
class Problem:
    """The API's own words in an error answer, raw; empty if there are none."""

    title: str = ""
    message: str = ""
    trace_id: str = ""


def parse(body: bytes, redact: Redact) -> Any:
    """The JSON value, with ids as strings and every text redacted and printable as UTF-8.

    Raises `Unreadable`.
    """
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_no_number, parse_float=_finite)
        return _Cleaning(redact).of(value, depth=0, opaque=False)
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Unreadable("it is not JSON") from error


def page(value: Any, server_time: datetime | None) -> Page:
    """One page of a list. An item that comes twice counts once. Raises `Unreadable`."""
    items = _items(_object(value))
    if items is None:
        raise Unreadable("it has no items")
    campaigns: dict[str, Live] = {}
    for live in (_live(item, complete=False) for item in items):
        campaigns.setdefault(live.id, live)
    total = _total(value.get("total"))
    return Page(tuple(campaigns.values()), total, server_time, total == len(items) and _is_full(len(items)))


def _is_full(count: int) -> bool:
    """Whether a page may be as long as a page can be. The API may ignore the size that it is asked for, and
    has a round one of its own then."""
    return count > 0 and (count % 10 == 0 or count % 25 == 0)


def by_id(value: Any, campaign_id: str) -> Live | None:
    """The campaign in the envelope or bare; None for an empty envelope.

    Raises `Unreadable`, also when the answer is about another campaign.
    """
    answer = _object(value)
    items = _items(answer)
    if items is not None and not items:
        return None
    found = [_live(item, complete=True) for item in (items if items is not None else [answer])]
    for live in found:
        if live.id == campaign_id:
            return live
    raise Unreadable("it is about another campaign")


def created(value: Any) -> Live:
    """The created campaign. Raises `Unreadable` unless the answer names exactly one."""
    answer = _object(value)
    items = _items(answer) if "id" not in answer else None
    if items is None:
        return _live(answer, complete=True)
    if len(items) != 1:
        raise Unreadable("it does not name one campaign")
    return _live(items[0], complete=True)


def problem(body: bytes) -> Problem:
    """What an error answer says, if anything."""
    try:
        value = parse(body, str)
    except Unreadable:
        return Problem()
    if not isinstance(value, dict):
        return Problem()
    texts = {name: value.get(name) for name in ("title", "message", "trace_id")}
    return Problem(**{name: text for name, text in texts.items() if isinstance(text, str)})


def date(headers: Mapping[str, str]) -> datetime | None:
    """The `Date` header, aware, in UTC; None for one with which no time can be reckoned."""
    moment = _http_date(headers.get("date", ""))
    return moment if moment is not None and moment.year in YEARS else None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait; -1 for too many parallel requests; None if the server gives no time."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"-1|\d{1,9}", text, re.ASCII):
        return float(text)
    moment = _http_date(text)
    return None if moment is None else max(0.0, (moment - (date(headers) or now)).total_seconds())


def is_id(value: Any) -> TypeGuard[str]:
    """Whether this can be an id: opaque, but printable ASCII without blanks, and safe in a path."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        return False
    return all("!" <= character <= "~" for character in value) and value.strip(".") != ""


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable("it is not a JSON object")
    return value


def _items(answer: dict[str, Any]) -> list[Any] | None:
    if "items" not in answer:
        return None
    items = answer["items"]
    if not isinstance(items, list):
        raise Unreadable("its items are not a list")
    return items


def _live(item: Any, *, complete: bool) -> Live:
    fields = _object(item)
    identity = fields.get("id")
    if not is_id(identity):
        raise Unreadable("it shows a campaign without an id")
    if "labels" in fields:
        fields = {**fields, "labels": _labels(fields["labels"])}
    return Live(id=identity, fields=fields, complete=complete)


def _labels(value: Any) -> Any:
    """The list, whether it came as one or as a text with commas; anything else as it is."""
    if isinstance(value, str):
        return [label for part in value.split(",") if (label := part.strip())]
    return value


def _total(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch(r"\d{1,18}", value, re.ASCII):
        return int(value)
    return value if isinstance(value, int) and value >= 0 else None


class _Cleaning:
    """Makes the values of one answer ours: ids as strings, texts redacted and printable."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact
        #: The campaigns of a list page have the same names of fields.
        self._names: dict[str, str] = {}

    def of(self, value: Any, *, depth: int, opaque: bool) -> Any:
        """A value, so deep in the answer; in an `opaque` one no number is an id. Raises `Unreadable`."""
        if depth > DEEPEST:
            raise Unreadable("it is nested too deeply")
        if isinstance(value, str):
            return _text(value, self._redact)
        if isinstance(value, list):
            return [self.of(item, depth=depth + 1, opaque=opaque) for item in value]
        if isinstance(value, dict):
            return {
                self._name(name): self._field(name, item, depth=depth + 1, opaque=opaque)
                for name, item in value.items()
            }
        return value

    def _field(self, name: str, value: Any, *, depth: int, opaque: bool) -> Any:
        if name in IDS and not opaque and isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.of(value, depth=depth, opaque=opaque or name in OPAQUE)

    def _name(self, name: str) -> str:
        found = self._names.get(name)
        if found is None:
            found = self._names[name] = _text(name, self._redact)
        return found


def _text(text: str, redact: Redact) -> str:
    told = redact(text)
    return told if told.isascii() else _SURROGATE.sub("\ufffd", told)


def _no_number(_constant: str) -> float:
    raise Unreadable("it holds a number that JSON does not know")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
