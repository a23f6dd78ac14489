"""What holds for every test: properties have no deadline, since a busy machine proves nothing."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "project", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("project")


def pytest_xdist_auto_num_workers() -> int:
    """Twice as many as processors: tests spend most of their time waiting, for time-outs and processes."""
    return 2 * (os.cpu_count() or 1)
