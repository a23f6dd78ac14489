"""A secret taken out of a plan before it is shown: a cut, or the mark of a change, could split it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from operator import is_
from typing import Any

from campaignctl.errors import Command, Sentence
from campaignctl.plan.model import Plan


def without_secret(plan: Plan, hide: Callable[[str], str]) -> Plan:
    """The plan with `hide` applied to every text in it; the plan itself if that changes nothing."""
    changed: dict[str, Any] = {}
    for each in fields(plan):
        value = getattr(plan, each.name)
        # Change by change: the text of all of them at once takes as much memory as the plan.
        many = isinstance(value, tuple)
        looked = [_looked(one, hide) for one in (value if many else (value,))]
        if not all(map(is_, looked, value if many else (value,))):
            changed[each.name] = tuple(looked) if many else looked[0]
    return replace(plan, **changed) if changed else plan


def _looked(value: Any, hide: Callable[[str], str]) -> Any:
    """The value without the secret; the value itself if it has none."""
    text = repr(value)
    return value if hide(text) == text else _hidden(value, hide)


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:
    match value:
        case Enum():
            return value
        case Sentence():
            return Sentence(*_hidden(value.parts, hide))
        case str():
            return hide(value)
        case Command():
            return Command(*_hidden(value.words, hide))
        case Mapping():
            return {_hidden(name, hide): _hidden(each, hide) for name, each in value.items()}
        case list() | tuple():
            return type(value)(_hidden(each, hide) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{each.name: _hidden(getattr(value, each.name), hide) for each in fields(value)}
        )
    return value
