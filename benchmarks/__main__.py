"""Run every benchmark, or the named ones: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

NAMES = (
    *("startup", "validate", "lint", "preview_text", "preview_page", "plan", "unchanged", "growth", "matrix"),
    *("archived", "creates", "state_writes", "halt", "far_state", "turns", "storm", "interrupted"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named benchmarks, or all; return how many exceed their bound; an unknown name exits with 2."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks",
        description="Run these benchmarks, one after the other; without a name, all of them.",
        epilog=f"Names: {', '.join(NAMES)}. Ends with the number of those that exceed their bound.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a benchmark; see the names below")
    names: list[str] = parser.parse_args(arguments).names
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"no benchmark is called {unknown[0]!r}; the names are {', '.join(NAMES)}")
    failed = 0
    for name in names or NAMES:
        print(f"== {name}")
        failed += importlib.import_module(f"benchmarks.{name}").main()
    return failed


if __name__ == "__main__":
    sys.exit(main())
