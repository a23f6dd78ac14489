"""A plan in which nothing is to do, of 10,000 recorded campaigns, against PyYAML's CSafeLoader on the files.

Each side is a whole process. Cold: every manifest is compiled; warm: with the cache that an earlier plan has
left; edited: the same after an edit of ten manifests. The account is not read.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.plan import applied, desired_state
from benchmarks.validate import write
from campaignctl.state import codec

COUNT = 10_000
EDITED = 10
BOUNDS = {"cold": 3.0, "warm": 0.8, "edited": 1.4}
_SAFE_LOADER = """
import sys, pathlib, yaml
for path in sorted(pathlib.Path(sys.argv[1]).glob("c*.yaml")):
    yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
"""


def main() -> int:
    """Measure, print a table, and return how many ratios exceed their bound."""
    with tempfile.TemporaryDirectory() as directory:
        folder, cache = Path(directory, "project"), Path(directory, "cache")
        folder.mkdir()
        write(folder, count=COUNT)
        state = folder / ".campaignctl" / "state.json"
        state.parent.mkdir()
        if recorded := applied(desired_state(folder)).backend.read():
            state.write_text(codec.encode(recorded))
        plan = [sys.executable, "-m", "campaignctl", "-C", str(folder), "plan", "--no-refresh"]
        environ = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        parsed, _ = _process([sys.executable, "-c", _SAFE_LOADER, str(folder)], environ)
        figures = {"cold": _process(plan, environ | {"CAMPAIGNCTL_CACHE": "off"})}
        _process(plan, environ)
        figures["warm"] = _process(plan, environ)
        for path in sorted(folder.glob("c*.yaml"))[:EDITED]:
            path.write_text(path.read_text().replace("Hello from", "Greetings from"))
        figures["edited"] = _process(plan, environ)
    print(f"{COUNT:,} campaigns; CSafeLoader {parsed:.2f} s of processor time")
    for name, (seconds, peak) in figures.items():
        ratio, bound = seconds / parsed, BOUNDS[name]
        print(f"  {name:8} {ratio:5.2f}    (bound {bound})   peak {peak:4.0f} MB")
    return sum(seconds / parsed > BOUNDS[name] for name, (seconds, _) in figures.items())


def _process(command: list[str], environ: dict[str, str]) -> tuple[float, float]:
    """The processor time of a process in seconds, and its largest size in MB."""
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
