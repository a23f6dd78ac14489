"""Shapes: the kind of value that each field takes, derived from the models.

A shape also tells whether a value is certainly valid. Only other values are validated by the models, which
report the errors: building their validators takes longer than reading a valid manifest.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from enum import Enum, auto
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import AfterValidator, BaseModel
from pydantic.fields import FieldInfo

from campaignctl.campaign.part import ByItself, Day, Json, Moment, Opaque, Several, Switch


class Leaf(Enum):
    """A value that is neither an object nor a list."""

    TEXT = auto()
    INTEGER = auto()
    BOOLEAN = auto()
    FLAG = auto()
    #: A boolean that may be written as 1 or 0.
    SWITCH = auto()
    INTEGER_OR_TEXT = auto()
    MOMENT = auto()
    #: A day of the calendar, or an instant.
    DAY = auto()
    JSON = auto()
    #: Left as a node, to be read later.
    NODE = auto()


@dataclass(frozen=True, slots=True)
class Items:
    """A list of values of one shape."""

    item: Shape


@dataclass(frozen=True, slots=True)
class ItemOrItems:
    """A list of values of one shape, or one of them by itself."""

    item: Shape


@dataclass(frozen=True, slots=True)
class Table:
    """A map from any name to values of one shape."""

    value: Shape


@dataclass(frozen=True, slots=True)
class Object:
    """An object with known fields; `rest` is the shape of all others, or None if others are not allowed.

    `refused` names known fields that are not taken, with what to do instead; `required` are those that must
    be present.
    """

    known: Mapping[str, Shape]
    rest: Shape | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TextOrObject:
    """An object, or the text of one of its fields by itself."""

    inner: Object
    field: str


@dataclass(frozen=True, slots=True)
class Limited:
    """A shape with limits: `sound` tells whether a value certainly keeps them."""

    inner: Shape
    sound: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Written:
    """Marks a field that is written as `form` and whose value is what `read` returns for it.

    `read` raises ValueError for an invalid value. If `zoned`, it also takes a time zone, which is known only
    once the whole file is read: rules check such values, not models.
    """

    form: Any
    read: Callable[..., Any]
    zoned: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The pydantic schema of the form."""
        from pydantic_core import core_schema

        form = handler.generate_schema(self.form)
        return form if self.zoned else core_schema.no_info_after_validator_function(self.read, form)


class Listed:
    """Marks a tuple to be validated as a list: pydantic also calls a tuple with a bad item too short."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of a list of the same items."""
        from pydantic_core import core_schema

        return core_schema.list_schema(handler.generate_schema(get_args(source)[0]))


#: The leaf that a mark makes of a field.
_MARKED: Mapping[type, Leaf] = {Moment: Leaf.MOMENT, Day: Leaf.DAY, Opaque: Leaf.JSON, Switch: Leaf.SWITCH}
#: Marks of a field that do not limit it.
_MARKS = (*_MARKED, Several, ByItself, Listed)

Shape = Leaf | Items | ItemOrItems | Table | Object | TextOrObject | Limited


@cache
def shape_of(model: type) -> Object:
    """The shape of the objects of a model or dataclass. A model may name `REFUSED` fields."""
    if is_dataclass(model):
        required = frozenset(
            one.name for one in fields(model) if one.default is MISSING and one.default_factory is MISSING
        )
        return Object({one.name: _shape(one.type) for one in fields(model)}, required=required)
    if not issubclass(model, BaseModel):
        raise TypeError(f"no shape for {model}")
    infos = {info.alias or name: info for name, info in model.model_fields.items()}
    known = {name: _shape(info.annotation, tuple(info.metadata)) for name, info in infos.items()}
    required = frozenset(name for name, info in infos.items() if info.is_required())
    rest = Leaf.JSON if model.model_config.get("extra") == "allow" else None
    return Object(known, rest, getattr(model, "REFUSED", {}), required)


def _shape(kind: Any, metadata: tuple[Any, ...] = ()) -> Shape:
    for item in metadata:
        if isinstance(item, Written):
            kind = item.form
    inner = _unlimited(kind, metadata)
    limits = [item for item in _flat(metadata) if not isinstance(item, _MARKS)]
    return Limited(inner, _all_kept(limits)) if limits else inner


def _flat(metadata: tuple[Any, ...]) -> Iterator[Any]:
    """The metadata of a type, with the limits that are given by `Field`."""
    for item in metadata:
        if isinstance(item, FieldInfo):
            yield from item.metadata
        else:
            yield item


def _all_kept(limits: list[Any]) -> Callable[[Any], bool]:
    def sound(value: Any) -> bool:
        return all(_kept(limit, value) for limit in limits)

    return sound


def _kept(limit: Any, value: Any) -> bool:
    """Whether a value certainly keeps one of the limits of a model's field."""
    match limit:
        case MinLen(min_length=least):
            return len(value) >= least
        case MaxLen(max_length=most):
            return len(value) <= most
        case Ge(ge=bound):
            return bool(value >= bound)
        case Le(le=bound):
            return bool(value <= bound)
        case AfterValidator(func=judge) | Written(read=judge, zoned=False):
            return _passes(judge, value)
        case Written():
            return True
        case _ if isinstance(getattr(limit, "pattern", None), str):
            return re.search(limit.pattern, value) is not None and not value.endswith("\n")
        case _:
            return False


def _passes(judge: Callable[..., Any], value: Any) -> bool:
    try:
        judge(value)
    except ValueError:
        return False
    return True


def bare(shape: Shape | None) -> Shape | None:
    """A shape without its limits."""
    return bare(shape.inner) if isinstance(shape, Limited) else shape


def _unlimited(kind: Any, metadata: tuple[Any, ...]) -> Shape:
    marked = next(
        (leaf for item in metadata for mark, leaf in _MARKED.items() if isinstance(item, mark)), None
    )
    if marked is not None:
        return marked
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _shape(arguments[0], arguments[1:])
    if origin in {list, tuple}:
        several = any(isinstance(item, Several) for item in metadata)
        return (ItemOrItems if several else Items)(_shape(arguments[0]))
    if origin is dict:
        return Table(Leaf.JSON if arguments[1] is Json else _shape(arguments[1]))
    if origin in {Union, types.UnionType}:
        return _union([argument for argument in arguments if argument is not type(None)])
    if isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, BaseModel)):
        short = next((item.field for item in metadata if isinstance(item, ByItself)), None)
        return TextOrObject(shape_of(kind), short) if short else shape_of(kind)
    return _leaf(kind)


def _union(kinds: list[Any]) -> Shape:
    if len(kinds) == 1:
        return _shape(kinds[0])
    if set(kinds) == {int, str}:
        return Leaf.INTEGER_OR_TEXT
    if set(kinds) == {bool, Literal[0, 1]}:
        return Leaf.FLAG
    raise TypeError(f"no shape for {kinds}")


def _leaf(kind: Any) -> Shape:
    if get_origin(kind) is Literal:
        return Limited(Leaf.TEXT, frozenset(get_args(kind)).__contains__)
    if kind is str:
        return Leaf.TEXT
    leaves = {int: Leaf.INTEGER, bool: Leaf.BOOLEAN}
    if kind not in leaves:
        raise TypeError(f"no shape for {kind}")
    return leaves[kind]
