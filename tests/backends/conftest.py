"""Plain asserts of the shared suite are explained like those of a test module; real servers are there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from tests.backends.postgres_server import Server, shared_server
from tests.backends.s3_server import shared_server as s3_server
from tests.backends.wire import Wire, wire_to

pytest.register_assert_rewrite("tests.backends.conformance", "tests.backends.crash_conformance")


@pytest.fixture(autouse=True)
def environ_as_before() -> Iterator[None]:
    """Places in buckets put what their library is to find into the environment."""
    with patch.dict(os.environ):
        yield


@pytest.fixture(scope="session")
def s3() -> str:
    """The endpoint of a real S3 server with an empty bucket."""
    return s3_server()


@pytest.fixture
def server() -> Server:
    return shared_server()


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    """A way to the server that can be disturbed."""
    with wire_to(server.port) as wire:
        yield wire


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """An empty database."""
    name = server.new_database()
    yield name
    server.drop(name)


@pytest.fixture
def role(server: Server, database: str) -> Iterator[str]:
    """A role that may do nothing but log in."""
    name = f"role_{os.getpid()}"
    server.run("create role {name} login", name=name)
    yield name
    server.run("drop owned by {name}", name=name, database=database)
    server.run("drop role {name}", name=name)
