"""The recorded runs of broken builds name builds and tests that exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tests.torture.mutations import ALL
from tools.reference.torture import MUTATIONS

ROOT = Path(__file__).resolve().parents[2]
ROWS = dict(re.findall(r"^\| (.+?) \| (.+) \|$", MUTATIONS.read_text(encoding="utf-8"), flags=re.MULTILINE))


@cache
def text_of(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def test_a_broken_build_can_still_be_made() -> None:
    edits = [(mutant.name, edit) for mutant in ALL for edit in mutant.edits]
    assert [name for name, edit in edits if text_of(edit.file).count(edit.old) != 1] == []
    assert [name for name, edit in edits if edit.new == edit.old] == []


def test_its_row_names_a_test_of_the_suite_that_exists() -> None:
    for mutant in ALL:
        named = re.findall(r"`(tests/[^`:]+\.py)((?:::\w+)+)", ROWS[mutant.name])
        assert named, mutant.name
        for file, path in named:
            for word in path.split("::")[1:]:
                assert re.search(rf"^ *(?:def|class) {word}\b", _with_shared(file), re.MULTILINE), path


@cache
def _with_shared(file: str) -> str:
    """A file, and the suites next to it, from which its classes may inherit."""
    suites = (ROOT / file).parent.glob("*conformance.py")
    return text_of(file) + "".join(path.read_text(encoding="utf-8") for path in suites)
