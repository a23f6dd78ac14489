"""The object store backend does what every backend must do, on a real S3 server."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from tests.backends.conformance import LockConformance, StoreConformance
from tests.backends.crash_conformance import CrashConformance
from tests.backends.object_place import Objects
from tests.backends.s3_server import BUCKET, environ_of


class _Objects:
    @pytest.fixture
    def place(self, tmp_path: Path, s3: str) -> Objects:
        return Objects(tmp_path, f"s3://{BUCKET}/{uuid4().hex}", environ_of(s3))


class TestObjectStore(_Objects, StoreConformance):
    pass


class TestObjectLock(_Objects, LockConformance):
    pass


@pytest.mark.slow
class TestObjectCrash(_Objects, CrashConformance):
    STRIDE = 151  # an object arrives whole: this is for what else may have written it
