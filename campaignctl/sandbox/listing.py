"""Listing campaigns: pages, order, search, projection and filters (API contract, section 5)."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from campaignctl.sandbox import represent
from campaignctl.sandbox.model import DRAFT, Campaign, JsonObject, Refused
from campaignctl.sandbox.switches import Switches

Query = Sequence[tuple[str, str]]
Getter = Callable[[str], Any]
Predicate = Callable[[Getter], bool]

_SORTABLE = ("name", "status", "next_run_time", "run_counter", "create_time", "update_time")
_SEARCHABLE = ("name", "description")
_FILTERS = (
    *("id", "name", "description", "status", "effective_status", "is_draft", "deal_id", "send_strategy"),
    *("create_time", "update_time", "next_run_time", "scheduled_time", "run_counter"),
)
_ALIASES = {"created_at": "create_time"}
_OWN = ("page", "sort", "q", "q_fields", "fields", "view")
_RANGES = {"r": ("gt", "lt"), "rf": ("gte", "lte"), "rl": ("gte", "lt"), "rr": ("gt", "lte")}
_DEFAULT_SIZE = 10
_PAGE = re.compile(r"(\d{1,9})(?:,(\d{1,9}))?\Z", re.ASCII)
_OPERATION = re.compile(r"(eq|neq|gte?|lte?|n?in|isn?|r[flr]?):(.*)\Z", re.DOTALL)


def page(campaigns: Iterable[Campaign], query: Query, switches: Switches) -> JsonObject:
    """Return the envelope `{total, items}` for the query of a list; Refused for one that cannot be read."""
    asked = dict(query)
    number, size = _page(asked.get("page", "1"), switches)
    order = _order(asked.get("sort", "-create_time"))
    predicates = [*_search(asked, switches), *_filters(query, switches)]
    found = [campaign for campaign in campaigns if _passes(campaign, predicates, switches)]
    _sort(found, order, switches)
    start = (number - 1) * size
    items = [shown(campaign, asked, switches, default=switches.default_view) for campaign in found[start : start + size]]
    return envelope(items, len(found), switches)


def envelope(items: list[JsonObject], total: int, switches: Switches) -> JsonObject:
    """Return the list envelope."""
    return {"total": str(total) if switches.total == "string" else total, "items": items}


def shown(campaign: Campaign, asked: dict[str, str], switches: Switches, *, default: str) -> JsonObject:
    """Return what a read shows of a campaign: `fields`, else `view`, else the default view."""
    whole = represent.full(campaign, switches)
    fields = "" if switches.view_ignored else asked.get("fields", "")
    view = default if switches.view_ignored else asked.get("view", default)
    if fields:
        return {name: whole[name] for name in fields.split(",") if name in whole}
    if view not in ("full", "default", "lean"):
        message = "view: must be full or default"
        raise Refused(message)
    return whole if view == "full" or (view == "default" and default == "full") else represent.lean(whole)


def _page(text: str, switches: Switches) -> tuple[int, int]:
    match = _PAGE.match(text)
    number = int(match[1]) if match else 0
    size = int(match[2] or _DEFAULT_SIZE) if match else 0
    if not number or not size:
        message = "page: must be N or N,M, each from 1"
        raise Refused(message)
    if switches.page_size_fixed:
        return number, switches.page_size_fixed
    if size > switches.page_cap and switches.page_over_cap == "refused":
        message = f"page: at most {switches.page_cap} items"
        raise Refused(message)
    return number, min(size, switches.page_cap)


def _order(text: str) -> list[tuple[str, bool]]:
    names = [(word.removeprefix("-"), word.startswith("-")) for word in text.split(",")]
    for name, _descending in names:
        if name not in _SORTABLE:
            message = f"sort: must be of {', '.join(_SORTABLE)}"
            raise Refused(message)
    return names


def _sort(found: list[Campaign], order: list[tuple[str, bool]], switches: Switches) -> None:
    """Sort in place; what is equal in everything asked comes by id, newest first."""
    found.sort(key=lambda campaign: int(campaign.id), reverse=True)
    for name, descending in reversed(order):
        found.sort(key=lambda campaign: _sort_key(_member(campaign, name, switches)), reverse=descending)


def _sort_key(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)


def _member(campaign: Campaign, name: str, switches: Switches) -> Any:
    """Return one simple member without building the whole representation."""
    if campaign.extra and name in campaign.extra:
        return campaign.extra[name]
    if name in ("id", "create_time", "update_time", "run_counter"):
        return getattr(campaign, name)
    if name in ("status", "effective_status"):
        return represent.status_word(campaign, switches)
    if name == "next_run_time":
        return campaign.next_run
    if name == "is_draft":
        return campaign.status == DRAFT
    return represent.strategy(campaign, switches) if name == "send_strategy" else campaign.body.get(name)


def _passes(campaign: Campaign, predicates: list[Predicate], switches: Switches) -> bool:
    return all(predicate(lambda name: _member(campaign, name, switches)) for predicate in predicates)


def _search(asked: dict[str, str], switches: Switches) -> Iterator[Predicate]:
    if "q" not in asked or switches.q_ignored:
        return
    fields = asked.get("q_fields", "name").split(",")
    if not set(fields) <= set(_SEARCHABLE):
        message = f"q_fields: must be of {', '.join(_SEARCHABLE)}"
        raise Refused(message)
    sought = asked["q"].casefold()
    yield lambda get: any(sought in str(get(name) or "").casefold() for name in fields)


def _filters(query: Query, switches: Switches) -> Iterator[Predicate]:
    for parameter, text in query:
        name = _ALIASES.get(parameter, parameter)
        if parameter in _OWN or switches.filters_ignored:
            continue
        if name in _FILTERS:
            yield _filter(name, text)
        elif switches.unknown_filters == "refused":
            message = f"{parameter}: is no filter"
            raise Refused(message)


def _filter(name: str, text: str) -> Predicate:
    match = _OPERATION.match(text)
    operator, operand = (match[1], match[2]) if match else ("eq", text)
    if operator in ("is", "isn"):
        return lambda get: (get(name) is None) == (operator == "isn")
    if operator.startswith("r"):
        low, high = _bounds(name, operand)
        lower, upper = _RANGES[operator]
        return lambda get: _compares(lower, get(name), low) and _compares(upper, get(name), high)
    if operator in ("in", "nin"):
        words = operand.split(",")
        return lambda get: (_text(get(name)) in words) == (operator == "in")
    return lambda get: _compares(operator, get(name), operand)


def _bounds(name: str, operand: str) -> tuple[str, str]:
    low, comma, high = operand.partition(",")
    if not comma:
        message = f"{name}: a range needs two values"
        raise Refused(message)
    return low, high


def _compares(operator: str, value: Any, operand: str) -> bool:
    if operator in ("eq", "neq"):
        return (_text(value) == _truth(value, operand)) == (operator == "eq")
    if value is None:
        return False
    left, right = _comparable(value, operand)
    return {"gt": left > right, "gte": left >= right, "lt": left < right, "lte": left <= right}[operator]


def _text(value: Any) -> str | None:
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _truth(value: Any, operand: str) -> str:
    return {"1": "true", "0": "false"}.get(operand, operand) if isinstance(value, bool) else operand


def _comparable(value: Any, operand: str) -> tuple[Any, Any]:
    """Return both sides as numbers if both are, else as text."""
    if str(value).isdecimal() and operand.isdecimal():
        return int(value), int(operand)
    return str(value), operand
