"""Every section of the API contract that the code cites exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTRACT = (ROOT / "docs" / "api-contract.md").read_text(encoding="utf-8")
SECTIONS = set(re.findall(r"^#{2,3} (\d+(?:\.\d+)?) ", CONTRACT, re.MULTILINE))
#: The words between "API contract" and its numbers, and the numbers.
_CITATION = re.compile(r"API contract(?:'s tables)?,? \(?(?:sections? )?(\d[\d., and]*)")


def citations() -> Iterator[tuple[str, str]]:
    """Every file that cites the contract, with one section that it cites."""
    for room in ("campaignctl", "tests"):
        for path in (ROOT / room).rglob("*.py"):
            text = re.sub(r"[\s#]+", " ", path.read_text(encoding="utf-8"))
            for cited in _CITATION.findall(text):
                for number in re.findall(r"\d+(?:\.\d+)?", cited):
                    yield str(path.relative_to(ROOT)), number


def test_every_cited_section_exists() -> None:
    cited = list(citations())
    assert len(cited) > 40
    assert [(path, number) for path, number in cited if number not in SECTIONS] == []
