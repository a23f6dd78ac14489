"""Checks of a request body: each takes a value and its path, and returns the value to keep or raises Invalid.

Paths are written as in `messages[0].push.title`.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from campaignctl.sandbox import clock
from campaignctl.sandbox.model import Rejected

Check = Callable[[Any, str], Any]

_DIGITS = re.compile(r"\d{1,19}\Z", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}([-_][A-Za-z0-9]{1,8})*\Z")
_ADDRESS = re.compile(r"([^@\s\[\]<>]+@[^@\s\[\]<>]+\.[^@\s\[\]<>]+|\S*\$\{\S+)\Z")
_URL = re.compile(r"([hH][tT][tT][pP][sS]?://[^\s/]|\$\{)\S*\Z")
_UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Zs"}


class Invalid(Rejected):
    """A request body that the API refuses: path and reason."""

    def __init__(self, path: str, reason: str) -> None:
        """Join both into the message of a 400."""
        super().__init__(f"{path or 'body'}: {reason}")


def text(limit: int = 0, *, empty: bool = False) -> Check:
    """Take a string of at most `limit` characters (0: any), empty only if allowed."""

    def check(value: Any, path: str) -> str:
        if not isinstance(value, str):
            raise Invalid(path, "must be a string")
        if not value and not empty:
            raise Invalid(path, "must not be empty")
        if limit and len(value) > limit:
            raise Invalid(path, f"must have at most {limit} characters")
        return value

    return check


def visible(limit: int = 0) -> Check:
    """Take a string of which a reader sees something."""
    plain = text(limit)

    def check(value: Any, path: str) -> str:
        word: str = plain(value, path)
        if {unicodedata.category(character) for character in word} <= _UNSEEN:
            raise Invalid(path, "must not be blank")
        return word

    return check


def _matching(pattern: re.Pattern[str], reason: str, limit: int = 0) -> Check:
    plain = text(limit)

    def check(value: Any, path: str) -> str:
        word: str = plain(value, path)
        if not pattern.match(word):
            raise Invalid(path, reason)
        return word

    return check


identifier = _matching(_DIGITS, "must be an id: a string of digits")
language = _matching(_LANGUAGE, "must be a language code")
address = _matching(_ADDRESS, "must be an e-mail address")


def url(limit: int = 0) -> Check:
    """Take an http or https URL, or one that starts with a macro."""
    return _matching(_URL, "must be an http or https URL", limit)


def stamp(value: Any, path: str) -> str:
    """Take a timestamp `YYYY-MM-DD HH:MM:SS`."""
    if not isinstance(value, str):
        raise Invalid(path, "must be a string")
    try:
        clock.parse(value)
    except ValueError as error:
        raise Invalid(path, f"is no timestamp: {error}") from error
    return value


def integer(low: int | None = None, high: int | None = None) -> Check:
    """Take a whole number within bounds, if there are any; not true or false."""

    def check(value: Any, path: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Invalid(path, "must be an integer")
        if (low is not None and value < low) or (high is not None and value > high):
            raise Invalid(
                path, f"must lie between {low} and {high}" if high is not None else f"must be {low} or more"
            )
        return value

    return check


def boolean(value: Any, path: str) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise Invalid(path, "must be true or false")
    return value


def flag(value: Any, path: str) -> bool:
    """Take true, false, 0 or 1."""
    if not isinstance(value, int) or value not in (0, 1):
        raise Invalid(path, "must be true, false, 0 or 1")
    return bool(value)


def bit(value: Any, path: str) -> int:
    """Take the values of `flag`, and keep 0 or 1."""
    return int(flag(value, path))


def choice(*words: str) -> Check:
    """Take one of the words."""

    def check(value: Any, path: str) -> str:
        if not isinstance(value, str) or value not in words:
            raise Invalid(path, f"must be one of {', '.join(words)}")
        return value

    return check


def array(item: Check, low: int = 0, high: int = 0) -> Check:
    """Take an array of `low` to `high` items (0: any number)."""

    def check(value: Any, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise Invalid(path, "must be an array")
        if len(value) < low:
            raise Invalid(path, f"must have at least {low} item{'s' if low > 1 else ''}")
        if high and len(value) > high:
            raise Invalid(path, f"must have at most {high} items")
        return [item(element, f"{path}[{index}]") for index, element in enumerate(value)]

    return check


def anything(value: Any, _path: str) -> Any:
    """Take any value unchanged."""
    return value


def mapping(key: Check, value_check: Check, *, empty: bool = False) -> Check:
    """Take an object whose names and values pass a check each."""

    def check(value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Invalid(path, "must be an object")
        if not value and not empty:
            raise Invalid(path, "must not be empty")
        return {key(name, path): value_check(item, f"{path}.{name}") for name, item in value.items()}

    return check


def record(
    fields: Mapping[str, Check], required: tuple[str, ...] = (), *, strict: bool = False, open_: bool = False
) -> Check:
    """Take an object with known fields.

    A null field counts as missing. Unknown fields are dropped, refused if `strict`, or kept if `open_`.
    """

    def check(value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Invalid(path, "must be an object")
        present = {name: item for name, item in value.items() if item is not None}
        for name in required:
            if name not in present:
                raise Invalid(_member(path, name), "is required")
        unknown = [name for name in value if name not in fields]
        if strict and unknown:
            raise Invalid(_member(path, unknown[0]), "is not known")
        return {
            name: fields.get(name, anything)(item, _member(path, name))
            for name, item in present.items()
            if open_ or name in fields
        }

    return check


def _member(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
