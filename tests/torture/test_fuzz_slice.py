"""Five seconds of the fuzz, and a finding that it makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.torture.fuzz import targets

_ROOT = Path(__file__).resolve().parents[2]


def fuzz(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.torture.fuzz", *words]
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=600, check=False)


def test_nothing_hostile_hangs_crashes_or_floods() -> None:
    done = fuzz("--seconds", "5")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert ": 0 findings" in done.stdout


def test_a_seed_and_a_number_make_an_input_again() -> None:
    for name in targets.names():
        assert targets.made(name, 3, 7) == targets.made(name, 3, 7)
        assert len({targets.made(name, 3, number) for number in range(20)}) > 10
