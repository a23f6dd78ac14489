"""Every boundary of the small plan, and a slice of all other trials by a seed that is printed.

In a process of its own with one thread, because it forks.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_SLICE = 40


@pytest.mark.parametrize("which", [("--small",), ("--slice", str(_SLICE))], ids=["small", "slice"])
def test_nothing_is_sent_twice_and_nothing_is_lost(which: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture", *which],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    said = f"{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, said
    assert "duplicates" in done.stdout
