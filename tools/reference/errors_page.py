"""The error reference: every finding, with what the tool itself says of an example."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from campaignctl.render.sarif import rule_text
from tools.reference.error_examples import CHAPTERS
from tools.reference.example import Example

_HEAD = Path(__file__).with_name("errors_head.md")
_WHERE = {
    "spec": "below `spec`",
    "message": "in a message",
    "manifest": "in a manifest",
    "project": "in `campaignctl.yaml`",
}


def errors_page() -> str:
    """The whole page."""
    pieces = [_HEAD.read_text(encoding="utf-8")]
    for title, examples in CHAPTERS.items():
        pieces.append(f"## {title}\n")
        pieces += ["\n".join(_entry(example)) for example in examples]
    return "\n".join(pieces)


def _entry(example: Example) -> Iterator[str]:
    finding = example.finding()
    yield f"### `{example.code}`\n"
    yield f"{rule_text(example.code)}\n"
    yield from _block("yaml", example.shown or example.wrong)
    hint = f"\n  hint: {finding.hint}" if finding.hint else ""
    yield from _block("text", f"{finding.severity}: {finding.message}{hint}\n")
    yield f"Write instead, {_WHERE[example.part]}:\n"
    yield from _block("yaml", example.right)


def _block(language: str, text: str) -> Iterator[str]:
    yield f"```{language}\n{text}```\n"
