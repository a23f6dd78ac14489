"""A plan in which nothing is to do, of 10,000 recorded campaigns, against PyYAML's CSafeLoader on the files.

Each side is a whole process, by its processor time and by the clock (which tells them apart where several
processes compile); a figure is the median of rounds in which the sides take turns. Cold: every manifest is
compiled; warm: with what an earlier plan has left in the cache; edited: the
same after an edit of ten manifests; target, explain, TAB: of one of these. The account is not read.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.plan import applied, desired_state
from benchmarks.timing import Used, process
from benchmarks.validate import write
from campaignctl.state import codec

COUNT = 10_000
EDITED = 10
ROUNDS = 3
BOUNDS = {"cold": 2.4, "warm": 0.36, "edited": 0.38, "target": 0.36, "explain": 0.27, "TAB": 0.06}
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
        sides, environ = _sides(folder), installed(cache)
        process(sides["warm"][0], environ)  # leaves what the others find
        measured: dict[str, list[Used]] = {name: [] for name in sides}
        for name in ("loader", "cold", "warm"):
            measured[name] += [process(*_with(sides[name], environ)) for _ in range(ROUNDS)]
        for path in sorted(folder.glob("c*.yaml"))[:EDITED]:
            path.write_text(path.read_text().replace("Hello from", "Greetings from"))
        for _ in range(ROUNDS):
            for name in ("loader", "edited", "target", "explain", "TAB"):
                measured[name].append(process(*_with(sides[name], environ)))
    return _shown(measured)


_Side = tuple[list[str], dict[str, str]]


def _sides(folder: Path) -> dict[str, _Side]:
    ours = [sys.executable, "-m", "campaignctl", "-C", str(folder)]
    plan, key = [*ours, "plan", "--no-refresh"], "push/welcome-7"
    words = f"campaignctl -C {folder} explain {key}"
    tab = {"_CAMPAIGNCTL_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "4"}
    return {
        "loader": ([sys.executable, "-c", _SAFE_LOADER, str(folder)], {}),
        "cold": (plan, {"CAMPAIGNCTL_CACHE": "off"}),
        "warm": (plan, {}),
        "edited": (plan, {}),
        "target": ([*plan, "--target", key], {}),
        "explain": ([*ours, "explain", key], {}),
        "TAB": ([sys.executable, "-m", "campaignctl"], tab),
    }


def installed(cache: Path) -> dict[str, str]:
    """That of an installed tool, which runs on compiled bytecode."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "XDG_CACHE_HOME": str(cache), "CAMPAIGNCTL_CACHE": ""}


def _with(side: _Side, environ: dict[str, str]) -> _Side:
    return side[0], environ | side[1]


def _shown(measured: dict[str, list[Used]]) -> int:
    """Print the table, and return how many ratios exceed their bound."""
    middle = {
        name: Used(
            statistics.median(one.seconds for one in each),
            max(one.megabytes for one in each),
            statistics.median(one.took for one in each),
        )
        for name, each in measured.items()
    }
    parsed, failed = middle["loader"], 0
    print(f"{COUNT:,} campaigns; CSafeLoader {parsed.seconds:.2f} s of processor time, medians of {ROUNDS}")
    print(f"{'':10} {'processor time':>22} {'by the clock':>20}")
    for name, bound in BOUNDS.items():
        one = middle[name]
        ratio = one.seconds / parsed.seconds
        failed += ratio > bound
        used = f"{one.seconds:8.2f} s {ratio:5.2f} (at most {bound})"
        print(f"  {name:8} {used} {one.took:8.2f} s {one.took / parsed.took:5.2f}   {one.megabytes:4.0f} MB")
    return failed


if __name__ == "__main__":
    sys.exit(main())
