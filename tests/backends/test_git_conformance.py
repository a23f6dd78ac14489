"""The git backend does what every backend must do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backends.conformance import LockConformance, StoreConformance
from tests.backends.crash_conformance import CrashConformance
from tests.backends.git_place import GitPlace


class _Git:
    @pytest.fixture
    def place(self, tmp_path: Path) -> GitPlace:
        return GitPlace(tmp_path)


class TestGitStore(_Git, StoreConformance):
    APPLIES = 5


class TestGitLock(_Git, LockConformance):
    pass


class TestGitCrash(_Git, CrashConformance):
    STRIDE = 151  # git writes no half of an object: this is for what else may have written it
