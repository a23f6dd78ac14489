"""JSON documents of dataclasses: encoded by their fields, and decoded strictly by their type hints.

Every field of the first format is required: a missing one is damage and gets no default. A field that came
`since` a later format (`metadata` of the dataclass field) is absent where it has its default, unless it is
`always` written; one that is `outside` is in no document. An unknown one is refused: ignoring it would lose
it, and its meaning for the other fields is unknown.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from campaignctl.errors import Command, Sentence, StateDamaged, StateNotSaved

_T = TypeVar("_T")
_Read = Callable[[Any], Any]

_NEWEST = 2
# Equal to no value of a field.
_NEVER = object()

_PLAIN_NAME = re.compile(r"\w+", re.ASCII)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_HINT = Sentence(
    "nothing was overwritten; put a good copy back with ",
    Command("state", "push", "FILE"),
    " (the previous version of a state file is next to it, as FILE.backup)",
)


class Unfit(ValueError):
    """A value of the wrong type; its text names the path, as in `campaigns["push/welcome"].id`.

    `steps` are the names and positions of the path, the innermost first.
    """

    def __init__(self, what: str, *steps: str | int) -> None:
        super().__init__(what)
        self.what = what
        self.steps = list(steps)

    def __str__(self) -> str:
        path = ""
        for step in reversed(self.steps):
            if isinstance(step, str) and _PLAIN_NAME.fullmatch(step):
                path += f".{step}" if path else step
            else:
                path += f"[{json.dumps(step)}]"
        return f"{path or 'the document'} {self.what}"


class UnknownField(Unfit):
    """A field that this version does not know."""


def damaged(where: str, what: str, *, hint: str = _HINT) -> StateDamaged:
    """The error for a damaged document at `where` (a place, for messages); `what` is the problem."""
    return StateDamaged(f"{where} is damaged: {what}", hint=hint)


# ------------------------------------------------------------------------------------------- encoding


def to_json(
    value: Any,
    *,
    indent: int | None = None,
    version: int = _NEWEST,
    head: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """The JSON text of dataclasses, objects and arrays; one line without `indent`.

    `head` are the fields of an object that come first.

    A lone surrogate, which UTF-8 cannot encode, is escaped, so that it is decoded unchanged; a pair of
    surrogates is decoded as the one character that it encodes.

    Raises:
        StateNotSaved: a value that JSON cannot hold.
    """
    separators = None if indent else (",", ":")
    try:
        document = plain(value, version)
        document = {**head, **document} if head else document
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
    except (TypeError, ValueError, RecursionError) as error:
        raise StateNotSaved("the state holds a value that JSON cannot hold", detail=str(error)) from error
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


#: What JSON has too: most of what a document holds.
_AS_THEY_ARE = frozenset((str, int, float, bool, type(None)))


def plain(value: Any, version: int = _NEWEST) -> Any:
    """A value with dataclasses converted to objects and tuples to arrays, as documents of a format have them.

    Raises:
        TypeError: the name of a field is not a string.
    """
    kind: Any = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if hasattr(kind, "__dataclass_fields__"):
        return {
            name: item if type(item) in _AS_THEY_ARE else plain(item, version)
            for name, default in _written(kind, version)
            if (item := getattr(value, name)) != default
        }
    if isinstance(value, (dict, Mapping)):
        for name in value:
            if not isinstance(name, str):
                raise TypeError(f"the field name {name!r} is not a string")
        return {
            name: item if type(item) in _AS_THEY_ARE else plain(item, version) for name, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [plain(item, version) for item in value]
    return value


@cache
def _written(kind: Any, version: int) -> tuple[tuple[str, Any], ...]:
    """The fields that a document of a format may have, each with the value that is left out."""
    found = []
    for each in _in_documents(kind):
        if (since := each.metadata.get("since")) is None or each.metadata.get("always"):
            found.append((each.name, _NEVER))
        elif since <= version:
            found.append((each.name, default_of(each)))
    return tuple(found)


def _in_documents(kind: Any) -> list[Field[Any]]:
    return [each for each in fields(kind) if not each.metadata.get("outside")]


def default_of(each: Field[Any]) -> Any:
    """The value of a field of a dataclass that is not given."""
    return each.default_factory() if each.default_factory is not MISSING else each.default


# ------------------------------------------------------------------------------------------- decoding


def parse(text: str | bytes, where: str) -> Any:
    """The JSON value of a UTF-8 text. Duplicate fields and NaN are errors.

    Raises:
        StateDamaged: not such a text.
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
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, number in Counter(name for name, _ in pairs).items() if number > 1)
        raise ValueError(f"the field {json.dumps(twice)} is there twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def read(kind: type[_T], value: Any, where: str, *steps: str) -> _T:
    """A JSON value as `kind`; `steps` lead to it in the document at `where`.

    Raises:
        StateDamaged: it is not of this type; names the field and the problem.
    """
    try:
        return fit(kind, value)
    except Unfit as error:
        error.steps.extend(reversed(steps))
        raise damaged(where, str(error)) from error


def fit(kind: type[_T], value: Any) -> _T:
    """A JSON value as `kind`: a dataclass, or a type of its fields: text, count, boolean, time, choice,
    array, object, or one of several.

    Raises:
        Unfit: it is not of this type; names the field and the problem.
    """
    wanted: Any = kind
    found: _T = _reader(wanted)(value)
    return found


@cache
def _reader(kind: Any) -> _Read:
    if (scalar := _SCALARS.get(kind)) is not None:
        return scalar
    if is_dataclass(kind):
        return _dataclass(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _one_of([_reader(each) for each in arguments if each is not NoneType], NoneType in arguments)
    if origin is Literal:
        return _choice({str(each): each for each in arguments})
    if origin is tuple:
        return _items(_reader(arguments[0]))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _choice({str(each.value): each for each in kind})
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _object if arguments[1] is Any else _mapping(_reader(arguments[1]))
    raise TypeError(f"no document holds {kind}")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit("is not a string")
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unfit("is not a whole number")
    if value < 0:
        raise Unfit("is negative")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unfit("is neither true nor false")
    return value


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unfit("is not an object")
    return value


def _instant(value: Any) -> datetime:
    from campaignctl.schedule.times import TimeError, parse_iso

    try:
        return parse_iso(_text(value))
    except TimeError as error:
        raise Unfit(f"is not a time ({error})") from error


_SCALARS: Mapping[Any, _Read] = {
    Any: lambda value: value,
    str: _text,
    int: _count,
    bool: _boolean,
    datetime: _instant,
}


def _choice(choices: Mapping[str, Any]) -> _Read:
    def read(value: Any) -> Any:
        if not isinstance(value, str) or value not in choices:
            raise Unfit("is not one of " + ", ".join(choices))
        return choices[value]

    return read


def _one_of(readers: list[_Read], optional: bool) -> _Read:
    """One of several types, of which the last one reports the error; with `optional`, also null."""
    *others, last = readers

    def read(value: Any) -> Any:
        if value is None and optional:
            return None
        for each in others:
            with suppress(Unfit):
                return each(value)
        return last(value)

    return read


def _items(item: _Read) -> _Read:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Unfit("is not an array")
        position = 0
        found = []
        try:
            for position, each in enumerate(value):  # noqa: B007 - the position of an error
                found.append(item(each))
        except Unfit as error:
            error.steps.append(position)
            raise
        return tuple(found)

    return read


def _mapping(item: _Read) -> _Read:
    def read(value: Any) -> dict[str, Any]:
        found, name = {}, ""
        items = _object(value).items()
        try:
            for name, each in items:
                found[name] = item(each)
        except Unfit as error:
            error.steps.append(name)
            raise
        return found

    return read


def _dataclass(kind: Any) -> _Read:
    hints = get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in _in_documents(kind)}
    later = {each.name: default_of(each) for each in fields(kind) if "since" in each.metadata}
    expected = readers.keys()
    needed = expected - later.keys()

    def read(value: Any) -> Any:
        if not needed <= (there := _object(value).keys()) <= expected:
            for name in (name for name in readers if name in needed and name not in there):
                raise Unfit("is missing", name)
            raise UnknownField("is not a field that this version knows", min(there - expected))
        found, name = [], ""
        try:
            for name, reader in readers.items():
                found.append(reader(value[name]) if name in there else later[name])
        except Unfit as error:
            error.steps.append(name)
            raise
        return kind(*found)

    return read
