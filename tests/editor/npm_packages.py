"""What tests run from npm, installed once from its lock."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
INSTALL_SECONDS = 300


def npm_packages(folder: Path = HERE) -> Path:
    """The packages of a lock; without npm, or without a network to fetch them, the test is skipped."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"packages of npm need node and npm: no {missing[0]} on this machine")
    lock = folder / "package-lock.json"
    stamp = folder / "node_modules" / f".lock-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    # Several workers may come here at once; npm would trip over itself.
    with lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not stamp.exists():
            _install(folder)
            stamp.touch()
    return folder / "node_modules"


def _install(folder: Path) -> None:
    words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode:
        said = f"`npm ci` in {folder} failed:\n{done.stderr}"
        # What CI cannot try is not known to work.
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
