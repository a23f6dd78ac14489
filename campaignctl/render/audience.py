"""Who gets a campaign, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaignctl.render.escape import escape
from campaignctl.render.values import value_text

EVERYONE = "everyone"
_ITEMS_SHOWN = 12


def audience_text(audience: str | Mapping[str, Any]) -> str:
    """`everyone`, or the targeting (API contract, section 2.6); several conditions hold together."""
    if isinstance(audience, str):
        return escape(audience)
    return "; ".join(text for name in audience for text in _conditions(name, audience[name])) or EVERYONE


def _conditions(name: str, value: Any) -> list[str]:
    if name == "custom_properties" and isinstance(value, Mapping):
        return [_condition(f"property {member}", value[member]) for member in value]
    return [_condition(name.replace("_", " "), value)]


def _condition(name: str, value: Any) -> str:
    shown = escape(name)
    if not isinstance(value, Mapping):
        return f"{shown} {value_text(value)}"
    items = value.get("items")
    if isinstance(items, list | tuple) and set(value) <= {"items", "op"}:
        operator = value.get("op", "in")
        link = " " if operator == "in" else f" ({escape(str(operator))}) "
        return f"{shown}{link}{_listed(items)}"
    if {"from", "to"} == set(value):
        return f"{shown} {value_text(value['from'])} to {value_text(value['to'])}"
    return f"{shown} {value_text(value)}"


def _listed(items: list[Any] | tuple[Any, ...]) -> str:
    if not items:
        return "(none)"
    shown = ", ".join(escape(str(item)) for item in items[:_ITEMS_SHOWN])
    rest = len(items) - _ITEMS_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown
