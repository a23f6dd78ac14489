"""A strict walk through a decoded JSON document: every refusal names the member it is about."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from campaignctl.errors import Command, Sentence, StateDamaged

_T = TypeVar("_T")
_PLAIN_NAME = re.compile(r"\w+", re.ASCII)

_HINT = Sentence(
    "nothing was overwritten; put a good copy back with ",
    Command("state", "push", "FILE"),
    " (the previous version of a state file is beside it, as FILE.backup)",
)


def damaged(where: str, what: str, *, hint: str = _HINT) -> StateDamaged:
    """The error for a document at `where` (a place, for messages) of which `what` is wrong."""
    return StateDamaged(f"{where} is damaged: {what}", hint=hint)


def parse(text: str | bytes, where: str) -> Any:
    """The JSON value of a text in UTF-8, without duplicate members and without NaN.

    Raises:
        StateDamaged: it is none.
    """
    try:
        return json.loads(
            text if isinstance(text, str) else text.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        raise damaged(where, f"not a JSON document in UTF-8 ({error})") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"member {json.dumps(twice)} is there twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a document with its path, as in `campaigns["push/welcome"].id`.

    Each reading method returns the value in the type of its name, or raises `StateDamaged`.
    """

    value: Any
    where: str
    path: str = ""

    def refuse(self, what: str) -> StateDamaged:
        """The error that says what is wrong with this value."""
        return damaged(self.where, f"{self.path or 'the document'} {what}")

    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            raise self.refuse("is not a string")
        return self.value

    def integer(self) -> int:
        """A whole number; a boolean is none."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.refuse("is not a whole number")
        return self.value

    def count(self) -> int:
        """A whole number from 0 on."""
        number = self.integer()
        if number < 0:
            raise self.refuse("is negative")
        return number

    def boolean(self) -> bool:
        """`true` or `false`."""
        if not isinstance(self.value, bool):
            raise self.refuse("is neither true nor false")
        return self.value

    def object(self) -> dict[str, Any]:
        """An object with any members."""
        if not isinstance(self.value, dict):
            raise self.refuse("is not an object")
        return self.value

    def choice(self, *choices: _T) -> _T:
        """One of these strings."""
        for choice in choices:
            if isinstance(self.value, str) and self.value == choice:
                return choice
        raise self.refuse("is not one of " + ", ".join(map(str, choices)))

    def optional(self, read: Callable[[Node], _T]) -> _T | None:
        """None for null, else what `read` makes of it."""
        return None if self.value is None else read(self)

    def items(self, read: Callable[[Node], _T]) -> tuple[_T, ...]:
        """An array of what `read` makes of each item."""
        if not isinstance(self.value, list):
            raise self.refuse("is not an array")
        return tuple(
            read(Node(item, self.where, f"{self.path}[{position}]"))
            for position, item in enumerate(self.value)
        )

    def mapping(self, read: Callable[[Node], _T]) -> dict[str, _T]:
        """An object with any names, and what `read` makes of each value."""
        return {key: read(self._child(key, value)) for key, value in self.object().items()}

    def members(self, names: Iterable[str]) -> Mapping[str, Node]:
        """The members of an object that has exactly these.

        An unknown member is refused rather than carried along: what it means for the others is not
        known here, and leaving it out would lose it. A tool that adds one raises `format_version`.
        """
        value, expected = self.object(), tuple(names)
        for name in expected:
            if name not in value:
                raise self._child(name, None).refuse("is missing")
        for name in value:
            if name not in expected:
                raise self._child(name, None).refuse("is not a member that this version knows")
        return {name: self._child(name, value[name]) for name in expected}

    def _child(self, name: str, value: Any) -> Node:
        if not _PLAIN_NAME.fullmatch(name):
            return Node(value, self.where, f"{self.path}[{json.dumps(name)}]")
        return Node(value, self.where, f"{self.path}.{name}" if self.path else name)
