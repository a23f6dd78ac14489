"""Run every benchmark: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import importlib
import sys

NAMES = (
    *("startup", "validate", "lint", "preview_text", "preview_page", "plan", "unchanged", "growth", "matrix"),
    *("archived", "creates", "state_writes", "halt", "far_state", "turns", "storm", "interrupted"),
)


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; return how many exceed their bound."""
    failed = 0
    for name in names or NAMES:
        print(f"== {name}")
        failed += importlib.import_module(f"benchmarks.{name}").main()
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
