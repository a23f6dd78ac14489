"""In a bad moment: the commands that the page names exist, with these options, and its messages are real."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import forks
from tests.docs.codes import PACKAGE

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
ROWS = [line.split(" | ") for line in PAGE.partition("## What to do")[2].splitlines() if line[:2] == "| "]
SOURCE = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
#: Commands that have commands of their own.
GROUPS = ("state",)


def commands() -> Iterator[str]:
    """Every command of the page, once, with what stands for its arguments."""
    yield from dict.fromkeys(re.findall(r"`campaignctl (\w[^`]*)`", PAGE))


def messages() -> Iterator[str]:
    for row in ROWS:
        yield from re.findall(r"`([^`]+ [^`]+)`", row[0])


def test_every_bad_moment_is_there() -> None:
    assert len(ROWS) > 40
    assert len(list(commands())) > 15


@pytest.mark.parametrize("command", list(commands()))
def test_a_command_exists_with_its_options(command: str, tmp_path: Path) -> None:
    words = shlex.split(command)
    path = words[:2] if words[0] in GROUPS else words[:1]
    shown = forks.run((*path, "--help"), {"COLUMNS": "200", "TERM": "dumb"}, tmp_path)
    assert shown.status == 0, shown.err
    for option in (word for word in words if word.startswith("--")):
        assert re.search(rf"{option}\b", shown.out), option


@pytest.mark.parametrize("message", list(messages()))
def test_a_message_is_one_of_the_tool(message: str) -> None:
    for piece in re.split("…|; ", message):
        assert piece.strip(" ,:") in SOURCE, piece


@pytest.mark.parametrize("row", [row for row in ROWS if row[0] != "| you see"], ids=lambda row: row[0][2:40])
def test_each_moment_has_something_to_do(row: list[str]) -> None:
    assert len(row) == 3
    assert row[2].strip(" |")
