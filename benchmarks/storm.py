"""1,000 creates at parallelism 32 under storms of 429, with kills: how many are duplicated or lost."""

from __future__ import annotations

import random
import subprocess
import sys
import time

from benchmarks.disturbed import MOST_RUNS, Disturbed, disturbed, spec

COUNT = 1000
AT_ONCE = 20
PARALLELISM = 32
SEED = 12
# In turn, with calm between: too many at once, a time to wait, and not a word.
_STORMS = (-1, 1, None)
_STORM = 200
_EVERY = 1.0
_BETWEEN_KILLS = (40, 200)
_POLL = 0.02
# A rule that never applies, and counts.
_COUNTER = {"method": "POST", "path": "/campaigns$", "skip": 10**9}


def main() -> int:
    """Apply until nothing is left, print the figures, and return 1 if anything is wrong."""
    far = {"scheduled_time": "2036-01-01 10:00:00"}
    specs = {f"c{n:04}": spec(n, **({"run_immediately": True} if n < AT_ONCE else far)) for n in range(COUNT)}
    chance = random.Random(SEED)  # noqa: S311 - so that a run can be repeated
    began, kills = time.perf_counter(), 0
    with disturbed() as scene:
        scene.write(specs)
        scene.control.switch(parallel_cap=24, jitter=0.02, rate_per_second=200)
        while scene.goes_on:
            process = scene.start(PARALLELISM)
            if _killed(scene, process, chance.randint(*_BETWEEN_KILLS)):
                kills += 1
            elif process.returncode == 0:
                break
            else:
                scene.control.clear_faults()
                scene.resolved()
        wrong = scene.figures(specs, began)
        print(f"  {kills} kills; seed {SEED}")
    return int(bool(wrong))


def _killed(scene: Disturbed, process: subprocess.Popen[str], creates: int) -> bool:
    """Let it storm until the process ends, or kill it after so many creates; False if it ended."""
    for number in range(MOST_RUNS):
        scene.control.clear_faults()
        scene.control.fault(_COUNTER, {"kind": "drop"})
        if number % 2:
            storm = {"kind": "rate_limit", "retry_after": _STORMS[number // 2 % len(_STORMS)]}
            scene.control.fault({"times": _STORM}, storm)
        over = time.monotonic() + _EVERY
        while time.monotonic() < over:
            if process.poll() is not None:
                return False
            if creates <= scene.control.faults()[0]["seen"]:
                process.kill()
                process.wait()
                return True
            time.sleep(_POLL)
        creates -= scene.control.faults()[0]["seen"]
    return False


if __name__ == "__main__":
    sys.exit(main())
