"""Azure Blob on a real server, and the requests to Google Cloud Storage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tests.backends.azure_server import azure_server
from tests.backends.conformance import LockConformance, StoreConformance
from tests.backends.crash_conformance import CrashConformance
from tests.backends.gcs_server import gcs_server
from tests.backends.object_place import Objects
from tests.backends.s3_server import BUCKET
from tests.backends.test_object_faults import accepts_one
from tests.state.samples import decision, sample_state

NOW = timedelta()


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The variables of a real Azure Blob server."""
    with azure_server(tmp_path_factory.mktemp("azure")) as environ:
        yield environ


class _Azure:
    @pytest.fixture
    def place(self, tmp_path: Path, azure: Mapping[str, str]) -> Objects:
        return Objects(tmp_path, f"az://{BUCKET}/{uuid4().hex}", azure)


@pytest.mark.slow
class TestAzureStore(_Azure, StoreConformance):
    pass


@pytest.mark.slow
class TestAzureLock(_Azure, LockConformance):
    pass


@pytest.mark.slow
class TestAzureCrash(_Azure, CrashConformance):
    STRIDE = 151


@pytest.mark.slow
def test_of_many_conditional_writes_at_once_azure_accepts_one(azure: Mapping[str, str]) -> None:
    accepts_one(f"az://{BUCKET}/{uuid4().hex}", azure, 100)


def test_every_write_to_google_names_the_generation_that_it_replaces(tmp_path: Path) -> None:
    with gcs_server(tmp_path) as (environ, conditions):
        place = Objects(tmp_path, f"gs://{BUCKET}/{uuid4().hex}", environ)
        session = place.backend().acquire("apply", NOW)
        session.write(sample_state())
        session.append(decision("a"))
        session.release()
        assert place.backend().read() == sample_state().after(decision("a"))
        assert "none" not in conditions
        accepts_one(f"gs://{BUCKET}/{uuid4().hex}", environ, 10)
        found = place.backend().keeping().access
        assert found is not None
        assert found.allowed


class _Google:
    @pytest.fixture
    def place(self, tmp_path: Path) -> Iterator[Objects]:
        with gcs_server(tmp_path) as (environ, _):
            yield Objects(tmp_path, f"gs://{BUCKET}/{uuid4().hex}", environ)


@pytest.mark.slow
class TestGoogleLock(_Google, LockConformance):
    pass


@pytest.mark.slow
class TestGoogleStore(_Google, StoreConformance):
    pass
