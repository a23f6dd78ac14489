"""Every page: its links work, and the commands in it exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import forks

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
#: Commands with subcommands.
GROUPS = ("state",)
GLOBAL = re.compile(r"^(?:-[Ce] \S+ )+")


def commands() -> Iterator[str]:
    """Every command in the text of a page, once, with its placeholders."""
    texts = (page.read_text(encoding="utf-8") for page in PAGES)
    found = {each for text in texts for each in re.findall(r"`campaignctl ([-\w][^`\[|]*)[^`]*`", text)}
    yield from sorted({GLOBAL.sub("", each).strip() for each in found if not each.startswith("--")})


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_work(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\((?!https?:)([\w./-]*)(?:#([\w-]+))?\)", text):
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_repository_files_named_on_a_page_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:campaignctl/(?!v1)|tests/|tools/|benchmarks/)[\w./*-]+)`", page.read_text(encoding="utf-8")
    )
    assert [path for path in named if not any(ROOT.glob(path.rstrip("/")))] == []


def test_each_promise_of_the_threat_model_names_tests_that_exist() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 10
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named, row
        for file, test in named:
            assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{test}"


def test_pages_name_commands() -> None:
    assert len(list(commands())) > 30


def test_each_command_exists_with_its_options(tmp_path: Path) -> None:
    options: dict[tuple[str, ...], set[str]] = {}
    for words in (shlex.split(command, comments=True) for command in commands()):
        path = tuple(words[:2] if words[0] in GROUPS else words[:1])
        options.setdefault(path, set()).update(word for word in words if word.startswith("--"))
    for path, used in options.items():
        shown = forks.run((*path, "--help"), {"COLUMNS": "200", "TERM": "dumb"}, tmp_path)
        assert shown.status == 0, shown.err
        assert [option for option in used if not re.search(rf"{option}\b", shown.out)] == [], path
