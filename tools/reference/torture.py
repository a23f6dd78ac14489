"""The results of the last full torture runs, summed by kind of trouble."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

_HERE = Path(__file__).parents[2] / "tests" / "torture"
#: The last output of `python -m tests.torture --all`. A later table replaces the plans in it.
_RUNS = _HERE / "last_full_runs.txt"
#: The last output of `python -m tests.torture.mutations`.
MUTATIONS = _HERE / "last_mutations.txt"
_COLUMNS = ("trials", "landed", "duplicates", "losses", "stuck", "persons")


def torture() -> str:
    """A row for each kind of trouble, and their sum."""
    sums: dict[str, Counter[str]] = {}
    for kinds in _plans().values():
        for kind, numbers in kinds.items():
            sums.setdefault(kind, Counter()).update(numbers)
    sums = dict(sorted(sums.items()))
    sums["**all**"] = sum(sums.values(), Counter())
    rows = [
        f"| {kind} | {' | '.join(f'{each[name]:,}' for name in _COLUMNS)} |" for kind, each in sums.items()
    ]
    return "\n".join((f"| trouble | {' | '.join(_COLUMNS)} |", "|---|" + "--:|" * len(_COLUMNS), *rows, ""))


def mutations() -> str:
    """A row for each deliberately broken build, with a test that fails."""
    rows = []
    for line in MUTATIONS.read_text(encoding="utf-8").splitlines():
        name, noticed = line.strip("| ").split(" | ")
        rows.append(f"| {name} | {noticed.rpartition('; ')[2]} |")
    return "\n".join(("| broken | a test that fails |", "|---|---|", *rows, ""))


def _plans() -> dict[str, dict[str, dict[str, int]]]:
    """The numbers by plan and kind, each plan as its last table has it."""
    plans: dict[str, dict[str, dict[str, int]]] = {}
    for table in _RUNS.read_text(encoding="utf-8").split("\n\n"):
        found: dict[str, dict[str, dict[str, int]]] = {}
        for line in table.splitlines()[1:]:
            cells = re.split(r"  +", line.strip())
            if len(cells) == len(_COLUMNS) + 3:  # with plan and kind before, seconds behind
                plan, kind, *numbers = cells
                found.setdefault(plan, {})[kind] = dict(zip(_COLUMNS, map(int, numbers), strict=False))
        plans |= found
    return plans
