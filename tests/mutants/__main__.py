"""`python -m tests.mutants`: change one thing in the code that decides and writes, and see whether a test
notices; for a random sample of all such changes.

Slow, and not part of the tests. A survivor is either equivalent (nothing that a user or the account can see
differs) or needs a test.
"""

from __future__ import annotations

import argparse
import difflib
import os
import random
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from multiprocessing.connection import Connection
from operator import or_
from pathlib import Path

from tests.mutants.operators import Mutation, mutations
from tests.mutants.reached import Reached, kept_at
from tests.mutants.rooms import all_selected, files, outer, room_of, selected
from tests.mutants.trials import LATE, ROOT, Ended, Job, run, trees

_MEMORY = Path("/dev/shm")
_PRELOADED = ("click", "deepdiff", "httpx", "hypothesis", "pydantic", "rich", "ruamel.yaml", "yaml")


@dataclass
class Score:
    """What became of the mutations of each room."""

    tried: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    timed_out: Counter[str] = field(default_factory=Counter)
    not_imported: Counter[str] = field(default_factory=Counter)
    survivors: list[Mutation] = field(default_factory=list)

    def add(self, mutation: Mutation, ended: Ended) -> None:
        room = room_of(mutation.file)
        self.tried[room] += 1
        self.killed[room] += ended.killed_by is not None
        self.timed_out[room] += ended.killed_by == LATE
        self.not_imported[room] += ended.no_test_ran
        if ended.killed_by is None:
            self.survivors.append(mutation)

    def text(self) -> str:
        """The table, and then each survivor with its difference."""
        rows = [
            "| room | tried | killed | of them by time-out | before any test | survived |",
            "|---|--:|--:|--:|--:|--:|",
        ]
        for name, rooms in [(room, [room]) for room in sorted(self.tried)] + [("**all**", list(self.tried))]:
            tried, killed, late, early = (
                sum(counted[room] for room in rooms)
                for counted in (self.tried, self.killed, self.timed_out, self.not_imported)
            )
            share = f"{killed} ({killed / tried:.1%})"
            rows.append(f"| {name} | {tried} | {share} | {late} | {early} | {tried - killed} |")
        return "\n".join([*rows, *map(_shown, sorted(self.survivors))])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and the survivors; 1 if the tests fail without a mutation."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that trials and copies do not stay
    for name in _PRELOADED:
        __import__(name)
    began = time.monotonic()
    chosen = _chosen(options)
    _say(f"seed {options.seed}: {len(chosen)} mutations on {options.workers} workers")
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with (
        tempfile.TemporaryDirectory(prefix="mutants-", dir=place) as root,
        trees(Path(root), options.workers, all_selected(ROOT)) as served,
    ):
        score = _tried(chosen, served, options)
    if score is None:
        return 1
    print(score.text())  # noqa: T201 - the result
    print(f"\nseed {options.seed}, {time.monotonic() - began:.0f} s")  # noqa: T201
    return 0


def _tried(chosen: list[Mutation], served: list[Connection], options: argparse.Namespace) -> Score | None:
    """The score of these mutations; None if a test fails without one."""
    wanted = {mutation: selected(mutation.file, ROOT) for mutation in chosen}
    reached = _reached(outer(path for found in wanted.values() for path in found), served)
    if reached is None:
        return None
    score = Score()
    jobs = [_job(mutation, files, reached) for mutation, files in wanted.items()]
    for mutation, ended in _ended(jobs, served):
        score.add(mutation, ended)
        how = f"{ended.used.processor:.1f} s, {'swapped' if ended.swapped else 'imported'}"
        if ended.killed_by is None:
            _say(f"survived ({how}):{_shown(mutation)}")
        elif options.verbose:
            _say(f"{_place(mutation)}: {ended.killed_by} ({how})")
    return score


def _reached(paths: Iterable[str], served: list[Connection]) -> Reached | None:
    """What the tests of these paths run, as it was found now or kept since; None if one fails."""
    kept = {path: kept_at(path, ROOT) for path in paths}
    # Read at once: another run may keep something else instead.
    known = {path: Reached.read(file) for path, file in kept.items() if file.exists()}
    missing = [Job(None, (path,), kept=file) for path, file in kept.items() if path not in known]
    for job, ended in run(missing, served):
        _say(f"without a mutation: {ended.used.processor:.0f} s, {' '.join(job.files)}")
        if ended.killed_by:
            _say(f"{ended.killed_by} fails without a mutation:\n{ended.said}")
            return None
        known[job.files[0]] = Reached.read(kept[job.files[0]])
    return reduce(or_, known.values(), Reached())


def _job(mutation: Mutation, files: tuple[str, ...], reached: Reached) -> Job:
    """The trial of a mutation with the tests that run its line."""
    where = mutation.file, _text(mutation.file), _line(mutation)
    tests = reached.tests(*where, files)
    names = {test.partition("::")[0] for test in tests}
    return Job(
        mutation, tuple(file for file in files if _holds(file, names)), tests, reached.only_in_tests(*where)
    )


def _holds(path: str, names: set[str]) -> bool:
    """Whether a path is one of these files, or a folder with one of them."""
    return any(name == path or name.startswith(f"{path}/") for name in names)


def _ended(jobs: list[Job], served: list[Connection]) -> Iterator[tuple[Mutation, Ended]]:
    """How each trial ends; one of a line that no test runs needs none."""
    for job, ended in run([job for job in jobs if job.tests], served):
        if job.mutation:
            yield job.mutation, ended
    for job in jobs:
        if job.mutation and not job.tests:
            yield job.mutation, Ended(None)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=300, metavar="N", help="so many mutations; 0: all")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000), help="which ones")
    parser.add_argument(
        "--only", default="", metavar="PATH[:LINE]", help="mutations in this room, file or line"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--verbose", action="store_true", help="name the test that killed each one")
    return parser.parse_args(arguments)


def _chosen(options: argparse.Namespace) -> list[Mutation]:
    path, _, line = options.only.partition(":")
    found = [
        mutation
        for file in files(ROOT)
        if file.startswith(path)
        for mutation in mutations(file, _text(file))
        if not line or _line(mutation) == int(line)
    ]
    number = min(options.sample or len(found), len(found))
    return random.Random(options.seed).sample(found, number)


def _shown(mutation: Mutation) -> str:
    text = _text(mutation.file)
    lines = difflib.unified_diff(text.splitlines(), mutation.applied(text).splitlines(), lineterm="", n=0)
    changed = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    return "\n".join(["", _place(mutation), *changed])


def _place(mutation: Mutation) -> str:
    return f"{mutation.file}:{_line(mutation)}"


def _line(mutation: Mutation) -> int:
    text = _text(mutation.file)
    skipped = (
        mutation.start
        + len(text[mutation.start : mutation.end])
        - len(text[mutation.start : mutation.end].lstrip(", \n"))
    )
    return text.count("\n", 0, skipped) + 1


def _text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
