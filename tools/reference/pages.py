"""The pages with generated blocks.

A block stands between `<!-- generated: NAME -->` and `<!-- end -->`; the rest of a page is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.reference.commands import command_reference, command_table
from tools.reference.decisions import decisions, edits
from tools.reference.findings_page import finding, findings
from tools.reference.lint_page import rules
from tools.reference.manifest_page import fields
from tools.reference.on_call import messages
from tools.reference.previews import figures, preview_example
from tools.reference.switches import switches
from tools.reference.torture import mutations, torture

ROOT = Path(__file__).parents[2]
BLOCKS: Mapping[str, Callable[[], str]] = {
    "decisions": decisions,
    "edits": edits,
    "commands": command_table,
    "command-line": command_reference,
    "fields": fields,
    "finding": finding,
    "findings": findings,
    "figures": figures,
    "messages": messages,
    "rules": rules,
    "preview-example": preview_example,
    "switches": switches,
    "torture": torture,
    "mutations": mutations,
}
_BLOCK = re.compile(r"^(<!-- generated: (\S+) -->\n).*?^(<!-- end -->)$", re.MULTILINE | re.DOTALL)
PAGES = tuple(
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if _BLOCK.search(page.read_text(encoding="utf-8"))
)


def filled(text: str) -> str:
    """A page with its blocks written again."""
    return _BLOCK.sub(lambda block: f"{block[1]}{BLOCKS[block[2]]().rstrip()}\n{block[3]}", text)
