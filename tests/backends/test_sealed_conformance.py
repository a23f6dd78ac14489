"""An encrypted state does what every state must do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backends.conformance import LockConformance, StoreConformance
from tests.backends.crash_conformance import CrashConformance
from tests.backends.sealed_places import SealedGitPlace, SealedLocalPlace


class _Local:
    @pytest.fixture
    def place(self, tmp_path: Path) -> SealedLocalPlace:
        return SealedLocalPlace(tmp_path)


class TestSealedLocalStore(_Local, StoreConformance):
    pass


class TestSealedLocalLock(_Local, LockConformance):
    pass


@pytest.mark.slow
class TestSealedLocalCrash(_Local, CrashConformance):
    STRIDE = 17


class _Git:
    @pytest.fixture
    def place(self, tmp_path: Path) -> SealedGitPlace:
        return SealedGitPlace(tmp_path)


@pytest.mark.slow
class TestSealedGitStore(_Git, StoreConformance):
    APPLIES = 4


@pytest.mark.slow
class TestSealedGitLock(_Git, LockConformance):
    pass


@pytest.mark.slow
class TestSealedGitCrash(_Git, CrashConformance):
    STRIDE = 151
