"""Plain asserts of the shared suite are explained like those of a test module."""

from collections.abc import Iterator

import pytest

from tests.backends.s3_server import s3_server

pytest.register_assert_rewrite("tests.backends.conformance", "tests.backends.crash_conformance")


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of a real S3 server with an empty bucket."""
    with s3_server(tmp_path_factory.mktemp("s3")) as endpoint:
        yield endpoint
