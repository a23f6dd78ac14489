"""The manifest reference: every field of every document, from the schemas that editors use."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from campaignctl.manifest.schema import Kind, schema
from tools.reference.type_words import anchor, type_words

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
            yield f"{names}, as in [{like}](#{anchor(like)}).\n"
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
        yield f"| any other | {_cell(type_words(rest, headings))} | |"
    yield ""
    yield from _refused(part.get("properties", {}))


def _rows(part: Schema, headings: dict[str, str]) -> Iterator[str]:
    required = part.get("required") or part.get("else", {}).get("required", ())
    for name, field in part.get("properties", {}).items():
        if "not" not in field:
            shown = f"`{name}`" + (", required" if name in required else "")
            yield f"| {shown} | {_cell(type_words(field, headings))} | {_cell(_meaning(field))} |"


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
