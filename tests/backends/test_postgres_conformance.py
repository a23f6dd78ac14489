"""The backend of PostgreSQL does what every backend must do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backends.conformance import LockConformance, StoreConformance
from tests.backends.crash_conformance import CrashConformance
from tests.backends.postgres_place import PostgresState
from tests.backends.postgres_server import NEEDED, binaries, shared_server

pytestmark = pytest.mark.skipif(binaries() is None, reason=NEEDED)


class _Postgres:
    @pytest.fixture
    def place(self, tmp_path: Path) -> PostgresState:
        return PostgresState(tmp_path, shared_server().address())


class TestPostgresStore(_Postgres, StoreConformance):
    pass


class TestPostgresLock(_Postgres, LockConformance):
    pass


@pytest.mark.slow
class TestPostgresCrash(_Postgres, CrashConformance):
    STRIDE = 31  # a version arrives whole: this is for what else may have written it
