"""The results of the last full torture runs, summed by kind of trouble."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.torture.plans import OTHERS, small
from tests.torture.scenario import Times

_HERE = Path(__file__).parents[2] / "tests" / "torture"
#: The last output of `python -m tests.torture --all`, and of runs with `--only`, `--altered` or `--backend`,
#: each table with the commit that recorded it. A later table replaces the rows that it has.
_RUNS = _HERE / "last_full_runs.txt"
#: The last output of `python -m tests.torture.mutations`.
MUTATIONS = _HERE / "last_mutations.txt"
_COLUMNS = ("trials", "landed", "duplicates", "unseen", "halted", "losses", "stuck", "persons")


def torture() -> str:
    """A row for each kind of trouble, and their sum; then the age of the figures."""
    sums: dict[str, Counter[str]] = {}
    for (_, kind), (_, numbers) in _rows().items():
        sums.setdefault(kind, Counter()).update(numbers)
    sums = dict(sorted(sums.items()))
    total: Counter[str] = Counter()
    for each in sums.values():
        total.update(each)
    rows = [_row(kind, each) for kind, each in {**sums, "**all**": total}.items()]
    head = (f"| trouble | {' | '.join(_COLUMNS)} |", "|---|" + "--:|" * len(_COLUMNS))
    return "\n".join((*head, *rows, "", *_age(), ""))


def _age() -> Iterator[str]:
    """In which commit the figures of each plan were recorded, and which plans have none."""
    found = _rows()
    kinds: dict[str, dict[str, list[str]]] = {}
    for (plan, kind), (commit, _) in found.items():
        kinds.setdefault(plan, {}).setdefault(commit, []).append(kind)
    for commit in dict.fromkeys(commit for commit, _ in found.values()):
        together: dict[str, list[str]] = {}
        for plan, recorded in kinds.items():
            if commit in recorded:
                whole = len(recorded) == 1 and "killed" in recorded[commit]
                of = "" if whole else f" ({_quoted(sorted(recorded[commit]))})"
                together.setdefault(of, []).append(plan)
        told = "; ".join(f"{_quoted(plans)}{of}" for of, plans in together.items())
        yield f"- Recorded in commit {commit}, before any later change of the code: {told}."
    times = Times()
    missing = [
        plan.name for plan in (small(times), *(plan(times) for plan in OTHERS)) if plan.name not in kinds
    ]
    if missing:
        yield f"- Without figures: {_quoted(missing)}."


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _row(kind: str, numbers: Counter[str]) -> str:
    """One row; a run from before a column was counted shows a dash there."""
    shown = (f"{numbers[name]:,}" if name in numbers else "-" for name in _COLUMNS)
    return f"| {kind} | {' | '.join(shown)} |"


def mutations() -> str:
    """A row for each deliberately broken build, with a test that fails."""
    rows = []
    for line in MUTATIONS.read_text(encoding="utf-8").splitlines():
        name, noticed = line.strip("| ").split(" | ")
        rows.append(f"| {name} | {noticed.rpartition('; ')[2]} |")
    return "\n".join(("| broken | a test that fails |", "|---|---|", *rows, ""))


def _rows() -> dict[tuple[str, str], tuple[str, dict[str, int]]]:
    """By plan and kind, as the last table with that row has it: the commit of the table, and the numbers."""
    rows: dict[tuple[str, str], tuple[str, dict[str, int]]] = {}
    for table in _RUNS.read_text(encoding="utf-8").split("\n\n"):
        head, *lines = (re.split(r"  +", line.strip()) for line in table.splitlines())
        commit = lines.pop()[0].removeprefix("recorded in ")
        for cells in lines:
            if len(cells) == len(head):
                plan, kind, *numbers = cells
                rows[plan, kind] = commit, dict(zip(head[2:-1], map(int, numbers), strict=False))
    return rows
