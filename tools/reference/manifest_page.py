"""The manifest reference: every field of every document, from the schemas that editors use."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from campaignctl.manifest.schema import Kind, schema

Schema = dict[str, Any]
Parts = list[tuple[str, Schema]]

_CHAPTERS: tuple[tuple[Kind, str, str], ...] = (
    ("Campaign", "Manifests", ""),
    ("Removed", "Removed documents", "Removed: "),
    ("Defaults", "_defaults.yaml", "Defaults: "),
    ("Project", "campaignctl.yaml", "Project: "),
)
#: Parts whose fields have been described before, in the part on the right.
_LIKE: Mapping[str, str] = {
    "Removed: metadata": "metadata",
    "Removed: lifecycle": "lifecycle",
    "Defaults: lifecycle": "lifecycle",
    **{f"Defaults: message.{channel}": "spec.messages[]" for channel in ("push", "email", "sms", "adex")},
    "Project: environments.NAME": "campaignctl.yaml",
}


def fields() -> str:
    """The fields, by document and part."""
    pieces = []
    headings: dict[str, str] = {}
    for kind, title, prefix in _CHAPTERS:
        pieces.append("\n".join(_chapter(schema(kind), title, prefix, headings)))
    return "\n".join(pieces)


def _chapter(made: Schema, title: str, prefix: str, headings: dict[str, str]) -> Iterator[str]:
    """A chapter on a document. `headings` has the parts of the chapters before it, and is added to."""
    own = {name: f"{prefix}{path}" for name, path in _paths(made).items() if name not in headings}
    headings.update(own)
    yield f"## {title}\n"
    yield from _part(made, headings)
    for name, heading in own.items():
        part = made["$defs"][name]
        yield f"### {heading}\n"
        if like := _LIKE.get(heading):
            names = ", ".join(f"`{field}`" for field, its in part["properties"].items() if "not" not in its)
            yield f"{names}, as in [{like}](#{_anchor(like)}).\n"
        else:
            yield from _part(part, headings)


def _paths(made: Schema) -> dict[str, str]:
    """Every part that the document reaches, with the first path that leads to it."""
    found: dict[str, str] = {}
    waiting = deque([("", made)])
    while waiting:
        path, part = waiting.popleft()
        for name, field in part.get("properties", {}).items():
            for reference, suffix in _references(field):
                if reference not in found and reference not in {"filled", "file"}:
                    found[reference] = f"{path}.{name}{suffix}".lstrip(".")
                    waiting.append((found[reference], made["$defs"][reference]))
    return found


def _references(field: Any, suffix: str = "") -> Iterator[tuple[str, str]]:
    """The parts that a field refers to, each with its suffix: `[]` for a list, `.NAME` for a map."""
    if not isinstance(field, dict):
        return
    if "$ref" in field:
        yield field["$ref"].rpartition("/")[2], suffix
    yield from _references(field.get("items"), suffix + "[]")
    yield from _references(field.get("additionalProperties"), suffix + ".NAME")
    for kind in field.get("anyOf", ()):
        yield from _references(kind, suffix)


def _part(part: Schema, headings: dict[str, str]) -> Iterator[str]:
    yield f"{part['description']}\n"
    yield "| field | value | meaning |"
    yield "|---|---|---|"
    yield from _rows(part, headings)
    rest = part.get("additionalProperties", False)
    if rest is not False:
        yield f"| any other | {_cell(_type_words(rest, headings))} | |"
    yield ""
    yield from _refused(part.get("properties", {}))


def _rows(part: Schema, headings: dict[str, str]) -> Iterator[str]:
    required = part.get("required") or part.get("else", {}).get("required", ())
    for name, field in part.get("properties", {}).items():
        if "not" not in field:
            shown = f"`{name}`" + (", required" if name in required else "")
            yield f"| {shown} | {_cell(_type_words(field, headings))} | {_cell(_meaning(field))} |"


def _refused(properties: Schema) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for name, field in properties.items():
        if "not" in field:
            reason = field["description"].removeprefix("Not taken: ").replace(f"{{{name}: ", "{NAME: ")
            reasons.setdefault(reason, []).append(f"`{name}`")
    if reasons:
        yield "Refused:\n"
        yield from (f"- {', '.join(names)}: {reason}" for reason, names in reasons.items())
        yield ""


def _meaning(field: Schema) -> str:
    """The description, and an example if it has none: a plain one of a text, else the fullest."""
    told: str = field["description"]
    examples = field.get("examples", ())
    texts = [each for each in examples if isinstance(each, str)]
    shown = (
        texts[0]
        if texts
        else max((json.dumps(each, ensure_ascii=False) for each in examples), key=len, default="")
    )
    return told if not shown or shown in told else f"{told} Example: `{shown}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


_FILLINGS = ("#/$defs/filled", "#/$defs/file")
_PLURALS = {
    "string": "strings",
    "integer": "integers",
    "[object]": "[objects]",
    "map": "maps",
    "list": "lists",
}


def _type_words(field: Any, headings: Mapping[str, str]) -> str:
    """The kind of value. `headings` has the heading of each part."""
    if field is True or field == {}:
        return "any"
    if "anyOf" in field:
        return _one_of(field["anyOf"], headings)
    if "$ref" in field:
        return f"[object](#{_anchor(headings[field['$ref'].rpartition('/')[2]])})"
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return _listed([f"`{value}`" for value in field["enum"]])
    return _by_type(field, headings)


def _one_of(kinds: list[Any], headings: Mapping[str, str]) -> str:
    own = [kind for kind in kinds if kind.get("$ref") not in _FILLINGS]
    words = [_type_words(kind, headings) for kind in own]
    if "time in a zone" in words:
        return "time"
    if words[-1] == "`0` or `1`":
        return "boolean, `0` or `1`"
    return " or ".join(dict.fromkeys(words))


def _by_type(field: Mapping[str, Any], headings: Mapping[str, str]) -> str:
    kind = field.get("type")
    if kind == "array":
        return f"list of {_several(_type_words(field.get('items', True), headings))}"
    if kind == "object":
        return _object(field, headings)
    if isinstance(kind, list) or kind == "string":
        return "string" + _length(field)
    return str(kind) + _bounds(field)


def _object(field: Mapping[str, Any], headings: Mapping[str, str]) -> str:
    if "tz" in field.get("properties", {}):
        return "time in a zone"
    rest = field.get("additionalProperties", False)
    return "object" if rest is False else f"map of {_several(_type_words(rest, headings))}"


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


def _anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    kept = (sign for sign in heading.lower() if sign.isalnum() or sign in "_- ")
    return "".join(kept).replace(" ", "-")
