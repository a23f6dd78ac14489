"""The generic backend does what every backend must do, over a place that is not git."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backends.conformance import LockConformance, StoreConformance
from tests.backends.crash_conformance import CrashConformance
from tests.backends.shared_folder import SharedFolder


class _Shared:
    @pytest.fixture
    def place(self, tmp_path: Path) -> SharedFolder:
        return SharedFolder(tmp_path)


class TestSharedStore(_Shared, StoreConformance):
    pass


class TestSharedLock(_Shared, LockConformance):
    pass


class TestSharedCrash(_Shared, CrashConformance):
    STRIDE = 7  # a version arrives whole: this is for what else may have written it
