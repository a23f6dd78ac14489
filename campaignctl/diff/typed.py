"""The values of an answer with the types of the contract, whatever it spells."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from campaignctl.campaign.spec import CampaignSpec
from campaignctl.yamlio.schema_types import Items, Leaf, Object, Shape, Table, bare, shape_of

_WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_TRUTHS: Mapping[Any, bool] = {0: False, 1: True, "0": False, "1": True, "false": False, "true": True}


def typed(members: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a campaign as requests have them, as far as they can be read so (`request_of`)."""
    found: Mapping[str, Any] = _typed(members, shape_of(CampaignSpec))
    return found


def _typed(value: Any, shape: Shape | None) -> Any:
    """A value of an answer with the types of a shape, as far as it can be read so."""
    shape = bare(shape)
    if isinstance(shape, Object | Table) and isinstance(value, str):
        value = _object(value)
    if isinstance(shape, Object) and isinstance(value, Mapping):
        return {name: _typed(item, shape.known.get(name, shape.rest)) for name, item in value.items()}
    if isinstance(shape, Table) and isinstance(value, Mapping):
        return {name: _typed(item, shape.value) for name, item in value.items()}
    if isinstance(shape, Items) and isinstance(value, list | tuple):
        return [_typed(item, shape.item) for item in value]
    return _typed_leaf(value, shape)


def _typed_leaf(value: Any, shape: Shape | None) -> Any:
    match shape:
        case Leaf.TEXT if isinstance(value, str):
            return value.replace("\r\n", "\n")
        case Leaf.TEXT if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        case Leaf.INTEGER if isinstance(value, str) and _WHOLE.fullmatch(value):
            return int(value)
        case Leaf.BOOLEAN if isinstance(value, int | str):
            return _TRUTHS.get(value, value)
        case Leaf.FLAG | Leaf.SWITCH if isinstance(value, str) and value in _TRUTHS:
            return int(_TRUTHS[value])
    return value


def _object(text: str) -> Any:
    """The object that a text of JSON is, or the text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict) else text
