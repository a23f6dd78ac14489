"""The manifest reference: every member of every document, from the schemas that editors use."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from campaignctl.manifest.schema import Kind, schema
from tools.reference.type_words import type_words

Schema = dict[str, Any]
Parts = list[tuple[str, Schema]]

_HEAD = Path(__file__).with_name("manifest_head.md")
_CHAPTERS: tuple[tuple[Kind, str, str], ...] = (
    ("Campaign", "A manifest", ""),
    ("Removed", "A key that is declared no longer", "Removed: "),
    ("Defaults", "`_defaults.yaml`", "Defaults: "),
    ("Project", "`campaignctl.yaml`", "Project: "),
)


def manifest_page() -> str:
    """The whole page."""
    pieces = [_HEAD.read_text(encoding="utf-8")]
    headings: dict[str, str] = {}
    for kind, title, prefix in _CHAPTERS:
        pieces.append("\n".join(_chapter(schema(kind), title, prefix, headings)))
    return "\n".join(pieces)


def _chapter(made: Schema, title: str, prefix: str, headings: dict[str, str]) -> Iterator[str]:
    """A chapter on a document. `headings` has the part of the chapters before it, and is added to."""
    own = {name: f"{prefix}`{path}`" for name, path in _paths(made).items() if name not in headings}
    headings.update(own)
    yield f"## {title}\n"
    yield from _part(made, headings)
    for name, heading in own.items():
        yield f"### {heading}\n"
        yield from _part(made["$defs"][name], headings)


def _paths(made: Schema) -> dict[str, str]:
    """Every part that the document reaches, with the first path that leads to it."""
    found: dict[str, str] = {}
    waiting = deque([("", made)])
    while waiting:
        path, part = waiting.popleft()
        for name, member in part.get("properties", {}).items():
            for reference, suffix in _references(member):
                if reference not in found and reference not in {"filled", "file"}:
                    found[reference] = f"{path}.{name}{suffix}".lstrip(".")
                    waiting.append((found[reference], made["$defs"][reference]))
    return found


def _references(member: Any, suffix: str = "") -> Iterator[tuple[str, str]]:
    """The parts that a member names, with what stands between: `[]` for a list, `.NAME` for a map."""
    if not isinstance(member, dict):
        return
    if "$ref" in member:
        yield member["$ref"].rpartition("/")[2], suffix
    yield from _references(member.get("items"), suffix + "[]")
    yield from _references(member.get("additionalProperties"), suffix + ".NAME")
    for kind in member.get("anyOf", ()):
        yield from _references(kind, suffix)


def _part(part: Schema, headings: dict[str, str]) -> Iterator[str]:
    yield f"{part['description']}\n"
    yield "| member | value | meaning |"
    yield "|---|---|---|"
    members: Schema = part.get("properties", {})
    required = part.get("required") or part.get("else", {}).get("required", ())
    for name, member in members.items():
        if "not" not in member:
            shown = f"`{name}`" + (", required" if name in required else "")
            yield f"| {shown} | {_cell(type_words(member, headings))} | {_cell(_meaning(member))} |"
    rest = part.get("additionalProperties", False)
    if rest is not False:
        yield f"| any other name | {_cell(type_words(rest, headings))} | |"
    yield ""
    yield from _refused(members)


def _refused(members: Schema) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for name, member in members.items():
        if "not" in member:
            reason = member["description"].removeprefix("Not taken: ").replace(f"{{{name}: ", "{NAME: ")
            reasons.setdefault(reason, []).append(f"`{name}`")
    if reasons:
        yield "Not taken:\n"
        yield from (f"- {', '.join(names)}: {reason}" for reason, names in reasons.items())
        yield ""


def _meaning(member: Schema) -> str:
    examples = [json.dumps(each, ensure_ascii=False) for each in member.get("examples", ())]
    shown = ", ".join(f"`{example.strip(chr(34))}`" for example in examples)
    told: str = member["description"]
    return f"{told} Examples: {shown}" if shown else told


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
