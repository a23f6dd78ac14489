"""What holds for every test: properties have no deadline, since a busy machine proves nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.golden import Golden

# So that its assertion shows the difference of two texts.
pytest.register_assert_rewrite("tests.golden")

settings.register_profile(
    "project", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("project")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the texts in golden/")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Twice as many as processors: tests spend most of their time waiting, for time-outs and processes."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares a whole text with the one in `golden/`."""
    from tests.golden import Golden

    return Golden(request.path, request.config.getoption("--update-golden"))
