"""The rules of lint, each with its heading, from the registry."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from campaignctl.lint.registry import RULES
from campaignctl.lint.rule import FAMILIES, Rule
from campaignctl.render.lint import CERTAINTY


def rules() -> str:
    """The rules by family, after the meaning of each certainty."""
    pieces = ["| Certainty | Meaning |", "|---|---|"]
    pieces += [f"| {name} | {meaning} |" for name, meaning in CERTAINTY.items()]
    for family, members in groupby(RULES.values(), key=lambda one: one.family):
        pieces.append(f"\n## {FAMILIES[family]}\n")
        pieces += ["\n".join(_entry(one)) for one in members]
    return "\n".join(pieces)


def _entry(one: Rule) -> Iterator[str]:
    yield f"### {one.code}\n"
    yield f"**{one.severity}** · {one.sentence}\n"
    yield f"- Fix: {one.fix}"
    yield f"- Source ({one.basis.certainty}): {one.basis.source}."
    if one.formerly:
        yield f"- In the version before: {', '.join(f'`{code}`' for code in one.formerly)}."
    yield ""
