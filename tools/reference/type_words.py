"""The type of a field in words, from its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FILLINGS = ("#/$defs/filled", "#/$defs/file")
_PLURALS = {
    "string": "strings",
    "integer": "integers",
    "[object]": "[objects]",
    "map": "maps",
    "list": "lists",
}


def type_words(field: Any, headings: Mapping[str, str]) -> str:
    """The kind of value. `headings` has the heading of each part."""
    if field is True or field == {}:
        return "any"
    if "anyOf" in field:
        return _one_of(field["anyOf"], headings)
    if "$ref" in field:
        return f"[object](#{anchor(headings[field['$ref'].rpartition('/')[2]])})"
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return _listed([f"`{value}`" for value in field["enum"]])
    return _by_type(field, headings)


def _one_of(kinds: list[Any], headings: Mapping[str, str]) -> str:
    own = [kind for kind in kinds if kind.get("$ref") not in _FILLINGS]
    words = [type_words(kind, headings) for kind in own]
    if "time in a zone" in words:
        return "time"
    if words[-1] == "`0` or `1`":
        return "boolean, `0` or `1`"
    return " or ".join(dict.fromkeys(words))


def _by_type(field: Mapping[str, Any], headings: Mapping[str, str]) -> str:
    kind = field.get("type")
    if kind == "array":
        return f"list of {_several(type_words(field.get('items', True), headings))}"
    if kind == "object":
        return _object(field, headings)
    if isinstance(kind, list) or kind == "string":
        return "string" + _length(field)
    return str(kind) + _bounds(field)


def _object(field: Mapping[str, Any], headings: Mapping[str, str]) -> str:
    if "tz" in field.get("properties", {}):
        return "time in a zone"
    rest = field.get("additionalProperties", False)
    return "object" if rest is False else f"map of {_several(type_words(rest, headings))}"


def _listed(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _several(words: str) -> str:
    """The words for more than one of a kind."""
    one = next((one for one in _PLURALS if words.startswith(one)), "")
    return _PLURALS[one] + words.removeprefix(one) if one else words


def _length(field: Mapping[str, Any]) -> str:
    least, most = field.get("minLength", 0), field.get("maxLength")
    if most is not None:
        return f", {least:,} to {most:,} characters" if least else f", up to {most:,} characters"
    return ", not empty" if least else ""


def _bounds(field: Mapping[str, Any]) -> str:
    least, most = field.get("minimum"), field.get("maximum")
    if least is not None and most is not None:
        return f", {least:,} to {most:,}"
    return f", {least:,} or more" if least is not None else ""


def anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    kept = (sign for sign in heading.lower() if sign.isalnum() or sign in "_- ")
    return "".join(kept).replace(" ", "-")
