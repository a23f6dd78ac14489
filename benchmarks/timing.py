"""Times whole processes in turns, so that a drifting machine affects all sides alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping


def alternate(sides: Mapping[str, list[str]], rounds: int) -> dict[str, float]:
    """The median seconds of each command; they take turns, after one round that does not count.

    All run on compiled bytecode, as an installed tool does: the first round writes it. None finds what an
    earlier one has compiled (`benchmarks.unchanged` measures that).
    """
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environ["CAMPAIGNCTL_CACHE"] = "off"
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for counted in range(rounds + 1):
        for name, command in sides.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=environ)
            if counted:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}
