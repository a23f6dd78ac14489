"""`validate` of 1,000 manifests with every rule of lint, against the same with all of them off.

Each side is a whole process, its start included; the two take turns.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.timing import alternate
from benchmarks.validate import COUNT, OFF, write

ROUNDS = 7
BOUND = 1.5


def main() -> int:
    """Measure, print the ratio, and return 1 if it exceeds the bound."""
    with tempfile.TemporaryDirectory() as folder:
        sides = {}
        for name, settings in (("without", OFF), ("with lint", "")):
            project = Path(folder) / name
            project.mkdir()
            write(project, settings)
            sides[name] = [sys.executable, "-m", "campaignctl", "-C", str(project), "validate"]
        medians = alternate(sides, ROUNDS)
    ratio = medians["with lint"] / medians["without"]
    print(f"{COUNT:,} manifests, median of {ROUNDS}:")
    for name, seconds in medians.items():
        print(f"  {name:12} {seconds * 1000:7.0f} ms")
    print(f"  ratio        {ratio:7.2f}    (bound {BOUND})")
    return int(ratio > BOUND)


if __name__ == "__main__":
    sys.exit(main())
