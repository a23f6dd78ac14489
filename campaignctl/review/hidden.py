"""A secret taken out of a value before it is shown: a cut, or the mark of a change, could split it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from campaignctl.errors import Command, Sentence

T = TypeVar("T")


def without_secret(value: T, hide: Callable[[str], str]) -> T:
    """The value with `hide` applied to every text in it; the value itself if that changes nothing."""
    text = repr(value)
    hidden: T = value if hide(text) == text else _hidden(value, hide)
    return hidden


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
