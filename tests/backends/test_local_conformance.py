"""The local backend does what every backend must do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backends.conformance import LockConformance, StoreConformance
from tests.backends.crash_conformance import CrashConformance
from tests.backends.local_place import LocalPlace


class _Local:
    @pytest.fixture
    def place(self, tmp_path: Path) -> LocalPlace:
        return LocalPlace(tmp_path)


class TestLocalStore(_Local, StoreConformance):
    pass


class TestLocalLock(_Local, LockConformance):
    pass


class TestLocalCrash(_Local, CrashConformance):
    pass
