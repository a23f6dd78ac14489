"""The base of every model of a document, and the types of its fields.

Modules of models do without `from __future__ import annotations`: pydantic would have to compile every
annotation from its text, which costs a tenth of the time that one manifest takes.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError


class Part(BaseModel):
    """A closed JSON object: unknown fields, null and values of another type are refused.

    A field that is None here was missing in the JSON. Do not change lists and maps inside: a frozen model
    does not freeze them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _no_null(cls, value: Any) -> Any:
        if isinstance(value, dict) and None in value.values():
            name = next(name for name, field in value.items() if field is None)
            raise PydanticCustomError("null", "`{name}` is null: remove it", {"name": name})
        return value


class Opaque:
    """Marks a field whose contents the API's documentation does not describe."""


class Moment:
    """Marks a field that holds an instant, which a manifest may spell in several ways."""


class Day:
    """Marks a field that holds a calendar day, `YYYY-MM-DD`, or an instant."""


class Switch:
    """Marks a boolean that the API also spells 1 or 0 in requests; a manifest may use either."""


class Several:
    """Marks a list whose only item may be written without the list."""


class ByItself:
    """Marks an object that may be written as the text of one of its fields alone."""

    def __init__(self, field: str) -> None:
        self.field = field


#: Any JSON value: passed through and compared, never inspected.
Json = Annotated[Any, Opaque()]
#: A field that the API spells `true` or `false` in some places and 1 or 0 in others.
Flag = bool | Literal[0, 1]
#: An instant in GMT, `YYYY-MM-DD HH:MM:SS` (API contract, section 0).
GmtTime = Annotated[str, Moment()]
#: A calendar day or an instant; a day begins and ends in the zone next to it.
DayOrTime = Annotated[str, Day()]
#: Text by language code: `{"en": "...", "de": "..."}` (API contract, section 0).
Localised = dict[str, str]
