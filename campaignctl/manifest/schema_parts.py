"""The pieces of the schemas that no model has: what fills a text in, the spellings of a time, the matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from campaignctl.manifest.texts import api_url, is_duration, is_long

Schema = dict[str, Any]

#: What a text may look like: its signs are taken as they stand, be they a number's or a word's.
TEXT_TYPES = ["string", "number", "boolean"]

FILLED: Schema = {
    "description": "A text that is filled in from `variables`, the matrix or the environment.",
    "type": "string",
    "pattern": r"\$\{(var|matrix|env)\.",
}
FILE: Schema = {
    "description": "The text of a UTF-8 file beside the manifest.",
    "type": "object",
    "properties": {
        "$file": {
            "description": "Path from the manifest's folder; it stays inside of the project.",
            "type": "string",
            "minLength": 1,
        }
    },
    "required": ["$file"],
    "additionalProperties": False,
}
#: What fills a text in: the parts above, as a schema has them under `$defs`.
FILLINGS: dict[str, Schema] = {"filled": FILLED, "file": FILE}
FILLED_IN: list[Schema] = [{"$ref": f"#/$defs/{name}"} for name in FILLINGS]

_CLOCK = r"\d{2}:\d{2}:\d{2}([.,]0{1,9})?"
_ZONES = ["Europe/Belgrade", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC"]
TIME_FORMS = "`YYYY-MM-DD HH:MM:SS` in GMT, ISO 8601 with an offset, or {at: ..., tz: Europe/Belgrade}."
#: The two forms of an instant in one text: GMT, and ISO 8601 with an offset.
MOMENT: Schema = {
    "type": TEXT_TYPES,
    "pattern": rf"^\d{{4}}-\d{{2}}-\d{{2}}( {_CLOCK}|[T ]{_CLOCK}(Z|[+-]\d{{2}}:?\d{{2}}))$",
}
IN_ZONE: Schema = {
    "type": "object",
    "properties": {
        "at": {
            "description": "The time that the clocks of the zone show, `YYYY-MM-DD HH:MM:SS`.",
            "anyOf": [
                {"type": TEXT_TYPES, "pattern": rf"^\d{{4}}-\d{{2}}-\d{{2}}[T ]{_CLOCK}$"},
                *FILLED_IN,
            ],
            "examples": ["2036-12-24 10:00:00"],
        },
        "tz": {
            "description": "The zone, by its IANA name.",
            "anyOf": [{"type": "string", "minLength": 1}, *FILLED_IN],
            "examples": _ZONES,
        },
    },
    "required": ["at", "tz"],
    "additionalProperties": False,
}

_DURATION: Schema = {"pattern": r"^([0-9]{1,6}(ms|s|m|h|d))+$"}
#: The form of texts that mean something else, by the function that judges them.
FORMS: Mapping[Callable[[str], str], Schema] = {
    is_duration: _DURATION,
    is_long: _DURATION,
    api_url: {"pattern": "^https?://"},
}


def not_taken(name: str, instead: str) -> Schema:
    """A member that is known and refused, with what to do instead. Editors do not offer it, and say why."""
    return {"description": f"Not taken: {instead}.", "not": {}, "deprecationMessage": f"`{name}`: {instead}"}
