"""2,000 creates, interrupted at every fifth: by Ctrl-C, by the end of a job and by SIGKILL, in turn."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

from benchmarks.disturbed import Disturbed, disturbed, spec

COUNT = 2000
EVERY = 5
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


def main() -> int:
    """Apply until nothing is left, print the figures, and return 1 if anything is wrong."""
    specs = {f"c{n:04}": spec(n, scheduled_time="2036-01-01 10:00:00") for n in range(COUNT)}
    began, interruptions = time.perf_counter(), 0
    with disturbed() as scene:
        scene.write(specs)
        while scene.goes_on:
            # The create after four others stays under way long enough to be interrupted.
            match = {"method": "POST", "path": "/campaigns$", "skip": EVERY - 1}
            scene.control.fault(match, {"kind": "delay", "seconds": 0.2, "when": "after"})
            process = scene.start(1)
            if _interrupted(scene, process, _SIGNALS[scene.runs % len(_SIGNALS)]):
                interruptions += 1
            elif process.returncode == 0:
                break
            scene.control.clear_faults()
        wrong = scene.figures(specs, began)
        print(f"  {interruptions} interruptions")
    return int(bool(wrong))


def _interrupted(scene: Disturbed, process: subprocess.Popen[str], number: signal.Signals) -> bool:
    """Send the signal during the delayed create; False if the process ended before it."""
    while process.poll() is None:
        if scene.control.faults()[0]["used"]:
            process.send_signal(number)
            process.wait()
            return True
        time.sleep(0.02)
    return False


if __name__ == "__main__":
    sys.exit(main())
