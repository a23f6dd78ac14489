"""The recorded runs of broken builds name builds and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.torture.mutants import Mutant
from tests.torture.mutations import ALL
from tools.reference.torture import MUTATIONS

ROOT = Path(__file__).resolve().parents[2]
ROWS = dict(re.findall(r"^\| (.+?) \| (.+) \|$", MUTATIONS.read_text(encoding="utf-8"), flags=re.MULTILINE))


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.name)
def test_a_broken_build_can_still_be_made(mutant: Mutant) -> None:
    for edit in mutant.edits:
        text = (ROOT / edit.file).read_text(encoding="utf-8")
        assert text.count(edit.old) == 1, f"{edit.file} does not have once:\n{edit.old}"
        assert edit.new != edit.old


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.name)
def test_its_row_names_a_test_of_the_suite_that_exists(mutant: Mutant) -> None:
    named = re.findall(r"`(tests/[^`:]+\.py)((?:::\w+)+)", ROWS[mutant.name])
    assert named
    for file, path in named:
        text = (ROOT / file).read_text(encoding="utf-8") + _shared(file)
        assert all(
            re.search(rf"^ *(?:def|class) {word}\b", text, re.MULTILINE) for word in path.split("::")[1:]
        )


def _shared(file: str) -> str:
    """The suites next to a file, from which its classes may inherit."""
    suites = (ROOT / file).parent.glob("*conformance.py")
    return "".join(path.read_text(encoding="utf-8") for path in suites)
