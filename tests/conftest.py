"""What holds for every test: properties have no deadline, since a busy machine proves nothing."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.backends.http_server import Client
    from tests.golden import Golden

# So that its assertion shows the difference of two texts.
pytest.register_assert_rewrite("tests.golden")

settings.register_profile(
    "project",
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
# Each run takes others; `make slow` takes many more of them.
settings.register_profile("quick", settings.get_profile("project"), max_examples=25)
settings.register_profile("slow", settings.get_profile("project"), max_examples=200)
# `make mutants`: a failing example is enough, and the same ones are looked at each time.
settings.register_profile(
    "mutants",
    settings.get_profile("quick"),
    phases=(Phase.explicit, Phase.generate),
    derandomize=True,
    database=None,
)
settings.load_profile("project")


_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30
_WORKERS = 6


def pytest_configure(config: pytest.Config) -> None:
    """Temporary folders are in memory where there is room for them and programs may run.

    Every write of a state waits for the disk, several times; a real disk would be most of the time. And no
    test finds what another one has compiled, or this machine's user. Below `nohup` a hangup is ignored,
    by what tests start too.
    """
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.environ["CAMPAIGNCTL_CACHE"] = "off"
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK):
        found = os.statvfs(_MEMORY)
        if found.f_bavail * found.f_frsize > _ROOM and not found.f_flag & os.ST_NOEXEC:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the texts in golden/")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`: twice as many as processors and at least six, since many tests wait for time-outs.

    A worker takes ten seconds of a processor to collect and to import before its first test.

    `-n logical`, for tests that do not wait: as many as processors.
    """
    processors = os.cpu_count() or 1
    return processors if config.option.numprocesses == "logical" else max(2 * processors, _WORKERS)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage: there is none, and looking takes half of a worker's time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a browser come first: so they are one worker's, and no other one starts a browser."""
    items.sort(key=lambda item: "browser" not in getattr(item, "fixturenames", ()))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares a whole text with the one in `golden/`."""
    from tests.golden import Golden

    return Golden(request.path, request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def state_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server that keeps states, for every test that wants one; each has a project of its own there."""
    from tests.backends.http_server import running

    with running(tmp_path_factory.mktemp("states")) as client:
        yield client
