"""The audience of a campaign: what certainly narrows its targeting, and whether that got wider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaignctl.diff.fields import join

Spec = Mapping[str, Any]

EVERYONE = "everyone"

_CHOICES = ("countries", "languages")


def audience(spec: Spec) -> str | dict[str, Any]:
    """The audience of a campaign: the conditions of its targeting that certainly narrow, else "everyone".

    Only conditions in the form that the API contract documents (section 2.6) count. The API may ignore all
    others: unknown fields and operators, empty lists and objects, ages from 0 without an end.
    """
    return _narrowing(spec) or EVERYONE


def uncertain(spec: Spec) -> tuple[str, ...]:
    """The paths of the conditions of a targeting that may not narrow."""
    conditions, sure = spec.get("targeting"), _narrowing(spec)
    if not isinstance(conditions, Mapping):
        return ("targeting",) if conditions else ()
    found: list[str] = []
    for name, value in conditions.items():
        path = ["targeting", name]
        if name == _PROPERTIES and isinstance(value, Mapping) and value:
            found += [join([*path, each]) for each in value if each not in sure.get(name, {})]
        elif name not in sure:
            found.append(join(path))
    return tuple(found)


_PROPERTIES = "custom_properties"


def _narrowing(spec: Spec) -> dict[str, Any]:
    conditions = spec.get("targeting")
    if not isinstance(conditions, Mapping):
        return {}
    sure = {name: conditions[name] for name in _CHOICES if _is_choice(conditions.get(name))}
    if _is_bounded(conditions.get("profile_age")):
        sure["profile_age"] = conditions["profile_age"]
    properties = conditions.get(_PROPERTIES)
    if isinstance(properties, Mapping) and (
        chosen := {name: value for name, value in properties.items() if _is_choice(value)}
    ):
        sure[_PROPERTIES] = chosen
    return {name: sure[name] for name in conditions if name in sure}


def _is_choice(value: Any) -> bool:
    """Whether it is a choice of values by the only documented operator; `*` may stand for every value."""
    if not isinstance(value, (dict, Mapping)) or value.keys() != {"items", "op"} or value["op"] != "in":
        return False
    items = [item.strip() for item in _texts(value)]
    return any(items) and "*" not in items


def _is_bounded(value: Any) -> bool:
    """Whether it is a range of ages that leaves someone out."""
    if not isinstance(value, Mapping) or not _is_range(value):
        return False
    return "to" in value or value.get("from", 0) > 0


def widened(before: Any, after: Any) -> bool:
    """Whether targeting may reach more people than before. When in doubt, it counts as wider."""
    old, new = before or {}, after or {}
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return bool(old) and old != new  # of what live may show, nothing says whom it reaches
    return any(_reaches_more(old[name], new.get(name)) for name in old)


def _reaches_more(old: Any, new: Any) -> bool:
    if old == new:
        return False
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return True
    if old.get("op") == "in" == new.get("op"):
        # An empty list may mean no one or everyone.
        return not _is_choice(new) or not _texts(new) <= _texts(old)
    if _is_range(old) and _is_range(new):
        return _range_reaches_more(old, new)
    if all(isinstance(value, Mapping) for value in (*old.values(), *new.values())):
        return widened(old, new)
    return True


def _texts(condition: Spec) -> set[str]:
    items = condition.get("items")
    return set(map(str, items)) if isinstance(items, list | tuple) else set()


def _is_range(value: Spec) -> bool:
    return bool(value) and all(
        name in ("from", "to") and isinstance(end, int | float) for name, end in value.items()
    )


def _range_reaches_more(old: Spec, new: Spec) -> bool:
    lower = "from" in old and ("from" not in new or new["from"] < old["from"])
    upper = "to" in old and ("to" not in new or new["to"] > old["to"])
    return bool(lower or upper)
