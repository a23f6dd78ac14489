"""The files in `golden/` hold nothing that no test reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.golden import file_of, texts

TESTS = Path(__file__).parent
FILES = {file_of(module): module for module in TESTS.glob("*/test_*.py")}


@pytest.mark.parametrize("file", sorted(TESTS.glob("*/golden/*.txt")), ids=lambda file: file.stem)
def test_each_text_is_named_in_its_module(file: Path) -> None:
    source = FILES[file].read_text(encoding="utf-8")
    # A name may be put together: `golden(f"live: {name}", ...)`.
    beginnings = tuple(re.findall(r'golden\(\s*f"([^"{]+){', source))
    assert [
        name
        for name in texts(file)
        if not re.search(rf'golden\(\s*"{re.escape(name)}"', source)
        and not (beginnings and name.startswith(beginnings))
    ] == []
