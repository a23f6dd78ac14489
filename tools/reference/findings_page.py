"""Every finding: an example, its message, and the correction."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.cli.cli_process import Cli
from tools.reference.example import Example
from tools.reference.finding_examples import CHAPTERS

_MISSPELT = "kind: Campaign\nspec:\n  name: Welcome\n  is_darft: true\n  messages: []\n"


def finding() -> str:
    """One finding as `validate` shows it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "campaignctl.yaml").write_text("metadata: {name: shop}\n", encoding="utf-8")
        (Path(folder) / "welcome.yaml").write_text(_MISSPELT, encoding="utf-8")
        done = Cli(Path(folder))("validate")
    shown = (done.out + done.err).strip()
    return f"```text\n{shown}\n```\n"


def findings() -> str:
    """The findings by chapter."""
    pieces = []
    for title, examples in CHAPTERS.items():
        pieces.append(f"## {title}\n")
        pieces += ["\n".join(_entry(example)) for example in examples]
    return "\n".join(pieces)


def _entry(example: Example) -> Iterator[str]:
    finding = example.finding()
    hint = f"\n  hint: {finding.hint}" if finding.hint else ""
    yield f"### {example.code}\n"
    yield f"```text\n{finding.severity}: {finding.message}{hint}\n```\n"
    yield f"```diff\n{_diff(example)}\n```\n"


def _diff(example: Example) -> str:
    """The changed lines, each below its parent line."""
    lines = list(_marked((example.shown or example.wrong).splitlines(), example.right.splitlines()))
    if all(line.startswith(" ") for line in lines):  # the texts differ in their encoding
        return "\n".join(lines)
    several = any(line[2:] == "---" for line in lines)
    shown: list[str] = []
    parent = ""
    for line in lines:
        changed, nested = line[0] in "-+", line[2:].startswith((" ", "- "))
        if changed and nested and parent and parent not in shown:
            shown.append(parent)
        if changed or (several and not nested and line[2:] != "spec:"):
            shown.append(line)
        parent = parent if nested else "" if changed else line
    return "\n".join(shown)


def _marked(wrong: list[str], right: list[str]) -> Iterator[str]:
    for kind, start, end, first, last in difflib.SequenceMatcher(None, wrong, right).get_opcodes():
        if kind == "equal":
            yield from (f"  {line}" for line in wrong[start:end])
        else:
            yield from (f"- {line}" for line in wrong[start:end])
            yield from (f"+ {line}" for line in right[first:last])
