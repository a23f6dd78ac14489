"""The shapes that YAML is read by: what kind of value each member takes, derived from the models."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from campaignctl.campaign.part import Json, Moment, Opaque


class Leaf(Enum):
    """A value without members of its own."""

    TEXT = auto()
    INTEGER = auto()
    BOOLEAN = auto()
    FLAG = auto()
    INTEGER_OR_TEXT = auto()
    MOMENT = auto()
    JSON = auto()
    #: Left as a node, to be read later.
    NODE = auto()


@dataclass(frozen=True, slots=True)
class Items:
    """A list of values of one shape."""

    item: Shape


@dataclass(frozen=True, slots=True)
class Table:
    """A map from any name to values of one shape."""

    value: Shape


@dataclass(frozen=True, slots=True)
class Members:
    """An object with known members; `rest` is the shape of all others, or None if there are none.

    `refused` names members that are known and not taken, with what to do instead.
    """

    known: Mapping[str, Shape]
    rest: Shape | None = None
    refused: Mapping[str, str] = field(default_factory=dict)


Shape = Leaf | Items | Table | Members


@cache
def shape_of(model: type[BaseModel]) -> Members:
    """The shape of a model's objects. A model may name `REFUSED` members as a class variable."""
    known = {
        info.alias or name: _shape(info.annotation, tuple(info.metadata))
        for name, info in model.model_fields.items()
    }
    rest = Leaf.JSON if model.model_config.get("extra") == "allow" else None
    return Members(known, rest, getattr(model, "REFUSED", {}))


def _shape(kind: Any, metadata: tuple[Any, ...] = ()) -> Shape:
    if any(isinstance(item, Moment) for item in metadata):
        return Leaf.MOMENT
    if any(isinstance(item, Opaque) for item in metadata):
        return Leaf.JSON
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _shape(arguments[0], arguments[1:])
    if origin is list:
        return Items(_shape(arguments[0]))
    if origin is dict:
        return Leaf.JSON if arguments[1] is Json else Table(_shape(arguments[1]))
    if origin in {Union, types.UnionType}:
        return _union([argument for argument in arguments if argument is not type(None)])
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return shape_of(kind)
    return _leaf(kind)


def _union(kinds: list[Any]) -> Shape:
    if len(kinds) == 1:
        return _shape(kinds[0])
    if set(kinds) == {int, str}:
        return Leaf.INTEGER_OR_TEXT
    if set(kinds) == {bool, Literal[0, 1]}:
        return Leaf.FLAG
    raise TypeError(f"no shape for {kinds}")


def _leaf(kind: Any) -> Leaf:
    if kind is str or get_origin(kind) is Literal:
        return Leaf.TEXT
    leaves = {int: Leaf.INTEGER, bool: Leaf.BOOLEAN}
    if kind not in leaves:
        raise TypeError(f"no shape for {kind}")
    return leaves[kind]
