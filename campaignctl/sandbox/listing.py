"""Lists campaigns: pages, sort, search, projection and filters (API contract, section 5)."""

import operator as operators
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from campaignctl.sandbox import altered, represent
from campaignctl.sandbox.model import DRAFT, Campaign, JsonObject, Rejected
from campaignctl.sandbox.switches import Switches

Query = Sequence[tuple[str, str]]
Reader = Callable[[Campaign], Any]
Predicate = Callable[[Campaign], bool]
Test = Callable[[Any], bool]

_SORTABLE = ("name", "status", "next_run_time", "run_counter", "create_time", "update_time")
_SEARCHABLE = ("name", "description")
_FILTERS = (
    *("id", "name", "description", "status", "effective_status", "is_draft", "deal_id", "send_strategy"),
    *("create_time", "update_time", "next_run_time", "scheduled_time", "run_counter"),
)
_ATTRIBUTES = ("id", "create_time", "update_time", "run_counter")
_ALIASES = {"created_at": "create_time"}
_OWN = ("page", "sort", "q", "q_fields", "fields", "view")
_RANGES = {"r": ("gt", "lt"), "rf": ("gte", "lte"), "rl": ("gte", "lt"), "rr": ("gt", "lte")}
_ORDER = {"gt": operators.gt, "gte": operators.ge, "lt": operators.lt, "lte": operators.le}
_DEFAULT_SIZE = 10
_PAGE = re.compile(r"(\d{1,9})(?:,(\d{1,9}))?\Z", re.ASCII)
_OPERATION = re.compile(r"(eq|neq|gte?|lte?|n?in|isn?|r[flr]?):(.*)\Z", re.DOTALL)


def page(campaigns: Iterable[Campaign], query: Query, switches: Switches) -> JsonObject:
    """Return the envelope `{total, items}` for the query of a list.

    `campaigns` come oldest first. Rejected for an invalid query.
    """
    asked = dict(query)
    number, size = _page(asked.get("page", "1"), switches)
    order = _order(asked.get("sort", "-create_time"))
    predicates = [*_search(asked, switches), *_filters(query, switches)]
    found = list(campaigns)
    for predicate in predicates:
        found = list(filter(predicate, found))
    _sort(found, order, switches)
    start = (number - 1) * size
    items = [
        altered.hidden(shown(campaign, asked, switches, default=switches.default_view), switches.never_listed)
        for campaign in found[start : start + size]
    ]
    return envelope(items, len(found), switches)


def envelope(items: list[JsonObject], total: int, switches: Switches) -> JsonObject:
    """Return the list envelope."""
    spelled: JsonObject = {"number": total, "string": str(total), "page": len(items)}
    return {"total": spelled[switches.total], "items": items}


def shown(campaign: Campaign, asked: dict[str, str], switches: Switches, *, default: str) -> JsonObject:
    """Return a campaign as a read shows it: by `fields`, else by `view`, else in the default view."""
    whole = represent.full(campaign, switches)
    fields = "" if switches.view_ignored else asked.get("fields", "")
    view = default if switches.view_ignored else asked.get("view", default)
    if fields:
        return {name: whole[name] for name in fields.split(",") if name in whole}
    if view not in ("full", "default", "lean"):
        raise Rejected("view: must be full or default")
    return whole if view == "full" or (view == "default" and default == "full") else represent.lean(whole)


def _page(text: str, switches: Switches) -> tuple[int, int]:
    match = _PAGE.match(text)
    number = int(match[1]) if match else 0
    size = int(match[2] or _DEFAULT_SIZE) if match else 0
    if not number or not size:
        raise Rejected("page: must be N or N,M, each from 1")
    if switches.page_size_fixed:
        return number, switches.page_size_fixed
    if size > switches.page_cap and switches.page_over_cap == "refused":
        raise Rejected(f"page: at most {switches.page_cap} items")
    return number, min(size, switches.page_cap)


def _order(text: str) -> list[tuple[str, bool]]:
    names = [(word.removeprefix("-"), word.startswith("-")) for word in text.split(",")]
    for name, _descending in names:
        if name not in _SORTABLE:
            raise Rejected(f"sort: must be of {', '.join(_SORTABLE)}")
    return names


