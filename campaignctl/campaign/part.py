"""What all parts of a campaign's specification have in common, and the kinds of members they are made of.

Modules of models do without `from __future__ import annotations`: pydantic would have to compile every
annotation from its text, which costs a tenth of the time that one manifest takes.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError


class Part(BaseModel):
    """A closed JSON object: unknown members, null and values of another type are refused.

    A member that is None here was absent in the JSON. Lists and maps inside are to be left as they are:
    a frozen model does not freeze them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _no_null(cls, value: Any) -> Any:
        if isinstance(value, dict) and None in value.values():
            name = next(name for name, member in value.items() if member is None)
            raise PydanticCustomError("null", "`{name}` is null: leave it out", {"name": name})
        return value


class Opaque:
    """Marks a member whose inside the API's documentation does not describe."""


class Moment:
    """Marks a member that holds an instant, so that a manifest may spell it in several ways."""


class Day:
    """Marks a member that holds a day of the calendar, `YYYY-MM-DD`, or an instant."""


class Several:
    """Marks a list for which its only item may stand by itself."""


#: Any JSON value: passed through and compared, never looked into.
Json = Annotated[Any, Opaque()]
#: A member that the API spells `true` or `false` in some places and 1 or 0 in others.
Flag = bool | Literal[0, 1]
#: An instant in GMT, `YYYY-MM-DD HH:MM:SS` (API contract, section 0).
GmtTime = Annotated[str, Moment()]
#: A day of the calendar, or an instant: which one the zone of the day decides.
DayOrTime = Annotated[str, Day()]
#: Text by language code: `{"en": "...", "de": "..."}` (API contract, section 0).
Localised = dict[str, str]
