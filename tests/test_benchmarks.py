"""`python -m benchmarks`: which benchmarks there are, and what it says to a name that is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES

ROOT = Path(__file__).parents[1]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_help_gives_the_usage_and_every_name() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: python -m benchmarks")
    assert [name for name in NAMES if name not in done.stdout] == []


@pytest.mark.parametrize("words", [["nothing"], ["table"], ["plan", "plans"], ["--all"]])
def test_an_unknown_name_is_refused_before_anything_runs(words: list[str]) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("usage: python -m benchmarks")
    if not words[-1].startswith("-"):
        assert f"no benchmark is called {words[-1]!r}; the names are {', '.join(NAMES)}" in done.stderr


def test_each_name_is_a_module_with_a_main() -> None:
    for name in NAMES:
        assert "\ndef main(" in (ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8"), name
