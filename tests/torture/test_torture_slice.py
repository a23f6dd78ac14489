"""A slice of all trials by a printed seed; every boundary of the small plan where there is time for it.

In a single-threaded process of its own, because it forks.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.remote import KINDS

_ROOT = Path(__file__).resolve().parents[2]


def torture(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.torture", *words]
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=900, check=False)


#: What `make test` takes, and what `make slow` takes on top, with every backend.
FEW = {
    "all plans": ("--slice", "10"),
    "altered": ("--altered", "--slice", "3"),
    "git": ("--backend", "git", "--slice", "3"),
}
MANY = {
    "small": ("--small",),
    "more of all plans": ("--slice", "60"),
    "more altered": ("--altered", "--slice", "20"),
    **{f"more of {kind}": ("--backend", kind, "--slice", "30") for kind in KINDS},
}


@pytest.mark.parametrize(
    "which",
    [
        *(pytest.param(words, id=name) for name, words in FEW.items()),
        *(pytest.param(words, id=name, marks=pytest.mark.slow) for name, words in MANY.items()),
    ],
)
def test_nothing_is_sent_twice_or_unseen_and_nothing_is_lost(which: tuple[str, ...]) -> None:
    done = torture(*which)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "duplicates" in done.stdout


@pytest.mark.slow
def test_a_change_of_your_own_project_is_tortured(tmp_path: Path) -> None:
    """From the sample project without one campaign and with another text, to the sample project."""
    earlier = tmp_path / "earlier"
    shutil.copytree(_ROOT / "campaigns", earlier, ignore=shutil.ignore_patterns(".campaignctl"))
    first, second, *_ = sorted(earlier.rglob("sms/*.yaml"))
    first.unlink()
    second.write_text(second.read_text(encoding="utf-8").replace("Hi", "Hello"), encoding="utf-8")
    own = ("--project", "campaigns", "--before", str(earlier))
    done = torture(*own, "--slice", "5")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "campaigns" in done.stdout


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    done = torture("--project", str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "has no campaignctl.yaml" in done.stderr
    assert "Traceback" not in done.stderr