def _sort(found: list[Campaign], order: list[tuple[str, bool]], switches: Switches) -> None:
    """Sort campaigns in place, which come oldest first; equal ones end up newest first."""
    found.reverse()
    for name, descending in reversed(order):
        found.sort(key=_sort_key(_reader(name, switches)), reverse=descending)


def _sort_key(read: Reader) -> Callable[[Campaign], tuple[bool, Any]]:
    """Return a sort key that puts None first."""

    def key(campaign: Campaign) -> tuple[bool, Any]:
        value = read(campaign)
        return (value is not None, 0 if value is None else value)

    return key


def _reader(name: str, switches: Switches) -> Reader:
    """Return a function that reads one field, without building the whole representation."""

    def plain(campaign: Campaign) -> Any:
        return campaign.body.get(name)

    own: dict[str, Reader] = {
        **{name: operators.attrgetter(name) for name in _ATTRIBUTES},
        "next_run_time": operators.attrgetter("next_run"),
        "status": lambda campaign: represent.status_word(campaign, switches),
        "effective_status": lambda campaign: represent.status_word(campaign, switches),
        "is_draft": lambda campaign: campaign.status == DRAFT,
        "send_strategy": lambda campaign: represent.strategy(campaign, switches),
    }
    read = own.get(name, plain)
    return lambda c: c.extra[name] if c.extra and name in c.extra else read(c)


def _search(asked: dict[str, str], switches: Switches) -> Iterator[Predicate]:
    if "q" not in asked or switches.q_ignored:
        return
    fields = asked.get("q_fields", "name").split(",")
    if not set(fields) <= set(_SEARCHABLE):
        raise Rejected(f"q_fields: must be of {', '.join(_SEARCHABLE)}")
    sought = asked["q"].casefold()
    readers = [_reader(name, switches) for name in fields]
    yield lambda campaign: any(sought in str(read(campaign) or "").casefold() for read in readers)


def _filters(query: Query, switches: Switches) -> Iterator[Predicate]:
    for parameter, text in query:
        name = _ALIASES.get(parameter, parameter)
        if parameter in _OWN or switches.filters_ignored:
            continue
        if name in _FILTERS:
            yield _filter(_reader(name, switches), _test(name, text))
        elif switches.unknown_filters == "refused":
            raise Rejected(f"{parameter}: is no filter")


def _filter(read: Reader, test: Test) -> Predicate:
    return lambda campaign: test(read(campaign))


def _test(name: str, text: str) -> Test:
    """Return the test of a filter `[op:]value`."""
    match = _OPERATION.match(text)
    operator, operand = (match[1], match[2]) if match else ("eq", text)
    if operator in ("is", "isn"):
        return lambda value: (value is None) == (operator == "isn")
    if operator in _RANGES:
        low, high = _bounds(name, operand)
        lower, upper = _RANGES[operator]
        return lambda value: _compares(lower, value, low) and _compares(upper, value, high)
    if operator in ("in", "nin"):
        words = operand.split(",")
        return lambda value: (_text(value) in words) == (operator == "in")
    return lambda value: _compares(operator, value, operand)


def _bounds(name: str, operand: str) -> tuple[str, str]:
    low, comma, high = operand.partition(",")
    if not comma:
        raise Rejected(f"{name}: a range needs two values")
    return low, high


def _compares(operator: str, value: Any, operand: str) -> bool:
    if operator in ("eq", "neq"):
        return (_text(value) == _truth(value, operand)) == (operator == "eq")
    if value is None:
        return False
    left, right = _comparable(value, operand)
    return bool(_ORDER[operator](left, right))


def _text(value: Any) -> str | None:
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _truth(value: Any, operand: str) -> str:
    return {"1": "true", "0": "false"}.get(operand, operand) if isinstance(value, bool) else operand


def _comparable(value: Any, operand: str) -> tuple[Any, Any]:
    """Return both sides as numbers if both are numbers, otherwise as text."""
    if str(value).isdecimal() and operand.isdecimal():
        return int(value), int(operand)
    return str(value), operand
