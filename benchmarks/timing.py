"""Times whole processes in turns, so that a drifting machine affects all sides alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class Used:
    """What a process used: seconds of processor time with those that it started, its largest size in MB, and
    how many seconds it took."""

    seconds: float
    megabytes: float
    took: float = 0.0


def process(command: list[str], environ: Mapping[str, str], statuses: Sequence[int] = (0,)) -> Used:
    """Run a process to its end, without its output. Raises SystemExit unless its status is one of these."""
    began = time.perf_counter()
    with subprocess.Popen(
        command, env=dict(environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        _, status, used = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode not in statuses:
        raise SystemExit(f"{' '.join(command)} ended with {run.returncode}")
    return Used(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, time.perf_counter() - began)


def turns(sides: Mapping[str, Callable[[], Used]], rounds: int) -> dict[str, Used]:
    """The least that each side used: load of the machine only adds. They take turns."""
    found: dict[str, list[Used]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, run in sides.items():
            found[name].append(run())
    return {
        name: Used(min(one.seconds for one in used), max(one.megabytes for one in used))
        for name, used in found.items()
    }
